"""Measurements: each module is a command that prints a table and a ratio against a bare reference in the same run."""
