"""Makes residents' photos and voices fit to be seen and heard: each is made anew by a process of its own, stored, settled, and its
original deleted; and draws over the parts of photos that staff covered.
"""

from tempfile import TemporaryFile

import structlog

from intake.adapters.blurring import draw_blurred
from intake.adapters.file_cleaning import cleaned
from intake.domain.attachment import Unusable
from intake.domain.submission_file import BROKEN, VOICE_TOO_LONG
from intake.ports import Wake
from intake.services.attachment import small_key
from intake.services.photo_blur import Undrawn, note_drawn, note_gone, undrawn
from intake.services.submission_file import Quarantined, accept_cleaned, quarantined, refuse
from intake.wiring import Wiring
from workers.cleaning import clean_all, store_cleaned
from workers.runtime import job, job_session, process_wiring

log = structlog.get_logger(__name__)


@job(Wake.FILES)
def run() -> None:
    """Clean whatever lies in quarantine.

    A repeat is harmless: a file is made anew to the same key, each time whole; its row is settled once, by whoever comes first, and until
    then the original stays, so that what a killed worker had in hand is taken again.
    """
    wiring = process_wiring()
    clean_all(lambda session, after, limit: quarantined(session, after=after, limit=limit), lambda one: _settle(wiring, one))
    clean_all(lambda session, after, limit: undrawn(session, after=after, limit=limit), lambda one: _cover(wiring, one))


def _cover(wiring: Wiring, one: Undrawn) -> None:
    """What is read here is our own JPEG: no process of its own."""
    try:
        if one.parts:
            _draw(wiring, one)
    except FileNotFoundError:
        with job_session() as session:
            note_gone(session, one, at=wiring.clock.now())
        log.warning("photo_gone", file=one.id)
        return
    with job_session() as session:
        settled = note_drawn(session, one)
    for key in one.stale if settled else (one.result, small_key(one.result)):
        wiring.objects.delete(key)
    log.info("photo_covered", file=one.id, parts=len(one.parts), settled=settled)


def _draw(wiring: Wiring, one: Undrawn) -> None:
    with wiring.objects.open(one.original) as source, TemporaryFile() as large, TemporaryFile() as small:
        draw_blurred(source, one.parts, large, small)
        for key, made in ((small_key(one.result), small), (one.result, large)):
            made.seek(0)
            wiring.objects.put(key, made)


def _settle(wiring: Wiring, one: Quarantined) -> None:
    try:
        with wiring.objects.open(one.original) as source, cleaned(source, media_type=one.media_type) as made:
            size = store_cleaned(wiring.objects, one.result, made)
            seconds = made.seconds
    except (Unusable, FileNotFoundError) as error:
        # Written for officers at a form; whoever looks at a resident's photo can't send another.
        because = VOICE_TOO_LONG if str(error) == VOICE_TOO_LONG else BROKEN[one.kind]
        with job_session() as session:
            refuse(session, one.id, because=because, at=wiring.clock.now())
        log.info("file_refused", file=one.id)
    else:
        with job_session() as session:
            settled = accept_cleaned(session, one, size=size, seconds=seconds, is_heard=wiring.recogniser.is_on, at=wiring.clock.now())
        log.info("file_cleaned", file=one.id, bytes=size, settled=settled)
    wiring.objects.delete(one.original)
