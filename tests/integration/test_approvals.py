"""Approvals in their services: no step left out, none twice, two at once, taken back, and chains that change under way."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO

import pytest
from sqlalchemy import text

from intake.domain.approval import DEFAULT_CHAIN, ApprovalDecision, ApprovalKind, ApprovalSubject, StepFacts
from intake.domain.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Role
from intake.domain.year_plan import PlanAction
from intake.models import ApprovalStep, AuditEntry, YearPlan
from intake.queries.approval import QUARANTINE, approvals_of, scan_of
from intake.queries.plan_report import plan_figures
from intake.services.approval import missing, record_step, require_complete, undo_step
from intake.services.approval_chain import Changing, Direction, add_step, adopt_chain, change_step, end_step, move_step
from intake.services.attachment import Incoming
from intake.services.transition import move
from intake.wiring import Wiring
from tests.factories import files
from tests.factories.administrators import person_with
from tests.factories.approvals import (
    DAY,
    PASSED,
    SKIPPED,
    approval_row,
    gone_through,
    plan_of,
    recorded,
    recording,
    steps_of,
)
from tests.factories.clock import TestClock
from tests.factories.releases import pooled_topic, street_staff
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import apply_retention, clean_attachments

PLAN, TOPIC = ApprovalSubject.PLAN, ApprovalSubject.TOPIC
NAMES = tuple(one.name for one in DEFAULT_CHAIN)


def missing_now(wiring: Wiring, subject_id: int, subject: ApprovalSubject = PLAN) -> tuple[str, ...]:
    with wiring.sessions() as session:
        return missing(session, subject=subject, subject_id=subject_id)


def refused(wiring: Wiring, act: Callable[[], object], kind: type[DomainError]) -> DomainError:
    with pytest.raises(kind) as caught:
        act()
    return caught.value


def issued(wiring: Wiring, plan_id: int) -> None:
    with wiring.sessions.begin() as session:
        plan = session.get_one(YearPlan, plan_id)
        move(session, plan, PlanAction.ISSUE, actor=actor(session, plan.created_by), at=wiring.clock.now())


def test_a_district_that_said_nothing_has_the_usual_chain_and_each_step_is_named_until_it_is_done(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    assert missing_now(wiring, plan_id) == NAMES
    assert steps_of(wiring) == [], "looking stores nothing"
    gone_through(wiring, town, plan_id, steps=5)
    assert missing_now(wiring, plan_id) == ("联合印发",)
    with wiring.sessions() as session, pytest.raises(Conflict, match="还差 1 步：“联合印发”"):
        require_complete(session, subject=PLAN, subject_id=plan_id)
    gone_through(wiring, town, plan_id, steps=1)
    with wiring.sessions() as session:
        require_complete(session, subject=PLAN, subject_id=plan_id)
    refused(wiring, lambda: recorded(wiring, recording(wiring, town.jing_id, plan_id)), Conflict)
    with wiring.sessions() as session:
        written = session.query(AuditEntry).filter_by(action="approval.record").count()
    assert written == 6


def test_a_topic_has_a_chain_of_its_own_while_it_stands_in_the_pool(wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    gone_through(wiring, town, topic_id, subject=TOPIC, steps=6)
    assert missing_now(wiring, topic_id, TOPIC) == ()
    assert missing_now(wiring, plan_of(wiring, town)) == NAMES


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        # Nobody decides in the future, nor on no day.
        (replace(PASSED, held_on=DAY.replace(day=4)), "passed_day"),
        (replace(PASSED, held_on=None), "passed_day"),
        # It says who decided.
        (replace(PASSED, body="  "), "passed_body"),
        (replace(PASSED, body="会" * 41), "passed_body"),
        (replace(PASSED, document_number="号" * 61), "passed_number"),
        (replace(PASSED, minutes="要" * 2_001), "passed_minutes"),
        # Sent back: to a step it came by, and why.
        (replace(PASSED, decision=ApprovalDecision.SENT_BACK, words="补充座谈"), "sent_back_back_to"),
        (replace(PASSED, decision=ApprovalDecision.SENT_BACK, back_to_id=0), "sent_back_words"),
        # Skipped: by whom, and why.
        (replace(SKIPPED, authority=""), "skipped_authority"),
        (replace(SKIPPED, words=" "), "skipped_words"),
        # What isn't a paper isn't taken.
        (replace(PASSED, scan=Incoming("纪要.docx", BytesIO(b"PK\x03\x04 word"))), "files"),
    ],
)
def test_what_is_missing_is_named_at_its_field_and_nothing_is_written(wiring: Wiring, town: Town, facts: object, field: str) -> None:
    plan_id = plan_of(wiring, town)
    held = recording(wiring, town.jing_id, plan_id)
    with pytest.raises(InvalidInput) as caught:
        recorded(wiring, held, facts)  # type: ignore[arg-type]  # parametrize knows no types
    assert caught.value.field == field
    assert len(missing_now(wiring, plan_id)) == 6


def test_a_step_asks_for_its_number_and_its_minutes_and_for_days_in_order(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    gone_through(wiring, town, plan_id, steps=2)
    at_minutes = recording(wiring, town.jing_id, plan_id)
    for facts, field in (
        (replace(PASSED, minutes=""), "passed_minutes"),
        (replace(PASSED, held_on=DAY.replace(day=1)), "passed_day"),
    ):
        assert isinstance(error := refused(wiring, partial(recorded, wiring, at_minutes, facts), InvalidInput), InvalidInput)
        assert error.field == field
    # A scan is minutes too.
    recorded(wiring, at_minutes, replace(PASSED, minutes="", scan=Incoming("纪要.pdf", BytesIO(files.pdf()))))
    gone_through(wiring, town, plan_id, steps=1)
    with pytest.raises(InvalidInput, match="文号"):
        recorded(wiring, recording(wiring, town.jing_id, plan_id), replace(PASSED, document_number=""))


def test_of_two_at_once_one_is_written_down_and_the_other_reads_so(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    # Both saw the usual chain before anybody stored it.
    first, second = recording(wiring, town.jing_id, plan_id), recording(wiring, town.jing_id, plan_id)
    recorded(wiring, first)
    refused(wiring, lambda: recorded(wiring, second), Conflict)
    # Both saw the second step.
    first, second = recording(wiring, town.jing_id, plan_id), recording(wiring, town.jing_id, plan_id)
    back = replace(PASSED, decision=ApprovalDecision.SENT_BACK, words="再改", back_to_id=first.step_id)
    recorded(wiring, first, back)
    refused(wiring, lambda: recorded(wiring, second), Conflict)
    assert missing_now(wiring, plan_id) == NAMES[1:]
    # Of another plan it is no matter that the chain was stored meanwhile.
    other = replace(recording(wiring, town.jing_id, plan_of(wiring, town, year=2028)), step_id=0)
    recorded(wiring, other)


def test_sent_back_opens_the_steps_again_and_skipped_says_by_whom(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    recorded(wiring, recording(wiring, town.jing_id, plan_id))
    recorded(wiring, recording(wiring, town.jing_id, plan_id), SKIPPED)
    steps = steps_of(wiring)
    back = replace(PASSED, decision=ApprovalDecision.SENT_BACK, words="先补座谈", back_to_id=steps[1].id)
    with pytest.raises(InvalidInput, match="退回到哪一步"):
        recorded(wiring, recording(wiring, town.jing_id, plan_id), replace(back, back_to_id=steps[4].id))
    recorded(wiring, recording(wiring, town.jing_id, plan_id), back)
    assert missing_now(wiring, plan_id) == NAMES[1:]
    recorded(wiring, recording(wiring, town.jing_id, plan_id), SKIPPED)
    with wiring.sessions() as session:
        found = approvals_of(session, actor(session, town.jing_id), PLAN, plan_id, today=DAY)
    assert found is not None
    assert [(line.authority, line.words) for line in found.skipped] == [(SKIPPED.authority, SKIPPED.words)]
    assert [line.decision for line in found.before] == [ApprovalDecision.SENT_BACK, ApprovalDecision.SKIPPED]


def test_whoever_may_write_a_step_down_takes_it_back_while_nothing_builds_on_it(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    first, second = gone_through(wiring, town, plan_id, steps=2)
    chief = person_with(wiring, "guning", "顾宁", (Role.ADMIN, town.district_id))
    colleague = person_with(wiring, "heyun", "何云", (Role.STAFF, town.district_id))
    street = street_staff(wiring, "丰山街道", "xiaolin")

    def undone(user_id: int, approval_id: int) -> None:
        with wiring.sessions.begin() as session:
            undo_step(session, actor=actor(session, user_id), approval_id=approval_id, at=wiring.clock.now())

    for nobody in (chief, street, town.zhou_id):
        refused(wiring, partial(undone, nobody, second), Forbidden)
    refused(wiring, lambda: undone(town.jing_id, first), Conflict)
    refused(wiring, lambda: undone(town.stranger_id, second), NotFound)
    undone(colleague, second)
    undone(colleague, second)  # again changes nothing
    undone(town.jing_id, first)
    assert missing_now(wiring, plan_id) == NAMES
    assert approval_row(wiring, second).undone_by == colleague
    gone_through(wiring, town, plan_id)
    last = approval_row(wiring, second + 6)
    issued(wiring, plan_id)
    assert "已经印发" in refused(wiring, lambda: undone(town.jing_id, last.id), Conflict).message


def test_a_chain_is_changed_by_version_and_what_was_passed_stays(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    gone_through(wiring, town, plan_id, steps=2)
    seminar = StepFacts(ApprovalKind.OTHER, "专家论证", "专家组", needs_number=False, needs_minutes=False)
    with wiring.sessions.begin() as session:
        staff, at = actor(session, town.jing_id), wiring.clock.now()
        made = add_step(session, actor=staff, subject=PLAN, facts=seminar, at=at)
        with pytest.raises(InvalidInput, match="已经有一步叫"):
            add_step(session, actor=staff, subject=PLAN, facts=seminar, at=at)
        adopt_chain(session, actor=staff, subject=TOPIC, at=at)

    def changing(step: ApprovalStep) -> Changing:
        with wiring.sessions() as session:
            return Changing(actor(session, town.jing_id), step.id, step.version, wiring.clock.now())

    # To the front by one place each time; a stale screen is refused, and the first place is the end of it.
    for _place in range(7):
        with wiring.sessions.begin() as session:
            move_step(session, changing(session.get_one(ApprovalStep, made.id)), to=Direction.UP)
    stale = steps_of(wiring)[0]
    assert stale.id == made.id
    with wiring.sessions.begin() as session:
        change_step(session, changing(stale), facts=replace(seminar, name="论证"))
    with wiring.sessions.begin() as session, pytest.raises(Conflict):
        change_step(session, changing(stale), facts=seminar)
    assert missing_now(wiring, plan_id)[0] == "论证", "a new step is asked of those under way too"
    # A step that ends is asked of nobody, and whoever passed it keeps it.
    call = next(one for one in steps_of(wiring) if one.name == "征集议题")
    _end(wiring, changing(call))
    with wiring.sessions() as session:
        found = approvals_of(session, actor(session, town.jing_id), PLAN, plan_id, today=DAY)
    assert found is not None
    assert [one.step.name for one in found.steps if one.done] == ["征集议题", "座谈协商"]
    assert "征集议题" not in missing_now(wiring, plan_of(wiring, town, year=2028))
    for step in steps_of(wiring)[1:]:
        _end(wiring, changing(step))
    refused(wiring, lambda: _end(wiring, changing(steps_of(wiring)[0])), Conflict)
    assert len(steps_of(wiring, TOPIC)) == 6, "another chain isn't touched"


def test_what_was_decided_keeps_the_names_it_was_decided_under(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    gone_through(wiring, town, plan_id, steps=2)
    first, second = steps_of(wiring)[:2]
    back = replace(PASSED, decision=ApprovalDecision.SENT_BACK, words="先补座谈", back_to_id=second.id)
    recorded(wiring, recording(wiring, town.jing_id, plan_id), back)
    for step, name in ((first, "公开征集"), (second, "分片座谈")):
        new = StepFacts(step.kind, name, "区政协研究室", needs_number=False, needs_minutes=False)
        with wiring.sessions.begin() as session:
            change_step(session, Changing(actor(session, town.jing_id), step.id, step.version, wiring.clock.now()), facts=new)
    with wiring.sessions() as session:
        found = approvals_of(session, actor(session, town.jing_id), PLAN, plan_id, today=DAY)
        figures = plan_figures(session, actor(session, town.jing_id), plan_id, today=DAY)
    assert found is not None
    assert [(one.name, one.done.body if one.done else one.step.body) for one in found.steps[:2]] == [
        ("征集议题", PASSED.body),
        ("分片座谈", "区政协研究室"),
    ], "what is open has its new name"
    assert [(one.step_name, one.back_to) for one in found.before] == [("党组会议审议", "座谈协商"), ("座谈协商", "")]
    assert [one.step for one in figures.approvals][:2] == ["征集议题", "座谈协商"]


def test_moving_a_step_takes_nothing_from_those_who_passed_it(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    gone_through(wiring, town, plan_id, steps=2)
    back = replace(PASSED, decision=ApprovalDecision.SENT_BACK, words="先补座谈", back_to_id=steps_of(wiring)[1].id)
    recorded(wiring, recording(wiring, town.jing_id, plan_id), back)
    gone_through(wiring, town, plan_id, steps=5)
    assert missing_now(wiring, plan_id) == ()
    with wiring.sessions.begin() as session:
        second = steps_of(wiring)[1]
        changing = Changing(actor(session, town.jing_id), second.id, second.version, wiring.clock.now())
        move_step(session, changing, to=Direction.UP)
    assert missing_now(wiring, plan_id) == (), "a plan that was through is so no more"


def test_who_saw_the_usual_first_step_writes_nothing_down_for_another_that_stands_there_now(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    held = recording(wiring, town.jing_id, plan_id)
    assert held.step_id == 0
    with wiring.sessions.begin() as session:
        staff, at = actor(session, town.jing_id), wiring.clock.now()
        adopt_chain(session, actor=staff, subject=PLAN, at=at)
        adopt_chain(session, actor=staff, subject=PLAN, at=at)  # again changes nothing
    with wiring.sessions.begin() as session:
        first = steps_of(wiring)[0]
        move_step(session, Changing(actor(session, town.jing_id), first.id, first.version, wiring.clock.now()), to=Direction.DOWN)
    refused(wiring, lambda: recorded(wiring, held), Conflict)
    assert missing_now(wiring, plan_id)[:2] == ("座谈协商", "征集议题")
    with wiring.sessions() as session:
        assert session.query(AuditEntry).filter_by(action="approval_chain.adopt").count() == 1


def _end(wiring: Wiring, changing: Changing) -> None:
    with wiring.sessions.begin() as session:
        end_step(session, changing, authority="区政协主席 陈启明", reason="不再单独开。")


def test_only_staff_of_the_whole_district_write_approvals_down(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    chair = person_with(wiring, "chenqm", "陈启明", (Role.CHAIR, town.district_id))
    held = recording(wiring, town.jing_id, plan_id)
    for user_id, kind in (
        (street_staff(wiring, "丰山街道", "xiaolin"), Forbidden),
        (chair, Forbidden),
        (town.zhou_id, Forbidden),
        (town.stranger_id, NotFound),
    ):
        with wiring.sessions() as session:
            other = replace(held, actor=actor(session, user_id))
        refused(wiring, partial(recorded, wiring, other), kind)
    assert missing_now(wiring, plan_id) == NAMES


def test_a_scan_is_made_anew_before_anybody_opens_it(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    good = recorded(wiring, recording(wiring, town.jing_id, plan_id), replace(PASSED, scan=Incoming("党组 纪要.png", BytesIO(files.png()))))
    broken = recorded(
        wiring, recording(wiring, town.jing_id, plan_id), replace(PASSED, scan=Incoming("坏.jpg", BytesIO(b"\xff\xd8\xff" + b"x" * 50)))
    )
    with wiring.sessions() as session, pytest.raises(NotFound):
        scan_of(session, actor(session, town.jing_id), good)
    with jobs_in_this_process(wiring):
        clean_attachments.run()
        clean_attachments.run()
    assert approval_row(wiring, good).file_key == f"approvals/{town.district_id}/{good}.jpg"
    assert approval_row(wiring, good).file_name == "党组 纪要.jpg"
    assert (approval_row(wiring, broken).file_key, "打不开" in approval_row(wiring, broken).file_refused) == ("", True)
    with wiring.sessions() as session:
        assert scan_of(session, actor(session, town.jing_id), good).is_picture
        with pytest.raises(NotFound):
            scan_of(session, actor(session, town.jing_id), broken)
        with pytest.raises(NotFound):
            scan_of(session, actor(session, town.stranger_id), good)
        assert not list(wiring.objects.keys("quarantine/"))


def test_the_database_refuses_a_skip_without_a_reason(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    skipped = recorded(wiring, recording(wiring, town.jing_id, plan_id), SKIPPED)
    with wiring.sessions() as session, pytest.raises(Exception, match="skipped_with_reason"):
        session.execute(text("UPDATE approvals SET authority = '' WHERE id = :id"), {"id": skipped})


def test_what_lies_in_quarantine_without_need_is_deleted_at_night(wiring: Wiring, town: Town, clock: TestClock) -> None:
    plan_id = plan_of(wiring, town)
    with_scan = replace(PASSED, scan=Incoming("纪要.png", BytesIO(files.png())))
    left = recorded(wiring, recording(wiring, town.jing_id, plan_id), with_scan)
    original = approval_row(wiring, left).file_key
    with wiring.sessions() as session:
        record_step(session, recording(wiring, town.jing_id, plan_id), with_scan, store=wiring.objects)
        session.rollback()
    with jobs_in_this_process(wiring):
        clean_attachments.run()
        wiring.objects.put(original, BytesIO(files.png()))  # as a worker that was killed right after its commit leaves it
        clock.forward(hours=2)
        recorded(wiring, recording(wiring, town.jing_id, plan_id), with_scan)
        waiting = recorded(wiring, recording(wiring, town.jing_id, plan_id), with_scan)
        clock.forward(hours=2)
        apply_retention.run()
    kept = {f"{QUARANTINE}{town.district_id}/{one}" for one in (waiting - 1, waiting)}
    assert set(wiring.objects.keys(QUARANTINE)) == kept
    with wiring.objects.open(approval_row(wiring, left).file_key) as made:
        assert made.read(2)
