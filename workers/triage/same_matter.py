"""Is it the same matter as an earlier message? A suggestion with its reasons; a person decides.

A join needs both the place and the problem: the same complaint about another estate is another matter, and so is another complaint
about the same estate. Category and urgency play no part.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from intake.domain.language.grams import GRAM_CHARACTERS, WORD, gram_hash, telling_grams
from intake.domain.language.lexicon import Lexicon
from intake.domain.language.matching_form import matching_form
from intake.domain.language.places import places_in, shared_place
from workers.triage.message import Reason

STORED_GRAMS = 24
"""Rarest grams kept in the index per message."""

ASKED_GRAMS = 64
"""Rarest grams of a new message that the index is asked for."""

ATTACH_AT = 0.80
UNSURE_AT = 0.50
BEST_MEMBERS = 2
"""A topic scores as the mean of its best members, so that one odd member can't pull strangers in."""

# The scorer: a logistic function of the evidence, fitted on demo matters, `events.jsonl` titles and `pairs.jsonl` (titles, and with 80
# characters of the body); weights from either half, tried on the other, keep a precision of .9 at ATTACH_AT.
BIAS = -3.0
COSINE = 5.7
SAME_PLACE = 1.5
OTHER_PLACE = -1.0
SAME_PROBLEM = 0.8
OTHER_PROBLEM = -3.0
LONGEST_RUN = 1.8
SAME_AREA = 3.0


