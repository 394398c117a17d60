"""The map: the same facts on the sheet and in the list, from positions that staff wrote down."""

import re

import pytest
from flask.testing import FlaskClient

from intake.models import Area, IntakePoint
from intake.wiring import Wiring
from tests.factories.releases import drafted, let_out, pooled_topic
from tests.factories.sentences import say
from tests.factories.town import Town
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def chen(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "chenli")


def point_id(wiring: Wiring, code: str) -> int:
    with wiring.sessions() as session:
        return session.query(IntakePoint).filter(IntakePoint.code == code).one().id


def located(chen: Person, point: int, position: str) -> str:
    """What the desk says to a position."""
    facts = {"kind": "community", "name": f"直报点{point}", "helper_name": "", "helper_phone": "", "helper_hours": ""}
    return words_of(chen.press(f"/d/points/{point}/facts", "/facts", **facts, position=position))


def marks(html: str) -> list[str]:
    """What the marks on the sheet say."""
    return re.findall(r'<a class="mark[^"]*" href="[^"]+" aria-label="([^"]+)"', html)


def test_a_position_is_pasted_shown_refused_and_taken_out_again(chen: Person, wiring: Wiring, town: Town) -> None:
    point = point_id(wiring, town.longchi_code)
    assert "已保存" in located(chen, point, "124.6071，30.1204")
    page = words_of(chen.get(f"/d/points/{point}"))
    assert "30.1204,124.6071" in page
    assert "在地图上的位置" in page
    refused = located(chen, point, "30.1204")
    assert "位置要写两个数" in refused
    with wiring.sessions() as session:
        row = session.get_one(IntakePoint, point)
        assert (row.latitude, row.longitude) == (30.1204, 124.6071), "a refusal changed it"
    located(chen, point, "")
    with wiring.sessions() as session:
        assert session.get_one(IntakePoint, point).latitude is None


def test_the_map_and_its_list_say_the_same_and_a_place_without_position_stands_in_the_list(
    client: FlaskClient, chen: Person, wiring: Wiring, town: Town
) -> None:
    located(chen, point_id(wiring, town.longchi_code), "30.12,124.60")
    for number in range(2):
        say(wiring, town.longchi_code, f"第{number}件")
    let_out(wiring, town.jing_id, drafted(wiring, town, pooled_topic(wiring, town, voices=2)))
    stranger = client.application.test_client()
    html = stranger.get(f"/map?area={town.district_id}").get_data(as_text=True)
    assert marks(html) == ["1 丰山街道：公开了 1 件，其中 1 件有了结果"]
    listed = words_of(stranger.get(f"/map?area={town.district_id}")).partition("名单")[2]
    assert listed.index("丰山街道") < listed.index("公开了 1 件，其中 1 件有了结果") < listed.index("来件 4 件") < listed.index("清河街道")
    assert "还没有公开的事" in listed
    assert "还没有标位置" in listed
    street = stranger.get(f"/map?area={town.street_id}")
    assert marks(street.get_data(as_text=True)) == ["1 龙池社区：公开了 1 件，其中 1 件有了结果"]
    assert "紫薇社区" in words_of(street)
    # Of a community, its points; a drafted text changes nothing; whoever isn't signed in may keep it.
    assert "直报点" in words_of(stranger.get(f"/map?area={town.longchi_id}"))
    drafted(wiring, town, pooled_topic(wiring, town))
    assert marks(stranger.get(f"/map?area={town.district_id}").get_data(as_text=True)) == marks(html)
    assert street.headers["Cache-Control"] == "public, max-age=60"
    assert town.longchi_code not in html, "the code on the wall is for those who stand before it"


def test_small_numbers_are_not_told_and_districts_are_chosen_from(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    say(wiring, town.longchi_code, "一件事")
    assert "来件 不足 3 件" in words_of(client.get(f"/map?area={town.street_id}"))
    assert f'href="/map?area={town.district_id}"' in client.get("/map").get_data(as_text=True)


def test_the_map_costs_the_same_for_three_points_and_for_thirty(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    path = f"/map?area={town.district_id}"
    few = cost(wiring, client, path, "丰山街道")
    with wiring.sessions.begin() as session:
        first = session.query(IntakePoint).filter(IntakePoint.code == town.longchi_code).one()
        street = session.query(Area).filter(Area.id == town.street_id).one()
        for number in range(30):
            place = {"latitude": 30.0 + number / 1000, "longitude": 124.0 + number / 1000}
            session.add(
                IntakePoint(
                    district_id=first.district_id, area_id=street.id, kind=first.kind, name=f"第{number}处", code=f"many2345{number:02}",
                    state=first.state, created_at=first.created_at, **place,
                )
            )  # fmt: skip
    assert cost(wiring, client, path, "丰山街道") == few <= 5
