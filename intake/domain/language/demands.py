"""Several demands in one message, told apart; one is the normal case and is left whole."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from intake.domain.language.lexicon import Lexicon
from intake.domain.language.matching_form import matching_form, matching_forms
from intake.domain.language.places import places_in, shared_place

MOST = 8
"""A list longer than this is an essay; its tail belongs to the last demand."""

_READ = 2_000
_SHORT = 150
"""Only in a short message does a new sentence alone begin another demand: in a long one it tells more of the same."""

_HAN = "一二三四五六七八九十"
_RINGS = "①②③④⑤⑥⑦⑧⑨⑩"
_MARKS = (
    re.compile(
        r"(?<![\w.\-])[(（]?([1-9]|10)(?:[)）、\uff0e:：]|[.,，](?!\d))|(?<=[\u4e00-\u9fff])([1-9]|10)[、\uff0e](?![\d一-十栋号幢单楼])"
    ),
    re.compile(rf"([{_RINGS}])"),
    re.compile(rf"(?<![第{_HAN}])([{_HAN}])(?:是(?![的不])|、(?![{_HAN}]))|[(（]([{_HAN}])[)）]"),
    re.compile(rf"第([{_HAN}1-9])(?:[,，、:：]|个(?:问题|事|是)|件事?|点)"),
    re.compile(r"(首先|其次|再次|最后)"),
)
"""How people number a list: 1、 ① 一是 第一， 首先; a list has two or more in their order."""
_ORDINALS = {"首先": 1, "其次": 2, "再次": 3, "最后": 3}

_AND_ALSO = re.compile(
    r"(?:(?<=[^\w])|^)(?:另外|此外|还有(?!人|待|多少|没有)|再有|再就是|再说[一另]|再一个|顺便|同时|除此之外|除了这个|另一件事?"
    r"|第二件事|还要反映|也想反映|也想问|也反映|对了)"
)
_SENTENCE = re.compile(r"[。!！?？;；\n]+(?=[^。!！?？;；\n])")
_TROUBLE = re.compile(
    r"坏|堵|漏|脏|臭|吵|乱|烂|破|断|缺|没|不|太|老是|总是|天天|能否|可否|希望|建议|请|要求|什么时候|啥时候|难|少|贵|涨|挡|占|危险|影响"
    r"|塌|掉|满|停|偷|拖|欠|关了|黑|扰民|噪|积水|一直|跑路|咬|堆|违|多|高|差"
)
_WISH = re.compile(r"^[\s,，]*(?:所以|因此|真心|强烈|恳请|恳求|麻烦|希望|建议|请|要求|能不能|能否|可否|可不可以|是不是|盼|求|谢)")
_ONE_CAUSE = frozenset(
    frozenset(pair)
    for pair in (
        ("noise", "air"),
        ("noise", "business"),
        ("air", "waste"),
        ("drainage", "waste"),
        ("drainage", "roads"),
        ("drainage", "air"),
        ("parking", "safety"),
        ("parking", "transport"),
        ("schools", "transport"),
        ("schools", "parking"),
        ("power-supply", "safety"),
        ("street-lights", "safety"),
        ("lift-safety", "lift-addition"),
        ("illegal-building", "old-estate-renewal"),
    )
)
"""Kinds of trouble that one thing makes together: a mixing plant is loud and dusty, a queue at a school is parked cars and traffic."""

Categorise = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing a message asks for: where it stands, from `start` up to but not including `end`, and its category if there is evidence."""

    start: int
    end: int
    category: str | None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Part of a message and what it speaks of; `linked` when a mark or a word such as 另外 opens it."""

    start: int
    end: int
    linked: bool
    problems: frozenset[str]
    categories: frozenset[str]
    places: tuple[str, ...]
    troubled: bool
    wishes: bool

    def and_then(self, other: "_Stretch") -> "_Stretch":
        return _Stretch(
            self.start,
            other.end,
            self.linked,
            self.problems | other.problems,
            self.categories | other.categories,
            (*self.places, *other.places),
            self.troubled or other.troubled,
            self.wishes,
        )


def demands_in(text: str, lexicon: Lexicon, *, categorise: Categorise | None = None) -> tuple[Demand, ...]:
    """The demands of a masked `text` in order, together covering it; at least one for a text with words, at most eight.

    A list (1、2、 or 一是…二是…), a word such as 另外, or a new sentence parts two demands only where both name a trouble and the troubles are of
    different kinds or at different places. `categorise` names a stretch's category; without it the lexicon's words do.
    """
    name = categorise or (lambda stretch: lexicon.category_of(matching_form(stretch)))
    return tuple(Demand(start, end, name(text[start:end])) for start, end in spans_of_demands(text, lexicon))


def spans_of_demands(text: str, lexicon: Lexicon) -> tuple[tuple[int, int], ...]:
    """Where each demand of `text` starts and ends, as `demands_in` finds them."""
    if not text.strip():
        return ()
    parts = _gathered(text, lexicon)
    return tuple(pairwise([0, *(part.start for part in parts[1:MOST]), len(text)]))


def _gathered(text: str, lexicon: Lexicon) -> list[_Stretch]:
    gathered: list[_Stretch] = []
    for part in _stretches(text, lexicon):
        if gathered and not _parted(gathered[-1], part):
            gathered[-1] = gathered[-1].and_then(part)
        else:
            gathered.append(part)
    return gathered


def _stretches(text: str, lexicon: Lexicon) -> Iterator[_Stretch]:
    cuts = _cuts(text[:_READ])
    if not cuts:  # the normal case costs nothing more
        yield _Stretch(0, len(text), linked=False, problems=frozenset(), categories=frozenset(), places=(), troubled=False, wishes=False)
        return
    spans = list(pairwise([0, *sorted(cuts), len(text)]))
    stretches = [text[start:end] for start, end in spans]
    for (start, end), stretch, normalised in zip(spans, stretches, matching_forms(stretches), strict=True):
        words = lexicon.words_in(normalised)
        yield _Stretch(
            start,
            end,
            cuts.get(start, False),
            frozenset(lexicon.problem_words(words)),
            frozenset(lexicon.category_words(words)),
            places_in(normalised),
            bool(_TROUBLE.search(stretch)),
            bool(_WISH.search(stretch)),
        )


def _cuts(text: str) -> dict[int, bool]:
    """Where a demand may begin, and whether a mark or a word says so."""
    listed = _list_marks(text)
    if listed:
        return dict.fromkeys((place for place in listed[1:]), True)
    cuts = {match.end(): False for match in _SENTENCE.finditer(text)} if len(text) <= _SHORT else {}
    cuts.update({match.start(): True for match in _AND_ALSO.finditer(text)})
    cuts.pop(0, None)
    return cuts


def _list_marks(text: str) -> list[int]:
    for pattern in _MARKS:
        places: list[int] = []
        for match in pattern.finditer(text):
            if _ordinal(next(filter(None, match.groups()))) == len(places) + 1:
                places.append(match.start())
        if len(places) > 1:
            return places
    return []


def _ordinal(mark: str) -> int:
    if mark in _ORDINALS:
        return _ORDINALS[mark]
    return int(mark) if mark.isascii() else (_HAN.find(mark) if mark in _HAN else _RINGS.find(mark)) + 1


def _parted(before: _Stretch, after: _Stretch) -> bool:
    """Whether `after` asks for something else."""
    if not (before.categories and after.categories):
        return False
    elsewhere = bool(before.places and after.places) and shared_place(before.places, after.places) is None
    other_kind = before.categories.isdisjoint(after.categories) and before.problems.isdisjoint(after.problems)
    if after.linked:
        return other_kind or elsewhere
    if not (before.problems and after.problems and before.troubled and after.troubled and other_kind) or after.wishes:
        return False
    return elsewhere or not any(frozenset((a, b)) in _ONE_CAUSE for a in before.categories for b in after.categories)
