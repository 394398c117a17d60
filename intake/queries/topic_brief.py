"""议题简报: what it is drafted from, and the page as it reads."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, any_, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.brief import QUOTES_MOST, Behind, PlaceCount, basis_of
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import SubmissionState, Urgency
from intake.domain.submission_file import FileKind
from intake.domain.topic import TopicState
from intake.models import Area, Contributor, Submission, SubmissionFile, Topic, TopicBrief, User
from intake.queries.assistant_draft import with_adopted_summary
from intake.queries.endorsement import wordless
from intake.queries.kept import TOPIC_IDS
from intake.queries.lease import recused
from intake.queries.submission_file import shown_key
from intake.queries.topic_counts import sender
from intake.queries.topic_detail import with_matters
from intake.queries.topic_proposer import ProposerLine, proposers_of

WEEK = timedelta(days=7)
QUOTES_OFFERED, PHOTOS_OFFERED = 30, 12


@dataclass(frozen=True, slots=True)
class Quote:
    """A resident's masked words that may be quoted."""

    submission_id: int
    text: str
    area_name: str
    received_at: datetime
    chosen: bool


@dataclass(frozen=True, slots=True)
class PhotoOffered:
    """A photo that may be shown."""

    file_id: int
    submission_id: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Brief:
    """The page: what was written, or where nothing was yet, what the machine would begin with."""

    topic_id: int
    number: str
    title: str
    area_name: str
    state: TopicState
    topic_version: int
    version: int
    """0 while nobody has written anything."""
    problem: str
    basis: str
    request: str
    behind: Behind
    """As it stood when the brief was sent, else now."""
    quotes: tuple[Quote, ...]
    photos: tuple[PhotoOffered, ...]
    proposers: tuple[ProposerLine, ...]
    edited_by: str
    edited_at: datetime | None
    sent_at: datetime | None
    """None of a draft, and of one that came back."""
    may_write: bool
    may_see_photos: bool
    may_open: bool
    """The topic itself, with everything behind it."""

    @property
    def is_open(self) -> bool:
        """Whether it may still be changed: its topic is a candidate."""
        return self.state is TopicState.CANDIDATE


def brief(session: Session, actor: Actor, topic_id: int, *, at: datetime) -> Brief:
    """A topic's brief in a constant number of questions; NotFound and Forbidden as the topic itself.

    Who was asked to join, or whose group was, may read it wherever they are; photos are for those of its area.
    """
    row = session.execute(
        select(Topic, Area.name, Area.path, TopicBrief, User.name)
        .join(Area, Area.id == Topic.area_id)
        .outerjoin(TopicBrief, TopicBrief.topic_id == Topic.id)
        .outerjoin(User, User.id == TopicBrief.edited_by)
        .where(Topic.id == topic_id, Topic.district_id == actor.district_id)
    ).one_or_none()
    if row is None:
        raise NotFound("没有这个议题，或者不在您的区。")
    topic, area_name, path, written, editor = row
    proposers = proposers_of(session, topic_id)
    of_area = actor.may(Permission.TOPIC_PROPOSE, area_path=path) or actor.may(Permission.SCREEN_VIEW, area_path=path)
    asked = any(actor.user_id is not None and actor.user_id in (one.user_id, one.convenor_id) for one in proposers)
    if not of_area and not asked:
        raise Forbidden("这个议题不在您联系的社区。")
    frozen = written is not None and written.sent_at is not None and topic.state is not TopicState.CANDIDATE
    behind = _stored(written) if frozen else behind_topic(session, topic, at=at)
    chosen = set(written.said) if written is not None else None
    return Brief(
        topic_id=topic.id,
        number=topic.number,
        title=topic.title,
        area_name=area_name,
        state=topic.state,
        topic_version=topic.version,
        version=written.version if written is not None else 0,
        problem=written.problem if written is not None else _problem(session, topic),
        basis=written.basis if written is not None else basis_of(behind),
        request=written.request if written is not None else "",
        behind=behind,
        quotes=_quotes(session, actor, topic.id, chosen),
        photos=_photos(session, actor, topic.id, set(written.photos) if written is not None else set()),
        proposers=proposers,
        edited_by=editor or "",
        edited_at=written.edited_at if written is not None else None,
        sent_at=written.sent_at if written is not None and frozen else None,
        may_write=topic.state is TopicState.CANDIDATE and actor.may(Permission.TOPIC_PROPOSE, area_path=path),
        may_see_photos=actor.may(Permission.VOICE_HEAR, area_path=path),
        may_open=of_area,
    )


def behind_topic(session: Session, topic: Topic, *, at: datetime) -> Behind:
    """What stands behind a topic, and behind the matters of a class, at `at`; one question. Of a class each person counts once."""
    confirmed = Contributor.status == ContributorStatus.CONFIRMED
    told = confirmed & ~wordless()
    people = (
        select(func.count(sender().distinct()))
        .select_from(Contributor)
        .join(Submission, Submission.id == Contributor.submission_id)
        .where(Contributor.topic_id.in_(with_matters(topic.id)), told)
        .correlate(None)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Area.id,
            Area.name,
            func.count().filter(told),
            func.count().filter(confirmed & wordless()),
            func.count().filter(Contributor.status == ContributorStatus.SUGGESTED),
            func.min(Submission.received_at).filter(told),
            func.count().filter(told & (Submission.received_at > at - WEEK)),
            func.count().filter(told & (Submission.urgency != Urgency.NORMAL)),
            people,
        )
        .select_from(Contributor)
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(Contributor.topic_id.in_(with_matters(topic.id)), Contributor.status != ContributorStatus.REMOVED)
        .group_by(Area.id, Area.name)
    ).all()
    begun = min((row[5] for row in rows if row[5] is not None), default=None)
    places = sorted((PlaceCount(row[0], row[1], row[2]) for row in rows if row[2]), key=lambda one: (-one.count, one.name))
    return Behind(
        told=sum(row[2] for row in rows),
        people=rows[0][8] if rows else 0,
        waiting=sum(row[4] for row in rows),
        endorsed=sum(row[3] for row in rows),
        places=tuple(places),
        first_on=begun.astimezone(SHANGHAI).date() if begun is not None else None,
        last_week=sum(row[6] for row in rows),
        urgent=sum(row[7] for row in rows),
    )


