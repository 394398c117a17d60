"""怎么来的: how a topic came to be, each voice with its evidence and each turn it took, the latest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import BigInteger, and_, literal, or_, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.recognised import Piece
from intake.domain.submission import Channel
from intake.domain.topic import TopicAction
from intake.models import Area, Contributor, Decision, Submission, Topic, User
from intake.queries.topic_detail import TopicDetail, topic_detail

PAGE = 30
_VOICE, _TURN = 0, 1


@dataclass(frozen=True, slots=True)
class VoiceLine:
    """One submission that came in, and perhaps left again."""

    at: datetime
    """When it was put here."""
    submission_id: int
    channel: Channel
    pieces: tuple[Piece, ...]
    """The masked words; the sentence that brought it here is marked."""
    area_name: str
    received_at: datetime
    status: ContributorStatus
    score: float | None
    reasons: tuple[str, ...]
    model_version: str
    """Empty where a person put it here."""
    decided_by: str
    decided_at: datetime | None
    via_id: int | None
    via_title: str
    """The topic it came from, by a merge or a split."""


@dataclass(frozen=True, slots=True)
class TurnLine:
    """One decision on the topic, or on another that came into it or went out of it."""

    at: datetime
    action: TopicAction
    words: str
    by: str
    other_id: int | None
    other_title: str
    """The other topic of a merge or a split."""
    into_this: bool
    """Whether the other topic is the one that was decided on."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """One page, and the key of the next."""

    topic: TopicDetail
    lines: tuple[VoiceLine | TurnLine, ...]
    next_key: str
    """Empty on the last page."""


def lineage(session: Session, actor: Actor, topic_id: int, *, after: str = "") -> Lineage:
    """A page in seven statements at most; NotFound and Forbidden as `topic_detail`. `after` is a page's `next_key`."""
    topic = topic_detail(session, actor, topic_id, voices=0)
    voices = select(Contributor.created_at.label("at"), literal(_VOICE).label("kind"), Contributor.id.label("id")).where(
        Contributor.topic_id == topic_id
    )
    turns = select(Decision.decided_at.label("at"), literal(_TURN).label("kind"), Decision.id.label("id")).where(
        Decision.topic_id.is_not(None),
        # A delivered answer is told on its referral's page.
        Decision.action.in_([action.value for action in TopicAction]),
        or_(Decision.topic_id == topic_id, Decision.target_topic_id == topic_id),
    )
    line = union_all(voices, turns).subquery()
    order = tuple_(line.c.at, line.c.kind, line.c.id)
    query = select(line).order_by(line.c.at.desc(), line.c.kind.desc(), line.c.id.desc()).limit(PAGE + 1)
    key = _key(after)
    if key is not None:
        at, kind, row_id = key
        query = query.where(order < tuple_(literal(at, TIMESTAMP(timezone=True)), literal(kind), literal(row_id, BigInteger)))
    found = session.execute(query).all()
    page = found[:PAGE]
    lines: dict[tuple[int, int], VoiceLine | TurnLine] = {
        **_voices(session, [row.id for row in page if row.kind == _VOICE]),
        **_turns(session, [row.id for row in page if row.kind == _TURN], topic_id),
    }
    last = page[-1] if len(found) > PAGE else None
    return Lineage(
        topic=topic,
        lines=tuple(lines[row.kind, row.id] for row in page),
        next_key=f"{_microseconds(last.at)}_{last.kind}_{last.id}" if last is not None else "",
    )


_VIA = aliased(Topic)


def _voices(session: Session, ids: Sequence[int]) -> dict[tuple[int, int], VoiceLine | TurnLine]:
    if not ids:
        return {}
    rows = session.execute(
        select(Contributor, Submission.text_masked, Submission.channel, Submission.received_at, Area.name, User.name, _VIA.title)
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(User, User.id == Contributor.decided_by)
        .outerjoin(_VIA, _VIA.id == Contributor.via_topic_id)
        .where(Contributor.id.in_(ids))
    )
    return {
        (_VOICE, row.id): VoiceLine(
            at=row.created_at,
            submission_id=row.submission_id,
            channel=channel,
            pieces=marked(text, row.sentence_start, row.sentence_end),
            area_name=area,
            received_at=received_at,
            status=row.status,
            score=row.score,
            reasons=tuple(str(reason) for reason in row.reasons),
            model_version=row.model_version or "",
            decided_by=by or "",
            decided_at=row.decided_at,
            via_id=row.via_topic_id,
            via_title=via_title or "",
        )
        for row, text, channel, received_at, area, by, via_title in rows
    }


_OTHER = aliased(Topic)


def _turns(session: Session, ids: Sequence[int], topic_id: int) -> dict[tuple[int, int], VoiceLine | TurnLine]:
    if not ids:
        return {}
    from_here = and_(Decision.topic_id == topic_id, _OTHER.id == Decision.target_topic_id)
    from_there = and_(Decision.target_topic_id == topic_id, _OTHER.id == Decision.topic_id)
    rows = session.execute(
        select(Decision, User.name, _OTHER.id, _OTHER.title)
        .join(User, User.id == Decision.decided_by)
        .outerjoin(_OTHER, or_(from_here, from_there))
        .where(Decision.id.in_(ids))
    )
    return {
        (_TURN, decision.id): TurnLine(
            at=decision.decided_at,
            action=TopicAction(decision.action),
            words=decision.words,
            by=by,
            other_id=other_id,
            other_title=other_title or "",
            into_this=decision.topic_id != topic_id,
        )
        for decision, by, other_id, other_title in rows
    }


def marked(text: str, start: int | None, end: int | None) -> tuple[Piece, ...]:
    """`text` in pieces, of which the one from `start` to `end` is marked; none where the place isn't known or isn't in it."""
    if start is None or end is None or not 0 <= start < end <= len(text):
        return (Piece(text, marked=False),) if text else ()
    cut = (Piece(text[:start], marked=False), Piece(text[start:end], marked=True), Piece(text[end:], marked=False))
    return tuple(piece for piece in cut if piece.text)


def _microseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def _key(raw: str) -> tuple[datetime, int, int] | None:
    """The place in a page key; None for anything nobody was given."""
    parts = raw.split("_")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
        return None
    stamp, kind, row_id = map(int, parts)
    if stamp > 4_000_000_000_000_000 or kind > _TURN:
        return None
    return datetime.fromtimestamp(stamp // 1_000_000, UTC).replace(microsecond=stamp % 1_000_000), kind, row_id
