"""先审后发: nothing is told that named staff didn't let out, and each act is written down with the one who did it."""

from typing import Any

import pytest
from sqlalchemy import select

from intake.domain.errors import Conflict, Forbidden, InvalidInput, InvalidTransition, NotFound
from intake.domain.release import ReleaseKind, ReleaseState, WithdrawReason, tellable, untellable
from intake.domain.topic import TopicAction
from intake.models import AuditEntry, Department, HistoryEntry, Topic
from intake.queries.point import point_by_code
from intake.queries.public_page import last_solved, public_area, public_topic, sections
from intake.queries.release import proposal
from intake.services.release import Draft, edit, prepare, publish
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import attach, decided, taken_up, told, topic_of, topic_row
from tests.factories.releases import REASON, drafted, let_out, pooled_topic, release_row, releasing, street_staff, taken_down
from tests.factories.town import Town, actor


def draft(town: Town, **other: Any) -> Draft:
    return Draft(**{"kind": ReleaseKind.IN_HAND, "area_id": town.longchi_id, "title": "路灯在修", "words": "市政明天来看。", **other})


def test_a_topic_proposes_its_title_and_the_latest_decisions_words_and_no_residents(wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    with wiring.sessions() as session:
        found = proposal(session, actor(session, town.jing_id), topic_id)
    assert (found.title, found.words, found.kind) == ("幸福里路灯不亮", REASON, ReleaseKind.DECISION)
    assert [place.name for place in found.places] == ["龙池社区", "丰山街道", "云栖区"]
    assert "看不见路" not in repr(found)


def test_a_draft_is_released_withdrawn_and_released_again_by_name(wiring: Wiring, town: Town, clock: TestClock) -> None:
    topic_id = pooled_topic(wiring, town, voices=4)
    release_id = drafted(wiring, town, topic_id)
    assert (release_row(wiring, release_id).state, release_row(wiring, release_id).people) == (ReleaseState.DRAFT, 0)
    let_out(wiring, town.jing_id, release_id)
    row = release_row(wiring, release_id)
    assert (row.state, row.people, row.released_by, row.released_at) == (ReleaseState.RELEASED, 4, town.jing_id, clock.now())
    taken_down(wiring, town.jing_id, release_id, WithdrawReason.CHANGED)
    clock.forward(hours=1)
    let_out(wiring, town.jing_id, release_id)
    assert release_row(wiring, release_id).released_at == clock.now()
    with wiring.sessions() as session:
        history = session.scalars(select(HistoryEntry).where(HistoryEntry.noun == "release").order_by(HistoryEntry.id)).all()
        audit = session.scalars(select(AuditEntry).where(AuditEntry.noun == "release").order_by(AuditEntry.id)).all()
    assert [(one.action, one.reason_code, one.actor_id) for one in history] == [
        ("begin", None, town.jing_id),
        ("publish", None, town.jing_id),
        ("withdraw", "changed", town.jing_id),
        ("publish", None, town.jing_id),
    ]
    assert [one.action for one in audit] == ["release.prepare", "release.publish", "release.withdraw", "release.publish"]
    assert {one.actor_id for one in audit} == {town.jing_id}
    # Codes and ids, never words.
    assert all("路灯" not in repr(one.detail) for one in audit)


def test_what_the_public_reads_is_withdrawn_before_it_is_changed(wiring: Wiring, town: Town) -> None:
    release_id = let_out(wiring, town.jing_id, drafted(wiring, town, pooled_topic(wiring, town)))
    held = releasing(wiring, town.jing_id, release_id)
    with wiring.sessions() as session, pytest.raises(Conflict, match="先撤下"):
        edit(session, held, draft(town))
    assert release_row(wiring, release_id).title == "幸福里的路灯换好了"
    taken_down(wiring, town.jing_id, release_id)
    held = releasing(wiring, town.jing_id, release_id)
    with wiring.sessions.begin() as session:
        edit(session, held, draft(town))
    assert release_row(wiring, release_id).title == "路灯在修"


def test_two_who_edit_one_draft_do_not_overwrite_each_other(wiring: Wiring, town: Town) -> None:
    release_id = drafted(wiring, town, pooled_topic(wiring, town))
    first, second = releasing(wiring, town.jing_id, release_id), releasing(wiring, town.jing_id, release_id)
    with wiring.sessions.begin() as session:
        edit(session, first, draft(town, title="先写的"))
    with wiring.sessions() as session, pytest.raises(Conflict):
        edit(session, second, draft(town, title="后写的"))
    assert release_row(wiring, release_id).title == "先写的"


def test_what_is_released_is_what_was_on_the_screen(wiring: Wiring, town: Town) -> None:
    release_id = drafted(wiring, town, pooled_topic(wiring, town))
    seen = releasing(wiring, town.jing_id, release_id)
    with wiring.sessions.begin() as session:
        edit(session, releasing(wiring, town.jing_id, release_id), draft(town))
    with wiring.sessions() as session, pytest.raises(Conflict):
        publish(session, seen, second_person=False)


def test_staff_of_one_street_release_nothing_for_another_nor_for_the_district(wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    own, other = street_staff(wiring, "丰山街道", "fengshan"), street_staff(wiring, "清河街道", "qinghe")
    with wiring.sessions() as session, pytest.raises(Forbidden):
        prepare(session, draft(town), actor=actor(session, other), topic_id=topic_id, at=wiring.clock.now())
    release_id = drafted(wiring, town, topic_id, by=own)
    with pytest.raises(Forbidden):
        let_out(wiring, other, release_id)
    let_out(wiring, own, release_id)
    with pytest.raises(Forbidden):
        taken_down(wiring, other, release_id)
    # They may propose it for the district's page; the district's staff let it out.
    wide = drafted(wiring, town, topic_id, by=own, area_id=town.district_id)
    with pytest.raises(Forbidden, match="云栖区"):
        let_out(wiring, own, wide)
    let_out(wiring, town.jing_id, wide)


@pytest.mark.parametrize("who", ["zhou_id", "laozhou_id", "li_id"])
def test_members_and_administrators_neither_prepare_nor_release(wiring: Wiring, town: Town, who: str) -> None:
    topic_id = pooled_topic(wiring, town)
    release_id = drafted(wiring, town, topic_id)
    with wiring.sessions() as session, pytest.raises(Forbidden):
        prepare(session, draft(town), actor=actor(session, getattr(town, who)), topic_id=topic_id, at=wiring.clock.now())
    with pytest.raises(Forbidden):
        let_out(wiring, getattr(town, who), release_id)


def test_another_districts_staff_find_neither_topic_nor_release(wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    release_id = drafted(wiring, town, topic_id)
    with wiring.sessions() as session, pytest.raises(NotFound):
        prepare(session, draft(town), actor=actor(session, town.stranger_id), topic_id=topic_id, at=wiring.clock.now())
    with pytest.raises(NotFound):
        let_out(wiring, town.stranger_id, release_id)


def test_where_a_second_person_must_release_the_author_may_not(wiring: Wiring, town: Town) -> None:
    other = street_staff(wiring, "丰山街道", "fengshan")
    release_id = drafted(wiring, town, pooled_topic(wiring, town), by=other)
    with pytest.raises(Forbidden, match="同一个人"):
        let_out(wiring, other, release_id, second_person=True)
    # Whoever changes the words is their author from then on.
    with wiring.sessions.begin() as session:
        edit(session, releasing(wiring, town.jing_id, release_id), draft(town))
    with pytest.raises(Forbidden, match="同一个人"):
        let_out(wiring, town.jing_id, release_id, second_person=True)
    let_out(wiring, other, release_id, second_person=True)
    assert release_row(wiring, release_id).state is ReleaseState.RELEASED


@pytest.mark.parametrize(
    ("title", "words", "field", "named"),
    [
        # A mobile number, however it is spaced.
        ("路灯修好了", "有事找138 0055 0021。", "words", "手机号 138••••0021"),
        # A plate in the title.
        ("皖M·12345挡住了路灯", "已经挪走。", "title", "车牌号"),
        # An identity card with a true checksum.
        ("路灯修好了", "身份证11010519491231002X的那位业主同意了。", "words", "身份证号"),
        # Somebody's name after a word that announces one.
        ("路灯修好了", "联系人：张建国，谢谢他。", "words", "姓名"),
        # A landline nobody knows as an office's.
        ("路灯修好了", "电话0550-3021234。", "words", "座机号"),
    ],
)
def test_personal_data_is_refused_by_name(wiring: Wiring, town: Town, title: str, words: str, field: str, named: str) -> None:
    release_id = drafted(wiring, town, pooled_topic(wiring, town), title=title, words=words)
    with pytest.raises(InvalidInput, match=named) as refused:
        let_out(wiring, town.jing_id, release_id)
    assert refused.value.field == field
    assert release_row(wiring, release_id).state is ReleaseState.DRAFT


def test_an_offices_own_telephone_may_be_told(wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    with wiring.sessions.begin() as session:
        session.add(
            Department(
                district_id=town.district_id,
                name="区市政公司",
                duty="",
                phone="0550-3021234",
                categories=[],
                is_backstop=False,
                active=True,
                version=1,
                created_at=wiring.clock.now(),
            )
        )
    let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, words="灯再坏请打市政电话（0550）3021234，或社区电话0550-0000001。"))


@pytest.mark.parametrize(
    "words",
    [
        # The whole sentence inside other words.
        "居民说：幸福里第0排路灯一直不亮，晚上看不见路。已经修好。",
        # A piece of it, and nothing else.
        "第0排路灯一直不亮，晚上看不见",
    ],
)
def test_a_residents_sentence_is_not_released(wiring: Wiring, town: Town, words: str) -> None:
    release_id = drafted(wiring, town, pooled_topic(wiring, town), words=words)
    with pytest.raises(InvalidInput, match="原话"):
        let_out(wiring, town.jing_id, release_id)


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "长" * 41}, "title"),
        ({"words": "\n"}, "words"),
        ({"words": "长" * 2001}, "words"),
        # Another community's page, another district's, no place at all.
        ({"area_id": "ziwei_id"}, "area"),
        ({"area_id": 2**40}, "area"),
    ],
)
def test_what_is_missing_or_misplaced_is_named(wiring: Wiring, town: Town, other: dict[str, Any], field: str) -> None:
    topic_id = pooled_topic(wiring, town)
    if isinstance(other.get("area_id"), str):
        other = {"area_id": getattr(town, other["area_id"])}
    with wiring.sessions() as session, pytest.raises(InvalidInput) as refused:
        prepare(session, draft(town, **other), actor=actor(session, town.jing_id), topic_id=topic_id, at=wiring.clock.now())
    assert refused.value.field == field


