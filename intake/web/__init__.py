"""Views: parse, call one service or one query, render. Split by audience; audiences don't import one another."""
