"""Who has a submission: the members of its community in turn, then those of its street, and nobody who can't help."""

from datetime import timedelta
from itertools import pairwise

from intake.domain.actor import MACHINE
from intake.domain.permission import Role
from intake.models import Area, IntakePoint, PointListener, Submission, User
from intake.services import submission_decide as decide
from intake.services.person import create_user, grant_role
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import deciding, told
from tests.factories.sentences import submission_of
from tests.factories.town import Town


def owner(wiring: Wiring, stored: Stored) -> tuple[int | None, Role | None]:
    row = submission_of(wiring, stored)
    return row.owner_id, row.owner_role


def member_of(wiring: Wiring, area_id: int, login: str, name: str) -> int:
    with wiring.sessions.begin() as session:
        area = session.get_one(Area, area_id)
        assert area.district_id is not None
        user = create_user(
            session, district_id=area.district_id, login=login, name=name, password="tests-only-password", at=wiring.clock.now()
        )
        grant_role(session, actor=MACHINE, user=user, role=Role.MEMBER, area=area, at=wiring.clock.now())
        return user.id


def leaves(wiring: Wiring, *user_ids: int) -> None:
    with wiring.sessions.begin() as session:
        for user_id in user_ids:
            session.get_one(User, user_id).active = False


def test_the_communitys_own_member_goes_before_the_streets(wiring: Wiring, town: Town) -> None:
    assert owner(wiring, told(wiring, town.ziwei_code, "紫薇的事")) == (town.qing_id, Role.MEMBER)
    assert owner(wiring, told(wiring, town.longchi_code, "龙池的事")) == (town.zhou_id, Role.MEMBER)


def test_members_of_one_community_take_turns(wiring: Wiring, town: Town, clock: TestClock) -> None:
    yun = member_of(wiring, town.ziwei_id, "yun", "云霞")
    owners = []
    for number in range(6):
        clock.forward(minutes=1)
        owners.append(owner(wiring, told(wiring, town.ziwei_code, f"第 {number} 件事"))[0])
    assert set(owners) == {town.qing_id, yun}
    assert all(one != following for one, following in pairwise(owners))


def test_who_left_gets_nothing_and_the_street_helps_out(wiring: Wiring, town: Town) -> None:
    leaves(wiring, town.qing_id)
    assert owner(wiring, told(wiring, town.ziwei_code, "紫薇的事")) == (town.zhou_id, Role.MEMBER)


def test_without_members_the_convenor_and_without_a_convenor_staff(wiring: Wiring, town: Town) -> None:
    leaves(wiring, town.qing_id, town.zhou_id)
    assert owner(wiring, told(wiring, town.ziwei_code, "紫薇的事")) == (town.laozhou_id, Role.CONVENOR)
    leaves(wiring, town.laozhou_id)
    assert owner(wiring, told(wiring, town.ziwei_code, "紫薇的事")) == (town.jing_id, Role.STAFF)


# Nothing is without an owner, even where nobody is left: the receipt says the office has it.
def test_where_nobody_is_left_it_belongs_to_the_office(wiring: Wiring, town: Town) -> None:
    leaves(wiring, town.qing_id, town.zhou_id, town.laozhou_id, town.jing_id)
    stored = told(wiring, town.ziwei_code, "紫薇的事")
    assert owner(wiring, stored) == (None, Role.STAFF)
    assert submission_of(wiring, stored).escalate_at is None


def test_nobody_of_another_street_or_district_is_asked(wiring: Wiring, town: Town) -> None:
    leaves(wiring, town.shiqiao_member_id)
    assert owner(wiring, told(wiring, town.shiqiao_code, "石桥的事")) == (town.jing_id, Role.STAFF)


def test_the_clock_counts_working_days_only(wiring: Wiring, town: Town, clock: TestClock) -> None:
    # Friday 2026-11-06, 09:00 in Shanghai: two working days later is Tuesday.
    clock.forward(days=3)
    stored = told(wiring, town.longchi_code, "周五的事")
    assert submission_of(wiring, stored).escalate_at == clock.now() + timedelta(days=4)


def test_who_takes_a_decision_back_has_the_card(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.ziwei_code, "紫薇的事")
    card = deciding(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="已修好。")
    with wiring.sessions.begin() as session:
        decide.undo(
            session,
            actor=card.actor,
            submission_id=stored.submission_id,
            workflow=wiring.workflow,
            undo_seconds=60,
            at=wiring.clock.now(),
        )
    with wiring.sessions() as session:
        row = session.get_one(Submission, stored.submission_id)
        assert row.owner_id == town.zhou_id
        assert row.escalate_at is not None


# --- the point's weekly rota; the clock stands on Tuesday 2026-11-03 ----------------------------------------------------------------


def on_rota(wiring: Wiring, code: str, weekday: int, *user_ids: int) -> None:
    with wiring.sessions.begin() as session:
        point = session.query(IntakePoint).filter_by(code=code).one()
        for user_id in user_ids:
            session.add(PointListener(district_id=point.district_id, point_id=point.id, user_id=user_id, weekday=weekday))


def test_whoever_listens_today_goes_first(wiring: Wiring, town: Town, clock: TestClock) -> None:
    on_rota(wiring, town.ziwei_code, 1, town.zhou_id)
    assert owner(wiring, told(wiring, town.ziwei_code, "周二的事")) == (town.zhou_id, Role.MEMBER)
    clock.forward(days=1)
    assert owner(wiring, told(wiring, town.ziwei_code, "周三的事")) == (town.qing_id, Role.MEMBER)


def test_the_weekday_is_shanghais(wiring: Wiring, town: Town, clock: TestClock) -> None:
    on_rota(wiring, town.ziwei_code, 2, town.zhou_id)
    clock.forward(hours=14, minutes=59)  # Tuesday, 23:59 in Shanghai
    assert owner(wiring, told(wiring, town.ziwei_code, "周二夜里的事")) == (town.qing_id, Role.MEMBER)
    clock.forward(minutes=2)  # Wednesday there, still Tuesday in UTC
    assert owner(wiring, told(wiring, town.ziwei_code, "周三凌晨的事")) == (town.zhou_id, Role.MEMBER)


def test_several_on_one_day_take_turns(wiring: Wiring, town: Town, clock: TestClock) -> None:
    on_rota(wiring, town.ziwei_code, 1, town.zhou_id, town.qing_id)
    owners = []
    for number in range(4):
        clock.forward(minutes=1)
        owners.append(owner(wiring, told(wiring, town.ziwei_code, f"第 {number} 件事"))[0])
    assert set(owners) == {town.zhou_id, town.qing_id}
    assert all(one != following for one, following in pairwise(owners))


def test_a_convenor_on_the_rota_is_asked_as_the_convenor(wiring: Wiring, town: Town) -> None:
    on_rota(wiring, town.ziwei_code, 1, town.laozhou_id)
    assert owner(wiring, told(wiring, town.ziwei_code, "紫薇的事")) == (town.laozhou_id, Role.CONVENOR)
    assert owner(wiring, told(wiring, town.longchi_code, "龙池的事")) == (town.zhou_id, Role.MEMBER)


def test_who_left_or_never_had_the_area_is_passed_over(wiring: Wiring, town: Town) -> None:
    on_rota(wiring, town.ziwei_code, 1, town.zhou_id, town.shiqiao_member_id, town.jing_id)
    leaves(wiring, town.zhou_id)
    assert owner(wiring, told(wiring, town.ziwei_code, "紫薇的事")) == (town.qing_id, Role.MEMBER)
