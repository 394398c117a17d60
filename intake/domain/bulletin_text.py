"""What a bulletin's text is begun with, whose words stand in it, and how it is read as a paper. Papers are Chinese in every language."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

TITLE_MAX, TEXT_MAX = 80, 6_000
LONG = 1_500
"""From here on the page asks whether it could be shorter; nothing is refused."""
TOPICS_MOST = 10
QUOTE_MAX = 120
"""Characters of one resident's words in a fresh draft; who edits it may quote more."""
TO_WRITE = "【待补"
"""How a place begins that people are to fill in."""
_CAUSES = f"{TO_WRITE}：为什么会这样，已经做过什么。由起草人查清后写】"
_SITUATION = f"{TO_WRITE}：是什么事、从什么时候开始、影响到谁】"
_REQUEST = f"{TO_WRITE}：建议由谁、怎么办】"
_NUMERALS = "一二三四五六七八九十"
_HEADING = re.compile(rf"[{_NUMERALS}]{{1,3}}、.{{1,30}}")
_CLAUSE = re.compile(r"[，。；：！？、,.;:!?\s…“”「」]+")
_CLAUSE_LEAST = 6
"""Characters from which the same words in a row are a quotation and not a coincidence."""
_CHUNK = 20
"""Of a clause that may be quoted in part: people type a hundred characters without a mark."""


@dataclass(frozen=True, slots=True)
class Said:
    """A resident's masked words that may be quoted."""

    submission_id: int
    words: str
    place: str
    day: date


@dataclass(frozen=True, slots=True)
class Source:
    """One topic that a bulletin is drafted from; `basis` counts what stands behind it, `request` is what members hope for."""

    title: str
    basis: str
    problem: str
    request: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class TextPart:
    """A heading, empty where the text begins without one, and the paragraphs below it."""

    heading: str
    paragraphs: tuple[str, ...]


def first_title(sources: Sequence[Source]) -> str:
    """What a draft is called until somebody knows better."""
    more = f"等 {len(sources)} 件事" if len(sources) > 1 else ""
    return f"关于“{sources[0].title}”{more}的情况和建议"[:TITLE_MAX]


def first_text(sources: Sequence[Source]) -> str:
    """The situation as it is counted, residents' words as they are, suggestions where members wrote some; the causes are left to people."""
    parts = (
        ("一、基本情况", [situation(one) for one in sources]),
        ("二、居民怎么说", [said_lines(one.said) for one in sources]),
        ("三、原因分析", [_CAUSES for _one in sources]),
        ("四、有关建议", [one.request or _REQUEST for one in sources]),
    )
    return "\n".join("\n".join((heading, *_under_titles(sources, below))) for heading, below in parts)


def length(text: str) -> int:
    """Characters without blanks and line ends, as papers count them."""
    return sum(not one.isspace() for one in text)


def to_write(text: str) -> int:
    """How many places still wait for somebody's words."""
    return text.count(TO_WRITE)


def standing(text: str, words: str) -> str:
    """The longest piece of `words` that still stands in `text`, so that it can be found there; empty when nothing of them does.

    Words of short clauses alone stand there as a whole, whatever marks are between them; a clause without end may have been cut.
    """
    clauses = [clause for clause in _CLAUSE.split(words) if clause]
    long = [clause for clause in clauses if len(clause) >= _CLAUSE_LEAST]
    if not long:
        whole = re.search(f"(?:{_CLAUSE.pattern})?".join(map(re.escape, clauses)), text)
        return whole.group() if whole else ""
    pieces = [piece for clause in long for piece in (clause, *_chunks(clause))]
    return max((piece for piece in pieces if piece in text), key=len, default="")


def parts_of(text: str) -> tuple[TextPart, ...]:
    """The text by its headings (一、…), a paragraph for each line."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in text.split("\n"):
        if _HEADING.fullmatch(line.strip()):
            found.append((line.strip(), []))
        elif line.strip():
            found[-1][1].append(line.strip())
    return tuple(TextPart(heading, tuple(paragraphs)) for heading, paragraphs in found if heading or paragraphs)


def _chunks(clause: str) -> list[str]:
    chunks = [clause[start : start + _CHUNK] for start in range(0, len(clause), _CHUNK)]
    return [chunk for chunk in chunks if len(chunk) >= _CLAUSE_LEAST]


def situation(source: Source) -> str:
    """How it stands, as counted and as members wrote it; a line or several."""
    lines = [line for line in source.problem.split("\n") if line and line != source.title]
    return "\n".join([one for one in (source.basis, *lines) if one]) or _SITUATION


def said_lines(said: Sequence[Said]) -> str:
    """Residents' words, a line each."""
    return "\n".join(f"居民说：“{_cut(one.words)}”（{one.place}，{_date_words(one.day)}）" for one in said) or "没有可以引用的原话。"


def _cut(words: str) -> str:
    """On one line; what is too long ends at the last mark before the limit."""
    line = " ".join(words.split())
    if len(line) <= QUOTE_MAX:
        return line
    short = line[:QUOTE_MAX]
    end = max(short.rfind(mark) for mark in "。；！？，")
    return f"{short[:end] if end > QUOTE_MAX // 2 else short}……"


def _under_titles(sources: Sequence[Source], below: Sequence[str]) -> list[str]:
    if len(sources) == 1:
        return list(below)
    return [f"（{_NUMERALS[place]}）{one.title}\n{words}" for place, (one, words) in enumerate(zip(sources, below, strict=True))]


def _date_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
