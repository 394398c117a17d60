"""Migrations in a house where people live: the newest goes down and up without losing the tables' shape."""

import pytest

from intake.adapters.migrate import downgrade, head, upgrade
from intake.wiring import Wiring
from tests.conftest import test_database_url
from tests.factories.calls import published_call
from tests.factories.endorsements import joined, public_matter
from tests.factories.matters import taken_up, told, topic_of
from tests.factories.town import Town
from tests.integration.test_migrations import at, shape


@pytest.fixture
def database(fresh_database: str) -> str:
    """This test changes the tables themselves."""
    return fresh_database


def test_the_newest_revision_goes_down_and_up_with_rows_in_it(wiring: Wiring, town: Town, database: str) -> None:
    taken_up(
        wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯不亮", told(wiring, town.longchi_code, "路灯坏了", contact="13800000021"))
    )
    joined(wiring, town, public_matter(wiring, town), "Wu")
    published_call(wiring, town)
    wiring.close()
    url, raised = test_database_url("zhibao_owner", database), shape(database)
    downgrade(url, revision="-1")
    upgrade(url)
    assert at(database) == head()
    assert shape(database) == raised
