"""我反映过的事: what one follower has said, the newest first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from intake.domain.contributor import ContributorStatus
from intake.domain.submission import Channel, SubmissionState
from intake.models import Contributor, Endorsement, IntakePoint, Outcome, Submission, Topic
from intake.queries.endorsement import released_title
from intake.queries.pages import Page, key_of, page_of
from intake.queries.receipt import standing_of

EXCERPT = 60
"""Characters of one's own words in the list."""
SHOWN = 20
"""Lines of a page."""


@dataclass(frozen=True, slots=True)
class OwnItem:
    """One line; number and salt make the link to its receipt."""

    id: int
    number: str
    salt: bytes
    state: SubmissionState
    standing: str
    """Where it stands, in one sentence."""
    excerpt: str
    """Empty once erased; of an endorsement without words what the matter is called in public."""
    is_endorsement: bool
    point_name: str
    received_at: datetime
    unseen: bool
    """Whether it was answered since its receipt was last opened."""


def own_items(session: Session, follower_id: int, *, at: datetime, after: str, limit: int) -> Page[OwnItem]:
    """A page of what a follower said, newest first, in two statements."""
    mine = Submission.follower_id == follower_id
    key = key_of(after)
    unseen = (
        select(Outcome.id)
        .where(Outcome.submission_id == Submission.id, Outcome.told_at <= at, Outcome.seen_at.is_(None), Outcome.superseded_at.is_(None))
        .correlate(Submission)
        .exists()
    )
    rows = session.execute(
        select(
            Submission.id,
            Submission.receipt_number,
            Submission.receipt_salt,
            Submission.state,
            Topic.state.label("topic"),
            func.coalesce(func.nullif(func.left(Submission.text_written, EXCERPT), ""), _joined(), "").label("excerpt"),
            (Submission.channel == Channel.ENDORSEMENT).label("is_endorsement"),
            IntakePoint.name,
            Submission.received_at,
            unseen.label("unseen"),
        )
        .join(IntakePoint, IntakePoint.id == Submission.point_id)
        .outerjoin(Contributor, (Contributor.submission_id == Submission.id) & (Contributor.status == ContributorStatus.CONFIRMED))
        .outerjoin(Topic, Topic.id == Contributor.topic_id)
        .where(mine, *((Submission.id < key,) if key is not None else ()))
        .order_by(Submission.id.desc())
        .limit(limit + 1)
    ).all()
    total = session.scalar(select(func.count()).select_from(Submission).where(mine)) or 0
    items = [
        OwnItem(
            id=row.id,
            number=row.receipt_number,
            salt=row.receipt_salt,
            state=row.state,
            standing=standing_of(row.state, row.topic, owner=None)[0],
            excerpt=row.excerpt,
            is_endorsement=row.is_endorsement,
            point_name=row.name,
            received_at=row.received_at,
            unseen=row.unseen,
        )
        for row in rows
    ]
    return page_of(items, total=total, limit=limit)


def _joined() -> ScalarSelect[str]:
    """The public title of the matter that an endorsement joined; NULL for any other submission."""
    return (
        select(released_title(Endorsement.topic_id))
        .where(Endorsement.submission_id == Submission.id)
        .correlate(Submission)
        .scalar_subquery()
    )
