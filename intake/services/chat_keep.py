"""存下，回微信接着说: what was begun on the form becomes a part of the chat's draft."""

import hashlib
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from intake.domain.chat_draft import MOST_LETTERS, MOST_PARTS, PartKind
from intake.domain.errors import Conflict, InvalidInput, PointClosed
from intake.domain.point import PointState
from intake.domain.text import clean_message
from intake.models import ChatPart, WeChatFollower
from intake.queries.chat import standing
from intake.queries.point import PointView
from intake.services.chat_draft import NewPart, add_part, begin_draft
from intake.services.wechat_follower import note_point


def keep_words(session: Session, *, follower_id: int, point: PointView, text: str, nonce: bytes, pause_minutes: int, at: datetime) -> str:
    """Put the words into the follower's draft at `point`, where the chat goes on; the cleaned words. The same form keeps them once.

    Raises InvalidInput (field `text`) for words that say nothing or don't fit, Conflict for somebody whom the account can't write to,
    PointClosed for a point that takes nothing.
    """
    words = clean_message(text).text
    if point.state is not PointState.ACTIVE:
        raise PointClosed(point.closed_note or "这个直报点暂时不收件，可以到社区服务台说。")
    # Not the whole row: what the pause is sending just now names the follower, and mustn't wait for us.
    whose = select(WeChatFollower.following).where(WeChatFollower.id == follower_id)
    following = session.scalar(whose.with_for_update(key_share=True))
    if not following:
        raise Conflict("您还没有关注公众号，存下以后没有地方接着说。写的内容还在，可以直接提交。")
    note_point(session, follower_id=follower_id, point=point, at=at)
    draft = standing(session, follower_id=follower_id, point_id=point.id).draft
    if draft is not None and (draft.letters + len(words) > MOST_LETTERS or draft.parts >= MOST_PARTS):
        raise InvalidInput("微信里说的和这里写的加起来太长了。请先在微信里回复“发送”，或在这里直接提交。", field="text")
    part = NewPart(kind=PartKind.TEXT, dedupe_key=hashlib.sha256(b"keep" + nonce + words.encode()).digest(), sent_at=at, words=words)
    put = partial(
        add_part,
        session,
        district_id=point.district_id,
        part=part,
        closes_at=at + timedelta(minutes=pause_minutes),
        is_placed=True,
    )
    is_kept = draft is not None and put(draft_id=draft.id)
    if not is_kept and not _kept_before(session, part):  # sent meanwhile: the words begin the next draft
        put(draft_id=begin_draft(session, follower_id=follower_id, point_id=point.id, district_id=point.district_id, at=at).id)
    return words


def _kept_before(session: Session, part: NewPart) -> bool:
    return bool(session.scalar(select(exists().where(ChatPart.dedupe_key == part.dedupe_key))))
