"""Names of places: of the sender's own district, by their endings, and of other cities."""

import re
from dataclasses import replace
from functools import lru_cache

from intake.domain.language.matching_form import matching_form
from intake.domain.language.other_cities import other_cities
from intake.domain.language.places import places_in
from intake.domain.language.word_pattern import word_pattern
from workers.triage.message import Finding, Message, Place

MOST = 8
_READ = 600
_SHORTEST = 2
_PART = re.compile(r"[^省市县区]{2,}[省市县区]")
"""临江市云栖区 holds two names."""
_LEFT_OUT = re.compile(r"(?:社区|街道|小区|直报点|区|县|镇|乡)$")
"""Endings that people who live there leave out: 龙池社区 is 龙池."""


def places(message: Message, finding: Finding) -> Finding:
    """Fill `places`: what is known here, then other cities, then what only ends like a place; each once, at most eight."""
    text = finding.normalised[:_READ]
    found = {name: Place(name, "here") for name in _known(message.area_names, message.known_places).findall(text)}
    for name in other_cities(text, at_home=message.area_names):
        found.setdefault(name, Place(name, "elsewhere"))
    for name in places_in(finding.normalised):
        if not any(name in other or other in name for other in found):
            found[name] = Place(name, "named")
    return replace(finding, places=tuple(found.values())[:MOST])


@lru_cache(maxsize=256)
def _known(area_names: tuple[str, ...], known_places: tuple[str, ...]) -> re.Pattern[str]:
    full = {matching_form(name) for name in (*area_names, *known_places)}
    full |= {part for name in full for part in _PART.findall(name)}
    return word_pattern(name for name in full | {_LEFT_OUT.sub("", name) for name in full} if len(name) >= _SHORTEST)
