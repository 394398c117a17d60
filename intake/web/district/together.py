"""一起筛选: topics ticked on the board, looked at together, then one decision with one reason for all of them."""

from collections.abc import Sequence

from flask import render_template, request

from intake.domain.errors import DomainError, InvalidInput
from intake.domain.language.reply_gate import check_reason
from intake.domain.permission import Permission
from intake.domain.topic import TopicAction
from intake.domain.topic_return import MISSING_NAMES, with_missing
from intake.queries.topics_together import topics_chosen
from intake.services.topic_screen_together import AT_ONCE, TOGETHER, Together, screen_together
from intake.web.asked import id_sent, one_of, sent
from intake.web.district.blueprint import district
from intake.web.district.board import Page
from intake.web.district.place import missing_sent
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.numbers import LARGEST, whole_number
from intake.web.reply_check import LookedAt, look_at
from intake.web.unit_of_work import db, wiring

Picks = tuple[tuple[int, int], ...]
"""Ids, each with the version that was on the screen."""


@district.get("/topics/together")
@requires(Permission.SCREEN_DECIDE)
def together() -> Page:
    """What was ticked, and the form to decide on it."""
    picks = _picks(request.args.getlist("pick"))
    return _page(picks[:AT_ONCE], ticked=len(picks))


@district.post("/topics/together")
@requires(Permission.SCREEN_DECIDE)
def decide_together() -> Page:
    """Decide on each; those that changed meanwhile are left out and named. Pressed again, all of them have changed."""
    action = one_of(TopicAction, request.form.get("action", ""))
    try:
        if action is None or action not in TOGETHER:
            raise InvalidInput("请先选怎么处理。", field="action")
        looked_at = look_at(sent("words"), check_reason) if action is not TopicAction.TAKE_UP else None
        if looked_at is not None:
            return _page(_sent_picks(), action=action, looked_at=looked_at), 422
        made = _decide(action)
    except DomainError as error:
        db().rollback()
        return _page(_sent_picks(), action=action, error=error), status_of(error)
    return _page((), action=action, made=made)


def _decide(action: TopicAction) -> Together:
    words = sent("words")
    return screen_together(
        db(),
        actor=actor(),
        chosen=tuple(_pick(raw) for raw in dict.fromkeys(request.form.getlist("pick"))),
        action=action,
        words=with_missing(words, missing_sent()) if action is TopicAction.RETURN else words,
        workflow=wiring().workflow,
        at=wiring().clock.now(),
        round_id=id_sent("round"),
    )


def _page(
    picks: Picks,
    *,
    ticked: int = 0,
    action: TopicAction | None = None,
    looked_at: LookedAt | None = None,
    error: DomainError | None = None,
    made: Together | None = None,
) -> str:
    """The form for `picks`, the first of `ticked`; or what was `made`."""
    shown = made.done if made is not None else tuple(topic_id for topic_id, _ in picks)
    return render_template(
        "district/together.html",
        topics=topics_chosen(db(), actor(), shown),
        versions=dict(picks),
        at_once=AT_ONCE,
        choices=TOGETHER,
        action=action,
        missing=MISSING_NAMES,
        lacking=missing_sent(),
        picked=ticked,
        looked_at=looked_at,
        words=sent("words"),
        error=error,
        made=made,
    )


def _sent_picks() -> Picks:
    """One more than may be decided at once, so that nobody is told what they can't see."""
    return _picks(request.form.getlist("pick"))[: AT_ONCE + 1]


def _picks(raws: Sequence[str]) -> Picks:
    """Those that can be read: for a page, which has nothing to refuse."""
    found: dict[int, int] = {}
    for raw in raws:
        topic_id, _, version = raw.partition(".")
        if all(one.isascii() and one.isdecimal() and len(one) < 19 and int(one) <= LARGEST for one in (topic_id, version)):
            found[int(topic_id)] = int(version)
    return tuple(found.items())


def _pick(raw: str) -> tuple[int, int]:
    topic_id, _, version = raw.partition(".")
    return whole_number(topic_id, field="pick"), whole_number(version, field="pick")
