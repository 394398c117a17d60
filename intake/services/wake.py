"""Remembers which workers to wake; the edge sends the wake-ups after its commit."""

from sqlalchemy.orm import Session

from intake.ports import JobQueue, Wake


def wake_after_commit(session: Session, kind: Wake) -> None:
    """Note that rows for `kind` were written in this transaction."""
    session.info.setdefault("wakes", set()).add(kind)


def send_wakes(session: Session, queue: JobQueue) -> None:
    """Called by the edge after commit; the sweep makes good what doesn't arrive."""
    for kind in sorted(session.info.pop("wakes", ())):
        queue.wake(kind)
