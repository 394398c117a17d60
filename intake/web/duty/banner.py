"""The line on top of every page of somebody who is called to an emergency."""

from flask import Flask, g, request
from jinja2 import pass_context
from jinja2.runtime import Context
from sqlalchemy.exc import SQLAlchemyError

from intake.domain.permission import Permission
from intake.queries.alarm import Ringing, ringing
from intake.web.unit_of_work import db


def init_alarm_banner(app: Flask) -> None:
    """Give templates `alarm_ringing()`."""
    app.jinja_env.globals["alarm_ringing"] = alarm_ringing


@pass_context
def alarm_ringing(context: Context) -> Ringing | None:
    """What rings for the person behind the request; None for everybody who isn't asked, on the page of alarms itself, and where a page reports
    our own failure.
    """
    person = g.get("actor")  # never asked for here: a page that needs nobody must not look for somebody
    status = context.get("status", 200)
    failed = isinstance(status, int) and status >= 500
    if person is None or failed or request.blueprint == "alarms" or not person.may(Permission.ALARM_ANSWER):
        return None
    try:
        return ringing(db(), person)
    except SQLAlchemyError:
        return None  # the line on top alone must not break a page
