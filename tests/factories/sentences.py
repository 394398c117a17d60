"""Submissions made the way the services make them."""

import os
from datetime import datetime

from intake.domain.submission import Channel
from intake.models import Submission
from intake.queries.point import point_by_code
from intake.services.submission_submit import Origin, Stored, read_sentence, submit
from intake.services.wake import send_wakes
from intake.wiring import Wiring


def say(
    wiring: Wiring, code: str, text: str, *, place: str = "", contact: str = "", key: bytes | None = None, at: datetime | None = None
) -> Stored:
    """One resident's sentence at the point `code`, committed."""
    with wiring.sessions() as session:
        point = point_by_code(session, code)
        assert point is not None
        stored = submit(
            session,
            vault=wiring.vault,
            point=point,
            key=key or os.urandom(16),
            sentence=read_sentence(text=text, place=place, contact=contact),
            origin=Origin(Channel.FORM),
            at=at or wiring.clock.now(),
        )
        session.commit()
        send_wakes(session, wiring.queue)
    return stored


def submission_of(wiring: Wiring, stored: Stored) -> Submission:
    """Its row as it stands now."""
    with wiring.sessions() as session:
        return session.get_one(Submission, stored.submission_id)