def test_nothing_is_told_of_a_candidate_or_of_a_topic_merged_since(wiring: Wiring, town: Town) -> None:
    candidate = topic_of(wiring, town.zhou_id, "楼道灯", told(wiring, town.longchi_code, "楼道灯坏了"))
    with wiring.sessions() as session, pytest.raises(Conflict, match="提交筛选"):
        prepare(session, draft(town), actor=actor(session, town.jing_id), topic_id=candidate, at=wiring.clock.now())
    taken_up(wiring, town.jing_id, candidate)
    release_id = drafted(wiring, town, candidate)
    decided(wiring, town.jing_id, candidate, TopicAction.MERGE, "同一件事", target=pooled_topic(wiring, town))
    with pytest.raises(Conflict, match="并入"):
        let_out(wiring, town.jing_id, release_id)


def test_a_state_that_does_not_allow_it_refuses(wiring: Wiring, town: Town) -> None:
    release_id = let_out(wiring, town.jing_id, drafted(wiring, town, pooled_topic(wiring, town)))
    with pytest.raises(InvalidTransition):
        let_out(wiring, town.jing_id, release_id)
    taken_down(wiring, town.jing_id, release_id)
    with pytest.raises(InvalidTransition):
        taken_down(wiring, town.jing_id, release_id)


