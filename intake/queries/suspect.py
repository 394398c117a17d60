"""起疑的来件: how many passed because they name a danger."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from intake.domain.submission import Channel, SubmissionState, Urgency
from intake.models import Submission


def emergencies_let_through(session: Session, point_ids: Collection[int], *, since: datetime) -> dict[int, int]:
    """By point, how many emergencies since then went to people although the way they came is suspect, or asks for no trouble (附议)."""
    rows = session.execute(
        select(Submission.point_id, func.count())
        .where(
            Submission.point_id.in_(point_ids),
            Submission.received_at >= since,
            or_(Submission.suspicion.is_not(None), Submission.channel == Channel.ENDORSEMENT),
            Submission.urgency == Urgency.EMERGENCY,
            Submission.state.not_in([SubmissionState.RECEIVED, SubmissionState.QUARANTINED]),
        )
        .group_by(Submission.point_id)
    )
    return {point_id: count for point_id, count in rows}  # noqa: C416 -- a row is no pair to the type checker
