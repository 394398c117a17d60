"""Strict reading of pages, without reading the same thing a second time.

html5lib decides what is well formed, but takes longer to read a page than the application to make it. What it thinks of a place in a page
hangs on nothing but the elements around it, and in a few of these on what stands before it, as long as every element is closed by an end tag
of its own. So a page passes without it when each of its places was met before, in pages to which it had no objection. Whatever isn't
understood here goes to html5lib, once for pages that differ in nothing a parser minds.
"""

import re
from functools import lru_cache

import html5lib

Place = int | tuple[int, tuple[str, ...]] | str
"""An element by all that it stands in, as a number; or that number and the order of what stands in it; or a whole page."""

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_ORDERED = frozenset({"", "html", "head", "table", "caption", "colgroup", "thead", "tbody", "tfoot", "tr", "select", "optgroup", "option"})
"""In these it matters what comes after what; `""` is the page itself."""
_ONLY_WORDS = frozenset({"script", "style", "title", "textarea"})
_OF_THEIR_OWN_KIND = frozenset({"frameset", "iframe", "math", "noembed", "noframes", "plaintext", "xmp"})
"""What is read by other rules."""
_WORDS = "words"

_UNUSUAL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U0001fffe-\U0010ffff]|&(?!(?:amp|lt|gt|quot|nbsp|#34|#39);)"
)
"""What may not stand in a page, and more that may."""
_VARYING = re.compile(r'(?<=value=")[\w.:-]*(?=")|[\u3000-\u9fff\uff00-\uffef]+|[0-9]+')
"""What no parser minds: keys, Chinese characters, and which number it is."""
_ATTRIBUTE = re.compile(r'\s+([A-Za-z][A-Za-z0-9:._-]*)(?:="[^"]*"|=\'[^\']*\'|(?!=))', re.ASCII)
_TOKEN = re.compile(
    rf"""(?P<words>[^<]+)
    | </(?P<end>[a-z][a-z0-9]*)>
    | (?P<start><[a-z][a-z0-9]*(?:{_ATTRIBUTE.pattern})*\s*/?>)
    | (?P<remark><!--(?!-?>)[^-]*(?:-[^-]+)*-->)
    | (?P<first>\A<!doctype\ html>)""",
    re.VERBOSE | re.ASCII,
)
_NUMBERS: dict[tuple[int, str], int] = {}
"""Number of the element around, and a tag → number."""
_met: set[Place] = set()


def read_strictly(page: str) -> None:
    """ParseError for a page that a browser would have to repair."""
    places = places_of(page) or {_VARYING.sub("0", page)}
    if not places <= _met:
        html5lib.HTMLParser(strict=True).parse(page)
        _met.update(places)


def places_of(page: str) -> set[Place] | None:
    """Where things stand in it; None for a page that isn't understood, or that closes another element than the one it opened last."""
    if _UNUSUAL.search(page) is not None:
        return None
    found: set[Place] = set()
    around = [(0, "", list[str]())]
    """The page and each element that is open: number, tag, and what stands in it so far, if that matters."""
    number, tag, inside = around[0]
    read = 0
    for token in _TOKEN.finditer(page):
        if token.start() != read:
            return None
        read = token.end()
        kind, words = token.lastgroup, token[0]
        if kind == "end":
            if token["end"] != tag:
                return None
            if tag in _ORDERED:
                found.add((number, tuple(inside)))
            around.pop()
            number, tag, inside = around[-1]
            continue
        if kind == "remark" or (kind == "words" and words.isspace()):
            continue
        name = _WORDS if kind == "words" else _kind(words)
        if name is None or (tag in _ONLY_WORDS and name != _WORDS):
            return None
        if tag in _ORDERED and inside[-1:] != [name]:
            inside.append(name)
        place = _NUMBERS.setdefault((number, name), len(_NUMBERS) + 1)
        found.add(place)
        if kind == "start" and name not in _VOID and not name.endswith("/"):
            number, tag, inside = around_it = (place, name, list[str]())
            around.append(around_it)
    if read != len(page) or len(around) > 1:
        return None
    found.add((0, tuple(inside)))
    return found


@lru_cache(maxsize=20_000)
def _kind(tag: str) -> str | None:
    """The name in a start tag, with a stroke if it closes what it opens; None if an attribute stands there twice, or for rare elements."""
    if tag.startswith("<!"):
        return "doctype"
    name = re.split(r"[\s/>]", tag[1:], maxsplit=1)[0]
    attributes = [attribute.lower() for attribute in _ATTRIBUTE.findall(tag)]
    if name in _OF_THEIR_OWN_KIND or len(set(attributes)) < len(attributes):
        return None
    return f"{name}/" if tag.endswith("/>") else name
