"""One answer in JSON or XML, as its address asks: the same names in both, as Open311 wants them (its Spark convention)."""

import json
import re
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring  # only written here; nothing of others is parsed

from flask import Response

JSON, XML = "json", "xml"
TYPES = {JSON: "application/json; charset=utf-8", XML: "text/xml; charset=utf-8"}
_ONE_OF = {
    "services": "service",
    "service_requests": "request",
    "errors": "error",
    "attributes": "attribute",
    "endpoints": "endpoint",
    "formats": "format",
}
"""What each entry of a list is called in XML."""
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def answer(form: str, root: str, content: Any, *, status: int = 200) -> Response:
    """`content`, lists and dicts of plain values, as JSON; or as XML below an element called `root`."""
    body = json.dumps(content, ensure_ascii=False) if form == JSON else _xml(root, content)
    return Response(body, status=status, content_type=TYPES[form])


def _xml(root: str, content: Any) -> bytes:
    written: bytes = tostring(_filled(Element(root), content), encoding="utf-8", xml_declaration=True)
    return written


def _filled(element: Element, content: Any) -> Element:
    if isinstance(content, dict):
        for name, value in content.items():
            _filled(SubElement(element, name), value)
    elif isinstance(content, list):
        for value in content:
            _filled(SubElement(element, _ONE_OF[element.tag]), value)
    elif content is not None:
        element.text = _NOT_IN_XML.sub("\ufffd", str(content).lower() if isinstance(content, bool) else str(content))
    return element
