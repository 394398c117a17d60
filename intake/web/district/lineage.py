"""怎么来的: each voice of a topic with its evidence, and each turn it took."""

from flask import render_template, request

from intake.domain.permission import Permission
from intake.queries.lineage import TurnLine, lineage
from intake.web.district.blueprint import district
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db


@district.get("/topics/<int:topic_id>/lineage")
@requires(Permission.SCREEN_VIEW)
def topic_lineage(topic_id: int) -> str:
    """The latest first; keyset pages."""
    after = request.args.get("after", "")
    found = lineage(db(), actor(), topic_id, after=after)
    turns = frozenset(line for line in found.lines if isinstance(line, TurnLine))
    return render_template("district/lineage.html", found=found, topic=found.topic, turns=turns, after=after)
