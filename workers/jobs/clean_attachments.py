"""Makes evidence fit to be seen: each file in quarantine is made anew by a process of its own, stored, settled, and its original deleted."""

import structlog

from intake.adapters.file_cleaning import cleaned
from intake.domain.attachment import Unusable
from intake.domain.file_type import FILE_GONE
from intake.ports import Wake
from intake.services.attachment import Received, accept_cleaned, received, refuse
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
    clean_all(lambda session, after, limit: received(session, after=after, limit=limit), lambda one: _settle(wiring, one))


def _settle(wiring: Wiring, one: Received) -> None:
    try:
        with wiring.objects.open(one.original) as source, cleaned(source, media_type=one.media_type) as made:
            size = store_cleaned(wiring.objects, one.result, made)
    except Unusable as error:
        with job_session() as session:
            refuse(session, one, because=str(error), at=wiring.clock.now())
        log.info("attachment_refused", attachment=one.id)
    except FileNotFoundError:
        with job_session() as session:
            refuse(session, one, because=FILE_GONE, at=wiring.clock.now())
        log.warning("attachment_gone", attachment=one.id)
    else:
        with job_session() as session:
            settled = accept_cleaned(session, one, size=size, at=wiring.clock.now())
        log.info("attachment_cleaned", attachment=one.id, bytes=size, settled=settled)
    wiring.objects.delete(one.original)
