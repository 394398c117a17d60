"""待研判: what is whose and in which order; what somebody else has in hand, and what a person stepped back from."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from intake.domain.member_group import GroupKind
from intake.domain.reassignment import ReassignmentKind
from intake.domain.submission import Urgency
from intake.models import GroupMembership, MemberGroup, MemberProfile, Reassignment, Submission, SubmissionLease
from intake.queries import member_queue
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import told
from tests.factories.town import Town
from tests.web.pages import Person, sign_in, words_of

JOINED, LEFT = date(2026, 10, 1), date(2026, 10, 31)


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "zhou")


@pytest.fixture
def waiting(wiring: Wiring, town: Town, clock: TestClock) -> dict[str, Stored]:
    """One of each kind, told in this order; 龙池 is zhou's turn, 紫薇 is 李青's."""
    made = {}
    for name, code, category, urgency in (
        ("别人的旧事", town.ziwei_code, "housing", Urgency.NORMAL),
        ("路上的坑", town.ziwei_code, "roads", Urgency.NORMAL),
        ("路上又一个坑", town.ziwei_code, "roads", Urgency.SOON),
        ("轮到的旧事", town.longchi_code, "roads", Urgency.NORMAL),
        ("轮到的急事", town.longchi_code, "housing", Urgency.SOON),
        ("没有类别的事", town.ziwei_code, None, Urgency.NORMAL),
        ("煤气味", town.ziwei_code, "housing", Urgency.EMERGENCY),
    ):
        made[name] = told(wiring, code, name, urgency=urgency)
        with wiring.sessions.begin() as session:
            session.get_one(Submission, made[name].submission_id).category = category
        clock.forward(minutes=1)
    return made


def profile(session: Session, town: Town, at: TestClock) -> None:
    session.add(MemberProfile(user_id=town.zhou_id, district_id=town.district_id, categories=["roads"], updated_at=at.now()))


def group(session: Session, town: Town, at: TestClock, *, until: date | None = None, is_over: bool = False) -> None:
    made = MemberGroup(
        district_id=town.district_id,
        kind=GroupKind.SECTOR,
        name="城建界",
        categories=["roads"],
        ended_at=at.now() if is_over else None,
        created_at=at.now(),
    )
    session.add(made)
    session.flush()
    session.add(GroupMembership(district_id=town.district_id, group_id=made.id, user_id=town.zhou_id, since=JOINED, until=until))


MINE_FIRST = ["煤气味", "轮到的急事", "轮到的旧事"]
FIELDS_NEXT = [*MINE_FIRST, "路上的坑", "路上又一个坑", "别人的旧事", "没有类别的事"]
AS_IT_CAME = [*MINE_FIRST, "别人的旧事", "路上的坑", "路上又一个坑", "没有类别的事"]


@pytest.mark.parametrize(
    ("arranged", "order"),
    [
        # Emergencies, then what the rota gave, the pressing first; the rest as it came.
        (lambda *_: None, AS_IT_CAME),
        # A speciality of the profile comes before the rest, whatever its urgency.
        (profile, FIELDS_NEXT),
        # So does one of a group, while it lives and one is in it.
        (group, FIELDS_NEXT),
        (lambda *all_: group(*all_, until=LEFT), AS_IT_CAME),
        (lambda *all_: group(*all_, is_over=True), AS_IT_CAME),
    ],
)
def test_the_queue_is_in_the_order_in_which_it_is_mine(
    zhou: Person,
    wiring: Wiring,
    town: Town,
    clock: TestClock,
    waiting: dict[str, Stored],
    monkeypatch: pytest.MonkeyPatch,
    arranged: Callable[[Session, Town, TestClock], None],
    order: list[str],
) -> None:
    with wiring.sessions.begin() as session:
        arranged(session, town, clock)
    page = words_of(zhou.get("/m"))
    assert sorted(waiting, key=page.index) == order
    assert page.count("您的专长") == (2 if order is FIELDS_NEXT else 0)
    # The same in small pages, though one is told between each two, and one card after the other.
    monkeypatch.setattr(member_queue, "PAGE", 2)
    seen, path = [], "/m"
    while path:
        html = zhou.get(path).get_data(as_text=True)
        seen += re.findall(rf'class="excerpt"[^>]*>({"|".join(waiting)})<', html)
        told(wiring, town.ziwei_code, "刚来的煤气味", urgency=Urgency.EMERGENCY)
        following = re.search(r'href="(/m\?after=[^"]+)"', html)
        path = following.group(1) if following else ""
    assert seen == order
    past = [f"skip={waiting[name].submission_id}" for name in order]
    assert f"/m/cards/{waiting[order[0]].submission_id}" in zhou.client.get("/m/next").location
    fourth = zhou.client.get(f"/m/next?{'&'.join(past[:3])}").location
    assert "/m/cards/" in fourth
    assert "skip=" in fourth


def held_by(session: Session, town: Town, user_id: int, stored: Stored, clock: TestClock, *, minutes: int) -> None:
    until = clock.now() + timedelta(minutes=minutes)
    session.merge(
        SubmissionLease(
            submission_id=stored.submission_id, district_id=town.district_id, user_id=user_id, taken_at=clock.now(), until=until
        )
    )


def test_what_somebody_else_has_in_hand_is_shown_with_their_name_and_passed_over(
    app: Flask, zhou: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    lamp, bin_ = told(wiring, town.longchi_code, "路灯坏了"), told(wiring, town.longchi_code, "垃圾没人收")
    with wiring.sessions.begin() as session:
        held_by(session, town, town.qing_id, lamp, clock, minutes=10)
        held_by(session, town, town.zhou_id, bin_, clock, minutes=10)
    page = words_of(zhou.get("/m"))
    assert page.count("李青在看") == 1, "one's own is nobody else's"
    assert "剩下的都有人在看" not in page
    assert zhou.client.get("/m/next").location == f"/m/cards/{bin_.submission_id}"
    with wiring.sessions.begin() as session:
        held_by(session, town, town.laozhou_id, bin_, clock, minutes=5)
    assert "剩下的都有人在看：李青、老周。" in words_of(zhou.get("/m/next")), "nothing to show: the queue says who has the rest"
    clock.forward(minutes=6)
    assert zhou.client.get("/m/next").location == f"/m/cards/{bin_.submission_id}", "the lease has ended by itself"


def test_what_i_stepped_back_from_is_not_in_my_queue_and_is_in_others(
    app: Flask, zhou: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    lamp = told(wiring, town.longchi_code, "我家公司装的路灯")
    with wiring.sessions.begin() as session:
        session.add(
            Reassignment(
                district_id=town.district_id,
                submission_id=lamp.submission_id,
                kind=ReassignmentKind.RECUSE,
                from_user_id=town.zhou_id,
                words="",
                at=clock.now(),
            )
        )
    page = words_of(zhou.get("/m"))
    assert "我家公司装的路灯" not in page
    assert "待研判 0 件" in page
    assert zhou.client.get("/m/next").location == "/m"
    assert "我家公司装的路灯" not in words_of(zhou.get("/m/search?q=路灯"))
    assert "我家公司装的路灯" in words_of(sign_in(app.test_client(), "laozhou").get("/m"))


def test_a_great_many_are_not_counted_to_the_last(
    zhou: Person, wiring: Wiring, waiting: dict[str, Stored], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "待研判 7 件" in words_of(zhou.get("/m"))
    monkeypatch.setattr(member_queue, "MOST_COUNTED", 5)
    assert "待研判 5+ 件" in words_of(zhou.get("/m"))


def test_an_emergency_that_a_colleague_looks_at_is_passed_over_but_named(
    zhou: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    gas = told(wiring, town.ziwei_code, "楼道里煤气味很重", urgency=Urgency.EMERGENCY)
    clock.forward(minutes=1)
    lamp = told(wiring, town.longchi_code, "路灯坏了")
    card = f"/m/cards/{lamp.submission_id}"
    assert "正由" not in words_of(zhou.get(card))
    with wiring.sessions.begin() as session:
        held_by(session, town, town.qing_id, gas, clock, minutes=10)
    following = zhou.get("/m/next")
    assert following.request.path == card
    assert "紧急来件正由李青看着，到 09:11" in words_of(following)
    assert f'href="/m/cards/{gas.submission_id}"' in following.get_data(as_text=True)
    assert "正由" not in words_of(zhou.get(f"{card}?skip={gas.submission_id}")), "who has just passed it over knows"
    far = told(wiring, town.shiqiao_code, "石桥有人落水", urgency=Urgency.EMERGENCY)
    fire = told(wiring, town.ziwei_code, "楼下着火", urgency=Urgency.EMERGENCY)
    with wiring.sessions.begin() as session:
        held_by(session, town, town.shiqiao_member_id, far, clock, minutes=10)
        held_by(session, town, town.laozhou_id, fire, clock, minutes=10)
    assert "有 2 件紧急来件正由李青、老周看着" in words_of(zhou.get(card))
    clock.forward(minutes=11)
    assert "正由" not in words_of(zhou.get(card))
