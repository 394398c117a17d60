"""What two messages have in common and what sets them apart, as a rule and a person can read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from intake.domain.language.grams import WORD, gram_hash, telling_grams
from intake.domain.language.lexicon import Lexicon
from intake.domain.language.places import shared_place
from workers.triage.same_matter.background import Floats, base_background, weights
from workers.triage.same_matter.features import FEATURES, pair_features
from workers.triage.same_matter.matter import Candidate, Incoming
from workers.triage.same_matter.reading import Reading, read
from workers.triage.same_matter.scorer import base_scorer, probability

NEAR_WORDS = 0.30
"""Words as alike as this, beside the names of places, stand for the place, and for the problem whatever else is named."""
SOME_WORDS = 0.05
"""As alike as this they stand for the problem, where not each message names another."""
TELLING_WORD = 5.0
"""A shared word that tells this much (it is in a hundred and fiftieth of messages) stands for the place where none is contradicted."""

_READINGS_KEPT = 4096
_IDLE = "的了是在我们有没不也都就这那个和又还很太"
_AT = {name: at for at, name in enumerate(FEATURES)}


class PairScorer(Protocol):
    """Whatever gives logits for rows of FEATURES."""

    @property
    def same_area(self) -> float:
        """What a pair from one community gets beside that."""
        ...

    def logits(self, features: Floats) -> Floats:
        """One number a row."""
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """`probability` is what the scorer says; the rest is what it can be explained by. `run` is a shared piece outside place names."""

    probability: float
    place: str | None
    other_place: bool
    other_place_at_once: bool
    """In the first sentence, where few names are misread."""
    problem: str | None
    other_problem: bool
    run: str
    same_area: bool
    days: int
    telling: float
    """How much the most telling shared word tells, in logarithms."""
    words: float
    """How alike they are beside the names of places, 0 to 1."""

    @property
    def joins(self) -> bool:
        """Whether there is evidence for the place *and* for the problem, without which the machine never joins by itself."""
        near = self.words >= NEAR_WORDS
        place = (
            self.place is not None
            or (near and not self.other_place_at_once)
            or (not self.other_place and (self.same_area or self.telling >= TELLING_WORD))
        )
        return place and (self.problem is not None or near or (not self.other_problem and self.words >= SOME_WORDS))

    @property
    def worth_a_look(self) -> bool:
        """Whether something is shared beside the area, and no other problem named; without that the machine shows nothing."""
        return self.problem is not None or self.words >= SOME_WORDS or (self.place is not None and not self.other_problem)


def reading(text: str, lexicon: Lexicon) -> Reading:
    """`text` taken apart; kept, since a message is compared many times."""
    return _reading(text, lexicon)


@lru_cache(maxsize=_READINGS_KEPT)
def _reading(text: str, lexicon: Lexicon) -> Reading:
    return read(text, lexicon, base_background().shares_of)


def days_between(incoming: Incoming, candidate: Candidate) -> int:
    """Whole days between the two."""
    return abs((incoming.received_at - candidate.received_at).days)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One message against several: `features` holds a row for each, `probabilities` what the scorer says."""

    incoming: Incoming
    candidates: Sequence[Candidate]
    features: Floats
    probabilities: Floats
    df: Mapping[int, int]
    total: int
    lexicon: Lexicon

    def evidence(self, at: int) -> Evidence:
        """The evidence for the candidate at that position."""
        candidate = self.candidates[at]
        mine, theirs = reading(self.incoming.text, self.lexicon), reading(candidate.text, self.lexicon)
        row = self.features[at]
        problem = next((word for key, word in mine.problems.items() if key in theirs.problems), None)
        return Evidence(
            probability=float(self.probabilities[at]),
            place=shared_place(mine.places, theirs.places),
            other_place=bool(row[_AT["place_clash"]]),
            other_place_at_once=bool(row[_AT["place_clash_head"]]),
            problem=problem,
            other_problem=problem is None and bool(mine.problems) and bool(theirs.problems),
            run=_longest_run(mine, theirs, df=self.df, total=self.total),
            same_area=self.incoming.area_id == candidate.area_id,
            days=days_between(self.incoming, candidate),
            telling=float(row[_AT["rarest_all"]]),
            words=float(max(row[_AT["cosine_rest"]], row[_AT["cosine_head_rest"]], row[_AT["less_head_rest"]])),
        )


def compare_all(
    incoming: Incoming,
    candidates: Sequence[Candidate],
    *,
    df: Mapping[int, int],
    total: int,
    lexicon: Lexicon,
    scorer: PairScorer | None = None,
) -> Comparison:
    """`incoming` against each of `candidates` (at least one); without `scorer`, the shipped one says how alike they are."""
    others = [reading(candidate.text, lexicon) for candidate in candidates]
    days = [days_between(incoming, candidate) for candidate in candidates]
    features = pair_features(reading(incoming.text, lexicon), others, df=df, total=total, days=days)
    near = np.array([candidate.area_id == incoming.area_id for candidate in candidates])
    scorer = scorer or base_scorer()
    logits = scorer.logits(features) + scorer.same_area * near
    return Comparison(incoming, candidates, features, probability(logits), df, total, lexicon)


def compare(
    incoming: Incoming, candidate: Candidate, *, df: Mapping[int, int], total: int, lexicon: Lexicon, scorer: PairScorer | None = None
) -> Evidence:
    """What the two messages have in common."""
    return compare_all(incoming, [candidate], df=df, total=total, lexicon=lexicon, scorer=scorer).evidence(0)


def likeness(
    incoming: Incoming, candidates: Sequence[Candidate], *, df: Mapping[int, int], total: int, lexicon: Lexicon
) -> tuple[float, ...]:
    """How likely `incoming` is about one matter with each of `candidates`, 0 to 1; much cheaper than comparing one by one."""
    if not candidates:
        return ()
    return tuple(compare_all(incoming, candidates, df=df, total=total, lexicon=lexicon).probabilities.tolist())


def score(evidence: Evidence) -> float:
    """How likely two messages are about one matter, from 0 to 1."""
    return evidence.probability


def _longest_run(mine: Reading, theirs: Reading, *, df: Mapping[int, int], total: int) -> str:
    """The weightiest piece of text both have outside the names of places."""
    words, others = _outside_places(mine), _outside_places(theirs)
    shared = {piece for word in words for piece in telling_grams(word)} & {piece for word in others for piece in telling_grams(word)}
    if not shared:
        return ""
    pieces = sorted(shared)
    hashed = np.array([gram_hash(piece) for piece in pieces], dtype=np.int64)
    told = weights(base_background().shares_of(hashed), hashed, df=df, total=total)
    worth = dict(zip(pieces, told.tolist(), strict=True))
    best, best_weight = "", 0.0
    for word in words:
        start, weight = 0, 0.0
        for position in range(len(word) - 1):
            piece = word[position : position + 2]
            if piece not in shared:
                start, weight = position + 1, 0.0
                continue
            weight += worth[piece]
            if weight > best_weight and any(word[start : position + 2] in other for other in others):
                best, best_weight = word[start : position + 2], weight
    return best.strip(_IDLE)


def _outside_places(text: Reading) -> list[str]:
    rest = text.normalised
    for place in text.places:
        rest = rest.replace(place, " ")
    return WORD.findall(rest)
