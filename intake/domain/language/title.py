"""A short title chosen from the resident's own words."""

import re
from collections.abc import Sequence
from itertools import pairwise

from config.taxonomy import default_taxonomy
from intake.domain.language.lexicon import Lexicon, lexicon_of
from intake.domain.language.matching_form import matching_forms
from intake.domain.language.places import places_in
from intake.domain.personal_data import DOT

TITLE_CHARACTERS = 24
_READ = 600
_CLAUSE = re.compile(r"(?:[,，。!！?？;；:：、~～…\s\x00]|(?<![0-9])\.|\.(?![0-9]))+")
_OPENING = re.compile(
    r"^(?:你们?好|您好|领导好?|尊敬的.{0,4}|请问一?下?|想?问问|反映一?下?|咨询一?下?|投诉|举报|麻烦|强烈(?:要求|建议)|关于|希望|建议|求助|我们|你好反映下|我想|请)+"
)
_CLOSING = re.compile(r"(?:谢谢|管管吧|求修|啊|呀|吧|呢|吗)+$")
_SPACED_NUMBER = re.compile(r"(?:(?<=\S)[ \u3000]+)?(\d+)[ \u3000]*(?=\S)")
"""A number in a sentence, as in 幸福里 5 号楼, or at its very start: the blanks around it part nothing."""


def title_for(text: str, lexicon: Lexicon | None = None) -> str:
    """At most 24 characters of the masked `text` that name place and problem best; empty when the text has no words.

    Without `lexicon`, the words of the taxonomy that ships with the project are used.
    """
    words = lexicon or lexicon_of(default_taxonomy())
    clauses = [clause for clause in map(_bare, _CLAUSE.split(_SPACED_NUMBER.sub(r"\1", text[:_READ]))) if clause]
    if not clauses:
        return ""
    titles = [*clauses, *(f"{a}，{b}" for a, b in pairwise(clauses) if len(a) + len(b) < TITLE_CHARACTERS)]
    best, most = titles[0], float("-inf")
    for title, form in zip(titles, matching_forms(titles), strict=True):
        found = words.words_in(form)
        # Names of places are looked for only where one would make the title the best.
        if _worth(title, found, words, place=True) > most and (worth := _worth(title, found, words, place=bool(places_in(form)))) > most:
            best, most = title, worth
    return _cut(best)


def _bare(clause: str) -> str:
    return _CLOSING.sub("", _OPENING.sub("", clause.strip("\"'“”‘’()（）[]【】-—·")))


def _worth(clause: str, found: Sequence[str], lexicon: Lexicon, *, place: bool) -> float:
    worth = 3.0 * place + 2.0 * lexicon.names_a_problem(found) + min(len(found), 3)
    worth -= 5.0 * (DOT in clause) + 0.1 * max(0, len(clause) - 16) + 2.0 * (len(clause) < 4)
    return worth


def _cut(title: str) -> str:
    return title if len(title) <= TITLE_CHARACTERS else title[: TITLE_CHARACTERS - 1] + "…"
