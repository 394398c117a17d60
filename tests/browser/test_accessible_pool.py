"""集中公布 and 议题库 in every mode, as in test_accessible."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest

from intake.domain.screening import Criterion
from intake.domain.topic import TopicAction
from intake.models import Contributor, Topic, TopicMark
from intake.services.appeal import appeal_topic
from intake.services.screening_publish import publish_next
from intake.services.screening_round import RoundFacts, create_round, draft
from intake.services.topic_class import open_class
from intake.services.topic_pool import keep
from intake.wiring import Wiring
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk
from tests.browser.people import People
from tests.factories.matters import decided, screening, taken_up, told, topic_of
from tests.factories.town import Town, actor, town_in

pytestmark = pytest.mark.browser

VOICES = (
    ("广场旁边的台阶没有扶手", "老人下台阶没有地方扶", "下雨天台阶滑，摔过两个人"),
    ("公交站没有遮雨棚", "等车淋雨"),
    ("公交站没有地方坐", "等车站半个钟头，腿疼"),
    ("学校门口放学时车堵成一片",),
)
TITLES = ("广场台阶加扶手", "公交站加遮雨棚", "公交站加长椅", "学校门口接送停车")


@dataclass(slots=True)
class Waiting:
    """What has been prepared for looking at."""

    open: int
    published: int
    topics: list[int]
    klass: int

    @property
    def compare(self) -> str:
        """The first three side by side."""
        return "/d/pool/compare?" + "&".join(f"topic={one}" for one in self.topics[:3])


@pytest.fixture(scope="module")
def seen(site: Site) -> Waiting:
    """A round that waits with three decisions, one of them overtaken; one that was published; four topics in the pool, two of a class."""
    wiring = site.wiring
    with wiring.sessions() as session:
        town = town_in(session)
    topics = [_proposed(wiring, town, title, *said) for title, said in zip(TITLES, VOICES, strict=True)]
    past, ahead = _round(wiring, town, "十月集中公布", hours=1), _round(wiring, town, "十一月集中公布", hours=72)
    for topic in topics[1:]:
        decided(wiring, town.jing_id, topic, TopicAction.APPROVE, "反映集中，情况清楚，进入议题库。")
    with wiring.sessions.begin() as session:
        jing = actor(session, town.jing_id)
        of = open_class(session, actor=jing, topic_ids=topics[1:3], title="公交站的设施", at=wiring.clock.now()).id
    _appealed(wiring, town, topics[0])
    lane, tree, wire = (_proposed(wiring, town, title, title) for title in ("小巷口的水坑", "倒伏的行道树", "低垂的电线"))
    _drafted(wiring, town, lane, past, TopicAction.RETURN, "请补充：哪一段积水，雨后多久退。")
    _drafted(wiring, town, tree, past, TopicAction.REFER, "请有关单位一周内扶正。")
    decided(wiring, town.jing_id, tree, TopicAction.REJECT, "今早已经扶正。")
    with wiring.sessions.begin() as session:
        later = wiring.clock.now() + timedelta(hours=1)
        while publish_next(session, workflow=wiring.workflow, at=later):
            pass
    _drafted(wiring, town, wire, ahead, TopicAction.REFER, "请供电公司当天处理。")
    light, gate, stair = (_proposed(wiring, town, title, title) for title in ("楼道灯不亮", "小区门禁坏了", "天桥台阶破损"))
    _drafted(wiring, town, light, ahead, TopicAction.APPROVE, "涉及三个社区，反映集中，进入议题库。")
    _drafted(wiring, town, gate, ahead, TopicAction.REJECT, "物业上周已经修好，请继续留意。")
    _drafted(wiring, town, stair, ahead, TopicAction.APPROVE, "情况清楚，进入议题库。")
    decided(wiring, town.jing_id, stair, TopicAction.RETURN, "请补充照片。")
    held = screening(wiring, town.jing_id, topics[3])
    with wiring.sessions.begin() as session:
        again = wiring.clock.now().date() + timedelta(days=40)
        keep(session, held, words="等学校开学后的数据。", look_again_on=again)
        session.get_one(Topic, topics[1]).category = wiring.taxonomy.categories[0].code
        mark = partial(TopicMark, district_id=town.district_id, marked_by=town.jing_id, marked_at=wiring.clock.now())
        session.add_all(
            [mark(topic_id=topics[1], criterion=Criterion.PEOPLE, mark=3), mark(topic_id=topics[1], criterion=Criterion.SPREAD, mark=1)]
        )
    return Waiting(ahead, past, [topics[1], topics[2], topics[3], topics[0]], of)


def _proposed(wiring: Wiring, town: Town, title: str, *said: str) -> int:
    voices = [told(wiring, (town.longchi_code, town.ziwei_code)[number % 2], words) for number, words in enumerate(said)]
    return taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, title, *voices))


def _round(wiring: Wiring, town: Town, name: str, *, hours: int) -> int:
    at_ = wiring.clock.now()
    with wiring.sessions.begin() as session:
        return create_round(session, RoundFacts(name, at_ + timedelta(hours=hours)), actor=actor(session, town.jing_id), at=at_).id


def _drafted(wiring: Wiring, town: Town, topic: int, round_id: int, action: TopicAction, words: str) -> None:
    held = screening(wiring, town.jing_id, topic)
    with wiring.sessions.begin() as session:
        draft(session, held, action, round_id=round_id, words=words, target_topic_id=None, office_id=None)


def _appealed(wiring: Wiring, town: Town, topic: int) -> None:
    """Turned down, appealed against, and in the pool after all."""
    decided(wiring, town.jing_id, topic, TopicAction.REJECT, "今年没有安排。")
    with wiring.sessions.begin() as session:
        behind = session.query(Contributor).filter_by(topic_id=topic).first()
        assert behind is not None
        appeal_topic(session, submission_id=behind.submission_id, words="老人天天走，不能等明年", at=wiring.clock.now())
    decided(wiring, town.jing_id, topic, TopicAction.APPROVE, "再看一遍，进入议题库。")


PAGES: dict[str, tuple[str, Open]] = {
    "rounds": ("wangjing", at("/d/rounds")),
    "new round with an error": ("wangjing", sent("/d/rounds/new", "/new", name="")),
    "round": ("wangjing", unfolded(lambda seen: f"/d/rounds/{seen.open}")),
    "round with an error": ("wangjing", sent(lambda seen: f"/d/rounds/{seen.open}", "/change", name="")),
    "published round": ("wangjing", at(lambda seen: f"/d/rounds/{seen.published}")),
    "pool": ("wangjing", at("/d/pool")),
    "pool with an error": ("wangjing", sent("/d/pool?order=waiting", "?order=waiting", words="")),
    "nothing found in the pool": ("wangjing", at("/d/pool?quarter=2020-1")),
    "compared": ("wangjing", at(lambda seen: seen.compare)),
    "class followed together": ("wangjing", at(lambda seen: f"/d/pool/classes/{seen.klass}")),
}
"""Name → who looks, and how to get there."""


@pytest.mark.parametrize("name", PAGES)
def test_desk_page(name: str, people: People, seen: Waiting, site: Site) -> None:
    login, open_page = PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)
