"""承办单位: what was assigned to a unit, and what was sent on to it."""
