"""Topics whose residents said alike, for the scripts of members' and staff's pages; their searches find the same without script."""

from flask import Response, jsonify, request

from intake.domain.permission import Permission
from intake.queries.lease import recused_ids
from intake.queries.similar import WORDS_MAX, similar
from intake.web.guard import actor
from intake.web.unit_of_work import db

SHOWN = 10


def alike(reads: Permission) -> Response:
    """Topics of the person's district that still take in submissions and are like `q`, best first.

    With a sentence that says so where the person holds `reads`; elsewhere a topic's page, with its residents' words, is closed to them.
    """
    person = actor()
    words = request.args.get("q", "").replace("\x00", "").strip()[:WORDS_MAX]
    found = similar(db(), district_id=person.district_id, words=words, limit=SHOWN) if person.district_id is not None else ()
    hidden = recused_ids(db(), person, [one.submission_id for one in found])
    return jsonify(
        [
            {
                "id": one.id,
                "number": one.number,
                "title": one.title,
                "where": one.area_name,
                "count": one.submissions,
                "said": one.sentence if person.may(reads, area_path=one.area_path) and one.submission_id not in hidden else "",
            }
            for one in found
        ]
    )
