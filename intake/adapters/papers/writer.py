"""The port `Papers`, filled."""

from importlib import import_module

from intake.ports import Paper, PaperFormat

_WRITERS = {PaperFormat.DOCX: ("word", "word"), PaperFormat.PDF: ("pages", "pdf"), PaperFormat.XLSX: ("workbook", "workbook")}
"""Module and function. Imported when first asked for: what they stand on takes every process a third of its start."""


class OfficialPapers:
    """Writes lists while somebody waits: 500 rows take about a second."""

    def write(self, paper: Paper, kind: PaperFormat) -> bytes:
        """The file; the same paper always gives the same bytes. FontsMissingError for a PDF without its fonts."""
        module, function = _WRITERS[kind]
        written: bytes = getattr(import_module(f"intake.adapters.papers.{module}"), function)(paper)
        return written
