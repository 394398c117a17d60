"""A database session per request: committed on 2xx and 3xx, rolled back otherwise; workers are woken after the commit."""

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.orm import Session

from intake.services.wake import send_wakes
from intake.web.errors import unavailable
from intake.wiring import Wiring


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
                except (DBAPIError, PendingRollbackError) as error:  # the latter where a page went on without what had failed
                    return app.make_response(unavailable(error))
                send_wakes(session, wiring().queue)
            else:
                session.rollback()
        return response

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        session: Session | None = g.pop("db", None)
        if session is not None:
            session.close()
