"""The poster of one intake point: a PosterSpec and a paper in, vectors (PDF) or pixels (PNG, 300 dpi) of the same layout out."""

import io
from collections.abc import Callable, Iterable
from typing import BinaryIO

from qr_assets.fonts import poster_fonts
from qr_assets.layout import composed
from qr_assets.raster import sheet_png
from qr_assets.spec import LIMITS, Paper, PosterSpec, PosterTemplate
from qr_assets.vector import Document

__all__ = ["LIMITS", "Paper", "PosterSpec", "PosterTemplate", "poster_pdf", "poster_png", "posters_pdf", "write_posters"]


def poster_pdf(spec: PosterSpec, *, paper: Paper) -> bytes:
    """One page of vectors; the same spec always gives the same bytes."""
    return posters_pdf([spec], paper=paper)


def poster_png(spec: PosterSpec, *, paper: Paper) -> bytes:
    """The page as a picture of 300 dots an inch; the same spec always gives the same bytes."""
    return sheet_png(composed(spec, poster_fonts(), paper=paper), poster_fonts(), picture=spec.template.picture)


def posters_pdf(specs: Iterable[PosterSpec], *, paper: Paper, progress: Callable[[int], None] | None = None) -> bytes:
    """One document as `write_posters` writes it. ValueError if there are no specs."""
    out = io.BytesIO()
    write_posters(specs, out, paper=paper, progress=progress)
    return out.getvalue()


def write_posters(specs: Iterable[PosterSpec], out: BinaryIO, *, paper: Paper, progress: Callable[[int], None] | None = None) -> int:
    """Write one PDF, a page a spec in the order given, and answer how many pages it has; `progress` hears how many are drawn.

    `out` is written to after the last page is drawn; `specs` is read once, so that it may be a query. Five thousand pages stay
    below 200 MB (`make bench NAME=posters`). ValueError, with nothing written, if there are no specs.
    """
    fonts = poster_fonts()
    document: Document | None = None
    done = 0
    for spec in specs:
        if document is None:
            title = f"{spec.place} 直报点海报 第 {spec.version} 版"
            document = Document(out, fonts, title=title, author=spec.template.controller)
        document.add(composed(spec, fonts, paper=paper), picture=spec.template.picture, key=spec.template.picture_key)
        done += 1
        if progress:
            progress(done)
    if document is None:
        raise ValueError("没有可以印的直报点，请先选择直报点。")
    document.finish()
    return done
