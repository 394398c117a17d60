"""照片 of a release: chosen by staff before it is released, with words that are checked as the text's are."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.orm import Session

from intake.domain.errors import Conflict, InvalidInput
from intake.domain.release import CAPTION_MAX, EDITABLE, PHOTOS_MOST, PhotoSide, PhotoSource, untellable
from intake.domain.text import clean_line
from intake.models import ReleasePhoto, Topic
from intake.queries.release_photo import offered
from intake.services.audit import record
from intake.services.release import Releasing, locked_release, may_prepare, office_numbers


@dataclass(frozen=True, slots=True)
class Chosen:
    """One photo, where it stands and what is written below it."""

    source: PhotoSource
    file_id: int
    side: PhotoSide
    caption: str


def choose_photos(session: Session, releasing: Releasing, chosen: Sequence[Chosen], *, nobody_in_them: bool) -> None:
    """These photos in this order and no others; whoever chooses is the text's author from then on.

    `nobody_in_them` is what the person ticked: no face, no number plate, no door number. Raises Conflict for a released text, InvalidInput
    (field `photos`, `nobody` or `caption-<source>-<id>`), Forbidden and NotFound as for the words.
    """
    release = locked_release(session, releasing)
    may_prepare(session, releasing.actor, session.get_one(Topic, release.topic_id))
    if release.state not in EDITABLE:
        raise Conflict("已经公开的内容不能直接改照片。请先撤下，改好再公开。")
    if len(chosen) > PHOTOS_MOST:
        raise InvalidInput(f"最多放 {PHOTOS_MOST} 张照片，多了 {len(chosen) - PHOTOS_MOST} 张。", field="photos")
    if chosen and not nobody_in_them:
        raise InvalidInput("请先逐张看过，确认没有人脸、车牌和门牌，再勾选。", field="nobody")
    there = {(one.source, one.file_id) for one in offered(session, topic_id=release.topic_id, release_id=release.id)}
    if not {(one.source, one.file_id) for one in chosen} <= there:
        raise InvalidInput("有一张照片刚刚撤回或移除了，请刷新后再选。", field="photos")
    captions = _captions(session, release.district_id, chosen)
    session.execute(delete(ReleasePhoto).where(ReleasePhoto.release_id == release.id))
    session.add_all(
        ReleasePhoto(
            district_id=release.district_id,
            release_id=release.id,
            side=one.side,
            position=sum(before.side is one.side for before in chosen[: place + 1]),
            submission_file_id=one.file_id if one.source is PhotoSource.RESIDENT else None,
            attachment_id=one.file_id if one.source is PhotoSource.ANSWER else None,
            caption=caption,
        )
        for place, (one, caption) in enumerate(zip(chosen, captions, strict=True))
    )
    assert releasing.actor.user_id is not None
    release.prepared_by = releasing.actor.user_id
    release.version += 1
    record(
        session,
        actor=releasing.actor,
        district_id=release.district_id,
        action="release.photos",
        noun="release",
        entity_id=release.id,
        at=releasing.at,
        residents=[one.file_id for one in chosen if one.source is PhotoSource.RESIDENT],
        answers=[one.file_id for one in chosen if one.source is PhotoSource.ANSWER],
    )
    session.flush()


def _captions(session: Session, district_id: int, chosen: Sequence[Chosen]) -> list[str]:
    offices = office_numbers(session, district_id) if chosen else frozenset()
    captions = []
    for one in chosen:
        field = f"caption-{one.source}-{one.file_id}"
        caption = clean_line(one.caption, limit=CAPTION_MAX, field=field)
        if not caption:
            raise InvalidInput("请给每张选中的照片写一句说明：拍的是哪里、什么。看不见照片的人靠它知道。", field=field)
        found = untellable(caption, offices=offices)
        if found:
            raise InvalidInput(f"说明里有{'、'.join(found)}，请改掉。", field=field)
        captions.append(caption)
    return captions
