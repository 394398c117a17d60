"""What the tests of jobs share: running them in this process, and reading what they left."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from intake.domain.contributor import ContributorStatus
from intake.domain.submission import SubmissionAction, SubmissionState
from intake.models import Contributor, Finding, HistoryEntry, Submission, SubmissionGrams, Topic
from intake.wiring import Wiring
from workers.runtime import use_wiring


@contextmanager
def jobs_in_this_process(wiring: Wiring) -> Iterator[None]:
    """Let `run()` of every job work with `wiring`."""
    use_wiring(wiring)
    try:
        yield
    finally:
        use_wiring(None)


def waiting_for_the_district(session: Session) -> int:
    """How many wait for an advisory lock in this test's database; pg_locks shows those of every other test of the moment too."""
    session.rollback()
    own = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    return int(session.execute(text(f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND {own}")).scalar_one())


def in_state(session: Session, state: SubmissionState) -> int:
    """How many submissions are in `state`."""
    return session.scalar(select(func.count()).select_from(Submission).where(Submission.state == state)) or 0


def assert_triaged_exactly_once(session: Session, submissions: int) -> None:
    """Every submission has one finding, one step of history, one index row and at most one place; counts agree with the rows."""
    session.rollback()
    assert in_state(session, SubmissionState.TRIAGED) == submissions
    assert (
        session.scalars(select(Finding.submission_id).order_by(Finding.submission_id)).all()
        == session.scalars(select(Submission.id).order_by(Submission.id)).all()
    )
    steps = select(func.count()).where(HistoryEntry.noun == "submission", HistoryEntry.action == SubmissionAction.TRIAGE.value)
    assert session.scalar(steps) == submissions
    assert session.scalar(select(func.count()).select_from(SubmissionGrams)) == submissions
    counted = session.execute(text("SELECT district_id, unnest(grams) AS gram, count(*) FROM submission_grams GROUP BY 1, 2 ORDER BY 1, 2"))
    kept = session.execute(text("SELECT district_id, gram, documents FROM gram_counts ORDER BY 1, 2"))
    assert kept.all() == counted.all()
    live = select(func.count()).where(Contributor.status != ContributorStatus.REMOVED)
    assert session.scalar(live) == session.scalar(select(func.sum(Topic.suggested_count + Topic.confirmed_count)))


def topics_of(session: Session) -> dict[int, set[int]]:
    """Submission ids by the topic they are suggested for."""
    found: dict[int, set[int]] = {}
    for row in session.scalars(select(Contributor).where(Contributor.status == ContributorStatus.SUGGESTED)):
        found.setdefault(row.topic_id, set()).add(row.submission_id)
    return found
