"""Shapes of what the API answers with, in JSON Schema 2020-12."""

from intake.domain.point import AreaKind
from intake.domain.release import ReleaseKind
from intake.queries.public_request import RequestStatus
from intake.web.api.described import Schema

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NOTHING: Schema = {"type": "null"}
TEXT_OR_NOTHING: Schema = {"type": ["string", "null"]}
WHOLE_OR_NOTHING: Schema = {"type": ["integer", "null"]}
DEGREES_OR_NOTHING: Schema = {"type": ["number", "null"]}
MOMENT: Schema = {"type": "string", "format": "date-time"}
ADDRESS: Schema = {"type": "string", "format": "uri"}


def named(name: str) -> Schema:
    """A reference to one of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(schema: Schema) -> Schema:
    """Any number of them."""
    return {"type": "array", "items": schema}


def record(**properties: Schema) -> Schema:
    """An object with these fields, all of them and no others."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _table(**columns: Schema) -> Schema:
    return record(table=TEXT, licence=TEXT, publisher=TEXT, source=ADDRESS, rows=list_of(record(**columns)))


SCHEMAS: dict[str, Schema] = {
    "Errors": list_of(record(code=WHOLE, description=TEXT)),
    "Discovery": record(
        changeset=MOMENT,
        contact=TEXT,
        key_service=TEXT,
        endpoints=list_of(record(specification=ADDRESS, url=ADDRESS, changeset=MOMENT, type=TEXT, formats=list_of(TEXT))),
    ),
    "Service": record(
        service_code=TEXT,
        service_name=TEXT,
        description=TEXT,
        metadata={"const": False},
        type={"const": "realtime"},
        keywords=TEXT,
        group=TEXT,
    ),
    "Definition": record(service_code=TEXT, attributes={"type": "array", "maxItems": 0}),
    "Filed": {
        **list_of(record(service_request_id=TEXT, service_notice=TEXT, account_id=NOTHING)),
        "minItems": 1,
        "maxItems": 1,
    },
    "Request": record(
        service_request_id=TEXT,
        status={"enum": [one.value for one in RequestStatus]},
        status_notes=TEXT,
        service_name=TEXT_OR_NOTHING,
        service_code=TEXT_OR_NOTHING,
        description=TEXT_OR_NOTHING,
        agency_responsible=NOTHING,
        service_notice=TEXT_OR_NOTHING,
        requested_datetime=MOMENT,
        updated_datetime=MOMENT,
        expected_datetime=NOTHING,
        address=TEXT,
        address_id=NOTHING,
        zipcode=NOTHING,
        lat=DEGREES_OR_NOTHING,
        long=DEGREES_OR_NOTHING,
        media_url=NOTHING,
    ),
    "Token": {**list_of(record(service_request_id=TEXT, token=TEXT)), "minItems": 1, "maxItems": 1},
    "Matters": _table(
        id=WHOLE,
        matter=TEXT,
        kind={"enum": [one.value for one in ReleaseKind]},
        title=TEXT,
        words=TEXT,
        area_id=WHOLE,
        area=TEXT,
        district=TEXT,
        submissions=WHOLE_OR_NOTHING,
        released_at=MOMENT,
        url=ADDRESS,
    ),
    "Places": _table(
        area_id=WHOLE,
        parent_id=WHOLE_OR_NOTHING,
        kind={"enum": [one.value for one in AreaKind]},
        name=TEXT,
        points=WHOLE,
        latitude=DEGREES_OR_NOTHING,
        longitude=DEGREES_OR_NOTHING,
        url=ADDRESS,
    ),
    "Figures": _table(
        month=TEXT,
        area_id=WHOLE,
        area=TEXT,
        received=WHOLE_OR_NOTHING,
        answered=WHOLE_OR_NOTHING,
        closed=WHOLE_OR_NOTHING,
    ),
    "Similar": {
        "type": "object",
        "properties": {
            "lead": TEXT,
            "matters": list_of(
                {
                    "type": "object",
                    "properties": {"title": TEXT, "state": TEXT, "where": TEXT, "url": TEXT},
                    "required": ["title", "state", "where", "url"],
                }
            ),
            "turn_to": {"type": ["object", "null"]},
            "personal": {"type": "array"},
        },
        "required": ["matters", "turn_to", "personal"],
    },
}
"""By name, as `named` refers to them."""
