"""Whether an opening was somebody's tap: what browsers fetch ahead, machines that look first, and a change of size or language aren't."""

import re

from flask import request

from intake.web.language import PREFERENCES

_AHEAD = ("Purpose", "X-Purpose", "Sec-Purpose", "X-Moz")
_MACHINE = re.compile(r"bot\b|spider|crawl|preview|monitor|curl/|wget/|python-", re.IGNORECASE)


def is_a_tap() -> bool:
    """GET only, without the headers of prefetching, not by a program that says it is one, and not to see the page in another way."""
    if request.method != "GET" or PREFERENCES.keys() & request.args.keys():
        return False
    if any("prefetch" in value or "preview" in value for value in map(_header, _AHEAD)):
        return False
    return not _MACHINE.search(request.headers.get("User-Agent", ""))


def _header(name: str) -> str:
    return request.headers.get(name, "").lower()
