"""The decisions on one topic: each leads back to where it was pressed, and a refusal shows the form again with what was typed."""

from flask import make_response, redirect, request

from intake.domain.errors import Conflict, DomainError
from intake.domain.language.reply_gate import check_reason
from intake.domain.permission import Permission
from intake.domain.topic import TopicAction, TopicState
from intake.domain.topic_return import with_missing
from intake.queries.screening_round import draft_of, waiting_draft
from intake.queries.topic_board import topic_after
from intake.services import topic_finish
from intake.services.screening_round import draft
from intake.services.topic_screen import Screening, screen, take_up, unmerge
from intake.web.asked import id_sent, one_of
from intake.web.district.blueprint import district
from intake.web.district.board import Page, again, back_to, refused
from intake.web.district.place import FIND, missing_sent, on_board, place_of
from intake.web.guard import actor, requires
from intake.web.numbers import whole_number
from intake.web.reply_check import LookedAt, look_at
from intake.web.unit_of_work import db, wiring


@district.post("/topics/<int:topic_id>/take-up")
@requires(Permission.SCREEN_DECIDE)
def take(topic_id: int) -> Page:
    """Take a candidate up; it stays open, since now it is to be decided."""
    try:
        take_up(db(), _screening(topic_id))
    except DomainError as error:
        return refused(topic_id, error)
    return redirect(back_to(topic_id, topic_id, TopicAction.TAKE_UP), code=303)


@district.post("/topics/<int:topic_id>/decide")
@requires(Permission.SCREEN_DECIDE)
def decide(topic_id: int) -> Page:
    """Approve, return, merge, refer, reject, now or with a round: the button pressed says which."""
    raw = request.form.get("action", "")
    if raw == FIND:
        return again(topic_id, error=None)
    looked_at = look_at(request.form.get("words", ""), check_reason)
    if looked_at is not None:
        return _not_yet(topic_id, looked_at)
    action = one_of(TopicAction, raw) or TopicAction.PROPOSE
    following = _next(topic_id)  # asked first: a decision moves the topic to another place in the order
    try:
        _decide(topic_id, action)
    except DomainError as error:
        return refused(topic_id, error)
    return redirect(back_to(topic_id, following, action), code=303)


@district.post("/topics/<int:topic_id>/unmerge")
@requires(Permission.SCREEN_DECIDE)
def take_merge_back(topic_id: int) -> Page:
    """Undo a merge."""
    try:
        unmerge(db(), _screening(topic_id), words=request.form.get("words", ""))
    except DomainError as error:
        return refused(topic_id, error)
    return redirect(back_to(topic_id, topic_id, TopicAction.UNMERGE), code=303)


@district.post("/topics/<int:topic_id>/verify")
@requires(Permission.SCREEN_DECIDE)
def finish(topic_id: int) -> Page:
    """Every measure is verified: everyone behind the topic is told the result."""
    try:
        topic_finish.verify(db(), _screening(topic_id), words=request.form.get("words", ""), workflow=wiring().workflow)
    except DomainError as error:
        return refused(topic_id, error)
    return redirect(back_to(topic_id, topic_id, TopicAction.VERIFY), code=303)


def _screening(topic_id: int) -> Screening:
    return Screening(actor=actor(), topic_id=topic_id, version=whole_number(request.form.get("version", "")), at=wiring().clock.now())


def _decide(topic_id: int, action: TopicAction) -> None:
    """At once, or as a draft of the round that was chosen."""
    words = request.form.get("words", "")
    if action is TopicAction.RETURN:
        words = with_missing(words, missing_sent())
    target = request.form.get("target", "")
    target_id = whole_number(target, field="target") if target and action is TopicAction.MERGE else None
    office_id = id_sent("office") if action is TopicAction.REFER else None
    round_id = id_sent("round")
    if round_id is not None:
        draft(db(), _screening(topic_id), action, round_id=round_id, words=words, target_topic_id=target_id, office_id=office_id)
        return
    screen(
        db(),
        _screening(topic_id),
        action,
        words=words,
        target_topic_id=target_id,
        workflow=wiring().workflow,
        office_id=office_id,
    )
    _refuse_waiting(topic_id)


def _refuse_waiting(topic_id: int) -> None:
    """Conflict where a colleague's decision waits to be published: whoever decides otherwise had the page open before, and hasn't read it.

    Asked once the topic is locked, so that nobody writes one meanwhile.
    """
    waiting = waiting_draft(db(), topic_id)
    if waiting is None or waiting.topic_version != whole_number(request.form.get("version", "")):
        return
    found = draft_of(db(), actor(), topic_id)
    name = found.round_name if found is not None else ""
    raise Conflict(f"这个议题已经有一个决定等着在“{name}”公布。要改，请到那一轮里改话或者收回。")


def _next(topic_id: int) -> int | None:
    """What to look at after a decision: the next in the column one came from, else the topic itself."""
    column = one_of(TopicState, request.form.get("column", ""))
    if not on_board() or column is None:
        return topic_id
    place = place_of(request.form)
    return topic_after(db(), actor(), topic_id, state=column, words=place.words, route=place.route, order=place.order)


def _not_yet(topic_id: int, looked_at: LookedAt) -> Page:
    page = make_response(again(topic_id, error=None, looked_at=looked_at), 422)
    page.headers["HX-Push-Url"] = "false"
    return page
