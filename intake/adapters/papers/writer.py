"""The port `Papers`, filled."""

from datetime import date
from importlib import import_module

from intake.adapters.papers import wording
from intake.ports import Draft, FigurePaper, Paper, PaperFormat, Sheet

_WRITERS = {PaperFormat.DOCX: ("word", "word"), PaperFormat.PDF: ("pages", "pdf")}
"""Module and function. Imported when first asked for: what they stand on takes every process a third of its start."""


class OfficialPapers:
    """Writes lists and drafts while somebody waits: 500 rows take about a second."""

    def write(self, paper: Paper, kind: PaperFormat) -> bytes:
        """The file; the same paper always gives the same bytes. FontsMissingError for a PDF without its fonts."""
        if kind is PaperFormat.XLSX:
            made: bytes = import_module("intake.adapters.papers.workbook").workbook(paper)
            return made
        return self.draft(wording.drafted(paper), kind)

    def draft(self, draft: Draft, kind: PaperFormat) -> bytes:
        """The file, DOCX or PDF; the same draft always gives the same bytes. FontsMissingError for a PDF without its fonts."""
        module, function = _WRITERS[kind]
        made: bytes = getattr(import_module(f"intake.adapters.papers.{module}"), function)(draft)
        return made

    def book(self, sheets: tuple[Sheet, ...], *, day: date) -> bytes:
        """An XLSX of the sheets, made on `day`; nothing in it is ever a formula."""
        made: bytes = import_module("intake.adapters.papers.sheets").book(sheets, day=day)
        return made

    def figures(self, paper: FigurePaper) -> bytes:
        """A PDF of tables of figures; the same paper always gives the same bytes. FontsMissingError without the fonts."""
        made: bytes = import_module("intake.adapters.papers.figures").pdf(paper)
        return made
