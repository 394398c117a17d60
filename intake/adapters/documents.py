"""PDFs written anew page by page, and refused when anything in them would act by itself."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject

from intake.domain.attachment import Unusable
from intake.domain.file_type import DOCUMENT_ACTS, DOCUMENT_BROKEN, DOCUMENT_LOCKED, DOCUMENT_LONG, MOST_PAGES

MOST_OBJECTS = 100_000
_KEYS = frozenset({"/JS", "/JavaScript", "/EmbeddedFiles", "/EmbeddedFile", "/EF", "/XFA", "/RichMediaContent"})
_ACTIONS = frozenset(
    {
        "/JavaScript",
        "/Launch",
        "/SubmitForm",
        "/ImportData",
        "/GoToE",
        "/Rendition",
        "/Movie",
        "/Sound",
        "/RichMediaExecute",
        "/GoTo3DView",
    }
)
_KINDS = frozenset({"/FileAttachment", "/RichMedia", "/Movie", "/Screen", "/3D", "/EmbeddedFile"})
_BROKEN_BY = (PyPdfError, zlib.error, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, NotImplementedError)
"""What pypdf raises for bytes that aren't a document after all."""


def write_anew(source: BinaryIO, target: BinaryIO) -> None:
    """The pages and nothing else of the PDF; raises Unusable with a sentence for one that is locked, broken, too long or acts by itself.

    What is written is what was looked at: objects that no page leads to don't go along.
    """
    try:
        reader = PdfReader(source, strict=False, root_object_recovery_limit=1_000)
        if reader.is_encrypted:
            raise Unusable(DOCUMENT_LOCKED)
        if len(reader.pages) > MOST_PAGES:
            raise Unusable(DOCUMENT_LONG)
        if any(_acts(one) for one in _reachable(reader.trailer)):
            raise Unusable(DOCUMENT_ACTS)
        if not reader.pages:
            raise Unusable(DOCUMENT_BROKEN)
        writer = PdfWriter()
        for page in reader.pages:
            writer.add_page(page)
        writer.metadata = None
        writer.write(target)
    except _BROKEN_BY:
        raise Unusable(DOCUMENT_BROKEN) from None


def _acts(one: DictionaryObject) -> bool:
    """Whether the dictionary is, or holds, something that runs or hides a file."""
    if not _KEYS.isdisjoint(one):
        return True
    # By subscript, which follows a reference: a name may stand elsewhere to be overlooked.
    says = {key: str(one[key]) for key in ("/S", "/Subtype", "/Type") if key in one}
    return says.get("/S") in _ACTIONS or says.get("/Subtype") in _KINDS or says.get("/Type") in _KINDS


def _reachable(root: DictionaryObject) -> Iterator[DictionaryObject]:
    """Every dictionary that `root` leads to, each once; Unusable for a maze."""
    seen: set[tuple[int, int]] = set()
    waiting: list[PdfObject] = [root]
    looked_at = 0
    while waiting:
        one: PdfObject | None = waiting.pop()
        if isinstance(one, IndirectObject):
            if (one.idnum, one.generation) in seen:
                continue
            seen.add((one.idnum, one.generation))
            one = one.get_object()
        looked_at += 1
        if looked_at > MOST_OBJECTS:
            raise Unusable(DOCUMENT_LONG)
        if isinstance(one, DictionaryObject):
            yield one
            waiting.extend(one.raw_get(key) for key in one)
        elif isinstance(one, ArrayObject):
            waiting.extend(one)
