"""What is under way nearby, while somebody writes: only titles that staff released, and nothing of what was typed is kept."""

from dataclasses import dataclass

from flask import Flask, Response, current_app, jsonify, render_template, request, url_for

from intake.domain.errors import TooMany
from intake.domain.release import KIND_NAMES
from intake.queries.point import PointView
from intake.queries.similar import WORDS_MAX, WORDS_MIN, Released, Shelf, shelf
from intake.web.labels import translated
from intake.web.language import translate as _
from intake.web.remembered import Remembered
from intake.web.resident.device import device_key
from intake.web.unit_of_work import db, wiring

SECONDS = 60
SHOWN, SHOWN_ON_PAGE = 3, 10
POINT_LIMIT = "20000/hour"
"""A whole neighbourhood writing at one wall; beyond that the form does without."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """One matter that the public may read of."""

    title: str
    state: str
    where: str
    url: str


def init_similar(app: Flask) -> None:
    """The memory of this application."""
    app.extensions["similar"] = Remembered[Shelf](seconds=SECONDS)


def similar_at(point: PointView) -> str | Response:
    """What is like the words in `q`: JSON for the form's script, a page for everybody else. Raises TooMany."""
    words = request.args.get("q", "").strip()[:WORDS_MAX]
    wanted = request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    if len(words) >= WORDS_MIN:
        _brake(point)
    found = _nearby(point, words, limit=SHOWN if wanted else SHOWN_ON_PAGE)
    if not wanted:
        return render_template("resident/similar.html", point=point, words=words, found=found, too_short=len(words) < WORDS_MIN)
    response = jsonify([{"title": one.title, "state": one.state, "where": one.where, "url": one.url} for one in found])
    response.vary.add("Accept")
    return response


def _nearby(point: PointView, words: str, *, limit: int) -> tuple[Nearby, ...]:
    if len(words) < WORDS_MIN:
        return ()
    memory: Remembered[Shelf] = current_app.extensions["similar"]
    kept = memory.get(point.district_id, lambda: shelf(db(), district_id=point.district_id), at=wiring().clock.now())
    return tuple(map(_shown, kept.like(words, area_path=point.area_path, limit=limit)))


def _shown(one: Released) -> Nearby:
    return Nearby(one.title, translated(KIND_NAMES[one.kind]), one.area_name, url_for("public.topic", number=one.topic_number))


def _brake(point: PointView) -> None:
    wired = wiring()
    if not wired.limiter.hit_all(
        (wired.settings.similar_limit, ("similar-device", device_key().hex())), (POINT_LIMIT, ("similar-point", str(point.id)))
    ):
        raise TooMany(_("查得太频繁了，请过一会儿再试。您可以直接提交。"))
