"""What the board and the topic beside it read with kept questions, where few, many, nobody or somebody else is concerned."""

import pytest
from sqlalchemy import delete, false, func, select

from intake.domain.permission import Role
from intake.domain.topic import Route, TopicAction, TopicState
from intake.domain.triage_result import Verdict
from intake.models import RoleGrant, Topic
from intake.queries.topic_alike import alike
from intake.queries.topic_board import BOARD_STATES, Spread, board, spread, topic_after
from intake.queries.topic_detail import topic_detail
from intake.queries.topic_order import Order
from intake.queries.topic_voices import said_of
from intake.services.topic_class import open_class
from intake.services.topic_origin import OriginFacts, register
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.endorsements import joined, public_matter
from tests.factories.hands import recused
from tests.factories.matters import decided, taken_up, told, topic_of
from tests.factories.town import Town, actor


def a_topic(wiring: Wiring, town: Town, title: str, voices: int = 1, *, elsewhere: bool = False) -> int:
    code, member = (town.shiqiao_code, town.shiqiao_member_id) if elsewhere else (town.longchi_code, town.zhou_id)
    return topic_of(wiring, member, title, *(told(wiring, code, f"{title}，第 {number} 位居民") for number in range(voices)))


# --- the words behind a topic -------------------------------------------------------------------------------------------------------


def the_same_both_ways(wiring: Wiring, reader_id: int, topic_id: int) -> None:
    """Counted before or not, a topic shows the same words."""
    with wiring.sessions() as session:
        reader, at = actor(session, reader_id), wiring.clock.now()
        for most in (1, 2, 3, 100):
            said = said_of(session, reader, topic_id, newest=most + 1, at=at)
            counted = topic_detail(session, reader, topic_id, voices=most, counted=said.counted)
            assert counted == topic_detail(session, reader, topic_id, voices=most)
            assert len(said.counted.newest) <= most + 1


def test_a_class_shows_the_words_of_its_matters_counted_or_not(wiring: Wiring, town: Town, clock: TestClock) -> None:
    one, other = public_matter(wiring, town, voices=2), a_topic(wiring, town, "紫薇路灯不亮", 2, elsewhere=True)
    clock.forward(minutes=1)
    told(wiring, town.longchi_code, "路灯又不亮了", verdict=Verdict.ATTACH, topic_id=one)
    joined(wiring, town, one, "aunt Wu")
    joined(wiring, town, one, "uncle Li", text="我家门口也是")
    with wiring.sessions.begin() as session:
        made = open_class(session, actor=actor(session, town.jing_id), topic_ids=[one, other], title="各处路灯", at=clock.now()).id
    with wiring.sessions() as session:
        said = said_of(session, actor(session, town.jing_id), made, newest=100, at=clock.now())
    assert (len(said.counted.newest), said.counted.endorsed) == (6, 0), "who joined a matter didn't join its class"
    assert sum(count for _, count in said.days) == sum(place.count for place in said.places) == 7
    for topic_id in (made, one, other):
        the_same_both_ways(wiring, town.jing_id, topic_id)


def test_who_stepped_back_reads_the_next_words_instead_and_counts_the_same(wiring: Wiring, town: Town, clock: TestClock) -> None:
    voices = []
    for number in range(3):
        clock.forward(minutes=1)
        voices.append(told(wiring, town.longchi_code, f"路灯不亮，第 {number} 位居民"))
    recused(wiring, town.zhou_id, voices[2])
    topic_id = topic_of(wiring, town.laozhou_id, "路灯不亮", *voices)
    first, second, last = (voice.submission_id for voice in voices)
    with wiring.sessions() as session:
        read = {
            user_id: said_of(session, actor(session, user_id), topic_id, newest=2, at=clock.now())
            for user_id in (town.zhou_id, town.jing_id)
        }
    assert set(read[town.zhou_id].counted.newest) == {first, second}
    assert set(read[town.jing_id].counted.newest) == {second, last}
    assert read[town.zhou_id].days == read[town.jing_id].days
    for user_id in read:
        the_same_both_ways(wiring, user_id, topic_id)


def test_a_topic_that_nobody_wrote_about_has_no_words(wiring: Wiring, town: Town) -> None:
    facts = OriginFacts(
        Route.PARTY_GOVERNMENT, "加装电梯", town.street_id, None, "请调研。", body="区委办公室", received_on=wiring.clock.now().date()
    )
    with wiring.sessions.begin() as session:
        topic_id = register(session, actor=actor(session, town.jing_id), facts=facts, at=wiring.clock.now()).id
    with wiring.sessions() as session:
        said = said_of(session, actor(session, town.jing_id), topic_id, newest=21, at=wiring.clock.now())
        assert (said.days, said.places, said.counted.newest, said.counted.endorsed, said.waiting, said.late) == ((), (), (), 0, 0, 0)
    the_same_both_ways(wiring, town.jing_id, topic_id)


# --- how hot the others are ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heats", [(), (0,), (7,) * 5, (1, 2), (1, 2, 3), tuple(range(10)), (*range(9), 100), (0,) * 19 + (50,), (3, 3, 3, 9, 9, 9, 9, 9, 9, 9)]
)
def test_half_and_tenth_are_what_the_database_would_say(wiring: Wiring, town: Town, heats: tuple[int, ...]) -> None:
    counted = Spread(tuple((heat, heats.count(heat)) for heat in sorted(set(heats))))
    with wiring.sessions() as session:
        values = func.unnest(list(heats)).table_valued("heat").render_derived() if heats else select(Topic.heat).where(false()).subquery()
        shares = (func.percentile_disc(share).within_group(values.c.heat) for share in (0.5, 0.9))
        half, tenth = session.execute(select(*shares)).one()
    assert (counted.topics, counted.half, counted.tenth) == (len(heats), half or 0, tenth or 0)
    assert [counted.above(heat) for heat in heats] == [sum(other > heat for other in heats) for heat in heats]
    if len(set(heats)) == 1:
        assert counted.level(heats[0]) == 1, "where all are alike nothing is hot"


