"""A database session per request: committed on 2xx and 3xx, rolled back otherwise; workers are woken after the commit, scans counted after the
answer.
"""

import structlog
from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import DBAPIError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.orm import Session

from intake.services.point_count import count_steps, first_times, noted
from intake.services.wake import send_wakes
from intake.wiring import Wiring

log = structlog.get_logger(__name__)


def wiring() -> Wiring:
    """The process's wiring."""
    found: Wiring = current_app.extensions["wiring"]
    return found


def db() -> Session:
    """The request's session, opened at first use.

    A request that only reads needs no transaction: two round trips less for the form that everybody opens.
    """
    if "db" not in g:
        wired = wiring()
        g.db = wired.sessions() if request.method == "POST" else wired.sessions(bind=wired.reading)
    found: Session = g.db
    return found


def init_unit_of_work(app: Flask) -> None:
    """Commit at the edge, and close whatever happens."""

    @app.after_request
    def commit(response: Response) -> Response:
        session: Session | None = g.get("db")
        if session is not None:
            if response.status_code < 400:
                try:
                    session.commit()
                except (DBAPIError, PendingRollbackError) as error:
                    return app.make_response(app.handle_user_exception(error))  # each blueprint says it in its own way
                send_wakes(session, wiring().queue)
                _count_after(response, session)
            else:
                session.rollback()
        return response

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        session: Session | None = g.pop("db", None)
        if session is not None:
            session.close()


def _count_after(response: Response, session: Session) -> None:
    """Count what was noted once the answer has gone out and the request's connection is given back: nobody waits for a count."""
    steps, wired = noted(session), wiring()

    def count() -> None:
        try:
            with wired.sessions(bind=wired.reading) as apart:
                count_steps(apart, first_times(wired.limiter, steps))
        except SQLAlchemyError as error:
            log.warning("points_not_counted", error=type(error).__name__, steps=len(steps))

    if steps:
        response.call_on_close(count)
