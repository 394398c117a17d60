"""认领: whoever opens a card has it for some minutes, so that two people don't write the same answer; it ends by itself."""

from datetime import datetime, timedelta

from sqlalchemy import Executable, delete, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import OPEN_FOR_DECISION, Urgency
from intake.models import Area, Submission, SubmissionLease
from intake.queries.appeal import barred
from intake.queries.imported import NOT_IMPORTED
from intake.queries.lease import Holder, holders, recused
from intake.queries.member_report import reported_by
from intake.queries.pages import within
from intake.services.audit import record

KEPT = timedelta(days=1)
"""How long a lease that ended stays as a row; the sweep deletes it then."""
SHARES_OUT = Permission.DUTY_MANAGE
"""Who shares the work out in an area, convenor and staff, may take a card over from whoever looks at it."""


def take(session: Session, *, actor: Actor, submission_id: int, minutes: int, at: datetime) -> Holder | None:
    """The card is the actor's for `minutes`, and what they held before is free again, unless somebody else has it.

    Returns who has it now; None for a card that the actor may not decide on, or that waits for no decision. One statement, which of two
    who come at once lets one in.
    """
    taken = session.scalar(_upsert(actor, submission_id, minutes=minutes, at=at, take_over=False))
    if taken is None:
        return holders(session, [submission_id], at=at).get(submission_id)
    _let_go_of_others(session, actor, submission_id)
    assert actor.user_id is not None
    return Holder(actor.user_id, actor.name, taken)


def take_over(session: Session, *, actor: Actor, submission_id: int, minutes: int, at: datetime) -> Holder:
    """The same from whoever holds it: for convenor and staff of the area, and for anybody there when it is an emergency (接手).

    Raises NotFound or Forbidden outside the actor's district, areas or role, Conflict when it waits for no decision any more.
    """
    row = session.execute(
        select(Submission.urgency, Area.path)
        .join(Area, Area.id == Submission.area_id)
        .where(Submission.id == submission_id, Submission.district_id == actor.district_id)
    ).one_or_none()
    if row is None:
        raise NotFound("没有这件来件，或者不在您的区。")
    if not actor.may(Permission.TRIAGE_DECIDE, area_path=row.path):
        raise Forbidden("这件来件不在您联系的社区。")
    before = holders(session, [submission_id], at=at).get(submission_id)
    if before is not None and before.user_id != actor.user_id and not may_take_over(actor, row.urgency, area_path=row.path):
        raise Forbidden("只有召集人和区政协工作人员可以接手别人正在看的来件；紧急来件谁都可以接手。")
    taken = session.scalar(_upsert(actor, submission_id, minutes=minutes, at=at, take_over=True))
    if taken is None:
        raise Conflict("这件来件刚刚有变化，请先看看现在的情况。")
    _let_go_of_others(session, actor, submission_id)
    assert actor.user_id is not None
    if before is not None and before.user_id != actor.user_id:
        assert actor.district_id is not None
        record(
            session,
            actor=actor,
            district_id=actor.district_id,
            action="submission.take_over",
            noun="submission",
            entity_id=submission_id,
            at=at,
            from_user=before.user_id,
        )
    return Holder(actor.user_id, actor.name, taken)


def may_take_over(actor: Actor, urgency: Urgency, *, area_path: str) -> bool:
    """Whether the actor, who may decide there, may also take the card from whoever looks at it."""
    return urgency is Urgency.EMERGENCY or actor.may(SHARES_OUT, area_path=area_path)


def refuse_if_held(session: Session, *, actor: Actor, submission_id: int, at: datetime) -> None:
    """Conflict, with who and until when, while somebody else looks at the card; an emergency waits for nobody."""
    holder = holders(session, [submission_id], at=at).get(submission_id)
    if holder is None or holder.user_id == actor.user_id:
        return
    if session.scalar(select(Submission.urgency).where(Submission.id == submission_id)) is Urgency.EMERGENCY:
        return
    raise Conflict(f"{holder.name}正在看这一件，到 {holder.until.astimezone(SHANGHAI):%H:%M}。您写的还在，请等一等，或者先看下一件。")


def release(session: Session, *, actor: Actor, submission_id: int | None = None) -> None:
    """What the actor holds is free again: one card, or all of them when none is named."""
    mine = SubmissionLease.user_id == actor.user_id
    session.execute(
        delete(SubmissionLease).where(mine if submission_id is None else mine & (SubmissionLease.submission_id == submission_id))
    )


def sweep(session: Session, *, at: datetime, limit: int) -> int:
    """Delete up to `limit` leases that ended long ago; returns how many."""
    ended = select(SubmissionLease.submission_id).where(SubmissionLease.until < at - KEPT).limit(limit).with_for_update(skip_locked=True)
    gone = session.scalars(
        delete(SubmissionLease).where(SubmissionLease.submission_id.in_(ended.scalar_subquery())).returning(SubmissionLease.submission_id)
    )
    return len(gone.all())


def _upsert(actor: Actor, submission_id: int, *, minutes: int, at: datetime, take_over: bool) -> Executable:
    """Until when the actor has the card; no row where they may not, or where somebody else has it and isn't to be taken over."""
    until = at + timedelta(minutes=minutes)
    waiting = (
        select(Submission.id, Submission.district_id, literal(actor.user_id), literal(at), literal(until))
        .join(Area, Area.id == Submission.area_id)
        .where(
            Submission.id == submission_id,
            Submission.district_id == actor.district_id,
            Submission.state.in_(OPEN_FOR_DECISION),
            NOT_IMPORTED,  # whoever reads one doesn't hold up the desk, which decides on them by the dozen
            within(actor, Permission.TRIAGE_DECIDE),
            ~recused(actor),
            ~reported_by(actor),
            ~barred(actor),
        )
    )
    lease = insert(SubmissionLease).from_select(["submission_id", "district_id", "user_id", "taken_at", "until"], waiting)
    free = or_(SubmissionLease.user_id == actor.user_id, SubmissionLease.until <= at)
    return lease.on_conflict_do_update(
        index_elements=[SubmissionLease.submission_id],
        set_={"user_id": lease.excluded.user_id, "taken_at": lease.excluded.taken_at, "until": lease.excluded.until},
        where=None if take_over else free,
    ).returning(SubmissionLease.until)


def _let_go_of_others(session: Session, actor: Actor, submission_id: int) -> None:
    """Nobody holds more than what they look at. Rows that somebody is taking over just now are theirs, and nobody waits for them here."""
    others = (
        select(SubmissionLease.submission_id)
        .where(SubmissionLease.user_id == actor.user_id, SubmissionLease.submission_id != submission_id)
        .with_for_update(skip_locked=True)
    )
    session.execute(
        delete(SubmissionLease)
        .where(SubmissionLease.submission_id.in_(others.scalar_subquery()))
        .execution_options(synchronize_session=False)
    )
