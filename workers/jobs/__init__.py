"""One idempotent job per file, each `run()` without arguments: what there is to do stands in the database."""
