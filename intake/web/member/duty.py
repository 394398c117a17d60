"""值班日历 on the member's phone: mine first, then my areas', and a colleague asked to take a shift."""

from collections.abc import Callable
from enum import StrEnum

from flask import redirect, render_template, request, url_for

from intake.domain.duty import NOTE_MAX
from intake.domain.errors import DomainError, NotFound
from intake.domain.permission import Permission
from intake.domain.working_days import SHANGHAI
from intake.queries.duty import ShiftRow, calendar, own_duty, shift_of
from intake.queries.member_group import member_choices
from intake.services import duty as service
from intake.services.duty import Shifting
from intake.web.asked import one_of, sent, typed, version_sent
from intake.web.chosen_person import person_sent
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.member.views import Page, member
from intake.web.unit_of_work import db, wiring

__all__ = ["member"]


class Part(StrEnum):
    """What of the calendar is shown."""

    MINE = "mine"
    """我的."""
    ALL = "all"
    """我联系的地方."""


@member.get("/duty")
@requires(Permission.LEDGER_KEEP)
def duty() -> Page:
    """What one was asked, today, what comes; or everybody's in one's areas."""
    part, after = one_of(Part, request.args.get("part", "")) or Part.MINE, request.args.get("after", "")
    today = wiring().clock.now().astimezone(SHANGHAI).date()
    mine = part is Part.MINE
    return render_template(
        "member/duty.html",
        part=part,
        today=today,
        own=own_duty(db(), actor(), today=today) if mine else None,
        page=None if mine else calendar(db(), actor(), since=today, after=after),
        after=after,
        done=_done(),
    )


@member.get("/duty/<int:shift_id>")
@requires(Permission.LEDGER_KEEP)
def shift(shift_id: int) -> Page:
    """One shift and what one may do about it."""
    return _show(shift_id)


@member.post("/duty/<int:shift_id>/ask")
@requires(Permission.LEDGER_KEEP)
def ask_for_shift(shift_id: int) -> Page:
    """Ask a colleague to take it."""
    return _step(shift_id, "ask", lambda s: service.ask_colleague(db(), s, colleague_id=person_sent("colleague", _colleagues()) or 0))


@member.post("/duty/<int:shift_id>/take")
@requires(Permission.LEDGER_KEEP)
def take_shift(shift_id: int) -> Page:
    """It is mine now."""
    return _step(shift_id, "take", lambda s: service.take_shift(db(), s))


@member.post("/duty/<int:shift_id>/end-asking")
@requires(Permission.LEDGER_KEEP)
def end_asking(shift_id: int) -> Page:
    """I can't this time, or don't need it any more."""
    return _step(shift_id, "end", lambda s: service.end_asking(db(), s))


@member.post("/duty/<int:shift_id>/cancel")
@requires(Permission.LEDGER_KEEP)
def cancel_shift(shift_id: int) -> Page:
    """Nobody will be there."""
    return _step(shift_id, "cancel", lambda s: service.cancel_shift(db(), s, words=sent("words", longest=NOTE_MAX * 2)))


def _step(shift_id: int, act: str, step: Callable[[Shifting], object]) -> Page:
    try:
        step(Shifting(actor=actor(), shift_id=shift_id, version=version_sent(), at=wiring().clock.now()))
    except DomainError as error:
        db().rollback()
        try:
            return _show(shift_id, panel=act, error=error)
        except NotFound:
            raise error from None  # taken back meanwhile, it isn't theirs to look at; why comes first
    return redirect(url_for("member.duty", done=act), code=303)


def _show(shift_id: int, *, panel: str = "", error: DomainError | None = None) -> Page:
    found = shift_of(db(), actor(), shift_id)
    ways = _ways(found)
    page = render_template(
        "member/shift.html",
        one=found,
        ways=ways,
        colleagues=_colleagues() if "ask" in ways else (),
        panel=panel,
        typed=typed() if error is not None else {},
        note_max=NOTE_MAX,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _colleagues() -> list[tuple[int, str]]:
    """Who besides the reader, whose shift it is, could take it."""
    return [one for one in member_choices(db(), actor()) if one[0] != actor().user_id]


def _ways(one: ShiftRow) -> frozenset[str]:
    """What the person may do about it."""
    if one.is_cancelled or one.day < wiring().clock.now().astimezone(SHANGHAI).date():
        return frozenset()
    mine, asked = one.user_id == actor().user_id, one.asked_id == actor().user_id
    offered = {"ask": mine, "cancel": mine, "take": asked, "end": asked or (mine and one.asked_id is not None)}
    return frozenset(way for way, is_offered in offered.items() if is_offered)


def _done() -> str:
    return {
        "ask": _("已经告诉这位同事。接下以前，这一班还是您的。"),
        "take": _("接下了，这一班现在是您的。"),
        "end": _("好，这一班还是原来的人。"),
        "cancel": _("已取消，日历上写着原因。"),
    }.get(request.args.get("done", ""), "")
