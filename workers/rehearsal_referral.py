"""How the demo's offices, units and checkers take a referral one step on: what `demo_life.Handle` asks for, through the services."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.cli.demo_life import Handle, HandlingStep, Judge
from intake.domain.actor import Actor
from intake.domain.permission import Role
from intake.models import Department, Extension, Outcome, Referral, RoleGrant, User
from intake.queries.actor import actor_of_user
from intake.services import referral_check, referral_department, referral_office
from intake.services.outcome import note_seen, say_verdict
from intake.services.referral import Sending, add_responsibility
from intake.services.referral_lock import Acting

STAFF = "林晓燕"
"""Who enters the measures of a responsibility list, and checks what no member sent."""


@dataclass(slots=True)
class Handling:
    """What a life knows of its referrals."""

    session: Session
    workflow: Workflow
    district_id: int
    submissions: Mapping[str, int]
    topics: Mapping[str, int]
    people: Mapping[str, int]
    _measures: dict[str, int] = field(default_factory=dict)
    _actors: dict[int, Actor] = field(default_factory=dict)

    def take(self, event: Handle | Judge) -> None:
        """Take one step of the script."""
        self.session.flush()
        if isinstance(event, Judge):
            self._judge(event)
            return
        if event.step is HandlingStep.BEGIN:
            self._begin(event)
            return
        referral = self._referral(event.subject)
        _STEPS[event.step](self, referral, event.way, event.at)

    def _judge(self, event: Judge) -> None:
        """The resident's verdict on the newest result; nothing where the sentence was withdrawn meanwhile."""
        outcome = self.session.scalars(
            select(Outcome)
            .where(Outcome.submission_id == self.submissions[event.said], Outcome.superseded_at.is_(None))
            .order_by(Outcome.id.desc())
            .limit(1)
        ).one_or_none()
        if outcome is None:
            return
        note_seen(self.session, submission_id=outcome.submission_id, at=event.at)  # who judges has read it
        say_verdict(
            self.session,
            submission_id=outcome.submission_id,
            outcome_id=outcome.id,
            verdict=event.verdict,
            words=event.words,
            workflow=self.workflow,
            at=event.at,
        )

    def _begin(self, event: Handle) -> None:
        matter, _, _ = event.subject.partition("#")
        sending = Sending(actor=self._actor(self.people[STAFF]), office_id=None, at=event.at, workflow=self.workflow)
        made = add_responsibility(self.session, sending, topic_id=self.topics[matter], title=event.way["title"], basis=event.way["basis"])
        self._measures[event.subject] = made.id

    def _referral(self, subject: str) -> Referral:
        if subject in self._measures:
            return self.session.get_one(Referral, self._measures[subject], populate_existing=True)
        of = Referral.topic_id == self.topics[subject] if subject in self.topics else Referral.submission_id == self.submissions[subject]
        return self.session.scalars(
            select(Referral).where(of).order_by(Referral.id.desc()).limit(1).execution_options(populate_existing=True)
        ).one()

    def acting(self, referral: Referral, user_id: int, at: datetime) -> Acting:
        """The person on the newest version of the referral."""
        return Acting(actor=self._actor(user_id), referral_id=referral.id, version=referral.version, at=at, workflow=self.workflow)

    def office(self, referral: Referral, at: datetime) -> Acting:
        """Whoever sits in the office that has it."""
        return self.acting(referral, self._first_of(referral.office_id, Role.OFFICE), at)

    def lead(self, referral: Referral, at: datetime) -> Acting:
        """Its officer, or whoever comes first in the unit that leads."""
        assert referral.lead_id is not None
        return self.acting(referral, referral.officer_id or self._first_of(referral.lead_id, Role.DEPARTMENT), at)

    def checker(self, referral: Referral, at: datetime) -> Acting:
        """Whoever sent it."""
        return self.acting(referral, referral.sent_by, at)

    def unit(self, name: str) -> int:
        """The unit called so."""
        return self.session.scalars(select(Department.id).where(Department.district_id == self.district_id, Department.name == name)).one()

    def _first_of(self, unit_id: int, role: Role) -> int:
        return self.session.scalars(
            select(User.id)
            .join(RoleGrant, RoleGrant.user_id == User.id)
            .where(User.department_id == unit_id, RoleGrant.role == role, User.active)
            .order_by(User.id)
            .limit(1)
        ).one()

    def _actor(self, user_id: int) -> Actor:
        if user_id not in self._actors:
            found = actor_of_user(self.session, user_id)
            assert found is not None
            self._actors[user_id] = found
        return self._actors[user_id]


