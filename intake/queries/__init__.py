"""Named questions; each returns frozen dataclasses, so that a template can't load more."""
