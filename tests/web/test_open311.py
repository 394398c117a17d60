"""Open311 GeoReport v2, in JSON and in XML: what is filed goes the form's way, what is read was released."""

import datetime as dt
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.adapters.vault import KeyVault
from intake.domain.point import PointState
from intake.domain.position import Position
from intake.domain.projection import from_wgs84
from intake.domain.release import ReleaseKind
from intake.domain.submission import Channel
from intake.models import AuditEntry, IntakePoint, Submission
from intake.services.api_key import give_key
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.releases import drafted, let_out, pooled_topic
from tests.factories.town import Town, actor
from tests.web.test_errors import dying_at_commit
from tests.web.test_query_counts import statements

ROOT = "/open311/v2"
SAID = {"service_code": "lift-safety", "description": "三号楼电梯又停了，老人下不了楼", "address_string": "幸福里三号楼"}


@pytest.fixture
def secret(wiring: Wiring, town: Town) -> str:
    """The key of 区城市管理平台, for 龙池社区."""
    return a_key(wiring, town)


def a_key(wiring: Wiring, town: Town, name: str = "区城市管理平台") -> str:
    with wiring.sessions.begin() as session:
        return give_key(session, actor=actor(session, town.li_id), name=name, point_code=town.longchi_code, at=wiring.clock.now()).secret


def file(client: FlaskClient, secret: str, headers: dict[str, str] | None = None, **said: str) -> TestResponse:
    data = {"api_key": secret, **SAID, **said}
    return client.post(f"{ROOT}/requests.json", data={name: value for name, value in data.items() if value}, headers=headers or {})


def number_in(answer: TestResponse) -> str:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.json[0]["service_request_id"])  # type: ignore[index]  # a list of one


def rows(wiring: Wiring) -> list[Submission]:
    with wiring.sessions() as session:
        return session.query(Submission).order_by(Submission.id).all()


def read(client: FlaskClient, path: str, **headers: str) -> Any:
    """What stands there for 云栖区, the second area that was made."""
    answer = client.get(f"{ROOT}/{path}?jurisdiction_id=2", headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json


def released(wiring: Wiring, town: Town, kind: ReleaseKind = ReleaseKind.RESULT) -> int:
    """A topic with one released text."""
    topic_id = pooled_topic(wiring, town)
    let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, kind=kind))
    return topic_id


# --- filing --------------------------------------------------------------------------------------------------------------------------


def test_what_is_filed_is_a_submission_like_any_other_and_its_receipt_opens(
    client: FlaskClient, wiring: Wiring, town: Town, secret: str
) -> None:
    answer = file(client, secret, phone="13800000021", lat="31.2304", long="121.4737", first_name="芳", media_url="http://127.0.0.1:9/x")
    number = number_in(answer)
    (row,) = rows(wiring)
    assert (row.receipt_number, row.channel, row.point_id, row.place) == (number, Channel.API, row.point_id, "幸福里三号楼")
    assert row.text_written == SAID["description"]
    assert row.contact_hint == "138••••0021"
    assert row.category is None  # theirs is only noted
    assert row.latitude is not None
    assert row.longitude is not None
    shifted = from_wgs84(Position(31.2304, 121.4737))
    assert (row.latitude, row.longitude) == pytest.approx((shifted.latitude, shifted.longitude))
    with wiring.sessions() as session:
        (noted,) = session.query(AuditEntry).filter_by(action="api_key.file").all()
    assert noted.detail["service_code"] == "lift-safety"
    address = str(answer.json[0]["service_notice"]).rpartition("https://zhibao.example")[2]  # type: ignore[index]  # as above
    assert number in client.get(address).get_data(as_text=True)
    own = address.split("/")
    assert read(client, f"tokens/{own[2]}.{own[3]}.json") == [{"service_request_id": number, "token": f"{own[2]}.{own[3]}"}]
    assert client.get(f"{ROOT}/tokens/{own[2]}.{'x' * 22}.json").status_code == 404


