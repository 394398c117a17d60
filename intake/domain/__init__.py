"""Plain Python: nouns' states, who may move them, and the rules that need no database."""
