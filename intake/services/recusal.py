"""回避: whoever stepped back from a submission stays out of it; staff lift what was a mistake (docs/adr/0034)."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.reassignment import ReassignmentKind
from intake.models import Area, Reassignment, Submission
from intake.queries.lease import STEPPED_BACK, recused_from
from intake.queries.submission_part import family_ids
from intake.services.audit import record


def refuse_recused(session: Session, *, actor: Actor, submission_id: int) -> None:
    """Forbidden for whoever stepped back from it."""
    if actor.user_id in recused_from(session, [submission_id]).get(submission_id, ()):
        raise Forbidden(STEPPED_BACK)


def inherit_recusals(session: Session, *, parent: Submission, child_id: int, at: datetime) -> None:
    """Whoever stepped back from a message stays out of the part that is being split off it, too."""
    for user_id in recused_from(session, [parent.id]).get(parent.id, ()):
        session.add(
            Reassignment(
                district_id=parent.district_id,
                submission_id=child_id,
                kind=ReassignmentKind.RECUSE,
                from_user_id=user_id,
                to_user_id=None,
                words="",
                at=at,
            )
        )


def lift_recusal(session: Session, *, actor: Actor, submission_id: int, user_id: int, at: datetime) -> None:
    """Staff let somebody see and decide again who stepped back by mistake; nobody lifts their own. Twice changes nothing.

    It is lifted from the message and all its parts at once, each of which shows the others' words. Raises NotFound or Forbidden.
    """
    submission = session.get(Submission, submission_id)
    if submission is None or submission.district_id != actor.district_id:
        raise NotFound("没有这件来件，或者不在您的区。")
    if not actor.may(Permission.SCREEN_DECIDE, area_path=session.get_one(Area, submission.area_id).path):
        raise Forbidden("只有区政协工作人员可以取消回避。")
    if user_id == actor.user_id:
        raise Forbidden("自己的回避请另一位工作人员取消。")
    of_them = Reassignment.submission_id.in_(family_ids(submission)) & (Reassignment.from_user_id == user_id)
    gone = session.scalars(
        delete(Reassignment).where(of_them, Reassignment.kind == ReassignmentKind.RECUSE).returning(Reassignment.submission_id)
    )
    for lifted in sorted(gone):
        record(
            session,
            actor=actor,
            district_id=submission.district_id,
            action="submission.recusal_lift",
            noun="submission",
            entity_id=lifted,
            at=at,
            of_user=user_id,
        )