def drafts_of(session: Session, topic_ids: Sequence[int]) -> dict[int, datetime | None]:
    """Which of these topics have a brief, and when it was sent; one question."""
    return {row.topic_id: row.sent_at for row in session.execute(_SENT, {"topic_ids": [*topic_ids]})}


_SENT = select(TopicBrief.topic_id, TopicBrief.sent_at).where(TopicBrief.topic_id == any_(TOPIC_IDS))


def quotable(session: Session, topic_id: int, ids: Sequence[int]) -> list[int]:
    """Those of `ids` that are words behind the topic and may be quoted, in the order of `ids`."""
    query = (
        select(Submission.id)
        .join(Contributor, Contributor.submission_id == Submission.id)
        .where(*_told(topic_id), Submission.text_masked != "", Submission.id.in_(ids))
    )
    return _in_order(ids, session.scalars(query))


def showable(session: Session, topic_id: int, ids: Sequence[int]) -> list[int]:
    """Those of `ids` that are photos behind the topic, ready to be seen, in the order of `ids`."""
    query = (
        select(SubmissionFile.id)
        .join(Submission, Submission.id == SubmissionFile.submission_id)
        .join(Contributor, Contributor.submission_id == Submission.id)
        .where(*_told(topic_id), *_seen(), SubmissionFile.id.in_(ids))
    )
    return _in_order(ids, session.scalars(query))


def recused_photos(session: Session, actor: Actor, file_ids: Collection[int]) -> frozenset[int]:
    """Which of these belong to messages that the actor stepped back from."""
    if not file_ids:
        return frozenset()
    query = select(SubmissionFile.id).where(SubmissionFile.id.in_(file_ids), recused(actor, SubmissionFile.submission_id))
    return frozenset(session.scalars(query))


def _in_order(ids: Sequence[int], found: Iterable[int]) -> list[int]:
    there = set(found)
    return [one for one in dict.fromkeys(ids) if one in there]


def _problem(session: Session, topic: Topic) -> str:
    """The topic's name, and its summary where a person adopted it: what the machine picks are residents' own sentences, which would stay
    in a page after they were taken back.
    """
    ours = topic.summary.splitlines() if with_adopted_summary(session, [topic.id]) else ()
    return "\n".join([topic.title, *(line for line in ours if line)])


def _stored(written: TopicBrief) -> Behind:
    kept = dict(written.sent_counts)
    kept["places"] = tuple(PlaceCount(*one) for one in kept["places"])
    kept["first_on"] = datetime.fromisoformat(kept["first_on"]).date() if kept["first_on"] else None
    return Behind(**kept)


def _told(topic_id: int) -> tuple[ColumnElement[bool], ...]:
    """Confirmed and not taken back: conditions on Contributor and Submission."""
    return (
        Contributor.topic_id.in_(with_matters(topic_id)),
        Contributor.status == ContributorStatus.CONFIRMED,
        Submission.state != SubmissionState.WITHDRAWN,
    )


def _quotes(session: Session, actor: Actor, topic_id: int, chosen: set[int] | None) -> tuple[Quote, ...]:
    """The chosen first; before anybody chose, the newest of each community are, as far as they fit."""
    rows = session.execute(
        select(Submission.id, Submission.text_masked, Area.name, Submission.received_at)
        .join(Contributor, Contributor.submission_id == Submission.id)
        .join(Area, Area.id == Submission.area_id)
        .where(*_told(topic_id), Submission.text_masked != "", ~recused(actor))
        .order_by(Submission.id.in_(chosen or set()).desc(), Submission.received_at.desc(), Submission.id.desc())
        .limit(QUOTES_OFFERED)
    ).all()
    if chosen is None:
        newest: dict[str, int] = {}
        for row in rows:
            newest.setdefault(row.name, row.id)
        chosen = set(list(newest.values())[:QUOTES_MOST])
    return tuple(Quote(*row, row.id in chosen) for row in rows)


def _photos(session: Session, actor: Actor, topic_id: int, chosen: set[int]) -> tuple[PhotoOffered, ...]:
    rows = session.execute(
        select(SubmissionFile.id, Submission.id)
        .join(Submission, Submission.id == SubmissionFile.submission_id)
        .join(Contributor, Contributor.submission_id == Submission.id)
        .where(*_told(topic_id), *_seen(), ~recused(actor))
        .order_by(SubmissionFile.id.in_(chosen).desc(), SubmissionFile.id.desc())
        .limit(PHOTOS_OFFERED)
    )
    return tuple(PhotoOffered(file_id, submission_id, file_id in chosen) for file_id, submission_id in rows)


def _seen() -> tuple[ColumnElement[bool], ...]:
    return SubmissionFile.kind == FileKind.PHOTO, shown_key() != ""
