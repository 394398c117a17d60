"""The ledger: written down once, changed and taken out by its member alone, and added up without anybody beside anybody."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from intake.domain.activity import ActivityKind
from intake.domain.capture import ReportOf
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Role
from intake.domain.topic import TopicAction, TopicState
from intake.domain.year import Year
from intake.models import Activity, AuditEntry, MemberReport
from intake.queries.district_year import district_year
from intake.queries.duty import shifts_to_note
from intake.queries.ledger import own_record
from intake.queries.year_record import YearRecord, year_record
from intake.services import activity as service
from intake.services import duty
from intake.services import submission_decide as decide
from intake.services.activity import ActivityFacts, Changing
from intake.services.topic_proposer import answer, ask_member
from intake.services.topic_screen import propose
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.duty import facts as shift_facts
from tests.factories.duty import shift, shifting, station
from tests.factories.matters import decided, deciding, screening, told, topic_of
from tests.factories.town import Town, actor

TODAY = date(2026, 11, 3)
VISIT: dict[str, Any] = {
    "kind": ActivityKind.VISIT,
    "day": TODAY,
    "area_id": None,
    "venue_id": None,
    "people": 3,
    "words": "看了三户老人",
    "settled": None,
}


def noted(wiring: Wiring, user_id: int, number: int = 1, **changes: Any) -> int:
    """Put on record by a page whose form is `number`."""
    with wiring.sessions.begin() as session:
        written = {**VISIT, **changes, "nonce": number.to_bytes(16), "at": wiring.clock.now()}
        return service.note(session, actor=actor(session, user_id), **written).id


def held(wiring: Wiring, user_id: int, activity_id: int) -> Changing:
    """What a person holds who has the line on the screen now."""
    with wiring.sessions() as session:
        version = session.get_one(Activity, activity_id).version
        return Changing(actor=actor(session, user_id), activity_id=activity_id, version=version, at=wiring.clock.now())


def does(wiring: Wiring, act: Callable[[Session], object]) -> None:
    with wiring.sessions.begin() as session:
        act(session)


def year(wiring: Wiring, user_id: int, number: int = 2026) -> YearRecord:
    with wiring.sessions() as session:
        return year_record(session, user_id, Year(number), today=wiring.clock.now().date())


def test_sent_twice_it_is_there_once_also_at_once(wiring: Wiring, town: Town) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: noted(wiring, town.zhou_id), range(4)))) == 1
    with wiring.sessions() as session:
        assert session.query(Activity).count() == session.query(AuditEntry).filter_by(action="activity.note").count() == 1
    with pytest.raises(Conflict):
        noted(wiring, town.qing_id)  # somebody else's form can't be answered with this line


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"day": TODAY + timedelta(days=1)}, "day"),
        ({"day": TODAY - timedelta(days=61)}, "day"),
        ({"people": -1}, "people"),
        ({"people": 2001}, "people"),
        ({"words": "好" * 501}, "words"),
        ({"area_id": 999}, "area"),
        ({"venue_id": 999}, "venue"),
    ],
)
def test_what_cant_be_put_on_record_names_its_field(wiring: Wiring, town: Town, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        noted(wiring, town.zhou_id, **change)
    assert refused.value.field == field


# Sixty days back is still possible; and the day is Shanghai's, where it is tomorrow already while UTC says today.
def test_the_bounds_of_a_day_are_shanghais(wiring: Wiring, town: Town, clock: TestClock) -> None:
    noted(wiring, town.zhou_id, 1, day=TODAY - timedelta(days=60))
    clock.time = datetime(2026, 11, 3, 16, 0, tzinfo=UTC)
    noted(wiring, town.zhou_id, 2, day=date(2026, 11, 4))
    with pytest.raises(InvalidInput):
        noted(wiring, town.zhou_id, 3, day=TODAY - timedelta(days=60))


def test_what_looks_like_a_residents_data_is_masked_whoever_wrote_it_there(wiring: Wiring, town: Town) -> None:
    one = noted(wiring, town.zhou_id, words="联系人张建国，电话13812345678，说楼道灯坏了")
    with wiring.sessions() as session:
        words = session.get_one(Activity, one).words
    assert "13812345678" not in words
    assert "张建国" not in words
    assert words.endswith("说楼道灯坏了")


def test_only_who_keeps_a_ledger_writes_in_one(wiring: Wiring, town: Town) -> None:
    for user_id in (town.jing_id, town.gao_id):
        with pytest.raises(Forbidden):
            noted(wiring, user_id)


def test_only_a_dispute_is_settled(wiring: Wiring, town: Town) -> None:
    visit = noted(wiring, town.zhou_id, 1, settled=True)
    dispute = noted(wiring, town.zhou_id, 2, kind=ActivityKind.MEDIATION, settled=True)
    with wiring.sessions() as session:
        assert session.get_one(Activity, visit).settled is None
        assert session.get_one(Activity, dispute).settled is True


def test_a_line_is_changed_and_taken_out_by_its_member_alone(wiring: Wiring, town: Town, clock: TestClock) -> None:
    one = noted(wiring, town.zhou_id)
    new = ActivityFacts(**{**VISIT, "people": 5})
    for other in (town.qing_id, town.jing_id, town.stranger_id):
        with pytest.raises(NotFound):
            does(wiring, lambda s, by=other: service.take_out(s, held(wiring, by, one)))  # type: ignore[misc]  # mypy knows no default of a lambda
    old = held(wiring, town.zhou_id, one)
    does(wiring, lambda s: service.change(s, old, new))
    with pytest.raises(Conflict):
        does(wiring, lambda s: service.change(s, old, new))
    clock.forward(days=61)
    with pytest.raises(Conflict, match="60 天"):
        does(wiring, lambda s: service.change(s, held(wiring, town.zhou_id, one), new))
    # However old it is, it is theirs to take out, words and all.
    does(wiring, lambda s: service.take_out(s, held(wiring, town.zhou_id, one)))
    with wiring.sessions() as session:
        row = session.get_one(Activity, one)
        assert (row.words, row.removed_at is not None) == ("", True)
        assert own_record(session, actor(session, town.zhou_id)).rows == ()


# --- one tap from what was done anyway --------------------------------------------------------------------------------------------------


def test_a_shift_is_put_on_record_with_one_tap(wiring: Wiring, town: Town, clock: TestClock) -> None:
    place = station(wiring, town.longchi_id)
    one = shift(wiring, town.jing_id, shift_facts(place, town.zhou_id, TODAY))
    shift(wiring, town.jing_id, shift_facts(place, town.zhou_id, TODAY + timedelta(days=1)))

    def offered() -> list[int]:
        with wiring.sessions() as session:
            who = actor(session, town.zhou_id)
            return [row.id for row in shifts_to_note(session, who, since=TODAY - timedelta(days=7), today=TODAY)]

    assert offered() == [one]
    with pytest.raises(NotFound):
        does(wiring, lambda s: service.note_shift(s, actor=actor(s, town.qing_id), shift_id=one, at=clock.now()))
    for _ in range(2):
        does(wiring, lambda s: service.note_shift(s, actor=actor(s, town.zhou_id), shift_id=one, at=clock.now()))
    with wiring.sessions() as session:
        (line,) = own_record(session, actor(session, town.zhou_id)).rows
        assert (line.kind, line.venue_name, line.area_name, line.day) == (ActivityKind.DUTY, "丰山委员工作站", "龙池社区", TODAY)
        activity_id = line.id
    # Whoever takes it out isn't asked again.
    does(wiring, lambda s: service.take_out(s, held(wiring, town.zhou_id, activity_id)))
    assert offered() == []


# --- the year ---------------------------------------------------------------------------------------------------------------------------


def test_a_year_counts_what_was_done_and_what_became_of_it(wiring: Wiring, town: Town, clock: TestClock) -> None:
    clock.time = datetime(2026, 12, 31, 15, 30, tzinfo=UTC)  # half past eleven, on New Year's Eve in Shanghai
    first = told(wiring, town.longchi_code, "路灯坏了")
    topic = topic_of(wiring, town.zhou_id, "路灯", first)
    asked = screening(wiring, town.zhou_id, topic)
    with wiring.sessions.begin() as session:
        propose(session, asked, words="")
    decided(wiring, town.jing_id, topic, TopicAction.APPROVE, "值得协商。")
    card = deciding(wiring, town.zhou_id, told(wiring, town.longchi_code, "井盖坏了"))
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="已报修。")
    with wiring.sessions.begin() as session:
        undo_seconds = wiring.settings.undo_seconds
        decide.undo(
            session,
            actor=card.actor,
            submission_id=card.submission_id,
            workflow=wiring.workflow,
            undo_seconds=undo_seconds,
            at=clock.now(),
        )
        session.add(
            MemberReport(
                submission_id=first.submission_id,
                district_id=town.district_id,
                user_id=town.zhou_id,
                report_of=ReportOf.OWN,
                created_at=clock.now(),
            )
        )
    noted(wiring, town.zhou_id, 1, kind=ActivityKind.MEDIATION, day=date(2026, 12, 31), settled=True)
    clock.forward(hours=1)  # 2027
    card = deciding(wiring, town.zhou_id, told(wiring, town.longchi_code, "树倒了"))
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="已报修。")
    noted(wiring, town.zhou_id, 2, day=date(2027, 1, 1))
    found = year(wiring, town.zhou_id)
    counts = found.counts
    assert (counts.decided, counts.opened, counts.answered, counts.own_reports) == (1, 1, 0, 1), "what was undone doesn't count"
    assert (counts.proposed, counts.pooled, counts.delivered) == (1, 1, 0)
    assert [(one.title, one.state) for one in found.topics] == [("路灯", TopicState.POOLED)]
    assert counts.done[ActivityKind.MEDIATION].settled == 1
    assert ActivityKind.VISIT not in counts.done
    assert year(wiring, town.zhou_id, 2027).counts.answered == 1
    assert year(wiring, town.qing_id).counts.decided == 0


# Agreeing to propose something is no proposal while nobody has sent it.
def test_who_joined_a_topic_that_was_never_sent_has_proposed_nothing(wiring: Wiring, town: Town) -> None:
    sent, kept = (topic_of(wiring, town.zhou_id, title, told(wiring, town.longchi_code, f"{title}坏了")) for title in ("路灯", "井盖"))
    with wiring.sessions.begin() as session:
        zhou, qing, at = actor(session, town.zhou_id), actor(session, town.qing_id), wiring.clock.now()
        for topic in (sent, kept):
            asked = ask_member(session, actor=zhou, topic_id=topic, user_id=town.qing_id, at=at)
            answer(session, actor=qing, proposer_id=asked.id, agrees=True, at=at)
    asked_for = screening(wiring, town.zhou_id, sent)
    with wiring.sessions.begin() as session:
        propose(session, asked_for, words="")
    found = year(wiring, town.qing_id)
    assert ([one.title for one in found.topics], found.counts.proposed) == (["路灯"], 1)


# By street, in the order of the tree; a street's own staff see their street, and what names no place only who sees the whole district.
def test_a_districts_year_adds_up_by_street(wiring: Wiring, town: Town) -> None:
    place = station(wiring, town.longchi_id)
    one = shift(wiring, town.jing_id, shift_facts(place, town.zhou_id, TODAY))
    gone = shift(wiring, town.jing_id, shift_facts(place, town.qing_id, TODAY))
    does(wiring, lambda s: duty.cancel_shift(s, shifting(wiring, town.qing_id, gone), words="病了"))
    does(wiring, lambda s: service.note_shift(s, actor=actor(s, town.zhou_id), shift_id=one, at=wiring.clock.now()))
    noted(wiring, town.zhou_id, 1, area_id=town.longchi_id, people=12)
    noted(wiring, town.qing_id, 2, area_id=town.ziwei_id, people=8)
    noted(wiring, town.shiqiao_member_id, 3, area_id=town.shiqiao_id, kind=ActivityKind.MEDIATION, settled=False)
    out = noted(wiring, town.zhou_id, 4, area_id=town.longchi_id, people=100)
    does(wiring, lambda s: service.take_out(s, held(wiring, town.zhou_id, out)))
    noted(wiring, town.zhou_id, 5, people=1)
    local = person_with(wiring, "jiedao", "街道小吴", (Role.STAFF, town.street_id))

    def seen(user_id: int) -> list[tuple[str, int, int, int]]:
        with wiring.sessions() as session:
            found = district_year(session, actor(session, user_id), Year(2026), today=TODAY)
            return [(row.name, row.shifts, row.of("visit").people, row.of("mediation").times) for row in found.streets]

    assert seen(town.jing_id) == [("丰山街道", 1, 20, 0), ("清河街道", 0, 0, 1), ("", 0, 1, 0)]
    assert seen(local) == [("丰山街道", 1, 20, 0)]
    assert seen(town.stranger_id) == []
