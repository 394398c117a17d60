"""从常用答复开始: what the forms of a card offer to begin with, and the words that were chosen."""

from collections.abc import Mapping

from flask import g, request

from intake.domain.answer_template import ACTION_NAMES
from intake.domain.submission import SubmissionAction
from intake.queries.answer_template import Start, start_from, starts_for
from intake.web.asked import id_asked
from intake.web.guard import actor
from intake.web.unit_of_work import db


def words_started() -> Mapping[str, str]:
    """What the open form begins with when the address names a template (`panel`, `template`): its words, by the name of the box."""
    chosen, panel = id_asked("template"), request.args.get("panel", "")
    if chosen is None or panel not in {action.value for action in ACTION_NAMES}:
        return {}
    found = start_from(db(), actor(), chosen)
    return {"words": found.words} if found is not None and found.action.value == panel else {}


def starts_of(panel: str, category: str | None) -> tuple[Start, ...]:
    """What the form `panel` may start from; asked once a page."""
    found: dict[SubmissionAction, tuple[Start, ...]] | None = g.get("starts")
    if found is None:
        found = g.starts = starts_for(db(), actor(), category=category)
    return found[SubmissionAction(panel)]
