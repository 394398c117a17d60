"""What /d/triage says of the models in use: whose they are, and how each was judged."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from intake.domain.learnt_part import PAIRS_NEEDED
from intake.domain.triage_model import ModelState
from intake.models import TriageModel
from intake.wiring import Wiring
from tests.factories.town import Town
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def made(wiring: Wiring, town: Town, version: str, state: ModelState, measured: dict[str, Any]) -> None:
    with wiring.sessions.begin() as session:
        at = wiring.clock.now()
        session.add(
            TriageModel(
                district_id=town.district_id,
                model_version=version,
                state=state,
                state_changed_at=at,
                examples=64,
                measured=measured,
                artifact=b"",
                created_at=at,
            )
        )


CATEGORIES = {"candidate": {"examples": 9, "right": 7, "wrong": 1}, "in_force": {"examples": 9, "right": 5, "wrong": 2}}
PAIRS = {
    "part": "same-matter",
    "version": "same-matter-b2",
    "candidate": {"examples": 16, "joined": 8, "right": 8},
    "in_force": {"examples": 16, "joined": 14, "right": 9},
    "shipped": {"examples": 16, "joined": 14, "right": 9},
}


def test_without_models_of_its_own_the_page_says_what_serves_and_what_is_missing(jing: Person) -> None:
    page = words_of(jing.get("/d/triage"))
    assert "类别：随软件提供的" in page
    assert "是不是一件事：随软件提供的" in page
    assert f"人已经判过 0 对来件；满 {PAIRS_NEEDED} 对" in page


def test_each_part_says_how_it_was_judged_and_what_serves_stays_in_use(jing: Person, wiring: Wiring, town: Town) -> None:
    made(wiring, town, "classify-a1", ModelState.RETIRED, CATEGORIES)
    made(wiring, town, "classify-a1+same-matter-b2", ModelState.ADOPTED, PAIRS)
    made(wiring, town, "classify-a1+same-matter-b3", ModelState.REFUSED, {**PAIRS, "version": "same-matter-b3"})
    page = words_of(jing.get("/d/triage"))
    assert "类别：本区自己学的" in page
    assert "是不是一件事：本区自己学的" in page
    assert "是不是一件事 same-matter-b2 在用 64 16 对来件：会自动并 8 对，并对了 8 对；原来的会并 14 对，并对了 9 对" in page
    # The version that made it was retired when the other part changed; it serves all the same.
    assert "类别 classify-a1 在用 64 9 件来件：说对 7 件，说错 1 件；原来的说对 5 件，说错 2 件" in page
    assert "same-matter-b3 没有更好，未采用" in page
    english = words_of(jing.get("/d/triage?lang=en"))
    assert "would join 8" in english


def test_the_page_asks_as_often_for_many_models_as_for_one(jing: Person, wiring: Wiring, town: Town) -> None:
    made(wiring, town, "classify-a1", ModelState.RETIRED, CATEGORIES)
    one = cost(wiring, jing, "/d/triage", "classify-a1")
    for number in range(2, 12):
        made(wiring, town, f"classify-a{number}", ModelState.RETIRED, CATEGORIES)
    assert cost(wiring, jing, "/d/triage", "classify-a11") == one
