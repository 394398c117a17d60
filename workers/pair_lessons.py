"""A district's decisions on pairs as lessons: which teach and which judge, and each pair's features as they were when it came."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import numpy as np
from sqlalchemy.orm import Session

from intake.domain.language.lexicon import Lexicon
from intake.domain.learnt_part import EITHER_KIND_NEEDED, PAIRS_NEEDED
from intake.domain.triage_model import HELD_OUT_EVERY
from intake.queries.pair_example import PairExample, PairMessage, heard
from workers.triage.learning.pair_correction import Pairs
from workers.triage.same_matter.background import Floats
from workers.triage.same_matter.evidence import reading
from workers.triage.same_matter.features import FEATURES, pair_features
from workers.triage.same_matter.scorer import Scorer, probability

EXAMPLES = 2_000
"""How many of a district's latest pairs are learnt from and judged by."""

UNJUDGED = 2
"""So many pairs that nobody has judged stand beside each lesson's newer message: the likest earlier ones of other topics …"""
UNJUDGED_COUNTS = 0.25
"""… each with what the shipped scorer thinks and this weight. People correct only what the machine showed them; without these, a few joins that
it had missed would make all that is unlike look alike."""
_LOOKED_BACK = 200


@dataclass(frozen=True, slots=True)
class Split:
    """Whole topics are on one side; the newest ones judge. `learnt_until` is when the last of those that teach began."""

    lessons: tuple[PairExample, ...]
    judging: tuple[PairExample, ...]
    learnt_until: datetime | None

    @property
    def missing(self) -> str | None:
        """What there is too little of to learn or to judge by, in a person's words; None where there is enough."""
        told = len(self.lessons) + len(self.judging)
        if told < PAIRS_NEEDED:
            return f"人工判过是不是一件事的来件只有 {told} 对，满 {PAIRS_NEEDED} 对才学 / {told} pairs, {PAIRS_NEEDED} are needed"
        for examples, role in ((self.lessons, "学 / learnt from"), (self.judging, "比较 / judged by")):
            same = sum(example.same for example in examples)
            if min(same, len(examples) - same) < EITHER_KIND_NEEDED:
                return (
                    f"用来{role}的 {len(examples)} 对里，是一件事的 {same} 对；是和不是都要有 {EITHER_KIND_NEEDED} 对"
                    f" / {same} of {len(examples)} pairs are one matter, {EITHER_KIND_NEEDED} of either kind are needed"
                )
        return None


def learnt_until(scorer: Scorer) -> datetime | None:
    """When the last topic began that the scorer has learnt from; None for one that knows nothing of the district."""
    written = scorer.card.get("learnt_until")
    return datetime.fromisoformat(written) if written else None


def split(examples: Sequence[PairExample], *, learnt_until: datetime | None) -> Split:
    """The newest topics, with a fifth of the pairs and enough of either kind, judge; the others teach.

    A topic that began before `learnt_until` may have taught the scorer in force, and judges nobody. What shares a message with a pair that
    judges doesn't teach.
    """
    topics: dict[int, list[PairExample]] = defaultdict(list)
    for example in examples:
        topics[example.topic_id].append(example)
    judging: list[PairExample] = []
    newest = sorted(topics.values(), key=lambda topic: (_began(topic), topic[0].topic_id), reverse=True)
    for topic in newest:
        enough = len(judging) * HELD_OUT_EVERY >= len(examples) and _of_either_kind(judging) >= EITHER_KIND_NEEDED
        if enough or (learnt_until is not None and _began(topic) <= learnt_until):
            break
        judging += topic
    judges = {example.topic_id for example in judging}
    seen = {message.submission_id for example in judging for message in (example.newer, example.older)}
    lessons = tuple(
        example
        for example in examples
        if example.topic_id not in judges and seen.isdisjoint((example.newer.submission_id, example.older.submission_id))
    )
    taught = {example.topic_id for example in lessons}
    return Split(lessons, tuple(judging), max((_began(topics[topic]) for topic in taught), default=None))


def _began(topic: Sequence[PairExample]) -> datetime:
    return min(example.decided_at for example in topic)


def _of_either_kind(examples: Sequence[PairExample]) -> int:
    same = sum(example.same for example in examples)
    return min(same, len(examples) - same)


