"""公开征题 at its own point: the form while it runs; before and after, what it asks, when, and what came of it."""

from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app, render_template

from intake.domain.errors import NotFound
from intake.domain.open_call import CallStage
from intake.queries.open_call import CallView, call_at, ordinary_point_near, told_answers
from intake.queries.point import PointView
from intake.web.footer import belongs_to
from intake.web.remembered import Remembered
from intake.web.unit_of_work import db, wiring

SECONDS = 60


@dataclass(frozen=True, slots=True)
class CallOnPage:
    """The call and how many answers came; None where so few could point at a person."""

    call: CallView
    answers: int | None


def init_calls(app: Flask) -> None:
    """The memory of this application for counts."""
    app.extensions["call_answers"] = Remembered[int | None](seconds=SECONDS)


def call_on_page(point: PointView) -> CallOnPage | None:
    """What the form of a call's point shows beside its box; None for every other point, without asking."""
    at = wiring().clock.now()
    call = call_at(db(), point, at=at)
    return CallOnPage(call, _answers(call, at=at)) if call is not None else None


def call_page(point: PointView, shown: CallOnPage) -> tuple[str, int] | str:
    """Its page outside its days; NotFound while nobody but staff may see it."""
    belongs_to(point.district_id)
    if shown.call.stage is None:
        raise NotFound("这里还没有开始征集。有话要说，可以扫社区墙上的码，或到社区服务台说。")
    near = ordinary_point_near(db(), point)
    return render_template("resident/call.html", point=point, shown=shown, call=shown.call, stage=shown.call.stage, near=near)


def is_form(shown: CallOnPage | None) -> bool:
    """Whether the point's page is a form: of an ordinary point, or of a call that runs."""
    return shown is None or shown.call.stage is CallStage.RUNNING


def _answers(call: CallView, *, at: datetime) -> int | None:
    memory: Remembered[int | None] = current_app.extensions["call_answers"]
    return memory.get(call.id, lambda: told_answers(db(), call.id), at=at)
