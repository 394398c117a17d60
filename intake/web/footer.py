"""Who operates the service, at the foot of every page: what the page's district filled in, else the settings."""

from dataclasses import dataclass

from flask import Flask, current_app, g
from jinja2 import pass_context
from jinja2.runtime import Context
from sqlalchemy.exc import SQLAlchemyError

from intake.queries.public_page import Operator, operators
from intake.web.remembered import Remembered
from intake.web.unit_of_work import db, wiring

SECONDS = 60
"""How old it may be: a changed number shows within a minute, and the form costs no question of its own."""
_ALL = "operators"


@dataclass(frozen=True, slots=True)
class FooterFacts:
    """The foot of a page; empty where neither the district nor the settings say anything."""

    operator: str
    phone: str
    phone_hours: str
    icp_number: str
    """ICP 备案号."""
    police_number: str
    """公安联网备案号."""


def init_footer(app: Flask) -> None:
    """Give templates `footer_facts()`."""
    app.extensions["footer"] = Remembered[tuple[Operator, ...]](seconds=SECONDS)
    app.jinja_env.globals["footer_facts"] = footer_facts


def belongs_to(district_id: int) -> None:
    """Say which district the page of this request belongs to; without it, a signed-in person's, else the only one there is."""
    g.footer_district = district_id


@pass_context
def footer_facts(context: Context) -> FooterFacts:
    """The facts of the page's district, at most a minute old. A page that reports our own failure (status ≥ 500) asks no database."""
    status = context.get("status", 200)
    return _facts(has_failed=isinstance(status, int) and status >= 500)


def publisher() -> str:
    """Who publishes what this request answers with, where that is no page: the operator at the foot of one."""
    return _facts(has_failed=False).operator


def _facts(*, has_failed: bool) -> FooterFacts:
    memory: Remembered[tuple[Operator, ...]] = current_app.extensions["footer"]
    found: tuple[Operator, ...] | None
    if has_failed:
        found = memory.stale(_ALL)
    else:
        try:
            found = memory.get(_ALL, lambda: operators(db()), at=wiring().clock.now())
        except SQLAlchemyError:
            found = memory.stale(_ALL)  # the foot alone must not break a page
    settings = wiring().settings
    own = _own(found or ())
    if own is None:
        return FooterFacts(settings.controller_name, settings.controller_phone, "", "", "")
    return FooterFacts(
        operator=own.operator or settings.controller_name,
        phone=own.phone or settings.controller_phone,
        phone_hours=own.phone_hours if own.phone else "",
        icp_number=own.icp_number,
        police_number=own.police_number,
    )


def _own(found: tuple[Operator, ...]) -> Operator | None:
    person = g.get("actor")  # never asked for here: a page that needs nobody must not look for somebody
    district_id = g.get("footer_district") or (person.district_id if person is not None else None)
    if district_id is None:
        return found[0] if len(found) == 1 else None
    return next((one for one in found if one.district_id == district_id), None)
