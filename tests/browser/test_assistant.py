"""起草助手 in Chromium: each state of its page in every mode, and a draft that appears where somebody waits for it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from intake.adapters.assistant import ChatAssistant
from intake.ports import NullJobQueue
from intake.services.assistant_draft import ask
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, wrong_on_desk
from tests.browser.people import People
from tests.contract.endpoint import Endpoint, endpoint, says, sends
from tests.factories.matters import told, topic_of
from tests.factories.town import actor, town_in
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import assist

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Topics:
    """One for each thing to look at."""

    fresh: int
    waiting: int
    written: int
    failed: int


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[Endpoint]:
    with endpoint(says("幸福里路灯不亮")) as running, jobs_in_this_process(site.wiring):
        site.wiring.settings = replace(site.wiring.settings, assistant_url=running.url, assistant_model="district-7b")
        site.wiring.assistant = ChatAssistant(url=running.url, key="", model="district-7b", seconds=5)
        site.wiring.queue = NullJobQueue()
        yield running


@pytest.fixture(scope="module")
def seen(site: Site, server: Endpoint) -> Topics:
    wiring = site.wiring
    with wiring.sessions() as session:
        town = town_in(session)
    topics = [topic_of(wiring, town.zhou_id, f"第 {n} 件", told(wiring, town.longchi_code, "幸福里路灯不亮")) for n in range(4)]
    made = Topics(*topics)

    def asked(topic_id: int, purpose: str) -> None:
        with wiring.sessions.begin() as session:
            staff = actor(session, town.jing_id)
            ask(session, actor=staff, topic_id=topic_id, purpose=purpose, monthly_tokens=200_000, at=wiring.clock.now())

    for purpose in ("title", "summary"):
        asked(made.written, purpose)
    assist.run()
    server.behave = sends(b"", status=401)
    asked(made.failed, "title")
    assist.run()
    server.behave = says("幸福里路灯不亮")
    asked(made.waiting, "title")
    return made


PAGES: dict[str, Open] = {
    "nothing asked yet": at(lambda seen: f"/d/topics/{seen.fresh}/assistant"),
    "being written": at(lambda seen: f"/d/topics/{seen.waiting}/assistant"),
    "written": at(lambda seen: f"/d/topics/{seen.written}/assistant"),
    "failed": at(lambda seen: f"/d/topics/{seen.failed}/assistant"),
    "refused": sent(lambda seen: f"/d/topics/{seen.written}/assistant", "/adopt", words="请打13800000021"),
}


@pytest.mark.parametrize("name", PAGES)
def test_page(name: str, people: People, seen: Topics, site: Site) -> None:
    wrong = wrong_on_desk(people.page_of("wangjing", desk=True), PAGES[name], seen, site)
    assert not wrong, "\n".join(wrong)


def test_a_draft_appears_where_somebody_waits_for_it(people: People, seen: Topics, site: Site) -> None:
    jing = people.page_of("wangjing", desk=True)
    jing.context.add_cookies([{"name": "lang", "value": "zh", "url": site.url}, {"name": "care", "value": "0", "url": site.url}])
    jing.open(f"/d/topics/{seen.fresh}/assistant")
    jing.button("起草标题").click()
    jing.sees("助手正在写")
    jing.page.evaluate("() => { window.samePage = true }")
    assist.run()
    jing.sees("机器起草，未经核对")
    assert jing.page.evaluate("() => window.samePage") is True
    jing.page.get_by_label("草稿，可以先改").fill("幸福里3号楼路灯不亮")
    jing.button("用作标题").click()
    jing.sees("标题已经改好")
    jing.page.close()
