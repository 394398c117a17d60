"""The description of the API, for people and for programs."""

from itertools import groupby

from flask import Response, render_template

from intake.web.api import open311, refusals
from intake.web.api.blueprint import api
from intake.web.api.described import Operation, openapi_of
from intake.web.api.description import OPERATIONS, REASONS
from intake.web.api.formats import JSON, answer
from intake.web.api.schemas import SCHEMAS
from intake.web.api_caller import HEADER
from intake.web.guard import open_to_all
from intake.web.labels import translated
from intake.web.unit_of_work import wiring

__all__ = ["api", "open311", "refusals"]


@api.get("/api")
@open_to_all
def page() -> str:
    """All operations under their headings; those that differ only in the ending of the address, once."""
    parts = [(part, _without_twins(tuple(found))) for part, found in groupby(OPERATIONS, key=lambda one: one.part)]
    return render_template("api/page.html", parts=parts, reasons=REASONS, base=wiring().settings.base_url)


@api.get("/api/openapi.json")
@open_to_all
def openapi() -> Response:
    """OpenAPI 3.1, in the language of the request."""
    settings = wiring().settings
    info = {
        "title": translated("社情民意直报点的接口"),
        "version": open311.CHANGED[:10],
        "description": translated("交来居民的事，读公开了的事。交来要密钥，读不用。"),
    }
    document = openapi_of(OPERATIONS, SCHEMAS, info=info, server=settings.base_url, key_header=HEADER, say=translated)
    return open311.readable(answer(JSON, "openapi", document))


def _without_twins(operations: tuple[Operation, ...]) -> list[tuple[Operation, str]]:
    """Each with its address; `.json` and `.xml` of one are told as one."""
    told: dict[tuple[str, str], tuple[Operation, list[str]]] = {}
    for one in operations:
        stem, dot, ending = one.path.rpartition(".")
        same = (stem if dot and ending in {"json", "xml", "csv"} else one.path, one.method)
        told.setdefault(same, (one, []))[1].append(ending if same[0] == stem else "")
    return [(one, stem + ("." + "|".join(endings) if endings != [""] else "")) for (stem, _), (one, endings) in told.items()]