def test_the_last_solved_matter_is_the_latest_released_result_around_the_point(wiring: Wiring, town: Town, clock: TestClock) -> None:
    def solved(code: str) -> tuple[str, int] | None:
        with wiring.sessions() as session:
            point = point_by_code(session, code)
            assert point is not None
            found = last_solved(session, point)
        return (found.title, found.people) if found is not None else None

    here, there = pooled_topic(wiring, town, voices=3), pooled_topic(wiring, town, code=town.shiqiao_code)
    drafted(wiring, town, here, title="还没审的")
    assert solved(town.longchi_code) is None
    let_out(wiring, town.jing_id, drafted(wiring, town, here, kind=ReleaseKind.DECISION, title="只是决定"))
    assert solved(town.longchi_code) is None
    first = let_out(wiring, town.jing_id, drafted(wiring, town, here, title="龙池的灯亮了"))
    assert solved(town.longchi_code) == ("龙池的灯亮了", 3)
    # The neighbours under the same street read it too, another street doesn't.
    assert solved(town.ziwei_code) == ("龙池的灯亮了", 3)
    assert solved(town.shiqiao_code) is None
    clock.forward(minutes=1)
    wide = let_out(wiring, town.jing_id, drafted(wiring, town, there, title="全区的灯查过了", area_id=town.district_id))
    # So few that they could be known are not counted.
    assert [solved(code) for code in (town.longchi_code, town.shiqiao_code)] == [("全区的灯查过了", 0)] * 2
    taken_down(wiring, town.jing_id, wide)
    assert solved(town.longchi_code) == ("龙池的灯亮了", 3)
    taken_down(wiring, town.jing_id, first)
    assert solved(town.longchi_code) is None