# The same sending is one matter: by its name for good, by its words for a day. Nothing that differs is lost.
def test_a_repeat_is_the_same_matter(client: FlaskClient, wiring: Wiring, secret: str, clock: TestClock, town: Town) -> None:
    first = number_in(file(client, secret))
    assert number_in(file(client, secret)) == first
    assert number_in(file(client, secret, description="另一部电梯也停了")) != first
    clock.forward(hours=23)
    assert number_in(file(client, secret)) == first
    clock.forward(hours=2)
    later = number_in(file(client, secret))
    assert later != first
    named = number_in(file(client, secret, {"Idempotency-Key": "a-1"}))
    assert named not in {first, later}
    clock.forward(days=40)
    assert number_in(file(client, secret, {"Idempotency-Key": "a-1"})) == named
    assert number_in(file(client, secret, {"Idempotency-Key": "a-2"})) != named
    assert number_in(file(client, secret, {"Idempotency-Key": "a-1"}, description="同名的另一句话")) != named
    assert number_in(file(client, a_key(wiring, town, "另一个系统"), {"Idempotency-Key": "a-1"})) != named


# What stands in the table of keys was made with ours: who has the rows alone can't try numbers until one fits the contact.
def test_what_tells_sendings_apart_gives_no_contact_away(client: FlaskClient, wiring: Wiring, secret: str) -> None:
    first = number_in(file(client, secret, phone="13800000021"))
    wiring.vault = KeyVault(secret_key="o" * 64, field_keys="k1:" + "A" * 43 + "=")
    assert number_in(file(client, secret, phone="13800000021")) != first


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"api_key": "zhibao_wrong"}, 403, "没有接口密钥"),
        ({"api_key": ""}, 403, "没有接口密钥"),
        ({"service_code": ""}, 400, "service_code"),
        ({"service_code": "no-such"}, 404, "service_code"),
        ({"description": ""}, 400, "请先写一句话"),
        ({"description": "长" * 4001}, 400, "4000"),
        # A place is needed: words for it, or both degrees, within the country.
        ({"address_string": ""}, 400, "address_string"),
        ({"lat": "31.2"}, 400, "lat 和 long"),
        ({"lat": "0", "long": "0"}, 400, "lat 和 long"),
        ({"lat": "nan", "long": "121"}, 400, "lat 和 long"),
        ({"jurisdiction_id": "999"}, 404, "jurisdiction_id"),
    ],
)
def test_what_cannot_be_filed_is_said_as_open311_says_it(
    client: FlaskClient, wiring: Wiring, secret: str, wrong: dict[str, str], status: int, said: str
) -> None:
    data = {"api_key": secret, **SAID, **wrong}
    in_json = client.post(f"{ROOT}/requests.json", data=data)
    assert (in_json.status_code, in_json.content_type) == (status, "application/json; charset=utf-8")
    (error,) = in_json.json or []
    assert error["code"] == status
    assert said in error["description"]
    in_xml = client.post(f"{ROOT}/requests.xml", data=data)
    assert (in_xml.status_code, in_xml.content_type) == (status, "text/xml; charset=utf-8")
    root = ET.fromstring(in_xml.data)
    assert (root.tag, root.findtext("error/code")) == ("errors", str(status))
    assert rows(wiring) == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"{ROOT}/services.json", "application/json"),
        (f"{ROOT}/services.xml", "text/xml"),
        ("/api/openapi.json", "application/json"),
    ],
)
def test_an_error_of_ours_is_said_to_programs_too_and_tells_nothing(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str, kind: str
) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError("the-secret-of-the-house")

    monkeypatch.setattr("intake.web.api.open311.brake", broken)
    monkeypatch.setattr("intake.web.api.pages.translated", broken)
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (500, kind)
    said = answer.get_json()[0]["description"] if kind == "application/json" else ET.fromstring(answer.data).findtext("error/description")
    assert said == "我们这边出了错，已经记下，请稍后再试。"
    assert "the-secret-of-the-house" not in answer.get_data(as_text=True)


