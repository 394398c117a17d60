"""Topics that came by another route than residents' messages: registered with where they came from."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, InvalidInput
from intake.domain.permission import Permission
from intake.domain.personal_data import mask, personal_data
from intake.domain.receipt import SHANGHAI
from intake.domain.release import untellable
from intake.domain.text import clean, clean_line
from intake.domain.topic import Route
from intake.domain.topic_origin import ADDRESS_MAX, BODY_MAX, BY_HAND, HOMES_MAX, NAMED_MOST, NUMBER_MAX, PLACE_MAX, WORDS_MAX
from intake.models import Area, AssistedFiling, Topic, TopicOrigin
from intake.services.audit import record
from intake.services.topic_decision import Screening
from intake.services.topic_open import TopicFacts, checked_title, open_registered
from intake.services.topic_screen import take_up


@dataclass(frozen=True, slots=True)
class OriginFacts:
    """What stands in the form; which of them are needed goes by the route."""

    route: Route
    title: str
    area_id: int
    category: str | None
    """A code of the taxonomy, None where nobody knows."""
    words: str
    body: str = ""
    document_number: str = ""
    received_on: date | None = None
    """In Shanghai."""
    place: str = ""
    homes: int | None = None
    source_address: str = ""
    submission_ids: tuple[int, ...] = ()
    """Of messages that the actor filed for others."""


def registered_before(session: Session, nonce: bytes | None) -> Topic | None:
    """The topic that this very form has made, None where it made none."""
    if nonce is None:
        return None
    return session.scalars(
        select(Topic).join(TopicOrigin, TopicOrigin.topic_id == Topic.id).where(TopicOrigin.nonce == nonce)
    ).one_or_none()


def register(session: Session, *, actor: Actor, facts: OriginFacts, at: datetime, nonce: bytes | None = None) -> Topic:
    """A candidate without contributors and with its origin; where the actor screens, it goes straight to screening.

    Sent twice with one `nonce`, also at once, it is one topic; None for what is sent only once. Personal data in the words is masked.
    Raises InvalidInput naming the field, Forbidden outside the actor's areas or routes.
    """
    made = registered_before(session, nonce)
    if made is not None:
        return made
    try:
        with session.begin_nested():
            return _register(session, actor=actor, facts=facts, nonce=nonce, at=at)
    except IntegrityError:
        # The same press may have come twice at once: then the other one has just made it.
        made = registered_before(session, nonce)
        if made is None:
            raise
        return made


def _register(session: Session, *, actor: Actor, facts: OriginFacts, nonce: bytes | None, at: datetime) -> Topic:
    area, origin = check_facts(session, actor=actor, facts=facts, at=at)
    topic = open_registered(session, TopicFacts(facts.route, facts.title, facts.category, area), actor=actor, at=at)
    origin.topic_id, origin.district_id, origin.nonce = topic.id, topic.district_id, nonce
    session.add(origin)
    record(
        session,
        actor=actor,
        district_id=topic.district_id,
        action="topic.register",
        noun="topic",
        entity_id=topic.id,
        at=at,
        route=facts.route.value,
    )
    session.flush()
    if actor.may(Permission.SCREEN_DECIDE, area_path=area.path):
        take_up(session, Screening(actor=actor, topic_id=topic.id, version=topic.version, at=at))
        session.flush()
    return topic


def check_facts(session: Session, *, actor: Actor, facts: OriginFacts, at: datetime) -> tuple[Area, TopicOrigin]:
    """What `register` would refuse is refused; the area, and the origin as it would be kept. Nothing is written."""
    if facts.route not in BY_HAND:
        raise InvalidInput("这一途径的议题不用登记，会自己来。", field="route")
    area = _area(session, actor, facts)
    _check_title(facts.title)
    return area, _checked(session, actor, facts, at=at)


def _area(session: Session, actor: Actor, facts: OriginFacts) -> Area:
    area = session.get(Area, facts.area_id)
    if area is None or area.district_id is None or area.district_id != actor.district_id:
        raise InvalidInput("请选择是哪个区域的事。", field="area")
    suggests = facts.route is Route.COMMUNITIES and actor.may(Permission.TOPIC_SUGGEST, area_path=area.path)
    if not suggests and not actor.may(Permission.TOPIC_REGISTER, area_path=area.path):
        raise Forbidden("这个区域不在您负责的范围，或者这一途径不由您登记。")
    return area


def _checked(session: Session, actor: Actor, facts: OriginFacts, *, at: datetime) -> TopicOrigin:
    assert actor.user_id is not None
    body = clean_line(facts.body, limit=BODY_MAX, field="body")
    words = clean(facts.words).text
    if len(words) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，多了 {len(words) - WORDS_MAX} 个。", field="words")
    if not words:
        raise InvalidInput("请写明是什么事、想请政协做什么。", field="words")
    if not body and facts.route is not Route.NETWORK:
        raise InvalidInput("请写是谁提的，例如“区委办公室”“龙池社区居委会”。", field="body")
    if facts.received_on is None and facts.route is Route.PARTY_GOVERNMENT:
        raise InvalidInput("请选哪天来的文，或者哪天当面说的。", field="received_on")
    if facts.received_on is not None and facts.received_on > at.astimezone(SHANGHAI).date():
        raise InvalidInput("这一天还没有到，请再看一遍日期。", field="received_on")
    if facts.homes is not None and not 0 < facts.homes <= HOMES_MAX:
        raise InvalidInput(f"户数请写 1 到 {HOMES_MAX} 之间的整数，不清楚就空着。", field="homes")
    place = clean_line(facts.place, limit=PLACE_MAX, field="place")
    return TopicOrigin(
        route=facts.route,
        body=mask(body, personal_data(body)),
        document_number=clean_line(facts.document_number, limit=NUMBER_MAX, field="document_number"),
        received_on=facts.received_on,
        source_address=_address(facts),
        words=mask(words, personal_data(words)),
        place=mask(place, personal_data(place)),
        homes=facts.homes,
        submission_ids=_filed(session, actor, facts.submission_ids),
        registered_by=actor.user_id,
        created_at=at,
        version=1,
    )


def _check_title(raw: str) -> None:
    """A title holds nobody: it is shown far and wide, so that masking wouldn't do."""
    found = untellable(checked_title(raw), offices=frozenset())
    if found:
        raise InvalidInput(f"名称里有{'、'.join(found)}，请去掉。", field="title")


