"""附议 taken back where it was given, by the browser or follower that gave it; from the receipt it goes as for any submission."""

from datetime import datetime

from sqlalchemy.orm import Session

from intake.domain.errors import Conflict, NotFound
from intake.domain.submission import WITHDRAWABLE
from intake.queries.endorsement import standing
from intake.services.submission_withdraw import withdraw


def withdraw_endorsement(session: Session, *, topic_id: int, person: bytes, at: datetime) -> None:
    """Take the person's endorsement back; joining again later is a new one.

    Raises NotFound where none stands, Conflict once the matter has ended.
    """
    found = standing(session, topic_id=topic_id, person=person)
    if found is None:
        raise NotFound("没有找到您的附议，可能已经撤回了。凭回执号和查询码也能撤回。")
    if found.state not in WITHDRAWABLE:
        raise Conflict("这件事已经有了结果，不用再撤回了。结果和理由写在您的回执上。")
    withdraw(session, submission_id=found.submission_id, at=at)
