"""Cards that go from hand to hand in the demo: one given to a colleague, one passed up, one that its member steps back from. Everything invented."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.permission import Role
from intake.domain.submission import OPEN_FOR_DECISION, Urgency
from intake.models import Submission
from intake.queries.actor import actor_of_user
from intake.queries.reassignment import colleagues
from intake.services import reassign
from intake.wiring import Wiring

GIVEN = "您在那一片住过，比我清楚，麻烦看看。"
PASSED_UP = "牵涉两个街道，请召集人出面商量。"
STEPPED_BACK = "我爱人在这家单位上班。"


def pass_around(session: Session, wiring: Wiring, *, at: datetime) -> None:
    """The three newest ordinary cards that wait with a member, one act each."""
    waiting = session.scalars(
        select(Submission)
        .where(
            Submission.state.in_(OPEN_FOR_DECISION),
            Submission.owner_role == Role.MEMBER,
            Submission.urgency != Urgency.EMERGENCY,
            Submission.state_changed_at <= at,
        )
        .order_by(Submission.id.desc())
        .limit(3)
    ).all()
    _each(session, wiring, waiting, at=at)


def _each(session: Session, wiring: Wiring, waiting: Sequence[Submission], *, at: datetime) -> None:
    for number, submission in enumerate(waiting):
        owner = actor_of_user(session, submission.owner_id or 0)
        assert owner is not None, "a member's turn"
        passing = reassign.Passing(actor=owner, submission_id=submission.id, version=submission.version, at=at, workflow=wiring.workflow)
        if number == 0:
            others = colleagues(session, owner, submission.id, at=at)
            reassign.hand_over(session, passing, to_user_id=others[0].id if others else None, words=GIVEN)
        elif number == 1:
            reassign.pass_up(session, passing, to=Role.CONVENOR.value, words=PASSED_UP)
        else:
            reassign.recuse(session, passing, words=STEPPED_BACK)
