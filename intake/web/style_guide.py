"""/_style: every part of both shells on one page each, to be looked at in light, dark, care and English. Development and tests only."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from flask import Blueprint, Flask, render_template, request

from intake.domain.deadline import Deadline, deadline
from intake.domain.errors import InvalidInput
from intake.domain.working_days import NO_ANNOUNCED_DAYS
from intake.web.guard import open_to_all

style_guide = Blueprint("style_guide", __name__, url_prefix="/_style")


@dataclass(frozen=True, slots=True)
class _Step:
    at: datetime
    words: str
    by: str = ""


_STEPS = (
    _Step(datetime(2026, 11, 3, 11, 42, tzinfo=UTC), "已收到您的话。"),
    _Step(datetime(2026, 11, 4, 0, 15, tzinfo=UTC), "委员把议题提交区政协筛选。", "周明远"),
    _Step(datetime(2026, 11, 7, 6, 30, tzinfo=UTC), "区政协筛选通过，进入议题库。", "李静"),
)


def _deadline(now: datetime, *, paused: datetime | None = None) -> Deadline:
    due = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    return deadline(_STEPS[0].at, due, now, holidays=NO_ANNOUNCED_DAYS, due_soon=2, paused=paused)


_DEADLINES = (
    _deadline(datetime(2026, 11, 16, 1, 0, tzinfo=UTC)),
    _deadline(datetime(2026, 11, 20, 1, 0, tzinfo=UTC)),
    _deadline(datetime(2026, 11, 25, 1, 0, tzinfo=UTC)),
    _deadline(datetime(2026, 11, 25, 1, 0, tzinfo=UTC), paused=datetime(2026, 11, 9, 1, 0, tzinfo=UTC)),
    replace(_deadline(datetime(2026, 11, 16, 1, 0, tzinfo=UTC)), certain=False),
)
"""One of each kind, and one whose year nobody has announced."""


@style_guide.get("")
@open_to_all
def phone() -> str:
    """The phone's parts, on WeUI."""
    return render_template(
        "_style/phone.html",
        error=InvalidInput("请写明在哪里、什么事。", field="sample_text"),
        steps=_STEPS,
        deadlines=_DEADLINES,
        path=request.path,
    )


@style_guide.get("/desk")
@open_to_all
def desk() -> str:
    """The desk's parts, on Tabler."""
    return render_template(
        "_style/desk.html",
        error=InvalidInput("请填写区域名称。", field="sample_name"),
        steps=_STEPS,
        deadlines=_DEADLINES,
        path=request.path,
    )


def init_style_guide(app: Flask, *, production: bool) -> None:
    """Install it everywhere but in production."""
    if not production:
        app.register_blueprint(style_guide)
