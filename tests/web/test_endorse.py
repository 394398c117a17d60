"""附议 on the pages: one press, no script, no account; the second press leads to the same receipt, and the count says what may be told."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from intake.domain.release import ReleaseKind
from intake.domain.topic import TopicAction
from intake.models import Endorsement, Submission
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.endorsements import TITLE, joined, number_of, public_matter
from tests.factories.matters import decided, taken_up, told, topic_of, topic_row
from tests.factories.releases import drafted, let_out
from tests.factories.town import Town
from tests.factories.wechat import make_account
from tests.web.inside_wechat import AUNT, telephone
from tests.web.pages import hidden, sign_in, words_of
from tests.web.test_query_counts import cost, statements
from tests.wechat_platform.server import WeChatServer

JSON = {"Accept": "application/json"}


@pytest.fixture
def matter(wiring: Wiring, town: Town) -> str:
    """The public path of a matter under way."""
    return f"/t/{number_of(wiring, public_matter(wiring, town))}"


def press(client: FlaskClient, matter: str, **fields: str) -> TestResponse:
    """Open the page that asks, and press its button."""
    page = client.get(f"{matter}/endorse").get_data(as_text=True)
    return client.post(f"{matter}/endorse", data={"key": hidden(page, "key"), **fields})


def counted(wiring: Wiring) -> int:
    with wiring.sessions() as session:
        return session.scalar(select(func.count()).select_from(Endorsement).where(Endorsement.withdrawn_at.is_(None))) or 0


def test_without_script_one_press_on_the_public_page_and_one_to_confirm(client: FlaskClient, wiring: Wiring, matter: str) -> None:
    public = client.get(matter)
    assert "您那里也是这样？" in words_of(public)
    assert "Set-Cookie" not in public.headers  # nobody is marked who only reads
    assert "Set-Cookie" not in client.get(f"{matter}/endorse").headers
    sent = press(client, matter)
    assert sent.status_code == 303
    assert "zhibao_me=" in sent.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=31536000"} <= {part.strip() for part in sent.headers["Set-Cookie"].split(";")}
    receipt = words_of(client.get(sent.location))
    assert "已附议。" in receipt
    assert "您附议的事 幸福里的路灯正在换" in receipt
    assert "查询码" in receipt
    assert "（内容已按规定清除）" not in receipt
    assert "委员一般在" not in receipt
    # The public page knows them again, and so does the page that asks; a second press leads to the same receipt.
    assert "您附议了这件事" in words_of(client.get(matter))
    asked = client.get(f"{matter}/endorse")
    assert sent.location.split("?")[0] in asked.get_data(as_text=True)
    assert counted(wiring) == 1


def test_taps_before_the_cookie_came_are_one_persons(client: FlaskClient, app: Flask, wiring: Wiring, matter: str) -> None:
    key = hidden(client.get(f"{matter}/endorse").get_data(as_text=True), "key")
    answers = [app.test_client().post(f"{matter}/endorse", data={"key": key}, headers=JSON).get_json() for _ in range(3)]
    assert len({answer["number"] for answer in answers}) == 1
    assert [answer["words"] for answer in answers] == ["已附议，回执号", "您附议过了，回执号", "您附议过了，回执号"]
    assert counted(wiring) == 1


def test_it_is_taken_back_where_it_was_given_or_on_the_receipt(client: FlaskClient, app: Flask, wiring: Wiring, matter: str) -> None:
    sent = press(client, matter)
    stranger = app.test_client().post(f"{matter}/endorse/withdraw")
    assert stranger.status_code == 404
    assert counted(wiring) == 1
    assert client.post(f"{matter}/endorse/withdraw").location == f"{matter}/endorse?taken_back=1"
    assert "撤回了" in words_of(client.get(f"{matter}/endorse?taken_back=1"))
    assert "您已经撤回" in words_of(client.get(sent.location))
    assert counted(wiring) == 0
    again = press(client, matter).location.split("?")[0]
    assert again != sent.location.split("?")[0]
    asked = client.get(f"{again}/withdraw")
    assert '<p class="said">' not in asked.get_data(as_text=True)  # no empty quotation
    assert client.post(f"{again}/withdraw").status_code == 303
    assert counted(wiring) == 0


def test_words_and_contact_stay_the_residents(client: FlaskClient, wiring: Wiring, town: Town, matter: str) -> None:
    sent = press(client, matter, text="3 栋也是，两天了，电话 13800000021", contact="13800000021")
    assert "13800000021" in words_of(client.get(sent.location))
    with wiring.sessions() as session:
        row = session.scalars(select(Submission).order_by(Submission.id.desc()).limit(1)).one()
        assert (row.text_masked, row.contact_hint) == ("3 栋也是，两天了，电话 138••••0021", "138••••0021")
        topic = f"/d/topics/{session.scalars(select(Endorsement.topic_id)).one()}"
    shown = words_of(sign_in(client, "wangjing").get(topic))
    assert "3 栋也是，两天了" in shown
    assert "居民自己附议" in shown
    assert "13800000021" not in shown
    too_long = press(client.application.test_client(), matter, text="灯" * 301)
    assert too_long.status_code == 422
    assert "灯" * 301 in too_long.get_data(as_text=True)


def test_danger_in_the_words_brings_the_number_on_the_receipt(client: FlaskClient, matter: str) -> None:
    sent = press(client, matter, text="电线掉下来着火了，快来人")
    assert 'href="tel:119"' in client.get(sent.location).get_data(as_text=True)


def test_staff_see_wordless_endorsements_as_a_number_and_in_the_lineage(
    client: FlaskClient, wiring: Wiring, town: Town, matter: str
) -> None:
    press(client, matter)
    jing = sign_in(client, "wangjing")
    with wiring.sessions() as session:
        topic_id = session.scalars(select(Endorsement.topic_id)).one()
        submission_id = session.scalars(select(Endorsement.submission_id)).one()
    assert "另有 1 位居民附议，没有另外写话" in words_of(jing.get(f"/d/topics/{topic_id}"))
    assert "居民自己附议" in words_of(jing.get(f"/d/topics/{topic_id}/lineage"))
    assert "（附议，没有另外写话）" in words_of(jing.get(f"/d/submissions/{submission_id}"))
    assert "另有附议" in words_of(jing.get("/d/figures"))


def test_only_enough_people_are_told_as_a_number(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    topic_id = public_matter(wiring, town)
    path = f"/t/{number_of(wiring, topic_id)}"
    assert "人附议" not in words_of(client.get(path))
    for name in ("Wu", "Li"):
        joined(wiring, town, topic_id, name)
    assert "不足 3 人附议" in words_of(client.get(path))
    joined(wiring, town, topic_id, "Sun")
    assert "3 人附议" in words_of(client.get(path))
    assert "不足" not in words_of(client.get(f"{path}/endorse"))


def test_what_has_ended_says_so_and_takes_nobody_in(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    topic_id = topic_of(wiring, town.zhou_id, "路灯不亮", told(wiring, town.longchi_code, "幸福里路灯不亮"))
    taken_up(wiring, town.jing_id, topic_id)
    let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, kind=ReleaseKind.IN_HAND, title=TITLE))
    path = f"/t/{number_of(wiring, topic_id)}"
    key = hidden(client.get(f"{path}/endorse").get_data(as_text=True), "key")
    decided(wiring, town.jing_id, topic_id, TopicAction.REJECT, "另有安排。")
    assert "已经办完：如果您那里还有，请另外写" in words_of(client.get(path))
    assert 'name="key"' not in client.get(f"{path}/endorse").get_data(as_text=True)
    late = client.post(f"{path}/endorse", data={"key": key})
    assert late.status_code == 409
    assert "不能再附议" in words_of(late)


# Each row: what is wrong with the press, and the answer.
@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        pytest.param({}, {}, 410, id="no key"),
        pytest.param({"key": "x" * 80}, {}, 410, id="a key that isn't ours"),
        pytest.param({}, {"Origin": "https://elsewhere.example"}, 403, id="another site's form"),
    ],
)
def test_a_press_that_is_not_from_our_page_joins_nothing(
    client: FlaskClient, wiring: Wiring, matter: str, fields: dict[str, str], headers: dict[str, str], status: int
) -> None:
    assert client.post(f"{matter}/endorse", data=fields, headers=headers).status_code == status
    assert counted(wiring) == 0


def test_keys_grow_old_and_belong_to_one_matter(client: FlaskClient, wiring: Wiring, town: Town, matter: str, clock: TestClock) -> None:
    key = hidden(client.get(f"{matter}/endorse").get_data(as_text=True), "key")
    other = f"/t/{number_of(wiring, public_matter(wiring, town))}"
    assert client.post(f"{other}/endorse", data={"key": key}).status_code == 410
    clock.forward(hours=25)
    assert client.post(f"{matter}/endorse", data={"key": key}).status_code == 410


def test_what_is_not_public_cannot_be_joined(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    topic_id = topic_of(wiring, town.zhou_id, "路灯不亮", told(wiring, town.longchi_code, "幸福里路灯不亮"))
    path = f"/t/{topic_row(wiring, topic_id).number}/endorse"
    assert client.get(path).status_code == 404
    assert client.post(path, data={"key": "x"}).status_code == 404
    assert client.get("/t/%00%ff/endorse").status_code == 404


def test_a_device_that_joins_without_end_is_told_when_to_try_again(client: FlaskClient, wiring: Wiring, matter: str) -> None:
    limit = wiring.settings.endorse_limit
    object.__setattr__(wiring.settings, "endorse_limit", "1/hour")
    try:
        assert press(client, matter).status_code == 303
        assert press(client.application.test_client(), matter).status_code == 429
        # Whoever has joined still finds the receipt by pressing again.
        key = hidden(client.application.test_client().get(f"{matter}/endorse").get_data(as_text=True), "key")
        assert client.post(f"{matter}/endorse", data={"key": key}).status_code == 303
    finally:
        object.__setattr__(wiring.settings, "endorse_limit", limit)


def test_in_wechat_the_follower_is_the_person_and_finds_it_among_their_own(
    with_platform: WeChatServer, app: Flask, wiring: Wiring, town: Town, matter: str
) -> None:
    with wiring.sessions.begin() as session:
        make_account(session, wiring.vault, area_id=town.district_id)
    aunt, second = telephone(app, with_platform, AUNT), telephone(app, with_platform, AUNT)
    for phone in (aunt, second):
        phone.open(f"/p/{town.longchi_code}")
        page = phone.get(f"{matter}/endorse?at={town.longchi_code}").get_data(as_text=True)
        sent = phone.post(f"{matter}/endorse", key=hidden(page, "key")) if 'name="key"' in page else None
        assert (sent is None) is (phone is second)
        assert sent is None or "zhibao_me" not in sent.headers.get("Set-Cookie", "")
    assert counted(wiring) == 1
    assert "附议： 幸福里的路灯正在换" in words_of(aunt.get("/mine")).replace("附议：幸", "附议： 幸")


def test_reading_costs_the_same_however_many_have_joined(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    topic_id = public_matter(wiring, town)
    path = f"/t/{number_of(wiring, topic_id)}"
    joined(wiring, town, topic_id, "Wu")
    few = [cost(wiring, client, path, TITLE), cost(wiring, client, f"{path}/endorse", TITLE)]
    for number in range(20):
        joined(wiring, town, topic_id, f"neighbour {number}")
    assert [cost(wiring, client, path, TITLE), cost(wiring, client, f"{path}/endorse", TITLE)] == few


def test_joining_costs_the_same_however_many_have_joined(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    topic_id = public_matter(wiring, town)
    path = f"/t/{number_of(wiring, topic_id)}/endorse"
    counts = []
    for round_ in range(2):
        key = hidden(client.application.test_client().get(path).get_data(as_text=True), "key")
        with statements(wiring) as sent:
            assert client.application.test_client().post(path, data={"key": key}).status_code == 303
        counts.append(len(sent))
        for number in range(20 * (1 - round_)):
            joined(wiring, town, topic_id, f"neighbour {number}")
    assert counts[0] == counts[1]
