"""Other people's tables: text with separators, and workbooks."""
