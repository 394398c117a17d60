"""The audit chain: whoever changes, inserts or removes a row behind the application's back is found out."""

from typing import Any

import psycopg
import pytest
from sqlalchemy.orm import Session

from intake.models import AuditEntry, AuditLink
from intake.services.audit import digest, link_new_entries, verify
from intake.wiring import Wiring
from tests.conftest import test_database_url
from tests.factories.town import Town


def tamper(database: str, statement: str, *values: Any) -> None:
    """What only a superuser can do, with triggers and foreign keys switched off."""
    url = test_database_url("zhibao_super", database).replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        changed = connection.execute(statement, values).rowcount
    assert changed > 0, "nothing was tampered with"


@pytest.fixture
def chain(wiring: Wiring, town: Town) -> list[int]:
    """Ids of the links over the grants that made the town."""
    with wiring.sessions.begin() as session:
        while link_new_entries(session, limit=4):
            pass
    with wiring.sessions() as session:
        ids = [link.id for link in session.query(AuditLink).order_by(AuditLink.id)]
        assert len(ids) == session.query(AuditEntry).count() >= 5
    return ids


def found(wiring: Wiring) -> int | None:
    with wiring.sessions() as session:
        return verify(session)


def test_an_untouched_chain_verifies(wiring: Wiring, chain: list[int]) -> None:
    assert found(wiring) is None


def test_an_empty_chain_verifies(wiring: Wiring, town: Town) -> None:
    assert found(wiring) is None


def test_linking_again_adds_nothing(wiring: Wiring, chain: list[int]) -> None:
    with wiring.sessions.begin() as session:
        assert link_new_entries(session, limit=100) == 0
    assert found(wiring) is None


# Every fact of an entry is under the seal.
@pytest.mark.parametrize(
    "change",
    [
        "actor_id = 1",
        "action = 'nothing'",
        "entity_id = entity_id + 1",
        "at = at + interval '1 second'",
        "noun = 'topic'",
        "actor_kind = 'resident'",
        "district_id = 3",
        "detail = '{}'",
        """detail = detail || '{"role": "nobody"}'""",
    ],
)
def test_a_changed_fact_is_found_at_its_link(wiring: Wiring, database: str, chain: list[int], change: str) -> None:
    middle = chain[len(chain) // 2]
    tamper(database, f"UPDATE audit_entries SET {change} WHERE id = (SELECT entry_id FROM audit_links WHERE id = %s)", middle)
    assert found(wiring) == middle


@pytest.mark.parametrize("position", ["first", "middle", "last"])
def test_an_entry_that_was_removed_is_found(wiring: Wiring, database: str, chain: list[int], position: str) -> None:
    link = {"first": chain[0], "middle": chain[len(chain) // 2], "last": chain[-1]}[position]
    tamper(database, "DELETE FROM audit_entries WHERE id = (SELECT entry_id FROM audit_links WHERE id = %s)", link)
    assert found(wiring) == link


def test_an_entry_removed_together_with_its_link_is_found_at_the_next(wiring: Wiring, database: str, chain: list[int]) -> None:
    middle = len(chain) // 2
    tamper(database, "DELETE FROM audit_entries WHERE id = (SELECT entry_id FROM audit_links WHERE id = %s)", chain[middle])
    tamper(database, "DELETE FROM audit_links WHERE id = %s", chain[middle])
    assert found(wiring) == chain[middle + 1]


def test_two_entries_that_changed_places_are_found(wiring: Wiring, database: str, chain: list[int]) -> None:
    with wiring.sessions() as session:
        entries = [session.get_one(AuditLink, link).entry_id for link in chain[:2]]
    for link, entry in ((chain[0], -1), (chain[1], entries[0]), (chain[0], entries[1])):
        tamper(database, "UPDATE audit_links SET entry_id = %s WHERE id = %s", entry, link)
    assert found(wiring) == chain[0]


def test_a_digest_made_to_fit_its_own_entry_breaks_the_next(wiring: Wiring, database: str, chain: list[int], session: Session) -> None:
    middle = len(chain) // 2
    previous, link = session.get_one(AuditLink, chain[middle - 1]), session.get_one(AuditLink, chain[middle])
    entry = session.get_one(AuditEntry, link.entry_id)
    entry.action = "nothing"
    forged = digest(previous.digest, entry)
    session.rollback()
    tamper(database, "UPDATE audit_entries SET action = 'nothing' WHERE id = %s", link.entry_id)
    tamper(database, "UPDATE audit_links SET digest = %s WHERE id = %s", forged, chain[middle])
    assert found(wiring) == chain[middle + 1]
