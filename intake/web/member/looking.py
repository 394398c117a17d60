"""认领 on the way of a card to the screen: whoever opens it, has it; what is fetched ahead of the thumb, nobody."""

from flask import request

from intake.services.lease import take
from intake.web.guard import actor
from intake.web.unit_of_work import db, wiring


def look_at_card(submission_id: int) -> None:
    """Take the lease for the person who opens the page, where they may decide and nobody else has it.

    Not for what the phone's script (`X-Ahead`) or a browser fetches before anybody looks: the script claims the card when it shows it.
    """
    ahead = "X-Ahead" in request.headers or "prefetch" in request.headers.get("Sec-Purpose", "")
    if not ahead:
        take(db(), actor=actor(), submission_id=submission_id, minutes=wiring().workflow.member.lease_minutes, at=wiring().clock.now())
