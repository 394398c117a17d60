"""Migrations in a house where people live: the newest goes down and up without losing the tables' shape."""

import psycopg
import pytest

from intake.adapters.migrate import downgrade, head, upgrade
from intake.wiring import Wiring
from tests.conftest import test_database_url
from tests.factories.approvals import ENDED_BY, ended, gone_through, plan_of, steps_of
from tests.factories.calls import published_call
from tests.factories.endorsements import joined, public_matter
from tests.factories.matters import taken_up, told, topic_of
from tests.factories.town import Town
from tests.integration.test_migrations import at, connected, shape


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


def test_a_step_that_ended_before_anybody_asked_who_let_it_end_stays_as_it_is(wiring: Wiring, town: Town, database: str) -> None:
    gone_through(wiring, town, plan_of(wiring, town), steps=1)
    step_id = steps_of(wiring)[1].id
    ended(wiring, town, steps_of(wiring)[1])
    wiring.close()
    url, asked = (
        test_database_url("zhibao_owner", database),
        "SELECT ended_at, ended_authority, ended_reason FROM approval_steps WHERE id = %s",
    )
    with connected("zhibao_app", database) as connection:
        before = connection.execute(asked, [step_id]).fetchone()
    assert before is not None
    assert before[1] == ENDED_BY
    downgrade(url, revision="0009")
    upgrade(url)
    with connected("zhibao_app", database) as connection:
        assert connection.execute(asked, [step_id]).fetchone() == (before[0], None, None)
        assert connection.execute("SELECT count(*) FROM approval_steps WHERE ended_at IS NULL").fetchone() == (5,)
        for wrong in ("ended_authority = 'x'", "ended_reason = 'x'", "ended_authority = '', ended_reason = 'x'"):
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(f"UPDATE approval_steps SET {wrong} WHERE id = %s", [step_id])
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE approval_steps SET ended_authority = 'x', ended_reason = 'x' WHERE ended_at IS NULL")
