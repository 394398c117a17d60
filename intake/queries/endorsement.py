"""附议 in questions: what may be joined, who joined, and how many; of a topic only whether it goes on, beside what was released of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, SQLColumnExpression, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.contributor import ContributorStatus
from intake.domain.endorsement import A_DAY
from intake.domain.point import PointState
from intake.domain.referral import OPEN_REFERRAL
from intake.domain.release import ReleaseKind, ReleaseState, tellable
from intake.domain.submission import Channel, SubmissionState
from intake.domain.topic import JOINABLE, TopicKind, TopicState
from intake.models import Area, Contributor, Endorsement, IntakePoint, Referral, Release, Submission, Topic
from intake.queries.open_call import of_no_call


@dataclass(frozen=True, slots=True)
class Endorsable:
    """A matter that the public may read of, as whoever would join it sees it."""

    topic_id: int
    number: str
    district_id: int
    area_id: int
    area_path: str
    area_name: str
    title: str
    """The last released; the topic's own stays inside."""
    kind: ReleaseKind
    is_under_way: bool
    """Whether it can still be joined."""
    people: int | None
    """Who joined; None where so few could point at a person."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's endorsement that stands, and what makes the link to its receipt."""

    submission_id: int
    receipt_number: str
    receipt_salt: bytes
    state: SubmissionState


def under_way(topic: Any) -> ColumnElement[bool]:
    """Whether a matter goes on, so that who joins now will hear how it ends: joinable, or with a unit that hasn't answered yet."""
    open_referral = select(Referral.id).where(Referral.topic_id == topic.id, Referral.state.in_(OPEN_REFERRAL)).correlate(topic).exists()
    goes_on = or_(topic.state.in_(JOINABLE), and_(topic.state == TopicState.REFERRED, open_referral))
    return and_(topic.kind == TopicKind.MATTER, goes_on)


def may_be_joined(topic: Any, survivor: Any) -> ColumnElement[bool]:
    """The same, following one merge; whoever joins is asked again behind a lock."""
    return func.coalesce(or_(under_way(topic), and_(topic.state == TopicState.MERGED, under_way(survivor))), False)


_SURVIVOR = aliased(Topic)


def endorsable(session: Session, number: str) -> Endorsable | None:
    """The matter behind a public number, in one statement; None where nothing of it is released."""
    columns: tuple[Any, ...] = (  # typed by Endorsable, whose fields they follow
        Topic.id,
        Topic.number,
        Topic.district_id,
        Release.area_id,
        Area.path,
        Area.name,
        Release.title,
        Release.kind,
        may_be_joined(Topic, _SURVIVOR),
        _people(func.coalesce(_SURVIVOR.id, Topic.id)),
    )
    row = session.execute(
        select(*columns)
        .join(Release, Release.topic_id == Topic.id)
        .join(Area, Area.id == Release.area_id)
        .outerjoin(_SURVIVOR, _SURVIVOR.id == Topic.merged_into_id)
        .where(Topic.number == number, Release.state == ReleaseState.RELEASED)
        .order_by(Release.released_at.desc(), Release.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    values: tuple[Any, ...] = (*row[:-1], tellable(row[-1]))
    return Endorsable(*values)


def _people(topic_id: ColumnElement[int]) -> ScalarSelect[int]:
    """Endorsements that stand behind a topic now; whoever is held isn't among them yet."""
    return (
        select(func.count())
        .select_from(Contributor)
        .join(Endorsement, Endorsement.submission_id == Contributor.submission_id)
        .where(Contributor.topic_id == topic_id, Contributor.status == ContributorStatus.CONFIRMED, Endorsement.withdrawn_at.is_(None))
        .correlate_except(Contributor, Endorsement)
        .scalar_subquery()
    )


def standing(session: Session, *, topic_id: int, person: bytes) -> Standing | None:
    """What the person joined that is this topic, or was merged into the same one; the first, should merges have brought two together."""
    asked = select(func.coalesce(Topic.merged_into_id, Topic.id)).where(Topic.id == topic_id).scalar_subquery()
    row = session.execute(
        select(Submission.id, Submission.receipt_number, Submission.receipt_salt, Submission.state)
        .join(Endorsement, Endorsement.submission_id == Submission.id)
        .outerjoin(
            Contributor, (Contributor.submission_id == Endorsement.submission_id) & (Contributor.status != ContributorStatus.REMOVED)
        )
        .where(
            Endorsement.person_hash == person,
            Endorsement.withdrawn_at.is_(None),
            or_(Endorsement.topic_id == topic_id, Endorsement.topic_id == asked, Contributor.topic_id == asked),
        )
        .order_by(Endorsement.id)
        .limit(1)
    ).one_or_none()
    return Standing(*row) if row is not None else None


def others_on_device(session: Session, *, topic_id: int, person: bytes, device: bytes, at: datetime) -> int:
    """How many other people of one device joined the topic within a day."""
    return (
        session.scalar(
            select(func.count(Endorsement.person_hash.distinct())).where(
                Endorsement.topic_id == topic_id,
                Endorsement.device_hash == device,
                Endorsement.created_at > at - A_DAY,
                Endorsement.person_hash != person,
            )
        )
        or 0
    )


def point_for(session: Session, matter: Endorsable) -> int | None:
    """Where somebody is heard who joined without scanning a code: a point in use of the matter's own area, else of one below or above it,
    else of the district; never an open call's, whose name nobody may know yet. None where none is in use.
    """
    here = Area.path.startswith(matter.area_path, autoescape=True)
    above = func.starts_with(matter.area_path, Area.path)
    return session.scalar(
        select(IntakePoint.id)
        .join(Area, Area.id == IntakePoint.area_id)
        .where(IntakePoint.district_id == matter.district_id, IntakePoint.state == PointState.ACTIVE, of_no_call())
        .order_by((IntakePoint.area_id == matter.area_id).desc(), here.desc(), above.desc(), IntakePoint.id)
        .limit(1)
    )


def wordless() -> ColumnElement[bool]:
    """A submission that joined a matter without a word: it counts, but there is nothing of it to read."""
    return and_(Submission.channel == Channel.ENDORSEMENT, Submission.text_masked == "")


def released_title(topic_id: SQLColumnExpression[int]) -> ScalarSelect[str]:
    """What the public reads the topic as called; NULL where nothing of it is released any more."""
    return (
        select(Release.title)
        .where(Release.topic_id == topic_id, Release.state == ReleaseState.RELEASED)
        .order_by(Release.released_at.desc(), Release.id.desc())
        .limit(1)
        .correlate_except(Release)
        .scalar_subquery()
    )


@dataclass(frozen=True, slots=True)
class Joined:
    """What an endorsement's receipt says it is about; empty once nothing of it is public any more."""

    topic_number: str
    title: str


def joined_by(session: Session, submission_id: int) -> Joined | None:
    """The matter that an endorsement joined, as the public reads it."""
    row = session.execute(
        select(Topic.number, released_title(Topic.id))
        .join(Endorsement, Endorsement.topic_id == Topic.id)
        .where(Endorsement.submission_id == submission_id)
    ).one_or_none()
    if row is None:
        return None
    number, title = row
    return Joined(number if title else "", title or "")
