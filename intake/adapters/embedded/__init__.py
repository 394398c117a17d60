"""PostgreSQL and Valkey from wheels, run as children of our own supervisor in one data folder."""
