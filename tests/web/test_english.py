"""Every page speaks English to whoever asks: beside what people wrote and the names they gave, nothing Chinese is left."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from intake.domain.submission import Urgency
from intake.domain.topic import TopicAction
from intake.domain.triage_result import Verdict
from intake.models import Contributor, Finding, Invitation
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import decided, receipt_path, taken_up, told, topic_of, words_on_receipt
from tests.factories.releases import drafted, pooled_topic
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import Person, hidden, send_sentence, sign_in, words_of
from tests.web.test_departments import picture, save
from tests.web.test_invitations import invite
from tests.web.test_places import post, the_point
from tests.web.test_posters import batch_ids, order, rename
from workers.jobs import print_posters

CHINESE = re.compile(r"[\u3001-\u303f\u4e00-\u9fff\uff01-\uff60]+")
"""Characters and punctuation; the ideographic blank indents a list."""
REASONS = ("同一地点：幸福里", "同一问题：路灯不亮", "同样说到：晚上看不见", "来自同一社区", "相隔 3 天", "相隔不到一天", "提到：路灯")
"""As the machine stores them; the catalogue's collector reads the code that makes them."""
WRITTEN = (
    "云栖区政协办公室", "临江市", "云栖区", "望江区", "丰山街道", "清河街道", "龙池社区", "紫薇社区", "石桥社区", "新来的社区",
    "区政府办公室", "区城市管理局", "区住房和建设局", "方敏", "高强", "孙丽", "吴军",
    "周明远", "李青", "老周", "王静", "陈立", "何苗", "林晓", "王姐", "周一至周五 9–17 时", "身边的事，扫码说",
    "幸福里的路灯换好了", "幸福里路灯不亮", "幸福里路灯", "幸福里", "路灯不亮", "晚上看不见", "路灯坏了", "路灯", "🐲", "昨晚修好了，我去看过。", "冒烟",
    "换了十二盏灯。", "已列入年度改造，先修主路。", "请拨13812345678",
)  # fmt: skip
"""What people wrote in these tests and the names they gave."""


def pieces(page: Element) -> Iterator[str]:
    """Every text and attribute a person may read or hear, save what is marked as Chinese."""
    if page.get("lang", "").startswith("zh"):
        yield page.tail or ""
        return
    yield from (value for name, value in page.attrib.items() if name not in {"href", "action", "class", "id", "src"})
    yield page.text or ""
    for child in page:
        yield from pieces(child)
    yield page.tail or ""


def left_in_chinese(answer: TestResponse, *written: str) -> list[str]:
    page = html5lib.parse(answer.get_data(as_text=True), namespaceHTMLElements=False)
    found = []
    for piece in (piece for part in page for piece in pieces(part)):  # the page's own language doesn't excuse it
        for words in sorted((*WRITTEN, *written), key=len, reverse=True):
            piece = piece.replace(words, "")  # noqa: PLW2901 -- what is left of it
        if CHINESE.search(piece):
            found.append(" ".join(piece.split()))
    return found


def only_english(client: FlaskClient, *paths: str, written: tuple[str, ...] = ()) -> None:
    """Each page is there, and nothing on it is Chinese beside what people wrote."""
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert left_in_chinese(answer, *written) == [], path


def english(person: Person) -> Person:
    person.client.get("/?lang=en")
    return person


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    return english(sign_in(client, "zhou"))


@pytest.fixture
def jing(app: Flask, town: Town) -> Person:
    return english(sign_in(app.test_client(), "wangjing"))


@pytest.fixture
def chen(app: Flask, town: Town) -> Person:
    return english(sign_in(app.test_client(), "chenli"))


@pytest.fixture
def lights(wiring: Wiring, town: Town) -> tuple[int, Stored]:
    """A topic, and a message that the machine puts there for every reason it knows."""
    topic = topic_of(wiring, town.zhou_id, "幸福里路灯不亮", told(wiring, town.longchi_code, "路灯坏了"))
    joins = told(wiring, town.longchi_code, "路灯坏了", verdict=Verdict.ATTACH, topic_id=topic, urgency=Urgency.SOON)
    with wiring.sessions.begin() as session:
        session.execute(update(Contributor).values(reasons=list(REASONS)))
    return topic, joins


