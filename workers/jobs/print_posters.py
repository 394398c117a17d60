"""Draws ordered batches of posters, each into one PDF in the object store: claim, commit, draw, store, commit."""

import tempfile
import time
from collections.abc import Iterator

import structlog

from intake.ports import Wake
from intake.queries.poster import PosterPoint, district_look, points_to_print
from intake.services.poster import PosterDesk, poster_desk, write_document
from intake.services.poster_batch import (
    Claim,
    Drawn,
    Problem,
    claim_batch,
    fail_batch,
    finish_batch,
    release_batch,
    report_batch,
    take_over_silent,
)
from intake.wiring import Wiring
from qr_assets.fonts import FontsMissingError
from qr_assets.poster import PosterSpec
from workers.runtime import describe, job, job_session, process_wiring, stopping

log = structlog.get_logger(__name__)

BATCH = 100
CHUNK = 200
"""Points read at once."""
SECONDS = 600.0
"""After this long the job ends and wakes its successor, so that the child gives its memory back."""
REPORT_SECONDS = 0.5


class _GivenBack(Exception):
    """The process was asked to end."""


class _TakenOver(Exception):
    """Another worker has the batch: this one was silent for too long, or somebody changed it."""


@job(Wake.POSTERS)
def run() -> None:
    """Put batches of dead workers back, then draw until none is waiting.

    A repeat is harmless: a batch is claimed and committed before it is drawn, so another run doesn't see it; one whose worker died goes
    back to waiting after a minute of silence and is drawn anew to the same key, and whoever lost it meanwhile can't settle it any more.
    """
    wiring = process_wiring()
    end = time.monotonic() + SECONDS
    with job_session() as session:
        lost = take_over_silent(session, at=wiring.clock.now(), limit=BATCH)
    if lost:
        log.warning("poster_batches_taken_over", rows=lost)
    while not stopping():
        with job_session() as session:
            claim = claim_batch(session, at=wiring.clock.now())
        if claim is None:
            return
        _Printing(wiring, claim).run()
        if time.monotonic() > end:
            wiring.queue.wake(Wake.POSTERS)
            return


class _Printing:
    """One batch in hand."""

    def __init__(self, wiring: Wiring, claim: Claim) -> None:
        self._wiring = wiring
        self._claim = claim
        self._done = 0
        self._problems: list[Problem] = []
        self._reported = time.monotonic()

    def run(self) -> None:
        """Draw, store, settle; what a person can mend fails the batch with a sentence, anything else leaves it to be taken over."""
        began = time.monotonic()
        try:
            size = self._draw()
        except _TakenOver:
            log.warning("poster_batch_lost", batch=self._claim.id)
            return
        except _GivenBack:
            with job_session() as session:
                release_batch(session, self._claim, at=self._wiring.clock.now())
            log.info("poster_batch_given_back", batch=self._claim.id)
            return
        except FontsMissingError as error:
            self._fail(f"{error}")
            return
        except OSError as error:
            log.error("poster_batch_not_stored", batch=self._claim.id, **describe(error))  # noqa: TRY400 -- where is enough
            self._fail("文件没能存下来，可能是磁盘满了或目录不能写。请联系管理员，处理后再点“重试”。")
            return
        if not size:
            return
        with job_session() as session:
            finish_batch(session, self._claim, self._drawn(), size=size, at=self._wiring.clock.now())
        seconds = round(time.monotonic() - began, 1)
        log.info("posters_printed", batch=self._claim.id, points=self._done, left_out=len(self._problems), seconds=seconds)

    def _draw(self) -> int:
        """Bytes stored; 0 when the batch was failed instead."""
        with self._wiring.sessions() as session:
            look = district_look(session, self._claim.district_id)
        try:
            desk = poster_desk(look, self._wiring.settings, at=self._wiring.clock.now())
        except ValueError as error:
            self._fail(f"本区设置里有印不出来的内容：{error}改好之后再点“重试”。")
            return 0
        with tempfile.TemporaryFile() as file:
            try:
                write_document(self._specs(desk), file, self._claim.format)
            except ValueError:
                if self._done > len(self._problems):
                    raise  # something was drawn, so it isn't for want of posters
                none_left = "这里已经没有在用的直报点，没有海报可印。"
                self._fail("每个直报点都有印不出来的内容，原因在下面，请先修改。" if self._problems else none_left)
                return 0
            self._report()
            file.seek(0)
            return self._wiring.objects.put(self._claim.key, file)

    def _specs(self, desk: PosterDesk) -> Iterator[PosterSpec]:
        """What to draw, a page each; points that can't be printed are noted and left out."""
        for point in self._points():
            try:
                spec = desk.spec(point)
            except ValueError as error:
                self._problems.append(Problem(str(error), point.id, point.name))
            else:
                yield spec
            self._done += 1  # its page is drawn when the reader asks for the next
            if stopping():
                raise _GivenBack
            if time.monotonic() - self._reported >= REPORT_SECONDS:
                self._report()

    def _points(self) -> Iterator[PosterPoint]:
        """The area's points, read in chunks, each in a transaction of its own."""
        last: PosterPoint | None = None
        while True:
            with self._wiring.sessions() as session:
                chunk = points_to_print(session, self._claim.area_path, after=last, limit=CHUNK)
            yield from chunk
            if len(chunk) < CHUNK:
                return
            last = chunk[-1]

    def _report(self) -> None:
        with job_session() as session:
            if not report_batch(session, self._claim, self._drawn(), at=self._wiring.clock.now()):
                raise _TakenOver
        self._reported = time.monotonic()

    def _fail(self, reason: str) -> None:
        with job_session() as session:
            fail_batch(session, self._claim, self._drawn(), reason=reason, at=self._wiring.clock.now())
        log.warning("poster_batch_failed", batch=self._claim.id, points=self._done, left_out=len(self._problems))

    def _drawn(self) -> Drawn:
        return Drawn(self._done, tuple(self._problems))
