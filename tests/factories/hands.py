"""Cards that go from hand to hand, by the services that the pages call."""

from intake.domain.permission import Role
from intake.queries.lease import Holder
from intake.services import lease, reassign
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.matters import deciding
from tests.factories.town import actor


def passing(wiring: Wiring, user_id: int, stored: Stored) -> reassign.Passing:
    """What a person holds who has the card on the screen now."""
    held = deciding(wiring, user_id, stored)
    return reassign.Passing(actor=held.actor, submission_id=held.submission_id, version=held.version, at=held.at, workflow=wiring.workflow)


def looked_at(wiring: Wiring, user_id: int, stored: Stored) -> Holder | None:
    """Somebody opens the card; who has it then."""
    with wiring.sessions.begin() as session:
        person, minutes = actor(session, user_id), wiring.workflow.member.lease_minutes
        return lease.take(session, actor=person, submission_id=stored.submission_id, minutes=minutes, at=wiring.clock.now())


def handed_over(wiring: Wiring, giver: int, stored: Stored, taker: int, words: str = "您熟悉这里。") -> bool:
    """转交; whether it had been done before."""
    held = passing(wiring, giver, stored)
    with wiring.sessions.begin() as session:
        return reassign.hand_over(session, held, to_user_id=taker, words=words)


def passed_up(wiring: Wiring, giver: int, stored: Stored, to: Role) -> bool:
    """上交."""
    held = passing(wiring, giver, stored)
    with wiring.sessions.begin() as session:
        return reassign.pass_up(session, held, to=to.value, words="要请街道一起看。")


def taken_back(wiring: Wiring, giver: int, stored: Stored) -> bool:
    """收回."""
    held = passing(wiring, giver, stored)
    with wiring.sessions.begin() as session:
        return reassign.take_back(session, held)


def recused(wiring: Wiring, user_id: int, stored: Stored, words: str = "我在那家物业任职。") -> bool:
    """回避."""
    held = passing(wiring, user_id, stored)
    with wiring.sessions.begin() as session:
        return reassign.recuse(session, held, words=words)