@dataclass(frozen=True, slots=True)
class Incoming:
    """The new message: its masked text and what triage made of it."""

    text: str
    grams: tuple[int, ...]
    area_id: int
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """An earlier message that shares rare grams; `text` is its masked text or the beginning of it."""

    submission_id: int
    topic_id: int | None
    grams: tuple[int, ...]
    text: str
    area_id: int
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class SameMatter:
    """What to suggest.

    `attach` — joins `topic_id`; when that is None, joins the lone `submission_id`, and the two make a topic.
    `unsure` — possibly the same as `topic_id` or `submission_id`: show it, don't join.
    `open`   — nothing like it: stands alone, both ids are None.
    `others` are further topics worth a look with their scores, best first.
    """

    kind: Literal["attach", "open", "unsure"]
    topic_id: int | None
    submission_id: int | None
    score: float
    reasons: tuple[Reason, ...]
    others: tuple[tuple[int, float], ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` turns back into an equal suggestion."""
        return {
            "kind": self.kind,
            "topic_id": self.topic_id,
            "submission_id": self.submission_id,
            "score": self.score,
            "reasons": [reason.to_json() for reason in self.reasons],
            "others": [list(other) for other in self.others],
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "SameMatter":
        """The suggestion that `to_json` wrote."""
        reasons = tuple(Reason.from_json(reason) for reason in raw["reasons"])
        others = tuple((topic, score) for topic, score in raw["others"])
        return cls(raw["kind"], raw["topic_id"], raw["submission_id"], raw["score"], reasons, others)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What two messages have in common, and what sets them apart; numbers are from 0 to 1."""

    cosine: float
    place: str | None
    other_place: bool
    problem: str | None
    other_problem: bool
    run: str
    run_weight: float
    same_area: bool
    days: int

    @property
    def joins(self) -> bool:
        """Whether there is evidence for the place *and* for the problem, without which the machine never joins by itself."""
        place = self.place is not None or (not self.other_place and (self.same_area or self.cosine >= SAME_WORDS_PLACE))
        words = self.run_weight >= STRONG_RUN or self.cosine >= SAME_WORDS_PROBLEM
        return place and (self.problem is not None or (words and not self.other_problem))

    @property
    def worth_a_look(self) -> bool:
        """Whether something is shared beside the area, and no other problem named; without that the machine shows nothing."""
        words = self.run_weight >= STRONG_RUN / 2 or self.cosine >= SAME_WORDS_PROBLEM / 2
        return self.problem is not None or words or (self.place is not None and not self.other_problem)


FULL_RUN = 3.0
"""A shared piece as heavy as this many grams nobody else used counts fully."""

STRONG_RUN = 0.30
"""A shared piece outside place names this heavy names the problem, if no known problem is named."""

SAME_WORDS_PLACE = 0.60
SAME_WORDS_PROBLEM = 0.45
"""Nearly the same words stand for the place, or for the problem, if neither message names another."""

_OTHERS = 5
_NEUTRAL_TOTAL = 30
_IDLE = "的了是在我们有没不也都就这那个和又还很太"


def choose_rare(grams: Sequence[int], df: Mapping[int, int], n: int = STORED_GRAMS) -> tuple[int, ...]:
    """The `n` grams found in the fewest messages (`df` counts messages by gram; a missing gram counts 0), rarest first."""
    return tuple(sorted(set(grams), key=lambda gram: (df.get(gram, 0), gram))[:n])


def decide(
    incoming: Incoming, candidates: Sequence[Candidate], *, df: Mapping[int, int], total: int, lexicon: Lexicon, window_days: int
) -> SameMatter:
    """Suggest where `incoming` belongs; `total` messages are counted in `df`, candidates outside the window are passed over."""
    scored = [
        (score(evidence), evidence, candidate)
        for candidate in candidates
        if abs((incoming.received_at - candidate.received_at).days) <= window_days
        for evidence in [compare(incoming, candidate, df=df, total=total, lexicon=lexicon)]
    ]
    scored.sort(key=lambda entry: (-entry[0], entry[2].submission_id))
    matters: dict[tuple[str, int], list[tuple[float, Evidence, Candidate]]] = {}
    for entry in scored:
        topic = entry[2].topic_id
        matters.setdefault(("lone", entry[2].submission_id) if topic is None else ("topic", topic), []).append(entry)
    if not matters:
        return SameMatter("open", None, None, 0.0, (), ())
    means = {key: sum(p for p, _, _ in entries[:BEST_MEMBERS]) / len(entries[:BEST_MEMBERS]) for key, entries in matters.items()}
    ranked = sorted(means, key=lambda key: (-means[key], key))
    best = ranked[0]
    mean = round(means[best], 4)
    others = tuple((key[1], round(means[key], 4)) for key in ranked[1:] if key[0] == "topic" and means[key] >= UNSURE_AT / 2)[:_OTHERS]
    _, evidence, candidate = matters[best][0]
    if mean < UNSURE_AT or not evidence.worth_a_look:
        return SameMatter("open", None, None, mean, (), others)
    kind: Literal["attach", "unsure"] = "attach" if mean >= ATTACH_AT and evidence.joins else "unsure"
    lone = candidate.submission_id if best[0] == "lone" else None
    return SameMatter(kind, candidate.topic_id, lone, mean, reasons_for(evidence), others)


def score(evidence: Evidence) -> float:
    """How likely two messages are about one matter, from 0 to 1."""
    z = (
        BIAS
        + COSINE * evidence.cosine
        + SAME_PLACE * (evidence.place is not None)
        + OTHER_PLACE * evidence.other_place
        + SAME_PROBLEM * (evidence.problem is not None)
        + OTHER_PROBLEM * evidence.other_problem
        + LONGEST_RUN * evidence.run_weight
        + SAME_AREA * evidence.same_area
    )
    return 1 / (1 + math.exp(-z))


def compare(incoming: Incoming, candidate: Candidate, *, df: Mapping[int, int], total: int, lexicon: Lexicon) -> Evidence:
    """What the two messages have in common."""
    mine, theirs = _read(incoming.text, lexicon), _read(candidate.text, lexicon)
    place = shared_place(mine.places, theirs.places)
    problem = next((word for key, word in mine.problems.items() if key in theirs.problems), None)
    run, weight = _longest_run(mine, theirs, df=df, total=total)
    return Evidence(
        cosine=_cosine(incoming.grams, candidate.grams, df=df, total=total),
        place=place,
        other_place=place is None and bool(mine.places) and bool(theirs.places),
        problem=problem,
        other_problem=problem is None and bool(mine.problems) and bool(theirs.problems),
        run=run,
        run_weight=weight,
        same_area=incoming.area_id == candidate.area_id,
        days=abs((incoming.received_at - candidate.received_at).days),
    )


def reasons_for(evidence: Evidence) -> tuple[Reason, ...]:
    """The evidence in a member's words, what weighs most first."""
    reasons: list[Reason] = []
    if evidence.place:
        reasons.append(Reason("same_place", f"同一地点：{evidence.place}"))
    elif evidence.same_area:
        reasons.append(Reason("same_area", "来自同一社区"))
    if evidence.problem:
        reasons.append(Reason("same_problem", f"同一问题：{evidence.problem}"))
    if evidence.run and evidence.run not in (evidence.problem or ""):
        reasons.append(Reason("same_words", f"同样说到：{evidence.run}"))
    reasons.append(Reason("days_apart", f"相隔 {evidence.days} 天" if evidence.days else "相隔不到一天"))
    return tuple(reasons)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text taken apart once, as it is compared with many others; `words` are what is left beside the names of places."""

    places: tuple[str, ...]
    problems: dict[str, str]
    words: tuple[str, ...]
    pieces: frozenset[str]


@lru_cache(maxsize=4096)
def _read(text: str, lexicon: Lexicon) -> _Reading:
    normalised = matching_form(text[:GRAM_CHARACTERS])
    places = places_in(normalised)
    rest = normalised
    for place in places:
        rest = rest.replace(place, " ")
    words = tuple(WORD.findall(rest))
    return _Reading(places, lexicon.problem_words(lexicon.words_in(normalised)), words, frozenset(telling_grams(rest)))


def _weight(gram: int, df: Mapping[int, int], total: int) -> float:
    return math.log((total + 1) / (df.get(gram, 0) + 1)) + 0.1


def _cosine(mine: tuple[int, ...], theirs: tuple[int, ...], *, df: Mapping[int, int], total: int) -> float:
    shared = set(mine) & set(theirs)
    if not shared:
        return 0.0
    dot, left, right = (math.fsum(_weight(gram, df, total) ** 2 for gram in grams) for grams in (shared, set(mine), set(theirs)))
    return dot / math.sqrt(left * right)


def _longest_run(mine: _Reading, theirs: _Reading, *, df: Mapping[int, int], total: int) -> tuple[str, float]:
    """The weightiest piece of text both have outside the names of places, and its weight from 0 to 1."""
    best, best_weight = "", 0.0
    shared = mine.pieces & theirs.pieces
    for word in mine.words if shared else ():
        start, weight = 0, 0.0
        for position in range(len(word) - 1):
            piece = word[position : position + 2]
            if piece not in shared:
                start, weight = position + 1, 0.0
                continue
            weight += _weight(gram_hash(piece), df, total)
            if weight > best_weight:
                best, best_weight = word[start : position + 2], weight
    return best.strip(_IDLE), min(1.0, best_weight / (FULL_RUN * math.log(max(total, _NEUTRAL_TOTAL) + 1)))
