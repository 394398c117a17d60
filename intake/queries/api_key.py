"""接口密钥: behind a request, and in the desk's list."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Permission
from intake.domain.submission import SubmissionState
from intake.models import ApiKey, Area, Contributor, IntakePoint, Submission, SubmissionKey, Topic, User
from intake.queries.pages import PAGE, Page, key_of, page_of, within
from intake.queries.receipt import standing_of


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key opened a request."""

    key_id: int
    district_id: int
    point_id: int


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """A line of the desk's list."""

    id: int
    name: str
    hint: str
    point_name: str
    point_code: str
    given_by: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    version: int
    filed: int
    """How many matters it brought."""


def caller_of(session: Session, key_hash: bytes) -> Caller | None:
    """Who has the key with this hash; None for none and for one that was taken back."""
    row = session.execute(
        select(ApiKey.id, ApiKey.district_id, ApiKey.point_id).where(ApiKey.key_hash == key_hash, ApiKey.revoked_at.is_(None))
    ).one_or_none()
    return Caller(*row) if row else None


def keys_in_reach(session: Session, actor: Actor, *, after: str, limit: int = PAGE) -> Page[ApiKeyRow]:
    """The latest first, those taken back too; two queries."""
    where = [ApiKey.district_id == actor.district_id, within(actor, Permission.API_KEYS_MANAGE)]
    base = select(ApiKey.id).join(IntakePoint, IntakePoint.id == ApiKey.point_id).join(Area, Area.id == IntakePoint.area_id).where(*where)
    total = session.scalar(select(func.count()).select_from(base.subquery())) or 0
    key = key_of(after)
    if key is not None:
        where.append(ApiKey.id < key)
    filed = select(func.count()).where(Submission.api_key_id == ApiKey.id).correlate(ApiKey).scalar_subquery()
    rows = session.execute(
        select(
            ApiKey.id,
            ApiKey.name,
            ApiKey.key_hint,
            IntakePoint.name,
            IntakePoint.code,
            User.name,
            ApiKey.created_at,
            ApiKey.last_used_at,
            ApiKey.revoked_at,
            ApiKey.version,
            filed,
        )
        .join(IntakePoint, IntakePoint.id == ApiKey.point_id)
        .join(Area, Area.id == IntakePoint.area_id)
        .join(User, User.id == ApiKey.created_by)
        .where(*where)
        .order_by(ApiKey.id.desc())
        .limit(limit + 1)
    )
    return page_of([ApiKeyRow(*row) for row in rows], total=total, limit=limit)


@dataclass(frozen=True, slots=True)
class Filed:
    """What a key brought, as far as its system may follow it: where it stands, none of its words."""

    number: str
    state: SubmissionState
    standing: str
    """In one sentence, as the resident reads it."""
    next_words: str
    category: str | None
    area_name: str
    received_at: datetime
    changed_at: datetime


def filed_by(session: Session, caller: Caller, number: str) -> Filed | None:
    """The receipt with this number, if this key filed it; one query."""
    row = session.execute(
        select(Submission, Area.name, Topic.state)
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(Contributor, (Contributor.submission_id == Submission.id) & (Contributor.status == ContributorStatus.CONFIRMED))
        .outerjoin(Topic, Topic.id == Contributor.topic_id)
        .where(Submission.receipt_number == number, Submission.api_key_id == caller.key_id)
    ).one_or_none()
    if row is None:
        return None
    found, area_name, topic_state = row
    standing, next_words = standing_of(found.state, topic_state, owner=found.owner_role)
    return Filed(
        number=found.receipt_number,
        state=found.state,
        standing=standing,
        next_words=next_words,
        category=found.category,
        area_name=area_name,
        received_at=found.received_at,
        changed_at=found.state_changed_at,
    )


def told_within(session: Session, key: bytes, *, since: datetime) -> bool:
    """Whether this idempotency key was taken at or after `since`."""
    return session.scalar(select(SubmissionKey.created_at).where(SubmissionKey.key == key, SubmissionKey.created_at >= since)) is not None
