"""市政协: the districts of a city side by side."""
