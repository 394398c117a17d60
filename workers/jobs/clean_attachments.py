"""Makes evidence and scans of approvals fit to be seen: each file in quarantine is made anew by a process of its own, stored, settled, and its
original deleted.
"""

from types import ModuleType

import structlog

from intake.adapters.file_cleaning import cleaned
from intake.domain.attachment import Unusable
from intake.domain.file_type import FILE_GONE
from intake.ports import Wake
from intake.services import approval_scan, attachment
from intake.services.approval_scan import ReceivedScan
from intake.services.attachment import Received
from intake.wiring import Wiring
from workers.cleaning import clean_all, store_cleaned
from workers.runtime import job, job_session, process_wiring

log = structlog.get_logger(__name__)


@job(Wake.ATTACHMENTS)
def run() -> None:
    """Clean whatever was sent in.

    A repeat is harmless: a file is made anew to the same key, each time whole; its row is settled once, by whoever comes first, and until
    then the original stays, so that what a killed worker had in hand is taken again.
    """
    wiring = process_wiring()
    for desk in (attachment, approval_scan):
        _clean_of(wiring, desk)


def _clean_of(wiring: Wiring, desk: ModuleType) -> None:
    """What waits at one of the two desks, which are alike."""
    clean_all(lambda session, after, limit: desk.received(session, after=after, limit=limit), lambda one: _settle(wiring, desk, one))


def _settle(wiring: Wiring, desk: ModuleType, one: Received | ReceivedScan) -> None:
    try:
        with wiring.objects.open(one.original) as source, cleaned(source, media_type=one.media_type) as made:
            size = store_cleaned(wiring.objects, one.result, made)
    except Unusable as error:
        with job_session() as session:
            desk.refuse(session, one, because=str(error), at=wiring.clock.now())
        log.info("attachment_refused", attachment=one.id)
    except FileNotFoundError:
        with job_session() as session:
            desk.refuse(session, one, because=FILE_GONE, at=wiring.clock.now())
        log.warning("attachment_gone", attachment=one.id)
    else:
        with job_session() as session:
            settled = desk.accept_cleaned(session, one, size=size, at=wiring.clock.now())
        log.info("attachment_cleaned", attachment=one.id, bytes=size, settled=settled)
    wiring.objects.delete(one.original)