Way = Mapping[str, Any]
Step = Callable[[Handling, Referral, Way, datetime], object]


def _assign(life: Handling, referral: Referral, way: Way, at: datetime) -> None:
    first = way["dispute"]["from"] if "dispute" in way and "from" in way["dispute"] else way["unit"]
    helpers = [life.unit(name) for name in way.get("with", ())]
    words = way.get("office", "请按时办理，答复要说到居民提的每一件事。")
    referral_office.assign(life.session, life.office(referral, at), lead_id=life.unit(first), helper_ids=helpers, words=words)
    if way.get("order"):
        life.session.flush()
        referral_office.set_external_number(life.session, life.office(referral, at), number=way["order"])


def _dispute(life: Handling, referral: Referral, way: Way, at: datetime) -> None:
    proposed = life.unit(way["unit"]) if "from" in way["dispute"] else None
    referral_department.dispute(life.session, life.lead(referral, at), proposed_id=proposed, words=way["dispute"]["words"])


def _decide(life: Handling, referral: Referral, way: Way, at: datetime) -> None:
    lead_id = life.unit(way["unit"])
    uphold = lead_id == referral.lead_id
    referral_office.decide_dispute(
        life.session, life.office(referral, at), uphold=uphold, lead_id=None if uphold else lead_id, words=way["decision"]
    )


def _give_time(life: Handling, referral: Referral, way: Way, at: datetime) -> None:
    extension_id = life.session.scalars(
        select(Extension.id).where(Extension.referral_id == referral.id).order_by(Extension.id.desc()).limit(1)
    ).one()
    referral_office.decide_extension(life.session, life.office(referral, at), extension_id=extension_id, grant=True, words=way["granted"])


def _answer(field: str) -> Step:
    def answer(life: Handling, referral: Referral, way: Way, at: datetime) -> None:
        acting = life.lead(referral, at)
        referral_department.reply(
            life.session,
            acting,
            outcome=way.get("outcome", "done"),
            words=way[field],
            reason=way.get("reason", "已现场办结，委员可到现场查看。"),
            signed_name=acting.actor.name,
        )

    return answer


_STEPS: Mapping[HandlingStep, Step] = {
    HandlingStep.ACCEPT: lambda life, referral, _way, at: referral_office.accept(life.session, life.office(referral, at)),
    HandlingStep.ASSIGN: _assign,
    HandlingStep.SIGN: lambda life, referral, _way, at: referral_department.sign(life.session, life.lead(referral, at)),
    HandlingStep.DISPUTE: _dispute,
    HandlingStep.DECIDE_DISPUTE: _decide,
    HandlingStep.PROGRESS: lambda life, referral, way, at: referral_department.report_progress(
        life.session, life.lead(referral, at), words=way["progress"], for_resident=True
    ),
    HandlingStep.ASK_TIME: lambda life, referral, way, at: referral_department.ask_extension(
        life.session, life.lead(referral, at), days=5, words=way["time"]
    ),
    HandlingStep.GIVE_TIME: _give_time,
    HandlingStep.ANSWER: _answer("answer"),
    HandlingStep.SEND_BACK: lambda life, referral, way, at: referral_check.send_back(
        life.session, life.checker(referral, at), words=way["back"]
    ),
    HandlingStep.ANSWER_AGAIN: _answer("again"),
    HandlingStep.DELIVER: lambda life, referral, way, at: referral_check.check_and_deliver(
        life.session, life.checker(referral, at), words=way.get("checked", "")
    ),
}
