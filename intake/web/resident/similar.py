"""What is under way nearby, while somebody writes: only titles that staff released, and nothing of what was typed is kept."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, jsonify, render_template, request, url_for

from intake.domain.errors import TooMany
from intake.domain.language.route_out import route_out
from intake.domain.release import KIND_NAMES
from intake.domain.text import TEXT_MAX
from intake.queries.point import PointView
from intake.queries.similar import WORDS_MAX, WORDS_MIN, Released, Shelf, shelf
from intake.web.asked import wants_json
from intake.web.labels import translated
from intake.web.language import translate as _
from intake.web.remembered import Remembered
from intake.web.resident.device import device_key
from intake.web.resident.endorser import issue_endorse_key
from intake.web.resident.noticed import personal_json, turn_to_json
from intake.web.unit_of_work import db, wiring

SECONDS = 60
SHOWN, SHOWN_ON_PAGE = 3, 10
POINT_LIMIT = "20000/hour"
"""A whole neighbourhood writing at one wall; beyond that the form does without."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """One matter that the public may read of."""

    topic_id: int
    number: str
    title: str
    state: str
    where: str
    behind: int | None
    """Submissions behind it; None where so few could point at a person."""
    is_under_way: bool
    url: str


def init_similar(app: Flask) -> None:
    """The memory of this application."""
    app.extensions["similar"] = Remembered[Shelf](seconds=SECONDS)


def similar_at(point: PointView) -> str | Response:
    """What is like the words in `q`: for the form's script with all that it shows of them, a page for everybody else. Raises TooMany."""
    words = request.values.get("q", "").strip()[:TEXT_MAX]
    if len(words) >= WORDS_MIN:
        _brake(point)
    if wants_json():
        return _for_script(point, words)
    found = _nearby(point, words, limit=SHOWN_ON_PAGE)
    return render_template("resident/similar.html", point=point, words=words, found=found, too_short=len(words) < WORDS_MIN)


def _for_script(point: PointView, words: str) -> Response:
    enough = words if len(words) >= WORDS_MIN else ""
    response = jsonify(
        {
            "lead": _("附近已经公开的事，看看是不是您要说的："),
            "lost": _("没有连上网络，还没有附议。请再点一次。"),
            "matters": [_matter_json(one, point) for one in _nearby(point, enough, limit=SHOWN)],
            "turn_to": turn_to_json(route_out(enough)),
            "personal": personal_json(enough),
        }
    )
    response.vary.add("Accept")
    return response


def _matter_json(one: Nearby, point: PointView) -> dict[str, Any]:
    """`endorse`: where one press joins it, and the key to it; null once it has ended, which `ended` says."""
    joining = {
        "url": url_for("resident.do_endorse", number=one.number),
        "key": issue_endorse_key(topic_id=one.topic_id, point_id=point.id),
        "words": _("附议"),
    }
    return {
        "title": one.title,
        "state": one.state,
        "where": one.where,
        "behind": _("来件 %(count)s 件", count=one.behind) if one.behind else "",
        "url": one.url,
        "endorse": joining if one.is_under_way else None,
        "ended": "" if one.is_under_way else _("已经办完：如果您那里还有，请另外写"),
    }


def _nearby(point: PointView, words: str, *, limit: int) -> tuple[Nearby, ...]:
    if len(words) < WORDS_MIN:
        return ()
    memory: Remembered[Shelf] = current_app.extensions["similar"]
    kept = memory.get(point.district_id, lambda: shelf(db(), district_id=point.district_id), at=wiring().clock.now())
    return tuple(_shown(one) for one in kept.like(words[-WORDS_MAX:], area_path=point.area_path, limit=limit))


def _shown(one: Released) -> Nearby:
    return Nearby(
        topic_id=one.topic_id,
        number=one.topic_number,
        title=one.title,
        state=translated(KIND_NAMES[one.kind]),
        where=one.area_name,
        behind=one.behind,
        is_under_way=one.is_under_way,
        url=url_for("public.topic", number=one.topic_number),
    )


def _brake(point: PointView) -> None:
    wired = wiring()
    if not wired.limiter.hit_all(
        (wired.settings.similar_limit, ("similar-device", device_key().hex())), (POINT_LIMIT, ("similar-point", str(point.id)))
    ):
        raise TooMany(_("查得太频繁了，请过一会儿再试。您可以直接提交。"))
