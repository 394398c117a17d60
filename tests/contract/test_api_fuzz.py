"""The API is what its description says: every route stands in it, and whatever is sent, the answer is one that it names.

schemathesis makes up requests from /api/openapi.json, such as fit it and such as don't, always the same ones, and sends them through the whole
application on the real database.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.routing import Rule

from intake.domain.release import ReleaseKind
from intake.services.api_key import give_key
from intake.web.api.description import OPERATIONS
from intake.web.api.schemas import SCHEMAS
from intake.web.api_caller import HEADER
from intake.web.public.open_data import TABLES
from intake.wiring import Wiring
from tests.apps import lent
from tests.factories.releases import drafted, let_out, pooled_topic
from tests.factories.town import Town, actor


@pytest.fixture
def app(wiring: Wiring, town: Town) -> Iterator[Flask]:
    """With one released matter, and limits that nobody reaches."""
    let_out(wiring, town.jing_id, drafted(wiring, town, pooled_topic(wiring, town), kind=ReleaseKind.RESULT))
    wiring.settings = replace(wiring.settings, api_limit="1000000/minute", api_read_limit="1000000/minute", similar_limit="1000000/minute")
    with lent(wiring) as made:
        yield made


def addresses(rule: Rule) -> set[str]:
    """The addresses of a rule as OpenAPI writes them."""
    path = re.sub(r"<(?:int:)?(\w+)>", r"{\1}", rule.rule)
    endings = re.search(r"<any\(([^)]+)\):\w+>", path)
    paths = {path.replace(endings[0], one.strip()) for one in endings[1].split(",")} if endings else {path}
    tables = [table.name for table in TABLES] if rule.endpoint == "public.open_file" else []
    return {one.replace("{name}", table) for one in paths for table in tables} or paths


def test_every_route_of_the_api_is_described_and_nothing_else_is(app: Flask) -> None:
    also = {"resident.similar", "public.feed", "public.feed_of_area"}
    routes = {
        (path, method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/api", "/open311", "/open-data")) or rule.endpoint in also
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        for path in addresses(rule)
        if "<path:" not in path  # says that there is nothing
    }
    assert {(one.path, one.method) for one in OPERATIONS} == routes


def test_the_tables_have_the_columns_that_are_described() -> None:
    for table in TABLES:
        row = SCHEMAS[table.name.capitalize()]["properties"]["rows"]["items"]
        assert list(row["properties"]) == list(table.heads)


def test_the_document_is_sound_openapi_and_speaks_english_too(app: Flask) -> None:
    from tests.contract.made_up import described  # see there

    client = app.test_client()
    chinese, english = (client.get(f"/api/openapi.json?lang={one}").get_data(as_text=True) for one in ("zh", "en"))
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert re.findall("[\u4e00-\u9fff]+", english) == []
    ids = re.findall(r'"operationId": "([^"]+)"', chinese)
    assert len(ids) == len(set(ids)) == len(OPERATIONS)
    described(app).validate()


def test_whatever_is_sent_the_answer_is_one_that_is_described(app: Flask, wiring: Wiring, town: Town) -> None:
    from tests.contract.made_up import described, send  # see there

    with wiring.sessions.begin() as session:
        li = actor(session, town.li_id)
        secret = give_key(session, actor=li, name="区城市管理平台", point_code=town.longchi_code, at=wiring.clock.now()).secret
    seen: dict[str, set[int]] = {}
    for found in described(app).get_all_operations():
        operation = found.ok()
        statuses = seen.setdefault(operation.label, set())
        for headers in ({HEADER: secret}, {}) if operation.method == "post" else ({HEADER: secret},):
            send(operation, headers, statuses)
    own = {"GET /api/openapi.json"}  # where schemathesis reads from is left out by it
    assert set(seen) == {f"{one.method.upper()} {one.path}" for one in OPERATIONS} - own
    # Had nothing got through, nothing would have been proven.
    reached = {label for label, statuses in seen.items() if 200 in statuses}
    assert {label for label in seen if "{" not in label} <= reached
    assert {403, 400} <= seen["POST /open311/v2/requests.json"]
