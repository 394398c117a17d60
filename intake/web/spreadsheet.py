"""Cells of files that people open in a spreadsheet."""

BEGINNING = "\ufeff"
"""With this mark, spreadsheets read a file as UTF-8."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> object:
    """Text that a spreadsheet would read as a formula is quoted; areas and matters are named by people."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
