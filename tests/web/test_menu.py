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
