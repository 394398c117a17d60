"""What the machine proposes for whole topics: read from the database, judged by pure triage, written by the proposal service."""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ARRAY, BigInteger, Double, cast, column, func, select, true, union
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from intake.domain.contributor import ContributorStatus
from intake.domain.language.lexicon import Lexicon
from intake.domain.language.matching_form import matching_form
from intake.domain.topic import JOINABLE, SPLITTABLE, TopicKind
from intake.domain.topic_proposal import ProposalKind
from intake.models import Contributor, Finding, Submission, SubmissionGrams, Topic, TopicProposal
from intake.queries.same_matter import TEXT_CHARACTERS, document_counts, documents_total
from intake.services.topic_proposal import propose
from workers.district_model import model_in_force
from workers.triage.grouping import one_matter, two_groups
from workers.triage.message import Reason
from workers.triage.pipeline import MODEL_VERSION
from workers.triage.same_matter import UNSURE_AT, Candidate, Evidence, Incoming, compare, reasons_for, score
from workers.triage.same_matter.scorer import Scorer, base_scorer
from workers.triage.stages.pattern import Matter, patterns

VOICES = 60
"""The newest messages of a topic that are compared with each other."""
VOICES_OF_TWO = 12
"""The newest of each of two topics."""
MATTERS = 5000
"""The newest topics of a district among which kinds of matters are looked for."""


@dataclass(frozen=True, slots=True)
class _Voice:
    """One message as the scorer reads it."""

    submission_id: int
    topic_id: int
    text: str
    grams: tuple[int, ...]
    area_id: int
    received_at: datetime


class _Likeness:
    """The pair scorer over some messages, each pair asked for once."""

    def __init__(
        self, session: Session, district_id: int, voices: Sequence[_Voice], lexicon: Lexicon, *, total: int, scorer: Scorer
    ) -> None:
        self._voices, self._lexicon, self._total, self._scorer = voices, lexicon, total, scorer
        self._df = document_counts(session, district_id=district_id, grams={gram for voice in voices for gram in voice.grams})
        self._compared = lru_cache(maxsize=None)(self._compare)

    def __call__(self, one: int, other: int) -> float:
        return score(self.evidence(one, other))

    def joined(self, one: int, other: int) -> float:
        """The same, but nothing where place or problem are missing: two topics of one estate are not one matter for that."""
        return self(one, other) if self.evidence(one, other).joins else 0.0

    def evidence(self, one: int, other: int) -> Evidence:
        """What two of the messages have in common."""
        return self._compared(min(one, other), max(one, other))

    def _compare(self, one: int, other: int) -> Evidence:
        a, b = self._voices[one], self._voices[other]
        return compare(
            Incoming(a.text, a.grams, a.area_id, a.received_at),
            Candidate(b.submission_id, b.topic_id, b.grams, b.text, b.area_id, b.received_at),
            df=self._df,
            total=self._total,
            lexicon=self._lexicon,
            scorer=self._scorer,
        )


def propose_splits(
    session: Session, *, district_id: int, topic_ids: Iterable[int], lexicon: Lexicon, at: datetime, until: float = math.inf
) -> int:
    """Propose a split of each of the district's topics whose messages fall into two matters; returns how many were proposed.

    The youngest topics come first; after `until` (time.monotonic) no further one is begun.
    """
    proposed, total = 0, documents_total(session, district_id=district_id)
    scorer = model_in_force(session, district_id).scorer
    fit = select(Topic.id).where(Topic.id.in_(list(topic_ids)), Topic.state.in_(SPLITTABLE), Topic.kind == TopicKind.MATTER)
    for topic_id in session.scalars(fit.order_by(Topic.id.desc())).all():
        if time.monotonic() > until:
            break
        voices = _voices(session, [topic_id], newest=VOICES)
        likeness = _Likeness(session, district_id, voices, lexicon, total=total, scorer=scorer)
        found = two_groups(len(voices), likeness)
        if found is None:
            continue
        leaving, staying = ([voices[one] for one in group] for group in (found.leaving, found.staying))
        proposed += (
            propose(
                session,
                district_id=district_id,
                kind=ProposalKind.SPLIT,
                topic_ids=[topic_id],
                submission_ids=[voice.submission_id for voice in leaving],
                score=1 - found.likeness,
                reasons=_split_reasons(leaving, staying, lexicon),
                model_version=f"{MODEL_VERSION}+{scorer.version}",
                at=at,
            )
            is not None
        )
    return proposed


