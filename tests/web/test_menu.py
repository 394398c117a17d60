"""The desk's menu: folded into groups, the one with this page open; whoever has few entries sees them all."""

import re

import pytest
from flask.testing import FlaskClient

from tests.factories.town import Town
from tests.web.pages import sign_in


def groups(client: FlaskClient, login: str, path: str) -> dict[str, bool]:
    """Each group's name, and whether it stands open."""
    page = sign_in(client, login).get(path).get_data(as_text=True)
    found = re.findall(r'<details class="group"( open)?><summary>([^<]+)<', page)
    return {name: bool(is_open) for is_open, name in found}


@pytest.mark.parametrize(
    ("path", "opened"),
    [
        # The page's own group alone.
        ("/d/pool", "议题"),
        ("/d/plans/new", "计划与上报"),
        # A page outside of the groups: what staff come for most.
        ("/d", "议题"),
    ],
)
def test_the_group_with_this_page_stands_open(client: FlaskClient, town: Town, path: str, opened: str) -> None:
    found = groups(client, "wangjing", path)
    assert len(found) > 6
    assert [name for name, is_open in found.items() if is_open] == [opened]


def test_an_administrator_begins_with_people(client: FlaskClient, town: Town) -> None:
    assert [name for name, is_open in groups(client, "chenli", "/d/upkeep").items() if is_open] == ["人员与设置"]


def test_with_few_entries_all_groups_are_open(client: FlaskClient, town: Town) -> None:
    found = groups(client, "gaoqiang", "/dept")
    assert found
    assert all(found.values())


def test_nobody_gets_the_menu_of_another_page_person_or_language(client: FlaskClient, town: Town) -> None:
    def entries(path: str) -> list[str]:
        return re.findall(r'<a href="[^"]+"(?: aria-current="page")?><svg.*?</svg>([^<]+)</a>', client.get(path).get_data(as_text=True))

    def here(path: str) -> set[str]:
        return set(re.findall(r'<a href="([^"]+)" aria-current="page">', client.get(path).get_data(as_text=True)))

    sign_in(client, "wangjing")
    staffs = entries("/d/pool")
    assert here("/d/pool") == {"/d/pool"}
    assert here("/d/plans") == {"/d/plans"}
    english = entries("/d/pool?lang=en")
    assert len(english) == len(staffs)
    assert not set(english) & set(staffs)
    assert entries("/d/pool?lang=zh") == staffs
    sign_in(client, "chenli")
    administrators = entries("/d/upkeep")
    assert "人员与角色" in administrators
    assert "人员与角色" not in staffs
