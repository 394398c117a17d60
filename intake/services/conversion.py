"""成果转化: what a topic's suggestions turned into, written down by staff; a bulletin that is sent writes its own."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.bulletin import ConversionKind
from intake.domain.conversion import BY_HAND, POOLED_ON
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.text import clean_line
from intake.domain.working_days import SHANGHAI
from intake.models import Bulletin, BulletinTopic, Conversion, Topic
from intake.queries.conversion import require_conversions
from intake.services.audit import record

TITLE_MAX, NUMBER_MAX, WHOM_MAX, OUTCOME_MAX = 80, 40, 60, 60
SUGGESTIONS_MOST = 99


@dataclass(frozen=True, slots=True)
class ConversionFacts:
    """What stands in its form."""

    kind: ConversionKind
    title: str
    number: str
    by_whom: str
    suggestions: int
    converted_on: date | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Converting:
    """What every act on a stored conversion carries; `version` is the one on the person's screen."""

    actor: Actor
    conversion_id: int
    version: int
    at: datetime


def convert(session: Session, facts: ConversionFacts, *, actor: Actor, topic_id: int, at: datetime) -> Conversion:
    """A topic turned into a proposal or a speech; pressed twice it is written down once.

    Raises NotFound for another district's topic, Conflict when it isn't in the pool or the very same is on record, InvalidInput naming the
    field.
    """
    require_conversions(session, actor)
    topic = session.scalars(select(Topic).where(Topic.id == topic_id).with_for_update()).one_or_none()
    if topic is None or topic.district_id != actor.district_id:
        raise NotFound("没有这个议题，或者不在您的区。")
    if topic.state not in POOLED_ON:
        raise Conflict("这个议题还没有入库，或者已经离开议题库，不能登记转化。")
    assert actor.user_id is not None
    made = Conversion(district_id=topic.district_id, topic_id=topic.id, recorded_by=actor.user_id, created_at=at)
    _fill(made, facts, at=at)
    same = select(Conversion.id).where(
        Conversion.topic_id == topic.id,
        Conversion.kind == made.kind,
        Conversion.title == made.title,
        Conversion.converted_on == made.converted_on,
        Conversion.undone_at.is_(None),
    )
    if session.scalar(same) is not None:
        raise Conflict("同样的一条已经登记过了。")
    session.add(made)
    session.flush()
    _note(session, made, actor=actor, act="record", at=at)
    session.flush()
    return made


def change_conversion(session: Session, converting: Converting, facts: ConversionFacts) -> Conversion:
    """What was written down wrongly; a bulletin's own is changed there. Conflict when somebody was faster or it was taken back."""
    found = _lock(session, converting)
    if found.bulletin_id is not None:
        raise Conflict("这一条随信息报送记下，不在这里改。记错了可以撤回。")
    _fill(found, facts, at=converting.at)
    found.version += 1
    _note(session, found, actor=converting.actor, act="change", at=converting.at)
    session.flush()
    return found


def take_back_conversion(session: Session, converting: Converting) -> Conversion:
    """It is counted no more; Conflict when somebody was faster or it was taken back already."""
    found = _lock(session, converting)
    found.undone_at = converting.at
    found.version += 1
    _note(session, found, actor=converting.actor, act="take_back", at=converting.at)
    session.flush()
    return found


def bulletin_was_sent(session: Session, bulletin: Bulletin, *, actor: Actor, at: datetime) -> None:
    """Each of its topics turned into a bulletin; repeating it adds none. Not flushed."""
    assert bulletin.sent_on is not None
    assert actor.user_id is not None
    noted = select(Conversion.topic_id).where(Conversion.bulletin_id == bulletin.id)
    topics = select(BulletinTopic.topic_id).where(BulletinTopic.bulletin_id == bulletin.id, BulletinTopic.topic_id.not_in(noted))
    session.add_all(
        Conversion(
            district_id=bulletin.district_id,
            topic_id=topic_id,
            kind=ConversionKind.BULLETIN,
            bulletin_id=bulletin.id,
            title=bulletin.title,
            number=bulletin.issue_number,
            converted_on=bulletin.sent_on,
            recorded_by=actor.user_id,
            created_at=at,
        )
        for topic_id in session.scalars(topics.order_by(BulletinTopic.topic_id))
    )


def _lock(session: Session, converting: Converting) -> Conversion:
    require_conversions(session, converting.actor)
    found = session.scalars(
        select(Conversion).where(Conversion.id == converting.conversion_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or found.district_id != converting.actor.district_id:
        raise NotFound("没有这条转化，或者不在您的区。")
    if found.undone_at is not None:
        raise Conflict("这一条已经撤回，不再计数。")
    if found.version != converting.version:
        raise Conflict("这一条刚刚有人改过。您写的还在下面，请先看看现在的样子。")
    return found


def _fill(found: Conversion, facts: ConversionFacts, *, at: datetime) -> None:
    if facts.kind not in BY_HAND:
        raise InvalidInput("社情民意信息在报送时自动记下，这里只登记提案和大会发言。", field="kind")
    title = clean_line(facts.title, limit=TITLE_MAX, field="title")
    if not title:
        raise InvalidInput("请填写提案或发言的题目。", field="title")
    number = clean_line(facts.number, limit=NUMBER_MAX, field="number")
    by_whom = clean_line(facts.by_whom, limit=WHOM_MAX, field="by_whom")
    outcome = clean_line(facts.outcome, limit=OUTCOME_MAX, field="outcome")
    if not 1 <= facts.suggestions <= SUGGESTIONS_MOST:
        raise InvalidInput(f"写进了几条建议，请填 1 到 {SUGGESTIONS_MOST}。", field="suggestions")
    if facts.converted_on is None or facts.converted_on > at.astimezone(SHANGHAI).date():
        raise InvalidInput("请填写日期，不能晚于今天。", field="converted_on")
    found.kind, found.title, found.number, found.by_whom = facts.kind, title, number, by_whom
    found.suggestions, found.converted_on, found.outcome = facts.suggestions, facts.converted_on, outcome


def _note(session: Session, found: Conversion, *, actor: Actor, act: str, at: datetime) -> None:
    record(
        session,
        actor=actor,
        district_id=found.district_id,
        action=f"conversion.{act}",
        noun="conversion",
        entity_id=found.id,
        at=at,
        topic=found.topic_id,
        kind=found.kind.value,
    )