def test_it_finds_what_is_left(client: FlaskClient, town: Town) -> None:
    found = left_in_chinese(client.get("/"))
    assert any("遇到危险" in piece for piece in found)
    assert not any("云栖区政协办公室" in piece for piece in found), "a name was counted"


def test_a_residents_pages(app: Flask, wiring: Wiring, zhou: Person, town: Town) -> None:
    browser = app.test_client()
    stored = told(wiring, town.longchi_code, "路灯坏了")
    zhou.press(f"/m/cards/{stored.submission_id}", "/decline", reason="already_done", words="昨晚修好了，我去看过。")
    browser.get("/?lang=en")
    only_english(browser, "/", "/privacy", "/r", f"/c/{town.longchi_id}", f"/p/{town.longchi_code}")
    only_english(browser, receipt_path(wiring, stored), written=(words_on_receipt(wiring, stored),))
    assert "It has been done already: 昨晚修好了" in words_of(browser.get(receipt_path(wiring, stored)))
    long = send_sentence(browser, town.longchi_code, "路灯" * 3000)
    assert "You can write 5000 characters; this is 1000 too many." in words_of(long)
    assert left_in_chinese(long) == []


def test_a_title_after_a_sentence_stands_apart_from_it(app: Flask, wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "路灯坏了")
    topic_of(wiring, town.zhou_id, "幸福里路灯不亮", stored)
    page = words_of(app.test_client().get(f"{receipt_path(wiring, stored)}?lang=en"))
    assert " “幸福里路灯不亮”" in page
    assert not re.search(r"[a-z.]“", page)
    assert re.search(r"[\u4e00-\u9fff。]“幸福里路灯不亮”", words_of(app.test_client().get(receipt_path(wiring, stored))))


def test_a_members_pages(wiring: Wiring, zhou: Person, town: Town, lights: tuple[int, Stored]) -> None:
    topic, joins = lights
    here = f"/m/cards/{joins.submission_id}"
    only_english(zhou.client, "/m", here, "/m/topics", f"/m/topics/{topic}")
    card = words_of(zhou.get(here))
    for reason in ("Same place: 幸福里", "days apart: 3", "Mentions: 路灯", "From the same community"):
        assert reason in card
    late = {"csrf_token": hidden(zhou.get(here).get_data(as_text=True), "csrf_token"), "version": "0", "words": "路灯"}
    assert left_in_chinese(zhou.client.post(f"{here}/answer", data=late)) == []
    assert left_in_chinese(zhou.press(here, "/answer", words="路灯" * 300)) == []


def test_why_it_is_urgent(wiring: Wiring, zhou: Person, jing: Person, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "冒烟", urgency=Urgency.EMERGENCY)
    with wiring.sessions.begin() as session:
        finding = session.query(Finding).filter_by(submission_id=stored.submission_id).one()
        finding.content = {**finding.content, "urgency_reasons": ["提到：冒烟", "来自同一社区"]}
    for person, path in ((zhou, f"/m/cards/{stored.submission_id}"), (jing, f"/d/submissions/{stored.submission_id}")):
        assert "Emergency: 冒烟, From the same community" in words_of(person.get(path))
        only_english(person.client, path)


def test_the_staffs_pages(wiring: Wiring, jing: Person, town: Town, lights: tuple[int, Stored]) -> None:
    topic, joins = lights
    other = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, "路灯坏了")))
    pooled = pooled_topic(wiring, town)
    release = drafted(wiring, town, pooled, words="请拨13812345678")
    only_english(jing.client, "/d", "/d/topics", f"/d/topics?topic={topic}", f"/d/topics?topic={other}", f"/d/topics/{topic}")
    only_english(jing.client, f"/d/submissions/{joins.submission_id}", "/d/releases", f"/d/releases/{release}", "/d/points", "/d/posters")
    refused = jing.press(f"/d/releases/{release}", "/publish")
    assert "it contains: mobile number 138••••5678." in words_of(refused)
    assert left_in_chinese(refused) == []
    html = jing.get(f"/d/topics/{other}").get_data(as_text=True)
    assert "Reject" in words_of(jing.get(f"/d/topics/{other}"))
    decided(wiring, town.jing_id, other, TopicAction.REJECT, "已列入年度改造，先修主路。")
    late = {"csrf_token": hidden(html, "csrf_token"), "version": hidden(html, "version"), "words": "路灯", "action": "approve"}
    assert left_in_chinese(jing.client.post(f"/d/topics/{other}/decide", data=late)) == []


