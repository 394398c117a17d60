"""Topics whose residents said alike, for the scripts of members' and staff's pages; their searches find the same without script."""

from flask import Response, jsonify, request

from intake.queries.similar import WORDS_MAX, similar
from intake.web.guard import actor
from intake.web.unit_of_work import db

SHOWN = 10


def alike() -> Response:
    """Topics of the person's district that still take in submissions and are like `q`, best first, with a sentence that says so."""
    words = request.args.get("q", "").replace("\x00", "").strip()[:WORDS_MAX]
    district_id = actor().district_id
    found = similar(db(), district_id=district_id, words=words, limit=SHOWN) if district_id is not None else ()
    return jsonify(
        [
            {"id": one.id, "number": one.number, "title": one.title, "where": one.area_name, "count": one.submissions, "said": one.sentence}
            for one in found
        ]
    )
