"""What every job stands on: the process's wiring, a session per job, what happens after an error, and the logs.

Retry policy: nothing is retried here and RQ retries nothing. The row is its own outbox, so an error that may pass (RetryableError, the
database away, a deadlock, a lock not had in time) is logged and the job ends quietly: the sweep wakes it again within 30 s, with the rows
just as they were. Any other error is logged and raised as JobFailed, so that RQ counts it; the sweep comes back all the same.
"""

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from config.settings import Settings
from intake.adapters.redis_queue import wake_key
from intake.domain.errors import RetryableError
from intake.ports import Wake
from intake.services.point_count import count_steps, noted
from intake.services.wake import send_wakes
from intake.wiring import Wiring, wire

log = structlog.get_logger(__name__)

PASSING = (RetryableError, OperationalError, InterfaceError)
"""Errors that another try may not meet."""

CONNECTIONS = 2
_PROJECT = Path(__file__).parent.parent
_wiring: Wiring | None = None
_making = threading.Lock()
_stop = threading.Event()


class JobFailed(Exception):
    """A job ended by an error; says which and where, but nothing of the rows, since RQ writes it to Redis and to the log."""


def process_wiring() -> Wiring:
    """The process's one Wiring, made from the environment when first asked for; SettingsError names what is missing."""
    global _wiring  # noqa: PLW0603 -- one a process is what it is
    with _making:
        if _wiring is None:
            _wiring = wire(Settings.from_env(), pool_size=CONNECTIONS)
        return _wiring


def use_wiring(wiring: Wiring | None) -> None:
    """Let the jobs of this process work with `wiring`; None makes the next one from the environment again."""
    global _wiring  # noqa: PLW0603 -- as above
    with _making:
        _wiring = wiring


def request_stop() -> None:
    """Ask long jobs to end at the next good moment; safe in a signal handler."""
    _stop.set()


def stopping() -> bool:
    """Whether the process was asked to end."""
    return _stop.is_set()


def wait_for_stop(seconds: float) -> bool:
    """Wait up to `seconds`, less if the process is asked to end; whether it was."""
    return _stop.wait(seconds)


@contextmanager
def job_session() -> Iterator[Session]:
    """A session that commits at the end, then sends the wake-ups and counts the scans noted in it; any error rolls back and does neither."""
    wiring = process_wiring()
    with wiring.sessions() as session:
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        send_wakes(session, wiring.queue)
        _count_noted(session)


def _count_noted(session: Session) -> None:
    """Count the scans and submissions that were noted; what the job did stands, whatever becomes of them."""
    steps = noted(session)
    try:
        if steps:
            count_steps(session, steps)
            session.commit()
    except SQLAlchemyError as error:
        session.rollback()
        log.warning("points_not_counted", error=type(error).__name__, steps=len(steps))


def acknowledge_wake(kind: Wake) -> None:
    """Forget the wake-up that brought us here, so that rows written from now on send another; first act of a job.

    Doesn't raise when Redis is away: the key ends by itself after 5 s.
    """
    wiring = process_wiring()
    try:
        wiring.redis.delete(wake_key(kind))
    except RedisError as error:
        log.warning("wake_not_acknowledged", kind=kind.value, error=type(error).__name__)


def job(kind: Wake) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Make a function the job for `kind`: acknowledge, run, log, and apply the retry policy."""

    def wrap(work: Callable[[], None]) -> Callable[[], None]:
        @wraps(work)
        def run() -> None:
            acknowledge_wake(kind)
            began = time.monotonic()
            try:
                work()
            except PASSING as error:
                log.warning("job_put_off", job=kind.value, **describe(error))
            except Exception as error:  # noqa: BLE001 -- raised again below, without what it quotes
                seen = describe(error)
                log.error("job_failed", job=kind.value, **seen)  # noqa: TRY400 -- a traceback may quote a resident's words
                raise JobFailed(f"{kind.value}: {seen['error']} at {seen['at']}") from None
            else:
                log.debug("job_done", job=kind.value, seconds=round(time.monotonic() - began, 3))

        return run

    return wrap


def describe(error: BaseException) -> dict[str, str]:
    """Which error and where in our code, without its message: the database quotes rows in it, and a row holds a resident's words."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    state = getattr(cause, "sqlstate", None)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_ours(frame.filename)]
    where = f"{Path(frames[-1].filename).relative_to(_PROJECT)}:{frames[-1].lineno}" if frames else "?"
    return {"error": type(cause).__name__ + (f" {state}" if state else ""), "at": where}


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    return path.is_relative_to(_PROJECT / "workers") or path.is_relative_to(_PROJECT / "intake")