def test_posters_that_were_not_made_say_why(wiring: Wiring, jing: Person, town: Town) -> None:
    rename(wiring, town.shiqiao_code, "路灯🐲")
    with jobs_in_this_process(wiring):
        order(jing, town.shiqiao_id)
        print_posters.run()
    page = jing.get(f"/d/posters/{batch_ids(wiring)[0]}")
    assert "Name of the intake point: the font has no “🐲”" in words_of(page)
    single = jing.client.get(f"/d/points/{the_point(wiring, town.shiqiao_code).id}/poster.pdf")
    assert left_in_chinese(page) == left_in_chinese(single) == []
    assert single.status_code == 422


def test_the_administrators_pages(wiring: Wiring, chen: Person, town: Town, clock: TestClock) -> None:
    point = f"/d/points/{the_point(wiring, town.longchi_code).id}"
    post(chen, f"{point}/move", action="pause", note="路灯", version=the_point(wiring, town.longchi_code).version)
    invited = invite(chen, town.longchi_id)
    assert left_in_chinese(invited) == []
    post(chen, f"/d/people/{town.qing_id}/roles", role="member", area=town.street_id)
    only_english(chen.client, "/d/areas", f"/d/areas/{town.street_id}", "/d/people", f"/d/people/{town.qing_id}", "/d/people/new")
    only_english(chen.client, "/d/people/invitations", "/d/people/invitations/new", "/d/departments", "/d/departments/new", "/d/settings")
    only_english(chen.client, "/d/upkeep", point, f"{point}/rota", f"{point}/facts", f"{point}/rotate")
    clock.forward(days=8)
    chen = english(sign_in(chen.client, "chenli"))
    assert "Expired" in words_of(chen.get("/d/people/invitations"))
    only_english(chen.client, "/d/people/invitations")
    assert "Role granted: Member · 丰山街道" in words_of(chen.get(f"/d/people/{town.qing_id}"))
    assert "Convenor" in words_of(chen.get(f"{point}/rota"))
    assert "Take out of use" in words_of(chen.get(point))


# A refusal with a name in it, with a number, with a label of ours, and one from a table of states.
@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("/d/people/new", {"name": "林晓", "login": "zhou", "password": "a-long-password", "role": "member"}, "user name “zhou”"),
        ("/d/people/new", {"name": "林晓", "login": "linxiao", "password": "short", "role": "member"}, "at least 10 characters"),
        ("/d/people/invitations/new", {"name": "林晓", "role": "member", "days": "99"}, "valid for 1 to 30 days"),
        ("/d/areas/{street}/below", {"kind": "community", "name": "龙池社区"}, "“丰山街道” already has a “龙池社区”"),
        ("/d/areas/{street}/below", {"kind": "street", "name": "新来的社区"}, "“丰山街道” (Street) can't have a level “Street”"),
        ("/d/people/invitations/{invitation}/revoke", {}, "It is now “Revoked”"),
    ],
)
def test_a_refusal_with_values_is_said_in_english(
    wiring: Wiring, chen: Person, town: Town, path: str, fields: dict[str, str], sentence: str
) -> None:
    invite(chen, town.longchi_id)
    with wiring.sessions() as session:
        invitation = session.query(Invitation).one().id
    post(chen, f"/d/people/invitations/{invitation}/revoke")
    answer = post(chen, path.format(street=town.street_id, invitation=invitation), {"area": town.longchi_id, **fields})
    assert answer.status_code in {409, 422}
    assert sentence in words_of(answer)
    assert left_in_chinese(answer) == []


def test_an_emblem_that_is_too_large_or_no_picture(chen: Person) -> None:
    for emblem, sentence in (
        (b"\0" * (2 * 1024 * 1024), "at most"),
        (picture()[:200], "can't be opened"),
        (b"x" * 600_000, "512 kB at most"),
    ):
        answer = save(chen, emblem=emblem)
        assert sentence in words_of(answer)
        assert left_in_chinese(answer) == []


def test_a_page_that_is_not_there(zhou: Person, jing: Person) -> None:
    for answer in (zhou.get("/d"), zhou.get("/m/cards/999999"), jing.get("/d/topics/999999"), jing.get("/d/people")):
        assert answer.status_code in {403, 404}
        assert left_in_chinese(answer) == []
