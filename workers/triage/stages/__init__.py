"""One stage per file: each fills its own fields of a finding."""
