"""Reads the tables that staff sent: their heads, then every row on trial, then for good; and takes an import back."""

import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from itertools import islice, zip_longest
from typing import BinaryIO

import structlog
from sqlalchemy.exc import OperationalError

from intake.domain.errors import DomainError
from intake.domain.import_mapping import Said, Unfit, is_contact, read_row
from intake.domain.row_import import ImportAction, ImportState
from intake.ports import Wake
from intake.queries.row_import import areas_by_name
from intake.services.row_import import first_rows_key
from intake.services.row_import_work import (
    Claim,
    FreshRow,
    Tried,
    Withdrawn,
    claim_import,
    external_hash,
    fail,
    finish,
    give_back,
    known_among,
    store_look,
    store_rows,
    store_trial,
    store_unplaced,
    wait_for,
    withdraw_some,
)
from intake.wiring import Wiring
from workers.runtime import PASSING, describe, job, job_session, process_wiring, stopping

log = structlog.get_logger(__name__)

BATCH = 500
"""Rows in one transaction: about a tenth of a second."""
SECONDS = 600.0
"""After this long the job ends and wakes its successor, so that the child gives its memory back."""
_NOT_IN_TIME = "55P03"
"""PostgreSQL: the lock wasn't had in time."""

Row = tuple[int, Said | Unfit]


class _GivenBack(Exception):
    """The process was asked to end."""


class _TakenOver(Exception):
    """Another worker has the import: this one was silent for too long."""


@job(Wake.IMPORTS)
def run() -> None:
    """Take one import after the other until none waits.

    A repeat is harmless: an import is claimed and committed before it is read, so another run doesn't see it. One whose worker died is
    claimed again after two minutes of silence and goes on behind the last row that was committed; a row that came in is known by its
    number or its words and comes in no second time.
    """
    wiring = process_wiring()
    end = time.monotonic() + SECONDS
    while not stopping():
        with job_session() as session:
            claim = claim_import(session, at=wiring.clock.now())
        if claim is None:
            return
        _Reading(wiring, claim).run()
        if time.monotonic() > end:
            wiring.queue.wake(Wake.IMPORTS)
            return