def pairs_of(session: Session, district_id: int, sides: Split, *, lexicon: Lexicon, shipped: Scorer) -> tuple[Pairs, Pairs]:
    """Features of the pairs that teach and of those that judge, as they were when the newer message of each came.

    The district's index is read once from its beginning, so that words are as common as they were then. What isn't in the index any more
    is passed over.
    """
    due: dict[int, list[PairExample]] = defaultdict(list)
    for example in (*sides.lessons, *sides.judging):
        due[example.newer.submission_id].append(example)
    both = [message for some in due.values() for example in some for message in (example.newer, example.older)]
    asked = {gram for message in both for gram in reading(message.words, lexicon).grams.tolist()}
    beside, judges = _Beside(sides.lessons), frozenset(sides.judging)
    lessons, judging = _Rows(lexicon, shipped), _Rows(lexicon, shipped)
    df: Counter[int] = Counter()
    for total, (submission_id, grams) in enumerate(heard(session, district_id=district_id)):
        known = asked.intersection(grams)
        told = due.get(submission_id, ())
        if taught := [example for example in told if example not in judges]:
            lessons.add(taught, beside.of(submission_id, known), df=df, total=total)
        if judged := [example for example in told if example in judges]:
            judging.add(judged, (), df=df, total=total)
        df.update(known)
        beside.say(submission_id, known)
    return lessons.pairs(), judging.pairs()


class _Beside:
    """Finds for a message what nobody has judged beside it: the likest of what was said lately about other topics, among the lessons."""

    def __init__(self, lessons: Iterable[PairExample]) -> None:
        self._messages: dict[int, PairMessage] = {}
        self._topics: dict[int, set[int]] = defaultdict(set)
        self._said: dict[int, frozenset[int]] = {}
        for example in lessons:
            for message in (example.newer, example.older):
                self._messages[message.submission_id] = message
                self._topics[message.submission_id].add(example.topic_id)

    def say(self, submission_id: int, grams: Iterable[int]) -> None:
        """It was said; what comes later may be compared with it."""
        if submission_id in self._messages:
            self._said[submission_id] = frozenset(grams)

    def of(self, submission_id: int, grams: set[int]) -> list[PairMessage]:
        """At most UNJUDGED of them."""
        topics = self._topics[submission_id]
        lately = [one for one in islice(reversed(self._said), _LOOKED_BACK) if topics.isdisjoint(self._topics[one])]
        lately.sort(key=lambda one: (-len(grams & self._said[one]) / (1 + len(self._said[one])) ** 0.5, one))
        return [self._messages[one] for one in lately[:UNJUDGED]]


class _Rows:
    """Gathers pairs, message by message."""

    def __init__(self, lexicon: Lexicon, shipped: Scorer) -> None:
        self._lexicon, self._shipped = lexicon, shipped
        self._features: list[Floats] = []
        self._known: list[tuple[bool, float, float, int]] = []

    def add(self, judged: Sequence[PairExample], beside: Sequence[PairMessage], *, df: Counter[int], total: int) -> None:
        """The pairs of one newer message: those that were judged, and those beside them."""
        newer = judged[0].newer
        others = [*(example.older for example in judged), *beside]
        features = pair_features(
            reading(newer.words, self._lexicon),
            [reading(other.words, self._lexicon) for other in others],
            df=df,
            total=total,
            days=[abs((newer.received_at - other.received_at).days) for other in others],
        )
        near = np.array([other.area_id == newer.area_id for other in others])
        likely = probability(self._shipped.logits(features) + self._shipped.same_area * near)
        self._features.append(features)
        for at, example in enumerate(judged):
            self._known.append((bool(near[at]), float(example.same), 1.0, example.topic_id))
        for at in range(len(judged), len(others)):
            self._known.append((bool(near[at]), float(likely[at]), UNJUDGED_COUNTS, judged[0].topic_id))

    def pairs(self) -> Pairs:
        """All that was gathered."""
        if not self._features:
            nothing = np.zeros(0)
            return Pairs(np.zeros((0, len(FEATURES))), nothing > 0, nothing, nothing, nothing.astype(np.int64))
        near, same, counts, topics = (np.array(column) for column in zip(*self._known, strict=True))
        return Pairs(np.concatenate(self._features), near, same, counts, topics)
