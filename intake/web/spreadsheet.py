"""Cells of files that people open in a spreadsheet."""

BEGINNING = "\ufeff"
"""With this mark, spreadsheets read a file as UTF-8."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Chinese programs read the full-width signs as the others."""


def cell(value: object) -> object:
    """Text that a spreadsheet would read as a formula is quoted; areas and matters are named by people."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
