"""承办单位: what lies with the unit, and one task with the steps that are the unit's."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from intake.domain.errors import DomainError, Forbidden, InvalidInput
from intake.domain.permission import Permission
from intake.domain.referral import ReferralState
from intake.queries.digest import digest_of
from intake.queries.leave import acting_for
from intake.queries.referral_list import ReferralFilter, referrals, tally
from intake.services import referral_department as service
from intake.services.referral_lock import Acting
from intake.web.asked import id_sent, one_of, sent
from intake.web.department.task import Page, show_task
from intake.web.errors import too_large
from intake.web.guard import actor, current_actor, requires
from intake.web.numbers import whole_number
from intake.web.referral_step import LONGEST, acting
from intake.web.unit_of_work import db, wiring
from intake.web.uploads import BODY_BYTES, FIELD, TAKES_FILES

department_desk = Blueprint("department_desk", __name__, url_prefix="/dept")

S = ReferralState


class Tab(StrEnum):
    """A part of the unit's work."""

    ASSIGNED = "assigned"
    """待签收."""
    WORKING = "working"
    """办理中: what is late first."""
    HELPING = "helping"
    """协办: another unit leads."""
    REPLIED = "replied"
    """待核: answered, with whoever sent it."""
    DELIVERED = "delivered"
    """已答复."""


TAB_STATES: dict[Tab, tuple[ReferralState, ...]] = {
    Tab.ASSIGNED: (S.ASSIGNED,),
    Tab.WORKING: (S.IN_PROGRESS, S.DISPUTED),
    Tab.HELPING: (S.ASSIGNED, S.IN_PROGRESS, S.DISPUTED),
    Tab.REPLIED: (S.REPLIED,),
    Tab.DELIVERED: (S.DELIVERED,),
}
_COUNTED = (S.ASSIGNED, S.IN_PROGRESS, S.DISPUTED, S.REPLIED, S.DELIVERED)


@department_desk.errorhandler(RequestEntityTooLarge)
def much_too_large(_error: RequestEntityTooLarge) -> Page:
    """More than one request may carry: nothing of it was read, so the page shows what was kept before."""
    person, referral_id = current_actor(), (request.view_args or {}).get("referral_id")
    takes_files = TAKES_FILES.fullmatch(request.path) is not None
    if not takes_files or referral_id is None or person is None or not person.may(Permission.REFERRAL_ANSWER):
        return too_large()
    error = InvalidInput(f"一次最多上传 {BODY_BYTES // 1024 // 1024} MB，请分几次上传。这次什么都没有收到。", field=FIELD)
    return show_task(referral_id, error=error, panel="answer", typed={})[0], 413


@department_desk.get("")
@requires(Permission.REFERRAL_ANSWER)
def home() -> str:
    """What waits, by what the unit has to do about it."""
    at, after = wiring().clock.now(), request.args.get("after", "")
    unit = _unit()
    own = tally(db(), actor(), ReferralFilter(lead_id=unit), _COUNTED, at=at)
    helping = tally(db(), actor(), ReferralFilter(helper_id=unit), TAB_STATES[Tab.HELPING], at=at)
    numbers = {
        tab: sum((helping if tab is Tab.HELPING else own).of.get(state, 0) for state in states) for tab, states in TAB_STATES.items()
    }
    first = next((tab for tab in (Tab.ASSIGNED, Tab.WORKING, Tab.HELPING) if numbers[tab]), Tab.WORKING)
    tab = one_of(Tab, request.args.get("tab", "")) or first
    mine = request.args.get("mine") == "1" and tab is not Tab.HELPING
    wanted = ReferralFilter(
        states=TAB_STATES[tab],
        lead_id=None if tab is Tab.HELPING else unit,
        helper_id=unit if tab is Tab.HELPING else None,
        officer_id=actor().user_id if mine else None,
    )
    return render_template(
        "department/home.html",
        page=referrals(db(), actor(), wanted, at=at, after=after),
        tab=tab,
        numbers=numbers,
        overdue=own.overdue,
        mine=mine,
        after=after,
        own_id=actor().user_id,
        stood_in_for=acting_for(db(), actor(), at=at)[1:],
        digest=digest_of(db(), actor(), workflow=wiring().workflow, at=at),
    )


@department_desk.get("/referrals/<int:referral_id>")
@requires(Permission.REFERRAL_ANSWER)
def referral(referral_id: int) -> Page:
    """One task."""
    return show_task(referral_id)


@department_desk.post("/referrals/<int:referral_id>/sign")
@requires(Permission.REFERRAL_ANSWER)
def sign(referral_id: int) -> Page:
    """The unit has it in hand."""
    return _step(referral_id, "sign", service.sign)


@department_desk.post("/referrals/<int:referral_id>/dispute")
@requires(Permission.REFERRAL_ANSWER)
def dispute(referral_id: int) -> Page:
    """It is another unit's."""
    return _step(
        referral_id, "dispute", lambda s, a: service.dispute(s, a, proposed_id=id_sent("proposed"), words=sent("words", longest=LONGEST))
    )


@department_desk.post("/referrals/<int:referral_id>/extension")
@requires(Permission.REFERRAL_ANSWER)
def extension(referral_id: int) -> Page:
    """More time is asked for."""
    return _step(referral_id, "extension", lambda s, a: service.ask_extension(s, a, days=_days(), words=sent("words", longest=LONGEST)))


@department_desk.post("/referrals/<int:referral_id>/progress")
@requires(Permission.REFERRAL_ANSWER)
def progress(referral_id: int) -> Page:
    """How far it is."""
    for_resident = request.form.get("for_resident") == "1"
    return _step(
        referral_id,
        "progress",
        lambda s, a: service.report_progress(s, a, words=sent("words", longest=LONGEST), for_resident=for_resident),
    )


@department_desk.post("/referrals/<int:referral_id>/hand-over")
@requires(Permission.REFERRAL_ANSWER)
def hand_over(referral_id: int) -> Page:
    """A colleague has it from now on."""
    return _step(referral_id, "hand-over", lambda s, a: service.hand_over(s, a, officer_id=id_sent("officer") or 0))


@department_desk.post("/referrals/<int:referral_id>/help-sign")
@requires(Permission.REFERRAL_ANSWER)
def help_sign(referral_id: int) -> Page:
    """A helping unit has seen it."""
    return _step(referral_id, "help-sign", service.helper_sign)


@department_desk.post("/referrals/<int:referral_id>/help")
@requires(Permission.REFERRAL_ANSWER)
def help_report(referral_id: int) -> Page:
    """What a helping unit tells the lead."""
    return _step(referral_id, "help", lambda s, a: service.helper_report(s, a, words=sent("words", longest=LONGEST)))


def _unit() -> int:
    """The person's unit; who works in none is told whom to ask."""
    unit_id = actor().unit_id
    if unit_id is None:
        raise Forbidden("您的账号还没有归到哪个承办单位。请联系管理员在“人员与角色”里选好单位。")
    return unit_id


def _days() -> int:
    raw = request.form.get("days", "")
    if not (raw.isascii() and raw.isdecimal() and len(raw) < 4):
        raise InvalidInput("请填写要延几个工作日，用数字。", field="days")
    return whole_number(raw)


def _step(referral_id: int, panel: str, act: Callable[[Session, Acting], Any]) -> Page:
    try:
        act(db(), acting(referral_id))
    except DomainError as error:
        db().rollback()
        return show_task(referral_id, error=error, panel=panel)
    return redirect(url_for("department_desk.referral", referral_id=referral_id, done=panel), code=303)
