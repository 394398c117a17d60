"""议题简报: written by members of the topic's area, frozen when the topic goes to screening."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.brief import PART_MAX, PHOTOS_MOST, QUOTES_MOST, Behind
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.text import clean
from intake.domain.topic import TopicState
from intake.models import Area, Topic, TopicBrief
from intake.queries.lease import recused_ids
from intake.queries.topic_brief import behind_topic, quotable, recused_photos, showable
from intake.services.audit import record


@dataclass(frozen=True, slots=True)
class Writing:
    """What every change of a brief carries."""

    actor: Actor
    topic_id: int
    version: int
    """Of the brief that was on the screen; 0 where there was none."""
    at: datetime


def save_brief(
    session: Session, writing: Writing, *, problem: str, basis: str, request: str, said: Sequence[int], photos: Sequence[int]
) -> TopicBrief:
    """Write the three parts and choose what is quoted and shown.

    Raises InvalidInput (field `problem`, `basis`, `request`, `said` or `photos`) for what is too long or too many, Conflict when somebody
    else has written meanwhile or the topic went to screening. Words and photos that are gone since are left out; what a colleague chose
    from messages that the writer stepped back from stays. Nothing changed is nothing written, and pressed twice no conflict.
    """
    topic = candidate(session, writing.actor, writing.topic_id)
    written = session.get(TopicBrief, topic.id, with_for_update=True, populate_existing=True)
    parts = {name: _part(name, raw) for name, raw in (("problem", problem), ("basis", basis), ("request", request))}
    quotes, pictures = _chosen(session, writing.actor, topic, written, said=said, photos=photos)
    values: dict[str, object] = {**parts, "said": quotes, "photos": pictures}
    if written is not None and written.sent_at is None and all(getattr(written, name) == value for name, value in values.items()):
        return written
    if (written.version if written is not None else 0) != writing.version:
        raise Conflict("这份简报刚刚有人改过。您写的还在下面，请先看看现在的内容，再保存。")
    if written is None:
        written = TopicBrief(topic_id=topic.id, district_id=topic.district_id, version=0, sent_counts={})
        session.add(written)
    for name, value in values.items():
        setattr(written, name, value)
    assert writing.actor.user_id is not None
    written.edited_by, written.edited_at = writing.actor.user_id, writing.at
    written.sent_at = None  # a topic that came back is written anew
    written.version += 1
    record(
        session, actor=writing.actor, district_id=topic.district_id, action="brief.save", noun="topic", entity_id=topic.id, at=writing.at
    )
    session.flush()
    return written


def send_brief(session: Session, topic: Topic, *, at: datetime) -> None:
    """Called when the topic goes to screening: the brief, if there is one, is frozen with the numbers of this moment."""
    written = session.get(TopicBrief, topic.id, with_for_update=True, populate_existing=True)
    if written is None:
        return
    written.sent_at, written.sent_counts = at, _kept(behind_topic(session, topic, at=at))


def complete(written: TopicBrief) -> None:
    """InvalidInput (field `problem` or `request`) when a brief lacks what screening asks for first."""
    if not written.problem:
        raise InvalidInput("请写是什么问题，再提交筛选。", field="problem")
    if not written.request:
        raise InvalidInput("请写希望协商什么，再提交筛选。", field="request")


def candidate(session: Session, actor: Actor, topic_id: int) -> Topic:
    """The topic, locked, while it may still be written about; NotFound, Forbidden, or Conflict once it went to screening."""
    topic = session.scalars(
        select(Topic).where(Topic.id == topic_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if topic is None or topic.district_id != actor.district_id:
        raise NotFound("没有这个议题，或者不在您的区。")
    if not actor.may(Permission.TOPIC_PROPOSE, area_path=session.get_one(Area, topic.area_id).path):
        raise Forbidden("这个议题不在您联系的社区。")
    if topic.state is not TopicState.CANDIDATE:
        raise Conflict("这个议题已经提交或处理过，简报不能再改。您写的还在下面。")
    return topic


def _chosen(
    session: Session, actor: Actor, topic: Topic, written: TopicBrief | None, *, said: Sequence[int], photos: Sequence[int]
) -> tuple[list[int], list[int]]:
    """What is quoted and shown: what the actor chose of what they see, and what stood there of what they don't."""
    stood, shown = (written.said, written.photos) if written is not None else ([], [])
    unseen_said, unseen_photos = recused_ids(session, actor, {*said, *stood}), recused_photos(session, actor, {*photos, *shown})
    quotes = quotable(session, topic.id, _beside(said, stood, unseen_said))
    pictures = showable(session, topic.id, _beside(photos, shown, unseen_photos))
    if len(quotes) > QUOTES_MOST:
        raise InvalidInput(f"最多引用 {QUOTES_MOST} 句（同事选的、您已回避看不到的也算），请去掉几句，让简报不超过一页。", field="said")
    if len(pictures) > PHOTOS_MOST:
        raise InvalidInput(f"最多放 {PHOTOS_MOST} 张照片（同事选的、您已回避看不到的也算），请去掉几张。", field="photos")
    return quotes, pictures


def _beside(chosen: Sequence[int], stood: Sequence[int], unseen: Collection[int]) -> list[int]:
    return [*(one for one in stood if one in unseen), *(one for one in chosen if one not in unseen)]


def _part(name: str, raw: str) -> str:
    text = clean(raw).text
    if len(text) > PART_MAX:
        raise InvalidInput(f"这一栏最多 {PART_MAX} 个字，请写短一点，让简报不超过一页。", field=name)
    return text


def _kept(behind: Behind) -> dict[str, object]:
    places = [[place.area_id, place.name, place.count] for place in behind.places]
    return {**asdict(behind), "places": places, "first_on": behind.first_on.isoformat() if behind.first_on is not None else None}