def test_a_matter_lost_at_the_commit_is_said_as_open311_says_it_and_can_be_filed_again(
    client: FlaskClient, wiring: Wiring, secret: str
) -> None:
    with dying_at_commit(wiring):
        answer = file(client, secret)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json[0]["code"]) == (503, "30", 503)  # type: ignore[index]  # a list of one
    assert rows(wiring) == []
    assert number_in(file(client, secret))


def test_a_paused_point_takes_nothing_and_says_so(client: FlaskClient, wiring: Wiring, town: Town, secret: str) -> None:
    with wiring.sessions.begin() as session:
        point = session.query(IntakePoint).filter_by(code=town.longchi_code).one()
        point.state, point.closed_note = PointState.PAUSED, "社区搬家，下周再开。"
    answer = file(client, secret)
    assert (answer.status_code, answer.json) == (400, [{"code": 400, "description": "社区搬家，下周再开。"}])


def test_who_is_too_fast_is_told_when_to_come_back(app: Flask, wiring: Wiring, secret: str) -> None:
    wiring.settings = replace(wiring.settings, api_limit="2/minute", api_read_limit="1/minute")
    client = app.test_client()
    codes = [file(client, secret, description=f"第{number}件事").status_code for number in range(3)]
    assert codes == [200, 200, 429]
    read(client, "services.json")
    slow = client.get(f"{ROOT}/services.xml")
    assert (slow.status_code, slow.headers["Retry-After"]) == (429, "60")
    assert slow.mimetype == "text/xml"


def test_following_what_one_filed_needs_the_key_that_filed_it(client: FlaskClient, wiring: Wiring, town: Town, secret: str) -> None:
    number = number_in(file(client, secret))
    (own,) = read(client, f"requests/{number}.json", **{"X-Api-Key": secret})
    assert (own["status"], own["status_notes"], own["description"]) == ("open", "您的话已经收到", None)
    for headers in ({}, {"X-Api-Key": a_key(wiring, town, "另一个系统")}, {"X-Api-Key": "wrong"}):
        assert client.get(f"{ROOT}/requests/{number}.json", headers=headers).status_code == 404
    # In an address the key would stand in logs: there it counts for nothing.
    assert client.get(f"{ROOT}/requests/{number}.json?api_key={secret}").status_code == 404
    assert client.post(f"{ROOT}/requests.json?api_key={secret}", data=SAID).status_code == 403
    assert file(client, "", {"X-Api-Key": secret}).status_code == 200


# --- reading -------------------------------------------------------------------------------------------------------------------------


