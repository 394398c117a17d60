"""Fetches residents' pictures and voices from the platform, which keeps them for three days, into quarantine."""

import hashlib
import tempfile
import time
from dataclasses import dataclass
from typing import BinaryIO

import structlog

from intake.domain.errors import PermanentDeliveryError, RetryableDeliveryError
from intake.domain.submission_file import BROKEN, MOST_BYTES, NOT_FETCHED, TOO_LARGE, sent_type
from intake.ports import Wake, WeChatKeys
from intake.queries.wechat_account import account_by_original_id
from intake.services.submission_file import Awaited, claim_awaited, put_off, refuse, take
from intake.services.wechat_account import keys_of
from intake.wiring import Wiring
from workers.runtime import job, job_session, process_wiring, stopping

log = structlog.get_logger(__name__)

SECONDS = 25.0
"""After this long the job ends and wakes its successor: one file may take 30 s, and RQ gives 60."""
_HEAD = 64
_PIECE = 1 << 16
TOO_LARGE_CODE = "too_large"
"""The client's own code for more bytes than were allowed."""


@dataclass(frozen=True, slots=True)
class _Task:
    file: Awaited
    keys: WeChatKeys | None
    """None where the account is gone or has no secret."""


@job(Wake.MEDIA)
def run() -> None:
    """Fetch whatever is awaited.

    A repeat is harmless: a claim keeps others away for some minutes, and a file that a killed worker had claimed is fetched again to the
    same key; its row is settled once, by whoever comes first.
    """
    wiring = process_wiring()
    end = time.monotonic() + SECONDS
    while not stopping():
        task = _claim(wiring)
        if task is None:
            return
        _fetch(wiring, task)
        if time.monotonic() > end:
            wiring.queue.wake(Wake.MEDIA)
            return


def _claim(wiring: Wiring) -> _Task | None:
    with job_session() as session:
        files = claim_awaited(session, at=wiring.clock.now(), limit=1)
        account = account_by_original_id(session, files[0].account) if files else None
        usable = account is not None and account.secret_cipher is not None
        keys = keys_of(wiring.vault, account) if account is not None and usable else None
    return _Task(files[0], keys) if files else None


def _fetch(wiring: Wiring, task: _Task) -> None:
    """Ask the platform, outside any transaction, then note what came of it."""
    one = task.file
    if task.keys is None:
        _put_off(wiring, one, code="no_keys", after_seconds=None)
        return
    with tempfile.TemporaryFile() as held:
        try:
            wiring.wechat.fetch_media(task.keys, one.media_id, held, most_bytes=MOST_BYTES[one.kind])
        except PermanentDeliveryError as error:
            because = TOO_LARGE[one.kind] if error.code == TOO_LARGE_CODE else NOT_FETCHED[one.kind]
            _refuse(wiring, one, because=because, code=error.code)
        except RetryableDeliveryError as error:
            _put_off(wiring, one, code=error.code, after_seconds=error.after_seconds)
        else:
            _keep(wiring, one, held)


def _keep(wiring: Wiring, one: Awaited, held: BinaryIO) -> None:
    held.seek(0)
    media_type = sent_type(one.kind, held.read(_HEAD))
    if media_type is None:
        _refuse(wiring, one, because=BROKEN[one.kind], code="type")
        return
    held.seek(0)
    digest = hashlib.sha256()
    while piece := held.read(_PIECE):
        digest.update(piece)
    held.seek(0)
    size = wiring.objects.put(one.original, held)
    with job_session() as session:
        kept = take(session, one, media_type=media_type, size=size, sha256=digest.digest(), at=wiring.clock.now())
    log.info("media_fetched", file=one.id, bytes=size, kept=kept)


def _refuse(wiring: Wiring, one: Awaited, *, because: str, code: str) -> None:
    with job_session() as session:
        refuse(session, one.id, because=because, at=wiring.clock.now())
    log.info("media_refused", file=one.id, code=code)


def _put_off(wiring: Wiring, one: Awaited, *, code: str, after_seconds: int | None) -> None:
    with job_session() as session:
        put_off(session, one, after_seconds=after_seconds, at=wiring.clock.now())
    log.info("media_put_off", file=one.id, code=code)