def propose_merges(
    session: Session, *, district_id: int, topic_ids: Iterable[int], lexicon: Lexicon, at: datetime, until: float = math.inf
) -> int:
    """Propose a merge of each of the district's topics with one that its messages were found to resemble; returns how many.

    The youngest topics come first; after `until` (time.monotonic) no further pair is begun.
    """
    total = documents_total(session, district_id=district_id)
    scorer = model_in_force(session, district_id).scorer
    proposed = 0
    for one, other in _resembling(session, district_id, list(topic_ids)):
        if time.monotonic() > until:
            break
        voices = _voices(session, [one, other], newest=VOICES_OF_TWO)
        likeness = _Likeness(session, district_id, voices, lexicon, total=total, scorer=scorer)
        left = [at_ for at_, voice in enumerate(voices) if voice.topic_id == one]
        right = [at_ for at_, voice in enumerate(voices) if voice.topic_id == other]
        alike = one_matter(left, right, likeness.joined)
        if alike is None:
            continue
        keep, away = (one, other) if len(left) >= len(right) else (other, one)
        best = max(((a, b) for a in left for b in right), key=lambda pair: likeness.joined(*pair))
        proposed += (
            propose(
                session,
                district_id=district_id,
                kind=ProposalKind.MERGE,
                topic_ids=[keep, away],
                score=alike,
                reasons=[reason.words for reason in reasons_for(likeness.evidence(*best))],
                model_version=f"{MODEL_VERSION}+{scorer.version}",
                at=at,
            )
            is not None
        )
    return proposed


def propose_classes(session: Session, *, district_id: int, lexicon: Lexicon, at: datetime) -> int:
    """Propose a class of each kind of matter that stands in several communities of the district; returns how many."""
    rows = session.execute(
        select(Topic.id, Topic.title, Topic.area_id, Topic.confirmed_count + Topic.suggested_count)
        .where(
            Topic.district_id == district_id,
            Topic.kind == TopicKind.MATTER,
            Topic.state.in_(JOINABLE),
            Topic.class_topic_id.is_(None),
            Topic.confirmed_count > 0,  # what nobody has confirmed is no evidence
        )
        .order_by(Topic.id.desc())
        .limit(MATTERS)
    )
    proposed = 0
    for pattern in patterns([Matter(*row) for row in rows], lexicon):
        proposed += (
            propose(
                session,
                district_id=district_id,
                kind=ProposalKind.CLASS,
                topic_ids=pattern.topic_ids,
                score=pattern.score,
                reasons=[reason.words for reason in pattern.reasons],
                model_version=f"{MODEL_VERSION}+{base_scorer().version}",
                at=at,
                about=pattern.problem,
            )
            is not None
        )
    return proposed


