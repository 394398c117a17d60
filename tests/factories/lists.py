"""Official lists of referrals, made by the services that staff call."""

from intake.domain.actor import MACHINE
from intake.domain.official_list import ListKind
from intake.domain.topic import TopicAction
from intake.models import OfficialList, Topic
from intake.queries.official_list import ListFilter
from intake.services.official_list import Listing, issue, make_list, next_edition
from intake.services.transition import move
from intake.wiring import Wiring
from tests.factories.matters import told
from tests.factories.referrals import referred
from tests.factories.town import Town, actor

TITLE = "云栖区路灯事项责任落实清单"


def relayed(wiring: Wiring, town: Town, *, words: str = "幸福里2栋路灯不亮") -> int:
    """A resident's matter on its way to the office; the referral's id."""
    return referred(wiring, town, told(wiring, town.longchi_code, words))


def listed(
    wiring: Wiring, town: Town, *, kind: ListKind = ListKind.RESPONSIBILITY, chosen: ListFilter | None = None, title: str = TITLE
) -> int:
    """A draft of what `chosen` finds; its id."""
    with wiring.sessions.begin() as session:
        made = make_list(
            session, actor=actor(session, town.jing_id), kind=kind, title=title, chosen=chosen or ListFilter(), at=wiring.clock.now()
        )
        return made.id


def listing(wiring: Wiring, user_id: int, list_id: int) -> Listing:
    """What a person holds who has it on the screen now."""
    with wiring.sessions() as session:
        version = session.get_one(OfficialList, list_id).version
        return Listing(actor=actor(session, user_id), list_id=list_id, version=version, at=wiring.clock.now())


def issued(wiring: Wiring, town: Town, list_id: int) -> int:
    """Frozen by 王静."""
    held = listing(wiring, town.jing_id, list_id)
    with wiring.sessions.begin() as session:
        return issue(session, held).id


def followed(wiring: Wiring, town: Town, list_id: int) -> int:
    """The id of the next edition, a draft."""
    held = listing(wiring, town.jing_id, list_id)
    with wiring.sessions.begin() as session:
        return next_edition(session, held).id


def list_row(wiring: Wiring, list_id: int) -> OfficialList:
    """Its row as it stands now."""
    with wiring.sessions() as session:
        return session.get_one(OfficialList, list_id)


def being_delivered(wiring: Wiring, topic_id: int) -> int:
    """The pooled topic was consulted on and is being delivered."""
    with wiring.sessions.begin() as session:
        topic = session.get_one(Topic, topic_id)
        for action in (TopicAction.START_MICRO, TopicAction.DELIVER_REPORT):
            move(session, topic, action, actor=MACHINE, at=wiring.clock.now(), reason_code="test")
        return topic.id
