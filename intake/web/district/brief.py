"""议题简报 on the desk: what members sent with a topic."""

from flask import render_template, url_for

from intake.domain.permission import Permission
from intake.queries.topic_brief import brief
from intake.web.district.blueprint import district
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

__all__ = ["district"]


@district.get("/topics/<int:topic_id>/brief")
@requires(Permission.SCREEN_VIEW)
def topic_brief(topic_id: int) -> str:
    """The page as it reads and is printed."""
    found = brief(db(), actor(), topic_id, at=wiring().clock.now())
    return render_template("member/brief_sheet.html", brief=found, back=url_for("district.topic", topic_id=topic_id))
