"""找一找: among everything that was released, by words, kind and place."""

from flask import render_template, request
from werkzeug.wrappers import Response

from intake.domain.release import KIND_NAMES, ReleaseKind
from intake.queries.public_search import search
from intake.web.asked import one_of, words_asked
from intake.web.guard import open_to_all
from intake.web.public.blueprint import public
from intake.web.public.caching import cacheable
from intake.web.public.scope import scope_asked
from intake.web.unit_of_work import db


@public.get("/search")
@open_to_all
def find() -> Response:
    """What was found, the latest first, or how to find something."""
    words, after = words_asked(), request.args.get("after", "")
    kind = one_of(ReleaseKind, request.args.get("kind", ""))
    scope = scope_asked()
    page = search(db(), words, area=scope.area, kind=kind, after=after)
    return cacheable(render_template("public/search.html", scope=scope, words=words, kind=kind, kinds=KIND_NAMES, page=page, after=after))
