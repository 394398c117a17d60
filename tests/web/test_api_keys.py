"""接口密钥: given on the desk, shown once, taken back; who may and who may not."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.models import ApiKey, AuditEntry
from intake.services.api_key import key_hash
from intake.wiring import Wiring
from tests.factories.administrators import street_administrator
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def li(client: FlaskClient, town: Town) -> Person:
    """陈立, 管理员."""
    return sign_in(client, "chenli")


def post(person: Person, path: str, **data: object) -> TestResponse:
    token = hidden(person.client.get("/sign-in").get_data(as_text=True), "csrf_token")
    return person.client.post(path, data={"csrf_token": token, **data})


def give(li: Person, town: Town, name: str = "区城市管理平台") -> str:
    """The key as the page shows it."""
    answer = post(li, "/d/api-keys/new", name=name, point_code=town.longchi_code)
    assert answer.status_code == 200, words_of(answer)
    found = re.search(r'id="secret" value="([^"]+)"', answer.get_data(as_text=True))
    assert found is not None
    return found[1]


def kept(wiring: Wiring) -> list[ApiKey]:
    with wiring.sessions() as session:
        return session.query(ApiKey).order_by(ApiKey.id).all()


def test_a_key_is_shown_once_and_kept_as_a_hash(li: Person, town: Town, wiring: Wiring) -> None:
    secret = give(li, town)
    assert re.fullmatch(r"zhibao_[A-Za-z0-9_-]{43}", secret)
    (key,) = kept(wiring)
    assert (key.key_hash, key.key_hint, key.name) == (key_hash(secret), secret[:11], "区城市管理平台")
    page = words_of(li.get("/d/api-keys"))
    assert "区城市管理平台" in page
    assert secret[:11] in page
    assert secret not in page
    assert "还没用过" in page
    with wiring.sessions() as session:
        (noted,) = session.query(AuditEntry).filter_by(action="api_key.give").all()
    assert secret not in str(noted.detail)


def test_a_key_taken_back_opens_nothing_and_whoever_was_slower_reads_so(li: Person, town: Town, wiring: Wiring, app: Flask) -> None:
    secret = give(li, town)
    (key,) = kept(wiring)
    said = {"api_key": secret, "service_code": "lift-safety", "description": "电梯又停了", "address_string": "龙池社区"}
    caller = app.test_client()
    assert caller.post("/open311/v2/requests.json", data=said).status_code == 200
    assert post(li, f"/d/api-keys/{key.id}/revoke", version="1").status_code == 303
    assert caller.post("/open311/v2/requests.json", data=said).status_code == 403
    assert caller.get("/open311/v2/requests/ZB-2611-000018.json", headers={"X-Api-Key": secret}).status_code == 404
    again = post(li, f"/d/api-keys/{key.id}/revoke", version="1")
    assert again.status_code == 409
    assert "刚刚有人收回了" in words_of(again)
    assert kept(wiring)[0].last_used_at is not None
    assert "还没用过" not in words_of(li.get("/d/api-keys"))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        # Whose system it is must be said.
        ({"name": " "}, "请写是谁的系统"),
        # And where its matters come in.
        ({"point_code": ""}, "请写它交来的事记在哪个直报点"),
        ({"point_code": "nothere"}, "请写它交来的事记在哪个直报点"),
    ],
)
def test_what_is_missing_is_named_beside_its_field(li: Person, town: Town, facts: dict[str, str], said: str, wiring: Wiring) -> None:
    answer = post(li, "/d/api-keys/new", **{"name": "区城市管理平台", "point_code": town.longchi_code, **facts})
    assert answer.status_code == 422
    assert said in words_of(answer)
    assert kept(wiring) == []


def test_an_administrator_of_a_street_gives_keys_there_alone(
    client: FlaskClient, app: Flask, li: Person, town: Town, wiring: Wiring
) -> None:
    give(li, town)
    street_administrator(wiring, town.street_id)
    theirs = sign_in(app.test_client(), "guning")
    assert "区城市管理平台" in words_of(theirs.get("/d/api-keys"))  # 龙池社区 is in their street
    give(theirs, town, "街道的系统")
    refused = post(theirs, "/d/api-keys/new", name="街道的系统", point_code=town.shiqiao_code)
    assert refused.status_code == 403


def test_the_list_costs_the_same_for_one_key_and_for_twenty(li: Person, town: Town, wiring: Wiring) -> None:
    give(li, town, "第 0 个系统")
    before = cost(wiring, li, "/d/api-keys", "第 0 个系统")
    for number in range(1, 20):
        give(li, town, f"第 {number} 个系统")
    assert cost(wiring, li, "/d/api-keys", "第 19 个系统") == before
