"""社情民意信息 and 成果转化 of the demo: one bulletin that the city took up, one still being written, and what topics turned into. All invented."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.bulletin import AdoptionKind, AdoptionLevel, ConversionKind
from intake.domain.bulletin_text import TO_WRITE
from intake.domain.conversion import POOLED_ON
from intake.domain.working_days import SHANGHAI
from intake.models import Bulletin, Topic
from intake.services.bulletin import AdoptionFacts, Editing, draft_bulletin, edit_bulletin, record_adoption, send_bulletin, sign_bulletin
from intake.services.conversion import ConversionFacts, convert

CAUSES = "老小区管养责任不清，维修资金动用手续多，谁牵头没有说定。"
REQUEST = "由街道牵头，请主管部门、物业和居民代表一起定办法；能当年办的当年办，办不了的说明理由和时间。"
SIGNER, CITY = "郑启明", "市政协办公室"
ADOPTED = (
    (AdoptionLevel.DISTRICT, AdoptionKind.INSTRUCTED, "分管副区长", "请有关部门研究。"),
    (AdoptionLevel.CITY, AdoptionKind.ADOPTED, CITY, ""),
)
TURNED = (
    (ConversionKind.PROPOSAL, "提案", "周明远", "立案"),
    (ConversionKind.SPEECH, "发言", "秦雨桐", ""),
)


def write_bulletins(session: Session, *, staff: Actor, ends: datetime) -> None:
    """In the last weeks before the end, on topics that were taken into the pool; does nothing where there are none."""
    topics = session.scalars(
        select(Topic)
        .where(Topic.district_id == staff.district_id, Topic.state.in_(POOLED_ON), Topic.confirmed_count > 0)
        .order_by(Topic.confirmed_count.desc(), Topic.id)
        .limit(3)
    ).all()
    if not topics:
        return
    _send(session, staff, topics[0].id, ends=ends)
    draft_bulletin(session, actor=staff, topic_ids=[one.id for one in topics[1:] or topics], at=ends - timedelta(days=1))
    for (kind, noun, whom, outcome), topic, back in zip(TURNED, topics, (9, 4), strict=False):
        at = ends - timedelta(days=back)
        facts = ConversionFacts(kind, f"关于{topic.title}的{noun}", "", whom, 1, _day(at), outcome)
        convert(session, facts, actor=staff, topic_id=topic.id, at=at)


def _send(session: Session, staff: Actor, topic_id: int, *, ends: datetime) -> None:
    made = draft_bulletin(session, actor=staff, topic_ids=[topic_id], at=ends - timedelta(days=20))
    edit_bulletin(session, _editing(staff, made, ends, back=19), title=made.title, text=_filled(made.text), taken_out=False)
    sign_bulletin(session, _editing(staff, made, ends, back=18), signer=SIGNER, signed_on=_day(ends - timedelta(days=18)), looked=True)
    sent_on = _day(ends - timedelta(days=17))
    send_bulletin(session, _editing(staff, made, ends, back=17), addressed_to=CITY, sent_on=sent_on, issue_number="第 12 期")
    for (level, kind, body, words), back in zip(ADOPTED, (12, 5), strict=True):
        facts = AdoptionFacts(level, kind, body, _day(ends - timedelta(days=back)), words)
        record_adoption(session, _editing(staff, made, ends, back=back), facts)


def _filled(text: str) -> str:
    """With somebody's words at each place that waited for them."""
    own = iter((CAUSES, REQUEST))
    return "\n".join(next(own, REQUEST) if line.startswith(TO_WRITE) else line for line in text.split("\n"))


def _editing(staff: Actor, made: Bulletin, ends: datetime, *, back: int) -> Editing:
    return Editing(actor=staff, bulletin_id=made.id, version=made.version, at=ends - timedelta(days=back))


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()
