"""What the phone's script gets in place of a page, so that what waited for a signal is settled in a few hundred bytes."""

from flask import Response, jsonify, render_template, url_for

from intake.domain.errors import DomainError
from intake.domain.transition import LABELS
from intake.queries.card import Card, card
from intake.queries.member_queue import LastDecision, Workload
from intake.web.errors import status_of
from intake.web.guard import actor
from intake.web.labels import translated
from intake.web.language import translate as _
from intake.web.unit_of_work import db

Answer = tuple[Response, int]


def done_answer(*, again: bool, following: str, work: Workload | None = None, undo: LastDecision | None = None) -> Response:
    """`done`; `again`: it was made before; `next`: where one goes on; `undo`: where it is taken back, or null.

    `work` adds `heading`, `left` and `done_today` for the head of the card in hand, `undo` the line that offers to take it back (`toast`).
    """
    said: dict[str, object] = {"done": True, "again": again, "next": following, "undo": None}
    if undo is not None:
        said["undo"] = url_for("member.undo", submission_id=undo.submission_id)
        said["toast"] = render_template("_components/undo.html", undo=undo, error=None)
    if work is not None:
        said |= {"heading": _("待研判 %(count)s 件", count=work.shown), "left": work.total, "done_today": work.done_today}
    return jsonify(said)


def refusal(error: DomainError, submission_id: int | None = None) -> Answer:
    """`error`: the sentence; `field`: where it belongs or null; `state`, `by`, `card`: how the card stands now, empty where one may not see it."""
    found = _as_it_stands(submission_id) if submission_id is not None else None
    said = {
        "error": translated(error.message),
        "field": getattr(error, "field", None),
        "state": translated(LABELS[found.state]) if found is not None else "",
        "by": found.decided_by if found is not None else "",
        "card": url_for("member.show", submission_id=found.id) if found is not None else None,
    }
    return jsonify(said), status_of(error)


def look_first(submission_id: int) -> Answer:
    """Remarks wait on the page: the answer is not sent yet. The script asks for the page itself."""
    said = {"error": _("这段答复先别急着发，有几点请您看一眼。"), "field": "words", "look": True}
    return jsonify({**said, "card": url_for("member.show", submission_id=submission_id)}), 422


def _as_it_stands(submission_id: int) -> Card | None:
    try:
        return card(db(), actor(), submission_id)
    except DomainError:
        return None
