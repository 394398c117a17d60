"""Workers: jobs that take batches from the database when woken, the process that runs them, and the sweep that wakes them."""
