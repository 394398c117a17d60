"""What search engines may read: the public pages, and none that belongs to one person or one wall."""

from xml.etree import ElementTree as ET

from werkzeug.wrappers import Response

from intake.queries.public_page import addresses
from intake.web.guard import open_to_all
from intake.web.public.blueprint import public
from intake.web.public.caching import same_for_all
from intake.web.unit_of_work import db, wiring

OPEN = ("/$", "/c/", "/t/", "/calls", "/cases", "/map", "/open-data", "/feed.atom", "/privacy", "/static/")
"""All the rest is closed: forms, receipts, notices, invitations, the desks, and searches, of which there is no end. No page leads to the
links of campaigns, which lie below /c/ as well.
"""
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
PAGES = ("/", "/calls", "/cases", "/map", "/open-data")
MOST = 50_000
"""Of the protocol, for one file."""


@public.get("/robots.txt")
@open_to_all
def robots() -> Response:
    """Who may come in where."""
    lines = ["User-agent: *", *(f"Allow: {path}" for path in OPEN), "Disallow: /", f"Sitemap: {wiring().settings.base_url}/sitemap.xml"]
    return same_for_all(Response("\n".join(lines) + "\n", mimetype="text/plain"), seconds=3_600)


@public.get("/sitemap.xml")
@open_to_all
def sitemap() -> Response:
    """Places, and topics of which something is released, with the day of the newest word."""
    base = wiring().settings.base_url
    root = ET.Element(f"{{{SITEMAP}}}urlset")
    found = addresses(db(), limit=MOST - len(PAGES))
    for path, day in (*((page, None) for page in PAGES), *found):
        one = ET.SubElement(root, f"{{{SITEMAP}}}url")
        ET.SubElement(one, f"{{{SITEMAP}}}loc").text = base + path
        if day is not None:
            ET.SubElement(one, f"{{{SITEMAP}}}lastmod").text = day.isoformat()
    ET.register_namespace("", SITEMAP)
    return same_for_all(Response(ET.tostring(root, encoding="utf-8", xml_declaration=True), mimetype="application/xml"))
