"""What of the codes and posters waits on the desk's first page."""

from sqlalchemy import func, or_, select

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.point import PointGuard, PointState
from intake.domain.point_count import HELD_MANY
from intake.domain.poster_batch import BatchState
from intake.domain.submission import SubmissionState
from intake.models import Area, IntakePoint, PosterBatch, Submission
from intake.queries.pages import within
from intake.queries.point_funnel import alive_at, is_quiet
from intake.queries.waiting_moment import AT, FAILED_AFTER, Named


def guarded(actor: Actor) -> Named:
    """Points whose guard went up by itself."""
    return (
        select(IntakePoint.id, IntakePoint.name, Area.name, AT, func.count().over())
        .join(Area, Area.id == IntakePoint.area_id)
        .where(
            IntakePoint.district_id == actor.district_id,
            IntakePoint.guard == PointGuard.AUTO,
            IntakePoint.guarded_until > AT,
            within(actor, Permission.PLACES_VIEW),
        )
        .order_by(IntakePoint.guarded_until.desc(), IntakePoint.id)
    )


def abused(actor: Actor) -> Named:
    """Points of which HELD_MANY or more are held back; `since` is when the oldest of these came."""
    many = (
        select(Submission.point_id, func.min(Submission.received_at).label("since"))
        .where(Submission.district_id == actor.district_id, Submission.state == SubmissionState.QUARANTINED)
        .group_by(Submission.point_id)
        .having(func.count() >= HELD_MANY)
        .subquery()
    )
    return (
        select(IntakePoint.id, IntakePoint.name, Area.name, many.c.since, func.count().over())
        .join(many, many.c.point_id == IntakePoint.id)
        .join(Area, Area.id == IntakePoint.area_id)
        .where(
            IntakePoint.state != PointState.RETIRED,
            or_(IntakePoint.guard != PointGuard.AUTO, IntakePoint.guarded_until.is_(None), IntakePoint.guarded_until <= AT),
            within(actor, Permission.PLACES_VIEW),
        )
        .order_by(many.c.since, IntakePoint.id)
    )


def failed_batches(actor: Actor) -> Named:
    """Posters that couldn't be made of late, the latest first."""
    return (
        select(PosterBatch.id, PosterBatch.format, Area.name, PosterBatch.state_changed_at, func.count().over())
        .join(Area, Area.id == PosterBatch.area_id)
        .where(
            PosterBatch.district_id == actor.district_id,
            PosterBatch.state == BatchState.FAILED,
            PosterBatch.state_changed_at > FAILED_AFTER,
            within(actor, Permission.POSTERS_PRINT),
        )
        .order_by(PosterBatch.state_changed_at.desc(), PosterBatch.id.desc())
    )


def silent_points(actor: Actor) -> Named:
    """Codes that nobody has scanned for long."""
    return (
        select(IntakePoint.id, IntakePoint.name, Area.name, alive_at().label("since"), func.count().over())
        .join(Area, Area.id == IntakePoint.area_id)
        .where(IntakePoint.district_id == actor.district_id, within(actor, Permission.PLACES_VIEW), is_quiet(AT))
        .order_by("since", IntakePoint.id)
    )
