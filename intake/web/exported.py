"""Who took what along: each file leaves a row in the audit before it leaves the house (`tests/taken_along.py` holds every route to it)."""

from collections.abc import Mapping

from flask import request

from intake.services.audit import record
from intake.services.wake import send_wakes
from intake.web.guard import actor
from intake.web.unit_of_work import db, wiring

Codes = Mapping[str, int | str | None]


def note_export(what: str, entity_id: int | None = None, **codes: int | str | None) -> None:
    """Write down that the signed-in person takes a file of `what` along; `codes` are formats, days and ids, never anybody's words."""
    note_visit(f"{what}.export", what, codes, entity_id=entity_id)


def note_visit(action: str, noun: str, codes: Codes, *, entity_id: int | None = None) -> None:
    """Write down that the signed-in person looked, in a session of its own: what only reads may have one that can't write."""
    assert request.method in {"GET", "HEAD"}, "what is written is noted where it is written"
    db().rollback()  # gives its connection back, so that a request never holds two
    wired, who = wiring(), actor()
    assert who.district_id is not None, "a signed-in person has a district"
    detail = {name: value for name, value in codes.items() if value not in (None, "")}
    with wired.sessions() as session:
        with session.begin():
            at = wired.clock.now()
            record(session, actor=who, district_id=who.district_id, action=action, noun=noun, entity_id=entity_id, at=at, **detail)
        send_wakes(session, wired.queue)
