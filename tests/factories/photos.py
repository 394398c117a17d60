"""Photos that are ready to be seen, beside a resident's words and behind an answer."""

import io
from datetime import datetime

from sqlalchemy import select

from intake.domain.actor import MACHINE
from intake.domain.attachment import AttachmentAction, AttachmentKind
from intake.domain.submission_file import FileAction, FileKind
from intake.models import Answer, Attachment, Contributor, Referral, SubmissionFile
from intake.services.attachment import small_key
from intake.services.transition import begin, move
from intake.wiring import Wiring
from tests.factories.files import photo
from tests.factories.town import Town


def photo_said(wiring: Wiring, topic_id: int, *, colour: str = "teal") -> int:
    """The id of a photo beside the words of the first resident behind the topic."""
    at = wiring.clock.now()
    with wiring.sessions.begin() as session:
        behind = select(Contributor).where(Contributor.topic_id == topic_id).order_by(Contributor.id)
        first = session.scalars(behind.limit(1)).one()
        file = SubmissionFile(
            district_id=first.district_id, submission_id=first.submission_id, kind=FileKind.PHOTO, media_type="image/jpeg", created_at=at
        )
        begin(session, file, actor=MACHINE, at=at)
        session.flush()
        for action in (FileAction.TAKE, FileAction.CLEAN):
            move(session, file, action, actor=MACHINE, at=at)
        file.file_key = f"said/{file.id}.jpg"
        kept(wiring, file.file_key, colour)
        return file.id


def photo_of_answer(wiring: Wiring, town: Town, referral_id: int, *, colour: str = "gold") -> int:
    """The id of a picture that a unit sent with its answer to the referral."""
    at = wiring.clock.now()
    with wiring.sessions.begin() as session:
        referral = session.get_one(Referral, referral_id)
        answer = session.scalars(select(Answer).where(Answer.referral_id == referral_id)).one()
        made = Attachment(
            district_id=referral.district_id, referral_id=referral_id, answer_id=answer.id, kind=AttachmentKind.EVIDENCE, name="照片.jpg",
            media_type="image/jpeg", size=1, sha256=b"", file_key="", sent_by=town.gao_id, created_at=at,
        )  # fmt: skip
        begin(session, made, actor=MACHINE, at=at)
        session.flush()
        move(session, made, AttachmentAction.CLEAN, actor=MACHINE, at=at)
        made.file_key = f"evidence/{referral.district_id}/{made.id}.jpg"
        kept(wiring, made.file_key, colour)
        return made.id


def kept(wiring: Wiring, key: str, colour: str) -> None:
    """A picture of one colour and its small one in the store."""
    wiring.objects.put(key, io.BytesIO(photo(colour=colour)))
    wiring.objects.put(small_key(key), io.BytesIO(photo(30, 20, colour=colour)))


def withdrawn_at(wiring: Wiring, file_id: int, at: datetime) -> None:
    """Its sender took it back."""
    with wiring.sessions.begin() as session:
        session.get_one(SubmissionFile, file_id).removed_at = at