def test_what_is_in_hand_gives_way_to_the_next_word_of_it_and_to_its_result(wiring: Wiring, town: Town, clock: TestClock) -> None:
    topic_id = pooled_topic(wiring, town)

    def shown(kind: ReleaseKind) -> list[str]:
        with wiring.sessions() as session:
            area = public_area(session, town.longchi_id)
            return [entry.title for one in sections(session, area, each=5) if one.kind is kind for entry in one.entries]

    for kind, title in ((ReleaseKind.IN_HAND, "在查线路"), (ReleaseKind.IN_HAND, "在换灯"), (ReleaseKind.DECISION, "由市政修")):
        let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, kind=kind, title=title))
        clock.forward(minutes=1)
    assert shown(ReleaseKind.IN_HAND) == ["在换灯"]
    done = let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, title="灯亮了"))
    assert (shown(ReleaseKind.IN_HAND), shown(ReleaseKind.RESULT)) == ([], ["灯亮了"])
    with wiring.sessions() as session:
        number = session.get_one(Topic, topic_id).number
        assert [entry.title for entry in public_topic(session, number).entries] == ["在查线路", "在换灯", "由市政修", "灯亮了"]
    taken_down(wiring, town.jing_id, done)
    assert shown(ReleaseKind.IN_HAND) == ["在换灯"]


def test_the_number_behind_a_release_is_the_one_of_its_day(wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    release_id = let_out(wiring, town.jing_id, drafted(wiring, town, topic_id))
    attach(wiring, town.zhou_id, told(wiring, town.longchi_code, "我们这里也黑"), topic_id)
    assert topic_row(wiring, topic_id).confirmed_count == 2
    assert release_row(wiring, release_id).people == 1


def test_small_numbers_point_at_people_and_zero_at_nobody() -> None:
    assert [tellable(count) for count in (0, 1, 2, 3, 412)] == [0, None, None, 3, 412]


def test_each_finding_is_named_once_and_masked() -> None:
    found = untellable("打13800550021，或者13800550021", offices=frozenset())
    assert found == ("手机号 138••••0021",)
    assert untellable("打13800550021", offices=frozenset({"13800550021"})) == ()