def test_only_what_was_released_is_read(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    assert read(client, "requests.json") == []
    release_id = drafted(wiring, town, topic_id)
    assert read(client, "requests.json") == []
    let_out(wiring, town.jing_id, release_id)
    (one,) = read(client, "requests.json")
    assert (one["status"], one["description"], one["status_notes"]) == ("closed", "幸福里的路灯换好了", "市政换了十二盏灯，晚上都亮了。")
    assert one["address"] == "龙池社区"
    assert one["lat"] is None
    with wiring.sessions.begin() as session:
        point = session.query(IntakePoint).filter_by(code=town.longchi_code).one()
        at = from_wgs84(Position(31.2304, 121.4737))
        point.latitude, point.longitude = at.latitude, at.longitude
    (placed,) = read(client, f"requests/{one['service_request_id']}.json")
    assert (placed["lat"], placed["long"]) == (31.2304, 121.4737)
    root = ET.fromstring(client.get(f"{ROOT}/requests.xml?jurisdiction_id=2").data)
    assert root.tag == "service_requests"
    in_xml = {child.tag: child.text for child in root.find("request") or ()}
    assert in_xml == {name: None if value is None else str(value) for name, value in placed.items()}


def test_the_filters_are_those_of_the_specification(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    released(wiring, town)
    now = clock.now()
    number = read(client, "requests.json")[0]["service_request_id"]

    def found(**asked: str) -> int:
        return len(client.get(f"{ROOT}/requests.json", query_string={"jurisdiction_id": "2", **asked}).json or [])

    def w3(days: int) -> str:
        return (now + dt.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    assert found(status="closed") == found(status="open,closed") == 1
    assert found(status="open") == 0
    assert found(service_code="no-such") == 0
    assert found(start_date=w3(-1), end_date=w3(1)) == found(start_date=w3(-80)) == found(end_date=w3(1)) == 1
    assert found(end_date=w3(-1)) == 0
    assert found(page="2") == 0
    assert found(service_request_id=f"YT-0,{number}", status="open") == 1  # it overrides all other arguments
    clock.forward(days=91)
    assert found() == 0  # the last 90 days
    assert found(start_date=w3(-1)) == found(service_request_id=number) == 1
    for wrong in (
        {"status": "done"}, {"start_date": "yesterday"}, {"start_date": "2026-11-03T00:00:00"}, {"end_date": "9999-12-31T23:59:59-23:59"},
        {"start_date": w3(-91), "end_date": w3(0)}, {"start_date": w3(1), "end_date": w3(0)}, {"page": "0"}, {"page_size": "1001"},
        {"page": "x"}, {"jurisdiction_id": "x"}, {"jurisdiction_id": ""},
    ):  # fmt: skip
        answer = client.get(f"{ROOT}/requests.json", query_string={"jurisdiction_id": "2", **wrong})
        assert answer.status_code == (404 if wrong.get("jurisdiction_id") else 400), wrong
        assert any(name in answer.json[0]["description"] for name in wrong), wrong  # type: ignore[index]  # a list of one


def test_a_matter_that_goes_on_is_open_again(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    topic_id = released(wiring, town)
    clock.forward(days=3)
    let_out(
        wiring, town.jing_id, drafted(wiring, town, topic_id, kind=ReleaseKind.IN_HAND, title="路灯又在修", words="有两盏又不亮，正在修。")
    )
    (one,) = read(client, "requests.json")
    assert (one["status"], one["description"]) == ("open", "路灯又在修")
    assert one["requested_datetime"] < one["updated_datetime"]


def test_services_and_discovery_say_what_there_is(client: FlaskClient, wiring: Wiring) -> None:
    services = read(client, "services.json")
    assert [one["service_code"] for one in services] == [one.code for one in wiring.taxonomy.categories]
    assert {(one["metadata"], one["type"]) for one in services} == {(False, "realtime")}
    root = ET.fromstring(client.get(f"{ROOT}/services.xml").data)
    assert (root.tag, root.findtext("service/metadata"), len(root)) == ("services", "false", len(services))
    assert read(client, "services/lift-safety.json") == {"service_code": "lift-safety", "attributes": []}
    found = read(client, "discovery.json")["endpoints"][0]
    assert (found["url"], found["formats"]) == ("https://zhibao.example/open311/v2", ["application/json", "text/xml"])
    root = ET.fromstring(client.get(f"{ROOT}/discovery.xml").data)
    assert [one.text for one in root.findall("endpoints/endpoint/formats/format")] == found["formats"]
    for path in ("services/no-such.json", "services/a%2Fb.json", "nothing", "requests/%00.json"):
        missing = client.get(f"{ROOT}/{path}")
        assert (missing.status_code, missing.mimetype) == (404, "application/json"), path


def test_reading_costs_as_much_for_one_matter_as_for_ten(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    counts = []
    for many in (1, 9):
        for _ in range(many):
            released(wiring, town)
        client.get(f"{ROOT}/requests.json")
        with statements(wiring) as sent:
            assert len(read(client, "requests.json")) >= many
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 2


def test_what_is_read_may_be_read_by_pages_of_others_and_kept_a_minute(client: FlaskClient, secret: str) -> None:
    answer = client.get(f"{ROOT}/services.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert "X-Api-Key" in answer.headers["Vary"]
    filed = file(client, secret)
    assert "Access-Control-Allow-Origin" not in filed.headers
    assert filed.headers["Cache-Control"] == "no-store"
