"""Figures are read from a copy of the database where there is one; while it is away, behind or broken, from the database itself, which is said."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from intake.adapters.replica import MOST_BEHIND, Replica
from intake.domain.errors import NotFound
from intake.wiring import Wiring, wire
from tests.apps import application
from tests.conftest import test_database_url
from tests.factories.clock import TestClock
from tests.factories.town import Town
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_dashboard import heard, rows_of

MONTH = "/d/dashboard?first=2026-11-01&last=2026-11-30"


@pytest.fixture
def copy(fresh_database: str) -> Iterator[Replica]:
    """Another database, with the same people and places, where nothing was said."""
    made = Replica(test_database_url("zhibao_app", fresh_database), pool_size=1)
    yield made
    made.close()


def elsewhere(session: Session) -> str:
    return str(session.execute(text("SELECT current_database()")).scalar_one())


def test_the_copy_is_read_and_its_refusals_are_refusals(copy: Replica, fresh_database: str) -> None:
    read = copy.read(elsewhere, instead=lambda: "here")
    assert (read.value, read.behind, read.instead) == (fresh_database, timedelta(0), False)

    def refuse(_session: Session) -> str:
        raise NotFound("没有这个区域。")

    with pytest.raises(NotFound):
        copy.read(refuse, instead=lambda: "here")


@pytest.mark.parametrize(("behind", "instead"), [(MOST_BEHIND, False), (MOST_BEHIND + timedelta(seconds=1), True)])
def test_a_copy_too_far_behind_is_left_alone(copy: Replica, monkeypatch: pytest.MonkeyPatch, behind: timedelta, instead: bool) -> None:
    monkeypatch.setattr(copy, "behind", lambda _session: behind)
    read = copy.read(elsewhere, instead=lambda: "here")
    assert (read.behind, read.instead, read.value == "here") == (behind, instead, instead)


def test_a_copy_that_fails_rests(copy: Replica) -> None:
    asked = []

    def fail(session: Session) -> str:
        asked.append(1)
        return str(session.execute(text("SELECT * FROM no_such_table")).scalar_one())

    for _ in range(3):
        assert copy.read(fail, instead=lambda: "here").instead
    assert asked == [1]


@pytest.fixture
def jing(wiring: Wiring, town: Town, clock: TestClock, fresh_database: str) -> Iterator[tuple[Person, Wiring]]:
    """王静 at an installation with a copy."""
    settings = replace(wiring.settings, replica_url=test_database_url("zhibao_app", fresh_database))
    wired = wire(settings, clock=clock)
    app: Flask = application(wired)
    yield sign_in(app.test_client(), "wangjing"), wired
    wired.close()


def test_the_pages_of_figures_read_the_copy(jing: tuple[Person, Wiring], wiring: Wiring, town: Town, clock: TestClock) -> None:
    person, wired = jing
    heard(wiring, town.longchi_code, 6)
    assert rows_of(person.get(MONTH).get_data(as_text=True), "whole")["来件"][0] == "0"
    assert "副本库" not in words_of(person.get(MONTH))
    assert "收到 0" in words_of(person.get("/d/figures?first=2026-11-01&last=2026-11-30"))
    assert wired.replica is not None
    wired.replica.close()
    wired.replica = Replica("postgresql+psycopg://nobody@127.0.0.1:9/nowhere", pool_size=1)
    clock.forward(seconds=61)
    page = person.get(MONTH)
    assert rows_of(page.get_data(as_text=True), "whole")["来件"][0] == "6"
    assert "统计用的副本库这会儿连不上" in words_of(page)
    assert "收到 6" in words_of(person.get("/d/figures?first=2026-11-01&last=2026-11-30"))