def _voices(session: Session, topic_ids: Sequence[int], *, newest: int) -> list[_Voice]:
    """The newest messages of each topic, in two statements for any number; those the index doesn't know are passed over."""
    place = func.row_number().over(partition_by=Contributor.topic_id, order_by=Contributor.submission_id.desc())
    live = (
        select(Contributor.topic_id, Contributor.submission_id, place.label("place"))
        .join(SubmissionGrams, SubmissionGrams.submission_id == Contributor.submission_id)
        .where(Contributor.topic_id.in_(topic_ids), Contributor.status != ContributorStatus.REMOVED)
        .subquery()
    )
    rows = session.execute(
        select(
            live.c.topic_id,
            live.c.submission_id,
            func.left(Submission.text_masked, TEXT_CHARACTERS),
            Submission.place_masked,
            SubmissionGrams.grams,
            Submission.area_id,
            Submission.received_at,
        )
        .join(Submission, Submission.id == live.c.submission_id)
        .join(SubmissionGrams, SubmissionGrams.submission_id == live.c.submission_id)
        .where(live.c.place <= newest)
        .order_by(live.c.submission_id)
    )
    return [
        _Voice(submission_id, topic_id, f"{text}。{place_}" if place_ else text, tuple(grams), area_id, received_at)
        for topic_id, submission_id, text, place_, grams, area_id, received_at in rows
    ]


def _resembling(session: Session, district_id: int, topic_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of topics where triage of one's message had the other in mind and nobody was asked yet, each once, in three statements."""
    others = func.jsonb_array_elements(Finding.content["others"]).table_valued(column("named", JSONB), name="others").render_derived()
    behind = (Contributor.topic_id.in_(topic_ids), Contributor.status != ContributorStatus.REMOVED)
    shown = (
        select(Contributor.topic_id, others.c.named[0].astext.cast(BigInteger))
        .join(Finding, Finding.submission_id == Contributor.submission_id)
        .join(others, true())
        .where(*behind, others.c.named[1].astext.cast(Double) >= UNSURE_AT)
    )
    suggested = (
        select(Contributor.topic_id, Finding.content["topic_id"].astext.cast(BigInteger))
        .join(Finding, Finding.submission_id == Contributor.submission_id)
        .where(*behind, Finding.content["topic_id"].astext.is_not(None))
    )
    named = {
        (min(pair), max(pair)) for pair in ((row[0], row[1]) for row in session.execute(union(shown, suggested))) if pair[0] != pair[1]
    }
    there = set(
        session.scalars(
            select(Topic.id).where(
                Topic.id.in_({one for pair in named for one in pair}), Topic.district_id == district_id, Topic.state.in_(JOINABLE)
            )
        )
    )
    asked = select(TopicProposal.topic_ids).where(
        TopicProposal.district_id == district_id,
        TopicProposal.kind == ProposalKind.MERGE,
        TopicProposal.topic_ids.overlap(cast(list(topic_ids), ARRAY(BigInteger))),
    )
    known = {(min(ids), max(ids)) for ids in session.scalars(asked)}
    return sorted((pair for pair in named - known if there.issuperset(pair)), reverse=True)


def _split_reasons(leaving: Sequence[_Voice], staying: Sequence[_Voice], lexicon: Lexicon) -> list[str]:
    """How many would leave, and what each group speaks of."""
    count, rest = len(leaving), len(staying)
    mine, theirs = _word(leaving, staying, lexicon), _word(staying, leaving, lexicon)
    reasons = (
        Reason("leaving", f"{count} 件说到：{mine}") if mine else Reason("leaving", f"{count} 件说的是另一件事"),
        Reason("staying", f"另外 {rest} 件说到：{theirs}") if theirs else Reason("staying", f"另外 {rest} 件说法相近"),
    )
    return [reason.words for reason in reasons]


def _word(voices: Sequence[_Voice], others: Sequence[_Voice], lexicon: Lexicon) -> str:
    """The word of the taxonomy that most of `voices` and fewest of `others` use; empty where none does."""

    def used(group: Sequence[_Voice]) -> dict[str, int]:
        counted: dict[str, int] = {}
        for voice in group:
            for word in set(lexicon.words_in(matching_form(voice.text))):
                counted[word] = counted.get(word, 0) + 1
        return counted

    mine, theirs = used(voices), used(others)
    best = max(mine, key=lambda word: (mine[word] / len(voices) - theirs.get(word, 0) / len(others), word), default="")
    return best if best and mine[best] * 2 > len(voices) else ""
