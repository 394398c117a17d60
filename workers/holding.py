"""待核: which messages of a batch wait for staff first, and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from intake.domain.submission import Channel
from intake.domain.suspicion import EMERGENCIES_MOST, EMERGENCIES_WITHIN, Suspicion
from intake.models import Submission
from intake.queries.suspect import emergencies_let_through
from intake.services.submission_triage import let_go_by_staff
from workers.triage.message import Finding


class Examined(Protocol):
    """A submission with what the stages found, or the error they met."""

    @property
    def submission(self) -> Submission:
        """The row."""
        ...

    @property
    def found(self) -> object:
        """A Finding, or an error."""
        ...


def held_in(session: Session, cases: Sequence[Examined]) -> dict[int, str]:
    """Those that wait for staff, by id, each with its reason (`Suspicion` or `Held`); whom staff let go before isn't held again."""
    suspects = {case.submission.id: case.submission.suspicion for case in cases if case.submission.suspicion is not None}
    screened = {
        case.submission.id: case.found.screen.kind
        for case in cases
        if isinstance(case.found, Finding) and case.found.screen is not None and not _names_danger(case) and not _seen(case)
    }
    if not suspects and not screened:
        return {}
    free = let_go_by_staff(session, suspects.keys() | screened.keys())
    free |= _let_through(session, [case for case in cases if case.submission.id in suspects and case.submission.id not in free])
    why: Mapping[int, str] = {**screened, **{one: suspicion.value for one, suspicion in suspects.items()}}
    return {one: reason for one, reason in why.items() if one not in free}


def _let_through(session: Session, suspects: Sequence[Examined]) -> frozenset[int]:
    """Of those that name a danger, as many of each point as pass."""
    ringing = [case.submission for case in suspects if _names_danger(case) and case.submission.suspicion is not Suspicion.TRAP]
    if not ringing:
        return frozenset()
    since = min(submission.received_at for submission in ringing) - EMERGENCIES_WITHIN
    passed = Counter(emergencies_let_through(session, {submission.point_id for submission in ringing}, since=since))
    free = set()
    for submission in ringing:
        if passed[submission.point_id] < EMERGENCIES_MOST:
            passed[submission.point_id] += 1
            free.add(submission.id)
    return frozenset(free)


def _seen(case: Examined) -> bool:
    """Somebody read it: whoever split the part off, or whoever took the call that an imported row tells of."""
    return case.submission.parent_id is not None or case.submission.channel is Channel.IMPORT


def _names_danger(case: Examined) -> bool:
    return isinstance(case.found, Finding) and case.found.urgency == "emergency"
