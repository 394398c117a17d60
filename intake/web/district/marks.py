"""打分 and 谁在看: what a screener thinks of a topic by each criterion, and that they have it open."""

from flask import redirect, render_template, request, url_for

from intake.domain.errors import DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.domain.screening import MARK_MOST, Criterion
from intake.queries.topic_watch import watched
from intake.services.topic_mark import Mark, mark_topic
from intake.services.topic_watch import watch
from intake.web.asked import sent
from intake.web.district.blueprint import district
from intake.web.district.board import Page, refused
from intake.web.district.place import Typed, on_board, place_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring


@district.post("/topics/<int:topic_id>/marks")
@requires(Permission.SCREEN_DECIDE)
def mark(topic_id: int) -> Page:
    """Write down one's own marks; no version, since nobody else's are touched."""
    try:
        mark_topic(db(), actor=actor(), topic_id=topic_id, marks={one: _sent(one) for one in Criterion}, at=wiring().clock.now())
    except DomainError as error:
        typed = {one.value: (sent(f"mark-{one.value}", longest=1), sent(f"why-{one.value}")) for one in Criterion}
        return refused(topic_id, error, typed=Typed(marks=typed))
    if on_board():
        return redirect(url_for("district.board", **place_of(request.form).query, topic=topic_id, marked=1, _anchor="marks"), code=303)
    return redirect(url_for("district.topic", topic_id=topic_id, marked=1, _anchor="marks"), code=303)


@district.post("/topics/<int:topic_id>/watch")
@requires(Permission.SCREEN_VIEW)
def watch_topic(topic_id: int) -> str:
    """The page is still open; who else has it open is said in return."""
    at = wiring().clock.now()
    watch(db(), actor=actor(), topic_id=topic_id, is_typing=request.form.get("typing") == "1", at=at)
    return render_template("district/watch.html", topic_id=topic_id, watchers=watched(db(), actor(), at=at).get(topic_id, ()))


def _sent(criterion: Criterion) -> Mark:
    raw = request.form.get(f"mark-{criterion.value}", "")
    if raw and raw not in {str(number) for number in range(MARK_MOST + 1)}:
        raise InvalidInput(f"请选 0 到 {MARK_MOST} 分。", field=criterion.value)
    return Mark(int(raw) if raw else None, sent(f"why-{criterion.value}"))
