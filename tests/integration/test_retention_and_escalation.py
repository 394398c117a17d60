"""What time does to a submission: it goes up to the next level, and personal text is emptied; and the audit chain behind both."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from intake.domain.permission import Role
from intake.models import AuditEntry, AuditLink, GramSightings, Submission
from intake.ports import NullJobQueue, Wake
from intake.services.audit import verify
from intake.services.submission_decide import Deciding, decline
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.sentences import say, submission_of
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import apply_retention, chain_audit, escalate, triage_batch

LAMP = "幸福里3栋门口的路灯坏了半个月"


@pytest.fixture(autouse=True)
def in_process(wiring: Wiring) -> Iterator[NullJobQueue]:
    wiring.queue = queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield queue


def test_two_working_days_to_the_convenor_four_to_staff(wiring: Wiring, town: Town, clock: TestClock) -> None:
    # Tuesday the 3rd, 09:00: the member has until Thursday, the convenor over the weekend until Monday.
    stored = say(wiring, town.longchi_code, LAMP)
    triage_batch.run()

    def owner() -> tuple[Role | None, int | None]:
        submission = submission_of(wiring, stored)
        return submission.owner_role, submission.owner_id

    assert owner() == (Role.MEMBER, town.zhou_id)
    clock.forward(days=2, seconds=-1)
    escalate.run()
    assert owner() == (Role.MEMBER, town.zhou_id)
    clock.forward(seconds=1)
    escalate.run()
    assert owner() == (Role.CONVENOR, town.laozhou_id)
    clock.forward(days=4, seconds=-1)
    escalate.run()
    assert owner() == (Role.CONVENOR, town.laozhou_id)
    clock.forward(seconds=1)
    escalate.run()
    assert owner() == (Role.STAFF, town.jing_id)
    clock.forward(days=30)
    escalate.run()
    assert owner() == (Role.STAFF, town.jing_id)


def test_without_a_convenor_it_goes_to_staff_at_once(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = say(wiring, town.shiqiao_code, LAMP)
    triage_batch.run()
    assert submission_of(wiring, stored).owner_id == town.shiqiao_member_id
    clock.forward(days=2)
    escalate.run()
    assert submission_of(wiring, stored).owner_role is Role.STAFF


def test_more_than_one_batch_goes_up_and_a_second_run_changes_nothing(
    wiring: Wiring, town: Town, clock: TestClock, session: Session, in_process: NullJobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escalate, "BATCH", 2)
    for number in range(5):
        say(wiring, town.longchi_code, f"{number}栋：{LAMP}")
    triage_batch.run()
    clock.forward(days=2)
    escalate.run()
    escalate.run()
    entries = session.scalar(select(func.count()).where(AuditEntry.action == "submission.escalate"))
    assert entries == 5
    assert Wake.CHAIN_AUDIT in in_process.woken


def test_a_withdrawn_sentence_is_emptied_after_thirty_days(wiring: Wiring, town: Town, clock: TestClock, session: Session) -> None:
    stored = say(wiring, town.longchi_code, LAMP, place="3栋", contact="13812345678")
    triage_batch.run()
    session.execute(update(Submission).values(latitude=30.1, longitude=120.1))
    withdraw(session, submission_id=stored.submission_id, at=clock.now())
    session.commit()
    clock.forward(days=30)
    apply_retention.run()
    assert submission_of(wiring, stored).text_written == LAMP
    clock.forward(seconds=1)
    apply_retention.run()
    emptied = submission_of(wiring, stored)
    assert session.scalar(select(func.count()).select_from(GramSightings).where(func.cardinality(GramSightings.seen) > 0)) == 0
    assert (emptied.text_written, emptied.text_masked, emptied.place, emptied.contact_cipher, emptied.contact_hint) == (
        "",
        "",
        "",
        None,
        "",
    )
    assert (emptied.latitude, emptied.longitude) == (None, None)
    erased_at = emptied.erased_at
    clock.forward(days=1)
    apply_retention.run()
    assert submission_of(wiring, stored).erased_at == erased_at


def test_an_ended_ones_contact_is_emptied_after_half_a_year_and_its_words_stay(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = say(wiring, town.longchi_code, LAMP, contact="13812345678")
    triage_batch.run()
    with wiring.sessions.begin() as session:
        deciding = Deciding(
            actor=actor(session, town.zhou_id),
            submission_id=stored.submission_id,
            version=submission_of(wiring, stored).version,
            at=clock.now(),
            undo_seconds=60,
        )
        decline(session, deciding, reason="already_done", words="")
    clock.forward(days=180)
    apply_retention.run()
    assert submission_of(wiring, stored).contact_cipher is not None
    clock.forward(seconds=1)
    apply_retention.run()
    emptied = submission_of(wiring, stored)
    assert (emptied.contact_cipher, emptied.contact_hint, emptied.text_written) == (None, "", LAMP)


def test_every_audit_entry_is_chained_once(
    wiring: Wiring, town: Town, clock: TestClock, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_audit, "BATCH", 2)
    for number in range(5):
        say(wiring, town.longchi_code, f"{number}栋：{LAMP}")
    triage_batch.run()
    clock.forward(days=2)
    escalate.run()
    chain_audit.run()
    chain_audit.run()
    entries = session.scalars(select(AuditEntry.id).order_by(AuditEntry.id)).all()
    assert session.scalars(select(AuditLink.entry_id).order_by(AuditLink.entry_id)).all() == entries
    assert verify(session) is None
