"""How far the demo's own messages have come, asked of the database."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, sessionmaker

from intake.cli.demo_stream import Stream
from intake.domain.contributor import ContributorStatus
from intake.models import Contributor, Finding, Submission, Topic

HOTTEST = 5
_CHUNK = 1000
_TOPICS_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """What the table on the screen shows; it counts this run's messages alone."""

    total: int
    receipts: int
    failed: int
    triaged: int
    topics: int
    hottest: tuple[tuple[str, int], ...]
    """Title and number of messages."""
    p50_s: float | None
    """Seconds from pressing send until the suggestion could be read; None before the first."""
    p95_s: float | None
    messages_per_s: float
    """Receipts over the time from the first send to the last receipt."""

    @property
    def waiting(self) -> int:
        """Messages with a receipt and without a suggestion."""
        return self.receipts - self.triaged


@dataclass(frozen=True, slots=True)
class Account:
    """The final count against the database."""

    submitted: int
    """Messages that were to be sent."""
    stored: int
    """Distinct receipts that stand in the database."""
    rows: int
    """Submissions our residents made; more than `stored` means that one was stored twice."""
    triaged: int
    """Of `stored`, those with a stored finding."""

    @property
    def complete(self) -> bool:
        """Whether every message was stored exactly once and has its findings."""
        return self.submitted == self.stored == self.rows == self.triaged


class Watcher:
    """Made before the first message is sent, so that what an earlier run left behind isn't counted."""

    def __init__(self, sessions: sessionmaker[Session], stream: Stream) -> None:
        self._sessions = sessions
        self._stream = stream
        self._read = 0
        self._outstanding: dict[str, float] = {}
        self._seconds: list[float] = []
        self._topics: tuple[int, tuple[tuple[str, int], ...]] = (0, ())
        self._topics_at = -math.inf
        with sessions() as session:
            self._start = session.scalar(select(func.max(Submission.id))) or 0

    def look(self, *, fully: bool = False) -> Progress:
        """The state just now; `fully` counts the topics anew even when that was done a moment ago."""
        sent = self._stream.sent()
        self._outstanding.update((one.receipt_number, one.pressed_at) for one in sent[self._read :])
        self._read = len(sent)
        with self._sessions() as session:
            self._look_for_findings(session)
            all_seen = not self._outstanding and self._stream.total == len(sent)
            if fully or all_seen or time.monotonic() - self._topics_at > _TOPICS_EVERY:
                self._topics = _topics(session, self._start)
                self._topics_at = time.monotonic()
        took = max(one.answered_at for one in sent) - min(one.pressed_at for one in sent) if sent else 0.0
        return Progress(
            total=self._stream.total,
            receipts=len(sent),
            failed=len(self._stream.failed()),
            triaged=len(self._seconds),
            topics=self._topics[0],
            hottest=self._topics[1],
            p50_s=percentile(self._seconds, 0.50),
            p95_s=percentile(self._seconds, 0.95),
            messages_per_s=len(sent) / took if took else 0.0,
        )

    def account(self) -> Account:
        """Count once more from scratch, against the tables alone."""
        numbers = sorted({one.receipt_number for one in self._stream.sent()})
        with self._sessions() as session:
            return Account(
                submitted=self._stream.total,
                stored=sum(session.scalar(_count(part)) or 0 for part in _chunks(numbers)),
                # Every simulated resident has a browser of its own, so its fingerprint finds a second row of the same message.
                rows=sum(session.scalar(_count_devices(part, self._start)) or 0 for part in _chunks(numbers)),
                triaged=sum(session.scalar(_count(part).where(_has_finding())) or 0 for part in _chunks(numbers)),
            )

    def _look_for_findings(self, session: Session) -> None:
        oldest = list(self._outstanding)[:_CHUNK]
        if not oldest:
            return
        found = session.scalars(select(Submission.receipt_number).where(Submission.receipt_number.in_(oldest), _has_finding())).all()
        now = time.monotonic()
        self._seconds += [now - self._outstanding.pop(number) for number in found]


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of all don't exceed; None of nothing."""
    return sorted(values)[math.ceil(share * len(values)) - 1] if values else None


def _has_finding() -> ColumnElement[bool]:
    return select(Finding.id).where(Finding.submission_id == Submission.id).exists()


def _count(numbers: Sequence[str]) -> Select[int]:
    return select(func.count()).select_from(Submission).where(Submission.receipt_number.in_(numbers))


def _count_devices(numbers: Sequence[str], start: int) -> Select[int]:
    ours = select(Submission.device_hash).where(Submission.receipt_number.in_(numbers))
    return select(func.count()).select_from(Submission).where(Submission.id > start, Submission.device_hash.in_(ours))


def _chunks(numbers: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(numbers), _CHUNK):
        yield numbers[start : start + _CHUNK]


def _topics(session: Session, start: int) -> tuple[int, tuple[tuple[str, int], ...]]:
    """How many topics hold messages of this run, and the hottest of them."""
    live = (Contributor.status != ContributorStatus.REMOVED, Contributor.submission_id > start)
    size = func.count().label("size")
    rows = session.execute(
        select(Topic.title, size, func.count().over())
        .join(Contributor, Contributor.topic_id == Topic.id)
        .where(*live)
        .group_by(Topic.id, Topic.title)
        .order_by(size.desc(), Topic.id)
        .limit(HOTTEST)
    ).all()
    return (rows[0][2] if rows else 0), tuple((title, count) for title, count, _ in rows)
