"""A text taken apart once, as it is compared with many others."""

import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from intake.domain.language.grams import GRAM_CHARACTERS, WORD, hashes_in
from intake.domain.language.lexicon import Lexicon
from intake.domain.language.matching_form import matching_form
from intake.domain.language.places import administrative, facility, places_in, proper_part, without_opening
from workers.triage.same_matter.background import Bools, Floats, Ints

HEAD_CHARACTERS = 40
"""The first sentence, or as much of it: the title of a message that has none."""

LEAD_CHARACTERS = 6
"""What a message names first, behind greetings and districts, is mostly its place or the other party."""

COMMON_SHARE = 0.003
"""Grams in more messages than this name kinds of problems; rarer ones name places and parties."""

_FOURS_CHARACTERS = 300
_SENTENCE_END = re.compile(r"[。！？!?;；\n]")
_STOCK = re.compile(
    r"加快|加强|加大|推进|力度|步伐|刻不容缓|全覆盖|有何具体行动|有关部门|相关部门|什么时候|何时才?能?|是否|能否|如何|为什么|为何|怎么办?|咨询|反映|投诉|举报|质疑|反对|请求|恳请|强烈|坚决|建议|希望|要求|请问|请|再次"
    r"|相关问题|等问题|的问题|问题|情况|谢谢|您好|你好|尊敬的|领导|书记|市长|老百姓|百姓|居民|业主|西地省|[a-z]市"
)
"""What petitions are made of: left out, so that one person's way of writing doesn't hold messages together."""
_NUMBERED = re.compile(r"(?:[a-z]{0,2}\d+|[一二三四五六七八九十]+)(?:号线|路|期|栋|组|中|小)")

PARTS = ("all", "head", "place", "rest", "head_rest", "head_place", "lead", "common", "head_common", "rare", "head_rare")
"""Parts of a text that are compared with the like part of another: each is a row of `Reading.parts`."""


class Named(NamedTuple):
    """A place: its proper part, what it is where that matters, and the whole name."""

    proper: str
    facility: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """`grams` are sorted; `shares` say how common each is anywhere, `parts` (PARTS × grams) in which parts of the text it stands.

    `fours` are hashed pieces of four characters, `codes` the characters of the head, 0 for what is no letter.
    """

    normalised: str
    head: str
    places: tuple[str, ...]
    named: frozenset[Named]
    head_named: frozenset[Named]
    administrative: frozenset[str]
    problems: dict[str, str]
    head_problems: frozenset[str]
    numbered: frozenset[str]
    grams: Ints
    shares: Floats
    parts: Bools
    fours: Ints
    codes: npt.NDArray[np.int32]


def read(text: str, lexicon: Lexicon, shares_of: Callable[[Ints], Floats]) -> Reading:
    """Take `text` apart; its length counts only up to GRAM_CHARACTERS."""
    normalised = matching_form(text[: 4 * GRAM_CHARACTERS])[:GRAM_CHARACTERS]
    head = head_of(normalised)
    told, told_head = _STOCK.sub(" ", normalised), _STOCK.sub(" ", head)
    places, head_places = places_in(normalised), places_in(head)
    districts = administrative(normalised)
    problems = lexicon.problem_words(lexicon.words_in(normalised))
    grams = np.array(sorted(hashes_in([told])), dtype=np.int64)
    shares = shares_of(grams)
    return Reading(
        normalised=normalised,
        head=head,
        places=places,
        named=frozenset(map(_named, places)),
        head_named=frozenset(map(_named, head_places)),
        administrative=frozenset(administrative(head)),
        problems=problems,
        head_problems=frozenset(lexicon.problem_words(lexicon.words_in(head))),
        numbered=frozenset(_NUMBERED.findall(head)),
        grams=grams,
        shares=shares,
        parts=_parts(grams, shares, head=told_head, named=(*places, *districts)),
        fours=np.array(sorted(_fours(told[:_FOURS_CHARACTERS])), dtype=np.int64),
        codes=_codes(told_head),
    )


def head_of(normalised: str) -> str:
    """The first sentence of a normalised text, at most HEAD_CHARACTERS; a greeting of a few characters is no sentence."""
    end = _SENTENCE_END.search(normalised, 6, HEAD_CHARACTERS)
    return normalised[: end.start() if end else HEAD_CHARACTERS]


def _parts(grams: Ints, shares: Floats, *, head: str, named: Iterable[str]) -> Bools:
    each = grams.tolist()

    def among(pieces: Iterable[str]) -> Bools:
        return np.fromiter(map(hashes_in(pieces).__contains__, each), dtype=np.bool_, count=len(each))

    in_head, place = among([head]), among(named)
    lead = among([without_opening(head).strip()[:LEAD_CHARACTERS]])
    often = shares >= COMMON_SHARE
    common = often & ~place
    columns = (
        np.ones(len(grams), dtype=np.bool_),
        in_head,
        place,
        ~place,
        in_head & ~place,
        in_head & place,
        lead,
        common,
        in_head & common,
        ~often,
        in_head & ~often,
    )
    return np.stack(columns)


def _named(place: str) -> Named:
    return Named(proper_part(place), facility(place), place)


def _fours(normalised: str) -> set[int]:
    return {
        zlib.crc32(word[at : at + 4].encode("utf-8", "surrogatepass")) for word in WORD.findall(normalised) for at in range(len(word) - 3)
    }


def _codes(head: str) -> npt.NDArray[np.int32]:
    codes = np.zeros(HEAD_CHARACTERS, dtype=np.int32)
    codes[: len(head)] = [ord(character) if character.isalnum() else 0 for character in head]
    return codes