class _Reading:
    """One import in hand."""

    def __init__(self, wiring: Wiring, claim: Claim) -> None:
        self._wiring = wiring
        self._claim = claim

    def run(self) -> None:
        """Do the step it is at; what a person can mend fails it with a sentence, anything else leaves it to be taken over."""
        began = time.monotonic()
        try:
            self._step()
        except _TakenOver:
            log.warning("import_lost", row_import=self._claim.id)
        except _GivenBack:
            with job_session() as session:
                give_back(session, self._claim)
            log.info("import_given_back", row_import=self._claim.id)
        except PASSING:
            with suppress(*PASSING), job_session() as session:  # the sweep goes on within 30 s, and not when the claim is two minutes old
                give_back(session, self._claim)
            raise
        except DomainError as error:
            self._fail(error.message)
        except FileNotFoundError:
            self._fail("文件已经不在了，请重新上传。以前导入过的行不会重复。")
        except OSError as error:
            log.error("import_not_read", row_import=self._claim.id, **describe(error))  # noqa: TRY400 -- where is enough
            self._fail("文件没能读出来，可能是磁盘满了。请联系管理员，处理后再试。")
        else:
            log.info(
                "import_step_done", row_import=self._claim.id, step=self._claim.state.value, seconds=round(time.monotonic() - began, 1)
            )

    def _step(self) -> None:
        if self._claim.state is ImportState.UNDOING:
            self._take_back()
            return
        with tempfile.TemporaryFile() as file:
            with self._wiring.objects.open(self._claim.file_key) as stored:
                shutil.copyfileobj(stored, file)
            if self._claim.state is ImportState.MAPPING:
                self._look(file)
            elif self._claim.state is ImportState.CHECKING:
                self._try(file)
            else:
                self._take_in(file)

    def _look(self, file: BinaryIO) -> None:
        """Heads, sheets, and the first rows without what is about people, which lie beside the file and go with it."""
        look = self._wiring.tables.look(file, self._claim.format, sheet=self._claim.mapping.sheet)
        rows = [["" if is_contact(head) else cell for head, cell in zip_longest(look.heads, cells, fillvalue="")] for cells in look.rows]
        first = json.dumps({"sheets": look.sheets, "rows": rows}, ensure_ascii=False).encode()
        self._wiring.objects.put(first_rows_key(self._claim.file_key), BytesIO(first))
        with job_session() as session:
            if not store_look(session, self._claim, look):
                raise _TakenOver

    def _try(self, file: BinaryIO) -> None:
        """Every row is read, and nothing of it written but which are refused, and why."""
        seen: set[bytes] = set()
        unplaced: Counter[str] = Counter()
        with self._wiring.sessions() as session:
            areas = areas_by_name(session, self._claim.area_path, {})
        for number, batch in enumerate(self._batches(file)):
            rows = [(said, external_hash(self._claim.source, said)) for _, said in batch if isinstance(said, Said)]
            with job_session() as session:
                known = known_among(session, self._claim.district_id, [one for _, one in rows])
                again = 0
                for said, one in rows:
                    if one in known or one in seen:
                        again += 1
                    elif said.community and said.community not in areas:
                        unplaced[said.community] += 1
                    seen.add(one)
                if number * BATCH + len(batch) <= self._claim.done:  # noted before its worker died; only the above is kept nowhere
                    continue
                refused = {line: said for line, said in batch if isinstance(said, Unfit)}
                tried = Tried(read=len(batch), good=len(rows) - again, again=again, refused=refused)
                if not store_trial(session, self._claim, tried, at=self._wiring.clock.now()):
                    raise _TakenOver
        with job_session() as session:
            store_unplaced(session, self._claim, unplaced)
        self._finish(ImportAction.CHECKED)

    def _take_in(self, file: BinaryIO) -> None:
        with self._wiring.sessions() as session:
            areas = areas_by_name(session, self._claim.area_path, self._claim.mapping.areas)
        for number, batch in enumerate(self._batches(file)):
            if number * BATCH + len(batch) <= self._claim.done:
                continue
            rows = [
                FreshRow(line, said, external_hash(self._claim.source, said), areas.get(said.community, self._claim.area_id))
                for line, said in batch
                if isinstance(said, Said)
            ]
            with job_session() as session:
                if not store_rows(session, self._claim, rows, read=len(batch), at=self._wiring.clock.now()):
                    raise _TakenOver
        self._finish(ImportAction.IMPORTED)

    def _take_back(self) -> None:
        """What somebody else has in hand comes last, when the rest is gone and the machine has no more of it to read."""
        held = self._withdraw(None)
        while held:
            self._wait_for(held[min(held)])
            held = self._withdraw(held)
        self._finish(ImportAction.UNDONE)

    def _withdraw(self, among: Mapping[int, int] | None) -> dict[int, int]:
        """Every row, or those of `among`; which lines are left, and the submission of each."""
        after, held = 0, dict[int, int]()
        while (done := self._withdraw_some(after, among)) is not None:
            after = done.line
            held.update(done.held)
        return held

    def _withdraw_some(self, after: int, among: Mapping[int, int] | None) -> Withdrawn | None:
        if stopping():
            raise _GivenBack
        with job_session() as session:
            try:
                return withdraw_some(session, self._claim, after=after, limit=BATCH, at=self._wiring.clock.now(), among=among)
            except LookupError:
                raise _TakenOver from None

    def _wait_for(self, submission_id: int) -> None:
        """Until somebody else's transaction is over; one that takes long is waited for anew, with a sign of life in between."""
        try:
            with job_session() as session:
                wait_for(session, submission_id)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _NOT_IN_TIME:
                raise

    def _batches(self, file: BinaryIO) -> Iterator[Sequence[Row]]:
        """The rows, read, BATCH at a time; always the same for the same file, so that a batch is known by its number."""
        mapping, now = self._claim.mapping, self._wiring.clock.now()
        rows = self._wiring.tables.rows(file, self._claim.format, sheet=mapping.sheet)
        while batch := list(islice(rows, BATCH)):
            if stopping():
                raise _GivenBack
            yield [(line, read_row(cells, mapping, now=now)) for line, cells in batch]

    def _finish(self, action: ImportAction) -> None:
        with job_session() as session:
            if not finish(session, self._claim, action, at=self._wiring.clock.now()):
                raise _TakenOver

    def _fail(self, problem: str) -> None:
        with job_session() as session:
            fail(session, self._claim, problem, at=self._wiring.clock.now())
        log.warning("import_failed", row_import=self._claim.id, step=self._claim.state.value)
