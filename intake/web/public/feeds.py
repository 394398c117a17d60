"""订阅: what was released, as Atom (RFC 4287), for the whole installation and for each place."""

from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree as ET

from werkzeug.wrappers import Response

from intake.domain.release import KIND_NAMES
from intake.queries.public_page import Entry, PublicArea, latest, public_area
from intake.web.footer import belongs_to, publisher
from intake.web.guard import open_to_all
from intake.web.public.blueprint import public
from intake.web.public.caching import same_for_all
from intake.web.unit_of_work import db, wiring

ATOM = "http://www.w3.org/2005/Atom"
ENTRIES = 50
SERVICE = "社情民意直报点"
LONG_AGO = "2026-01-01T00:00:00+00:00"
"""What a feed says that has told nothing yet: it must say something, and always the same."""


@public.get("/feed.atom")
@open_to_all
def feed() -> Response:
    """The latest of everything."""
    return _atom("/feed.atom", "/", publisher(), latest(db(), area=None, limit=ENTRIES))


@public.get("/c/<int:area_id>/feed.atom")
@open_to_all
def feed_of_area(area_id: int) -> Response:
    """The latest that a place's page shows."""
    area: PublicArea = public_area(db(), area_id)
    belongs_to(area.district_id)
    return _atom(f"/c/{area_id}/feed.atom", f"/c/{area_id}", area.name, latest(db(), area=area, limit=ENTRIES))


def _atom(path: str, page: str, of: str, entries: Sequence[Entry]) -> Response:
    settings = wiring().settings
    root = ET.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "zh-CN"})
    updated = entries[0].released_at.isoformat() if entries else LONG_AGO
    _said(root, id=settings.base_url + path, title=of + " · " + SERVICE, updated=updated, rights=settings.open_data_licence)
    _link(root, "self", settings.base_url + path)
    _link(root, "alternate", settings.base_url + page)
    _said(ET.SubElement(root, f"{{{ATOM}}}author"), name=publisher())
    for entry in entries:
        _entry(root, entry, settings.base_url)
    ET.register_namespace("", ATOM)
    text = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return same_for_all(Response(text, content_type="application/atom+xml; charset=utf-8"))


def _entry(root: ET.Element, entry: Entry, base: str) -> None:
    """A text that was withdrawn, mended and released again keeps its id and tells a newer moment."""
    address = f"{base}/t/{entry.topic_number}"
    one = ET.SubElement(root, f"{{{ATOM}}}entry")
    at: datetime = entry.released_at
    _said(one, id=f"{address}#{entry.id}", title=entry.title, updated=at.isoformat(), summary=entry.words)
    _link(one, "alternate", address)
    ET.SubElement(one, f"{{{ATOM}}}category", term=entry.kind.value, label=KIND_NAMES[entry.kind])
    ET.SubElement(one, f"{{{ATOM}}}category", term=entry.area_name)


def _said(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, f"{{{ATOM}}}{name}").text = text


def _link(parent: ET.Element, rel: str, href: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}link", rel=rel, href=href)
