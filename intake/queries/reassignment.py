"""换人: to whom a card may go, what went from hand to hand, and what a person reads of it on the card."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Label, case, func, select, true
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.permission import Permission, Role, roles_with
from intake.domain.reassignment import ReassignmentKind
from intake.domain.recusal import concerning
from intake.domain.submission import OPEN_FOR_DECISION, Urgency
from intake.models import Area, MemberProfile, Reassignment, RoleGrant, Submission, SubmissionLease, User
from intake.queries.appeal import barred_from
from intake.queries.lease import Holder, kept_from

OFFERED = 200
"""As many colleagues as a list can hold; an area has fewer."""
_LEVELS = (Role.MEMBER, Role.CONVENOR, Role.STAFF)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may decide on a card."""

    id: int
    name: str
    role: Role
    """As what they would have it."""
    away_until: datetime | None
    """While they are away."""


@dataclass(frozen=True, slots=True)
class Passed:
    """One change of hands."""

    id: int
    kind: ReassignmentKind
    from_id: int
    from_name: str
    to_id: int | None
    to_name: str
    """Empty where it went to the office as a whole."""
    words: str
    at: datetime

    @property
    def taken_back(self) -> bool:
        """Whether it is somebody's taking back of what they had handed over."""
        return self.to_id == self.from_id


@dataclass(frozen=True, slots=True)
class Hands:
    """Who has a card just now, and how it came to whom it waits with."""

    holder: Holder | None
    mine: bool
    """Whether the reader is the holder."""
    owner_id: int | None
    urgency: Urgency
    area_path: str
    is_open: bool
    last: Passed | None
    """The newest hand-over that still stands."""
    concern: str
    """A firm or department of the reader that the message speaks of; empty when none."""


_AREA = aliased(Area)


def colleagues(session: Session, actor: Actor, submission_id: int, *, at: datetime) -> tuple[Colleague, ...]:
    """Who besides the actor may decide on the submission and may be asked about it: members first, by name; three questions."""
    level = func.min(case(*((RoleGrant.role == role, number) for number, role in enumerate(_LEVELS)), else_=len(_LEVELS)))
    rows = session.execute(
        select(User.id, User.name, level, User.away_until)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(_AREA, _AREA.id == RoleGrant.area_id)
        .join(Submission, (Submission.id == submission_id) & (Submission.district_id == User.district_id))
        .join(Area, (Area.id == Submission.area_id) & func.starts_with(Area.path, _AREA.path))
        .where(
            User.active,
            User.district_id == actor.district_id,
            User.id != actor.user_id,
            RoleGrant.role.in_(roles_with(Permission.TRIAGE_DECIDE)),
            User.id.not_in(kept_from(session, [submission_id]).get(submission_id, frozenset())),
        )
        .group_by(User.id)
        .order_by(level, User.name, User.id)
        .limit(OFFERED)
    )
    barred = barred_from(session, submission_id)
    return tuple(
        Colleague(user_id, name, _LEVELS[number], away if away is not None and away > at else None)
        for user_id, name, number, away in rows
        if user_id != barred
    )


_GIVER, _TAKER = aliased(User), aliased(User)


def passed_of(session: Session, submission_id: int) -> tuple[Passed, ...]:
    """Every change of hands of a submission, the latest first; the caller has checked who asks."""
    rows = session.execute(
        select(*_columns(_GIVER, _TAKER))
        .join(_GIVER, _GIVER.id == Reassignment.from_user_id)
        .outerjoin(_TAKER, _TAKER.id == Reassignment.to_user_id)
        .where(Reassignment.submission_id == submission_id)
        .order_by(Reassignment.id.desc())
        .limit(50)
    )
    return tuple(Passed(*row) for row in rows)


_VIEWER = aliased(User)


def hands_of(session: Session, actor: Actor, submission_id: int, *, at: datetime) -> Hands | None:
    """What a card says of hands, in one question; the caller has checked who asks. None for no submission."""
    newest = (
        select(*_columns(_GIVER, _TAKER))
        .join(_GIVER, _GIVER.id == Reassignment.from_user_id)
        .outerjoin(_TAKER, _TAKER.id == Reassignment.to_user_id)
        .where(Reassignment.submission_id == Submission.id, Reassignment.kind != ReassignmentKind.RECUSE)
        .order_by(Reassignment.id.desc())
        .limit(1)
        .lateral()
    )
    row = session.execute(
        select(
            Submission,
            Area.path,
            MemberProfile.employer,
            MemberProfile.concerns,
            _VIEWER.id,
            _VIEWER.name,
            SubmissionLease.until,
            *newest.c,
        )
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(SubmissionLease, (SubmissionLease.submission_id == Submission.id) & (SubmissionLease.until > at))
        .outerjoin(_VIEWER, _VIEWER.id == SubmissionLease.user_id)
        .outerjoin(MemberProfile, MemberProfile.user_id == actor.user_id)
        .outerjoin(newest, true())
        .where(Submission.id == submission_id, Submission.district_id == actor.district_id)
    ).one_or_none()
    if row is None:
        return None
    submission, path, employer, concerns, viewer_id, viewer_name, until, *last = row
    names = [name for name in (employer, *(concerns or ())) if name]
    return Hands(
        holder=Holder(viewer_id, viewer_name, until) if viewer_id is not None else None,
        mine=viewer_id is not None and viewer_id == actor.user_id,
        owner_id=submission.owner_id,
        urgency=submission.urgency,
        area_path=path,
        is_open=submission.state in OPEN_FOR_DECISION,
        last=_standing(Passed(*last), submission) if last[0] is not None else None,
        concern=concerning(submission.text_masked, names) if names else "",
    )


def _standing(last: Passed, submission: Submission) -> Passed | None:
    """A hand-over that nothing has followed: no decision, and nobody else's turn since."""
    stands = submission.state in OPEN_FOR_DECISION and last.at >= submission.state_changed_at and submission.owner_id == last.to_id
    return last if stands and not last.taken_back else None


def _columns(giver: Any, taker: Any) -> tuple[Label[Any] | ColumnElement[Any], ...]:
    return (
        Reassignment.id.label("passed_id"),
        Reassignment.kind.label("passed_kind"),
        giver.id.label("giver_id"),
        giver.name.label("giver_name"),
        Reassignment.to_user_id.label("taker_id"),
        func.coalesce(taker.name, "").label("taker_name"),
        Reassignment.words.label("passed_words"),
        Reassignment.at.label("passed_at"),
    )