# --- page after page ----------------------------------------------------------------------------------------------------------------


# All alike in every order: only their numbers say what comes next.
@pytest.mark.parametrize("order", list(Order))
def test_pages_of_equals_leave_nobody_out(wiring: Wiring, town: Town, clock: TestClock, order: Order) -> None:
    made = [a_topic(wiring, town, f"第 {number} 件", elsewhere=number % 3 == 2) for number in range(9)]
    in_street = [one for number, one in enumerate(made) if number % 3 != 2]
    street_staff = person_with(wiring, "jiedao", "街道小陈", (Role.STAFF, town.street_id))
    with wiring.sessions.begin() as session:
        for topic in session.scalars(select(Topic).where(Topic.id.in_(made))):
            topic.heat = topic.heat_corrected = 7
            topic.last_at = topic.state_changed_at = clock.now()
    for user_id, expected in ((town.jing_id, made), (street_staff, in_street), (town.stranger_id, [])):
        for route in (None, Route.RESIDENTS):
            with wiring.sessions() as session:
                reader, seen, after, pages = actor(session, user_id), [], "", 0
                while pages == 0 or after:
                    found = board(session, reader, [TopicState.CANDIDATE], route=route, order=order, limit=2, after=after, at=clock.now())
                    (page,) = found.pages
                    assert page.total == len(expected)
                    seen += [row.id for row in page.rows]
                    after, pages = page.next_key, pages + 1
                    assert pages <= len(made), "it comes to an end"
                assert seen == sorted(expected, reverse=order is not Order.WAITING)
                for one, following in zip(seen, [*seen[1:], *seen[:1]], strict=True):
                    assert topic_after(session, reader, one, state=TopicState.CANDIDATE, route=route, order=order) == following


# --- whose questions are kept -------------------------------------------------------------------------------------------------------


def test_whoever_loses_a_place_or_gets_one_sees_so_at_once(wiring: Wiring, town: Town) -> None:
    here, elsewhere = a_topic(wiring, town, "路灯不亮"), a_topic(wiring, town, "台阶坏了", elsewhere=True)
    user_id = person_with(wiring, "jiedao", "街道小陈", (Role.STAFF, town.street_id))

    def seen() -> tuple[list[int], int, int]:
        with wiring.sessions() as session:
            found = board(session, actor(session, user_id), BOARD_STATES, at=wiring.clock.now())
            return sorted(row.id for page in found.pages for row in page.rows), sum(found.totals.values()), found.received

    assert seen() == ([here], 1, 1)
    with wiring.sessions.begin() as session:
        session.add(RoleGrant(district_id=town.district_id, user_id=user_id, role=Role.STAFF, area_id=town.shiqiao_id))
    assert seen() == ([here, elsewhere], 2, 2)
    with wiring.sessions.begin() as session:
        session.execute(delete(RoleGrant).where(RoleGrant.user_id == user_id, RoleGrant.area_id == town.street_id))
    assert seen() == ([elsewhere], 1, 1)
    with wiring.sessions.begin() as session:
        session.execute(delete(RoleGrant).where(RoleGrant.user_id == user_id))
    assert seen() == ([], 0, 0)


def test_two_districts_read_their_own_in_one_process(wiring: Wiring, town: Town) -> None:
    made = a_topic(wiring, town, "路灯不亮")
    for user_id, expected in ((town.jing_id, [made]), (town.stranger_id, []), (town.jing_id, [made])):
        with wiring.sessions() as session:
            reader = actor(session, user_id)
            found = board(session, reader, BOARD_STATES, at=wiring.clock.now())
            assert [row.id for page in found.pages for row in page.rows] == expected
            assert spread(session, reader).topics == found.received == len(expected)


def test_what_is_alike_is_told_of_several_as_of_each(wiring: Wiring, town: Town) -> None:
    lamps = [a_topic(wiring, town, title, elsewhere=number % 2 == 1) for number, title in enumerate(("幸福里路灯不亮", "石桥路灯不亮"))]
    ended = taken_up(wiring, town.jing_id, a_topic(wiring, town, "幸福里路灯一闪一闪"))
    decided(wiring, town.jing_id, ended, TopicAction.REJECT, "上个月已经换过灯泡。")
    stairs = a_topic(wiring, town, "楼道堆放杂物")
    bare = a_topic(wiring, town, "三个")
    titles = {lamps[0]: "幸福里路灯不亮", lamps[1]: "石桥路灯不亮", stairs: "楼道堆放杂物", bare: "三个"}
    street_staff = person_with(wiring, "jiedao", "街道小陈", (Role.STAFF, town.street_id))
    with wiring.sessions() as session:
        for user_id in (town.jing_id, street_staff, town.stranger_id):
            reader = actor(session, user_id)
            together = alike(session, reader, titles)
            assert together == {one: alike(session, reader, {one: title})[one] for one, title in titles.items()}
        together = alike(session, actor(session, town.jing_id), titles)
        assert [one.id for one in together[lamps[0]].here] == [lamps[1]]
        assert [(one.id, one.words) for one in together[lamps[0]].earlier] == [(ended, "上个月已经换过灯泡。")]
        assert (together[lamps[0]].came_of.rejected, together[stairs].came_of.topics) == (1, 0)
        assert (together[bare].here, together[bare].earlier) == ((), ())
        assert alike(session, actor(session, street_staff), titles)[lamps[0]].here == (), "石桥 is in another street"
        assert alike(session, actor(session, town.jing_id), {}) == {}