def _address(facts: OriginFacts) -> str:
    """The address of a post, http or https, without a name and password in it; it is never fetched."""
    raw = "".join(clean(facts.source_address).text.split())
    if not raw and facts.route is not Route.NETWORK:
        return ""
    if len(raw) > ADDRESS_MAX:
        raise InvalidInput(f"网址最多 {ADDRESS_MAX} 个字符，请只留问号前面的部分。", field="source_address")
    try:
        parts = urlsplit(raw)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and "." in (parts.hostname or "") and parts.username is None
    except ValueError:
        sound = False
    if not sound or "\ufffd" in raw:
        raise InvalidInput("请贴这条帖子的完整网址，以 http:// 或 https:// 开头。", field="source_address")
    return raw


def _filed(session: Session, actor: Actor, submission_ids: Collection[int]) -> list[int]:
    """Those ids, each once; InvalidInput for more than NAMED_MOST, or for one that somebody else filed."""
    wanted = sorted(set(submission_ids))
    if len(wanted) > NAMED_MOST:
        raise InvalidInput(f"最多选 {NAMED_MOST} 件来件。", field="submissions")
    if not wanted:
        return []
    mine = select(AssistedFiling.submission_id).where(AssistedFiling.filed_by == actor.user_id, AssistedFiling.submission_id.in_(wanted))
    if set(session.scalars(mine)) != set(wanted):
        raise InvalidInput("选中的来件里有的不是您填的，请刷新后再选。", field="submissions")
    return wanted
