"""Files for everybody: what is released and nothing else, no number that points at a person, nothing a spreadsheet would run."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from jsonschema_rs import validator_for
from PIL import Image

from intake.domain.release import ReleaseKind
from intake.domain.submission import Channel, SubmissionState
from intake.models import Submission
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import topic_row
from tests.factories.releases import drafted, let_out, pooled_topic, taken_down
from tests.factories.sentences import say
from tests.factories.town import Town
from tests.web.pages import sign_in, words_of
from tests.web.test_query_counts import statements

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "open-data.schema.json").read_text(encoding="utf-8"))
ATOM = {"a": "http://www.w3.org/2005/Atom"}
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


@pytest.fixture
def released(wiring: Wiring, town: Town, clock: TestClock) -> tuple[int, int]:
    """A topic of which two texts are out, one is a draft and one was withdrawn; its id and that of the newest text."""
    topic_id = pooled_topic(wiring, town, voices=2)
    let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, kind=ReleaseKind.IN_HAND, title="=路灯在修", words="第一段，\n“换灯”。"))
    clock.forward(days=1)
    newest = let_out(wiring, town.jing_id, drafted(wiring, town, topic_id))
    drafted(wiring, town, topic_id, title="绝密草稿")
    taken_down(wiring, town.jing_id, let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, title="绝密已撤下")))
    return topic_id, newest


def table(client: FlaskClient, name: str) -> list[dict[str, str]]:
    """The rows of the CSV."""
    text = client.get(f"/open-data/{name}.csv").get_data().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_matters_are_what_is_released(client: FlaskClient, wiring: Wiring, released: tuple[int, int]) -> None:
    rows = table(client, "matters")
    number = topic_row(wiring, released[0]).number
    assert [(row["matter"], row["kind"], row["area"], row["submissions"]) for row in rows] == [
        (number, "in_hand", "龙池社区", ""),
        (number, "result", "龙池社区", ""),
    ]
    assert rows[0]["title"] == "'=路灯在修", "a spreadsheet would have run it"
    assert rows[0]["words"] == "第一段，\n“换灯”。"
    assert rows[1]["url"] == f"https://zhibao.example/t/{number}"
    assert rows[1]["released_at"].endswith("+08:00")
    assert "绝密" not in client.get("/open-data/matters.json").get_data(as_text=True)


@pytest.mark.usefixtures("released")
def test_each_json_is_as_its_schema_says_and_holds_what_the_csv_holds(
    client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    for number in range(4):
        say(wiring, town.ziwei_code, f"第{number}件")
    clock.forward(days=40)
    schema = validator_for(SCHEMA)
    for name in ("matters", "places", "figures"):
        answer = client.get(f"/open-data/{name}.json")
        document: dict[str, Any] = answer.get_json()
        schema.validate(document)
        assert [list(row) for row in document["rows"]] == [list(row) for row in table(client, name)], name
        assert document["rows"], name
        assert (answer.headers["Access-Control-Allow-Origin"], answer.headers["Cache-Control"]) == ("*", "public, max-age=60")
        for ending in ("csv", "json"):
            whole = client.get(f"/open-data/{name}.{ending}")
            again = client.get(f"/open-data/{name}.{ending}", headers={"If-None-Match": whole.headers["ETag"]})
            assert (again.status_code, again.get_data()) == (304, b""), name
    assert client.get("/open-data/people.csv").status_code == 404
    assert client.get("/open-data/matters.exe").status_code == 404
    page = words_of(client.get("/open-data"))
    assert "请注明来源和获取日期" in page
    assert "数字说明不了什么" in page


def test_what_is_withdrawn_has_another_tag_and_many_are_read_in_pieces(
    client: FlaskClient, wiring: Wiring, town: Town, released: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = client.get("/open-data/matters.csv").headers["ETag"]
    taken_down(wiring, town.jing_id, released[1])
    after = client.get("/open-data/matters.csv", headers={"If-None-Match": before})
    assert after.status_code == 200
    assert "换好了" not in after.get_data(as_text=True)
    for number in range(5):
        let_out(wiring, town.jing_id, drafted(wiring, town, released[0], title=f"第{number}段"))
    monkeypatch.setattr("intake.queries.public_data.open_matters.__kwdefaults__", {"chunk": 2})
    with statements(wiring) as sent:
        rows = table(client, "matters")
    assert [row["title"] for row in rows][1:] == [f"第{number}段" for number in range(5)]
    assert len(sent) == 1 + 4


def test_months_tell_no_small_number_nor_let_it_be_worked_out(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    for count in (2, 5, 4):  # in November, December and January
        for number in range(count):
            say(wiring, town.longchi_code, f"{count} 的第 {number} 件")
        clock.forward(days=31)
    for number in range(3):
        say(wiring, town.longchi_code, f"这个月的第 {number} 件")
    with wiring.sessions.begin() as session:  # said to the hotline long ago, and set aside: nothing was heard here, let alone closed
        row = session.get_one(Submission, say(wiring, town.longchi_code, "热线里的一件").submission_id)
        row.channel, row.state, row.received_at = Channel.IMPORT, SubmissionState.CLOSED, clock.now() - timedelta(days=400)
    rows = table(client, "figures")
    assert [(row["month"], row["received"], row["answered"]) for row in rows] == [
        ("2026-11", "", ""),
        ("2026-12", "5", "0"),
        ("2027-01", "", ""),
    ]
    assert {row["area"] for row in rows} == {"龙池社区"}


def test_places_have_positions_and_no_code(client: FlaskClient, town: Town) -> None:
    rows = {row["name"]: row for row in table(client, "places")}
    assert rows["龙池社区"]["parent_id"] == rows["丰山街道"]["area_id"] == str(town.street_id)
    assert (rows["云栖区"]["parent_id"], rows["龙池社区"]["points"], rows["云栖区"]["kind"]) == ("", "1", "district")
    assert "临江市" not in rows
    assert town.longchi_code not in client.get("/open-data/places.csv").get_data(as_text=True)


def test_the_feeds_tell_what_is_released_with_ids_that_stay(
    client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock, released: tuple[int, int]
) -> None:
    number = topic_row(wiring, released[0]).number

    def entries(path: str) -> list[tuple[str, str, str]]:
        answer = client.get(path)
        assert answer.content_type.startswith("application/atom+xml")
        root = ET.fromstring(answer.data)
        assert root.findtext("a:id", namespaces=ATOM) == f"https://zhibao.example{path}"
        assert root.findtext("a:author/a:name", namespaces=ATOM) == "云栖区政协办公室"
        assert [one.get("rel") for one in root.findall("a:link", ATOM)] == ["self", "alternate"]
        found = root.findall("a:entry", ATOM)
        assert root.findtext("a:updated", namespaces=ATOM) == (
            found[0].findtext("a:updated", namespaces=ATOM) if found else root.findtext("a:updated", namespaces=ATOM)
        )
        return [tuple(one.findtext(f"a:{name}", "", ATOM) for name in ("id", "title", "updated")) for one in found]  # type: ignore[misc]  # three

    everything = entries("/feed.atom")
    assert [title for _, title, _ in everything] == ["幸福里的路灯换好了", "=路灯在修"]
    assert everything[0][0] == f"https://zhibao.example/t/{number}#{released[1]}"
    # What is in hand no more is on no place's page, and so in no place's feed.
    assert [title for _, title, _ in entries(f"/c/{town.longchi_id}/feed.atom")] == ["幸福里的路灯换好了"]
    assert entries(f"/c/{town.shiqiao_id}/feed.atom") == []
    taken_down(wiring, town.jing_id, released[1])
    assert [title for _, title, _ in entries("/feed.atom")] == ["=路灯在修"]
    clock.forward(hours=1)
    let_out(wiring, town.jing_id, released[1])
    again = entries("/feed.atom")[0]
    assert again[0] == everything[0][0]
    assert again[2] > everything[0][2]
    assert f'href="/c/{town.longchi_id}/feed.atom"' in client.get(f"/c/{town.longchi_id}").get_data(as_text=True)


def test_a_shared_link_shows_a_card_of_what_is_released(client: FlaskClient, wiring: Wiring, town: Town, released: tuple[int, int]) -> None:
    number = topic_row(wiring, released[0]).number
    html = client.get(f"/t/{number}").get_data(as_text=True)
    assert f'<meta property="og:image" content="https://zhibao.example/t/{number}/card.png">' in html
    assert '<meta property="og:title" content="幸福里的路灯换好了">' in html
    assert f'data-share="https://zhibao.example/t/{number}"' in html
    card = client.get(f"/t/{number}/card.png")
    assert (Image.open(io.BytesIO(card.data)).size, card.content_type) == ((1200, 630), "image/png")
    assert card.headers["Cache-Control"] == "public, max-age=60"
    taken_down(wiring, town.jing_id, released[1])
    earlier = client.get(f"/t/{number}/card.png")
    assert earlier.status_code == 200
    assert earlier.data != card.data, "what is withdrawn stands on the card"
    hidden = topic_row(wiring, pooled_topic(wiring, town)).number
    assert client.get(f"/t/{hidden}/card.png").status_code == 404


def test_robots_read_public_pages_and_no_persons(client: FlaskClient, wiring: Wiring, town: Town, released: tuple[int, int]) -> None:
    lines = client.get("/robots.txt").get_data(as_text=True).splitlines()
    assert "Disallow: /" in lines
    allowed = [line.removeprefix("Allow: ") for line in lines if line.startswith("Allow: ")]
    for path in ("/p/nvgch2345a", "/r/2611-ABCD", "/n/x", "/d", "/m", "/search", "/sign-in", "/invite/x"):
        assert not any(path.startswith(one.rstrip("$")) for one in allowed if one != "/$"), path
    assert lines[-1] == "Sitemap: https://zhibao.example/sitemap.xml"
    root = ET.fromstring(client.get("/sitemap.xml").data)
    found = [one.text for one in root.findall("s:url/s:loc", SITEMAP)]
    assert f"https://zhibao.example/t/{topic_row(wiring, released[0]).number}" in found
    assert f"https://zhibao.example/c/{town.longchi_id}" in found
    assert len([one for one in found if "/t/" in str(one)]) == 1
    for path in ("/feed.atom", "/sitemap.xml", "/robots.txt", "/open-data/places.csv"):
        assert "Set-Cookie" not in client.get(path).headers
    jing = sign_in(client, "wangjing")
    assert jing.client.get("/feed.atom").headers["Cache-Control"] == "public, max-age=60", "it is the same for everybody"
