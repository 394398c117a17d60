"""Closes what was answered and met with silence; empties contacts and withdrawn texts and deletes files whose time is over (到期清除)."""

from datetime import timedelta
from itertools import islice

from intake.ports import Wake
from intake.queries.approval import QUARANTINE
from intake.services import approval_scan, attachment, form_photo, lease, row_import, submission_file
from intake.services.answer_draft import forget_drafts
from intake.services.assistant_draft import forget_words
from intake.services.chat_draft import MESSAGES_KEPT, erase_dropped, forget_messages
from intake.services.poster_batch import expired_files, forget_files
from intake.services.retention import apply_retention
from intake.services.submission_close import close_silent
from intake.services.wechat_follower import forget_followers
from intake.wiring import Wiring
from workers.runtime import job, job_session, process_wiring, stopping

BATCH = 100


@job(Wake.RETENTION)
def run() -> None:
    """Close and empty everything that is due.

    A repeat is harmless: a closed submission has left the states that are closed, an emptied one carries `erased_at`, and deleting a file
    that is gone changes nothing.
    """
    wiring = process_wiring()
    closed = BATCH
    while closed == BATCH and not stopping():
        with job_session() as session:
            closed = close_silent(session, workflow=wiring.workflow, at=wiring.clock.now(), limit=BATCH)
    emptied = BATCH
    while emptied == BATCH and not stopping():
        with job_session() as session:
            emptied = apply_retention(session, workflow=wiring.workflow, at=wiring.clock.now(), limit=BATCH)
    forgotten = BATCH
    while forgotten == BATCH and not stopping():
        with job_session() as session:
            forgotten = forget_followers(session, workflow=wiring.workflow, at=wiring.clock.now(), limit=BATCH)
    swept = BATCH
    while swept == BATCH and not stopping():
        with job_session() as session:
            swept = lease.sweep(session, at=wiring.clock.now(), limit=BATCH)
    with job_session() as session:
        forget_words(session, at=wiring.clock.now())
        forget_drafts(session)
    _forget_chats(wiring)
    # Files last: a store that fails must not keep words in the database beyond their time.
    deleted = BATCH
    while deleted == BATCH and not stopping():
        deleted = _delete_posters(wiring)
    deleted = BATCH
    while deleted == BATCH and not stopping():
        deleted = _delete_imports(wiring)
    deleted = BATCH
    while deleted == BATCH and not stopping():
        deleted = _delete_evidence(wiring)
    _delete_originals(wiring)
    deleted = BATCH
    while deleted == BATCH and not stopping():
        deleted = _delete_said(wiring)
    _delete_strays(wiring)


def _delete_posters(wiring: Wiring) -> int:
    """The files first, outside any transaction, then the note of it: killed in between, the next run finds nothing to delete."""
    with job_session() as session:
        files = expired_files(session, workflow=wiring.workflow, at=wiring.clock.now(), limit=BATCH)
    for _, key in files:
        wiring.objects.delete(key)
    with job_session() as session:
        forget_files(session, [batch_id for batch_id, _ in files])
    return len(files)


def _delete_imports(wiring: Wiring) -> int:
    """Tables of other systems and their first rows, as with posters."""
    with job_session() as session:
        files = row_import.expired_files(session, workflow=wiring.workflow, at=wiring.clock.now(), limit=BATCH)
    for _, key in files:
        wiring.objects.delete(key)
        wiring.objects.delete(row_import.first_rows_key(key))
    with job_session() as session:
        row_import.forget_files(session, [import_id for import_id, _ in files])
    return len(files)


def _delete_evidence(wiring: Wiring) -> int:
    """Refused and removed files: the bytes first, then the note of it, as with posters."""
    with job_session() as session:
        files = attachment.unneeded_files(session, at=wiring.clock.now(), limit=BATCH)
    for _, keys in files:
        for key in keys:
            wiring.objects.delete(key)
    with job_session() as session:
        attachment.forget_files(session, [attachment_id for attachment_id, _ in files])
    return len(files)


def _delete_originals(wiring: Wiring) -> None:
    """What a worker that died right after its commit left in quarantine."""
    with job_session() as session:
        keys = [
            *attachment.originals_lately(session, at=wiring.clock.now()),
            *submission_file.originals_lately(session, at=wiring.clock.now()),
        ]
    for key in keys:
        wiring.objects.delete(key)


def _forget_chats(wiring: Wiring) -> None:
    """Drafts that were thrown away, and which messages came."""
    erased = BATCH
    while erased == BATCH and not stopping():
        with job_session() as session:
            erased = erase_dropped(session, at=wiring.clock.now(), limit=BATCH)
    with job_session() as session:
        forget_messages(session, before=wiring.clock.now() - MESSAGES_KEPT)


def _delete_strays(wiring: Wiring) -> None:
    """Bytes of photos and scans whose request was stored and not committed, and of scans that a killed worker left: of quarantines that are
    nearly empty, all keys are looked at.
    """
    for folder, stray_keys in (("quarantine/said/", form_photo.stray_keys), (QUARANTINE, approval_scan.stray_keys)):
        found = iter(wiring.objects.keys(folder))
        while (keys := list(islice(found, BATCH))) and not stopping():
            with job_session() as session:
                strays = stray_keys(session, keys, before=wiring.clock.now() - timedelta(hours=1))
            for key in strays:
                wiring.objects.delete(key)


def _delete_said(wiring: Wiring) -> int:
    """Photos and voices: the bytes first, then the note of it, as with posters."""
    with job_session() as session:
        files = submission_file.unneeded_files(session, limit=BATCH)
    for _, keys in files:
        for key in keys:
            wiring.objects.delete(key)
    with job_session() as session:
        submission_file.forget_bytes(session, files)
    return len(files)
