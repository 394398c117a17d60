"""批示: registered by staff, sent on, reported on by units that read the extract alone, closed and followed again; residents read nothing."""

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from intake.domain.errors import Conflict, Forbidden, InvalidInput, InvalidTransition, NotFound
from intake.domain.instruction import CloseReason, InstructionState, ReopenReason
from intake.models import AuditEntry, HistoryEntry, Instruction, InstructionForward, Referral
from intake.queries.instruction import instruction_detail, instructions_for_unit, instructions_in, instructions_of
from intake.services import instruction as service
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.instructions import EXTRACT, LEADER, facts, following, instruction_row, registered, sent_on
from tests.factories.lists import relayed
from tests.factories.matters import receipt_path, told, topic_of, topic_row
from tests.factories.referrals import assigned, referred
from tests.factories.releases import street_staff
from tests.factories.town import Town, actor
from tests.integration.test_two_members import at_once
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_query_counts import cost

FORM = {
    "number": "〔2026〕7号",
    "given_on": "2026-11-02",
    "given_by": LEADER,
    "extract": EXTRACT,
    "subject": "",
    "about": "路灯",
    "due_on": "",
}


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


@pytest.fixture
def gao(client: FlaskClient, town: Town) -> Person:
    """高强 of 区城市管理局."""
    return sign_in(client.application.test_client(), "gaoqiang")


def test_an_instruction_goes_from_the_paper_to_units_and_back(jing: Person, gao: Person, wiring: Wiring, town: Town) -> None:
    assert "已登记" in words_of(jing.press("/d/instructions/new", "/d/instructions/new", **FORM))
    with wiring.sessions() as session:
        instruction_id = session.query(Instruction).one().id
    page = f"/d/instructions/{instruction_id}"
    assert "没有转来的批示" in words_of(gao.get("/dept/instructions"))
    sent = words_of(jing.press(page, "/send-on", units=str(town.lights_id), outside="清河区政协\n\n清河区政协", due_on="2026-11-20"))
    assert "已转办" in sent
    assert sent.count("清河区政协 不在系统里") == 1
    with wiring.sessions() as session:
        unit, outside = session.query(InstructionForward).order_by(InstructionForward.id)
    reported = words_of(gao.press("/dept/instructions", f"/dept/instructions/{unit.id}", feedback="十二盏灯已换好。"))
    assert "已反馈" in reported
    entered = words_of(jing.press(page, f"/forwards/{outside.id}/report", feedback="已转告两个街道。"))
    assert "已转告两个街道。" in entered
    assert "十二盏灯已换好。" in entered
    assert "高强" in entered
    refused = jing.press(page, "/close", reason="done", result="")
    assert (refused.status_code, "请写明落实的结果" in words_of(refused)) == (422, True)
    closed = words_of(jing.press(page, "/close", reason="done", result="路灯全部修好。"))
    assert "已办结" in closed
    assert "路灯全部修好。" in closed
    assert instruction_row(wiring, instruction_id).state is InstructionState.CLOSED
    again = words_of(jing.press(page, "/reopen", reason="unfinished"))
    assert "恢复落实：还没有落实到位" in again
    assert instruction_row(wiring, instruction_id).state is InstructionState.FOLLOWING


def test_units_read_the_extract_alone_and_only_their_own(gao: Person, wiring: Wiring, town: Town, client: FlaskClient) -> None:
    (own,) = sent_on(wiring, town, registered(wiring, town), town.lights_id)
    page = words_of(gao.get("/dept/instructions"))
    assert EXTRACT in page
    for internal in (LEADER, "〔2026〕7号"):
        assert internal not in page
    referral = referred(wiring, town, told(wiring, town.longchi_code, "2 号楼前的井盖坏了"))
    with wiring.sessions() as session:
        about = session.get_one(Referral, referral)
        number, title = about.number, about.title
    sent_on(wiring, town, registered(wiring, town, number="〔2026〕8号", subject=number, about=""), town.lights_id)
    assert title in words_of(gao.get("/dept/instructions")), "what it is about, so that nobody has to guess"
    other = sign_in(client.application.test_client(), "wujun")
    assert EXTRACT not in words_of(other.get("/dept/instructions"))
    with wiring.sessions() as session, pytest.raises(NotFound):
        service.report_on_instruction(
            session, actor=actor(session, town.wu_id), forward_id=own, feedback="不是我们的", at=wiring.clock.now()
        )
    assert gao.get("/d/instructions").status_code == 403


def test_a_refused_report_keeps_its_words_in_its_own_box(gao: Person, wiring: Wiring, town: Town) -> None:
    first, second = (sent_on(wiring, town, registered(wiring, town, number=number), town.lights_id)[0] for number in ("1号", "2号"))
    written = "换好的灯" * 600
    refused = gao.press("/dept/instructions", f"/dept/instructions/{second}", feedback=written)
    assert (refused.status_code, "最多 2000 个字，多了 400 个" in words_of(refused)) == (422, True)
    boxes = refused.get_data(as_text=True).split("</textarea>")
    assert [box.rpartition(">")[2] for box in boxes[:2]] == ["", written]
    empty = gao.press("/dept/instructions", f"/dept/instructions/{first}", feedback=" ")
    assert (empty.status_code, "请写明落实情况" in words_of(empty)) == (422, True)


def test_two_of_a_unit_who_report_at_once_make_one_report(wiring: Wiring, town: Town) -> None:
    (forward_id,) = sent_on(wiring, town, registered(wiring, town), town.lights_id)

    def report(user_id: int, words: str) -> Any:
        return lambda session: service.report_on_instruction(
            session, actor=actor(session, user_id), forward_id=forward_id, feedback=words, at=wiring.clock.now()
        )

    ended = at_once(wiring, report(town.gao_id, "甲"), report(town.sun_id, "乙"))
    assert sorted(type(one).__name__ for one in ended) == ["Conflict", "NoneType"]


# The register is for following up: what is late stands first, then what is due next, then what has no day, then what is closed.
def test_the_register_shows_what_is_late_first(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    closed = registered(wiring, town, number="办结", due_on=date(2026, 11, 1))
    registered(wiring, town, number="无期限")
    registered(wiring, town, number="以后", due_on=date(2026, 12, 1))
    by_unit = registered(wiring, town, number="单位超期")
    registered(wiring, town, number="超期", due_on=date(2026, 11, 5))
    sent_on(wiring, town, by_unit, town.lights_id, due_on=date(2026, 11, 4))
    with wiring.sessions.begin() as session:
        service.close(session, following(wiring, town.jing_id, closed), reason=CloseReason.NOTED, result="阅")
    clock.forward(days=7)
    order = ["单位超期", "超期", "以后", "无期限", "办结"]
    with wiring.sessions() as session:
        person, at = actor(session, town.jing_id), clock.now()
        whole = instructions_in(session, person, state=None, words="", after="", at=at)
        assert ([one.number for one in whole.rows], whole.total, whole.late) == (order, 5, 2)
        assert [one.is_late for one in whole.rows] == [True, True, False, False, False]
        found, after = [], ""
        while True:
            page = instructions_in(session, person, state=None, words="", after=after, at=at, limit=2)
            found += [one.number for one in page.rows]
            after = page.next_key
            if not after:
                break
        assert found == order
        for key in ("x", "0_2026-99-99_1", "9_2026-01-01_1", f"0_2026-01-01_{10**30}"):
            assert len(instructions_in(session, person, state=None, words="", after=key, at=at).rows) == 5
    later = sign_in(jing.client, "wangjing")
    assert "有 2 条超期" in words_of(later.get("/d/instructions"))
    # A report ends the delay of the unit.
    with wiring.sessions.begin() as session:
        forward = session.query(InstructionForward).one()
        service.report_on_instruction(session, actor=actor(session, town.gao_id), forward_id=forward.id, feedback="办了", at=clock.now())
    with wiring.sessions() as session:
        assert instructions_in(session, actor(session, town.jing_id), state=None, words="", after="", at=clock.now()).late == 1


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(jing: Person, wiring: Wiring, town: Town) -> None:
    registered(wiring, town)
    for wrong, said in (
        ({"number": ""}, "请填写批示的编号"),
        ({}, "编号“〔2026〕7号”已经登记过了"),
        ({"number": "8号", "given_on": "2026-11-04"}, "请填写批示日期"),
        ({"number": "8号", "given_by": " "}, "请填写作批示的领导"),
        ({"number": "8号", "extract": ""}, "请填写可以传达的内容"),
        ({"number": "8号", "subject": "ZB2026-9999"}, "没有这个编号的议题或转报"),
        ({"number": "8号", "about": ""}, "写明是关于什么的"),
    ):
        answer = jing.press("/d/instructions/new", "/d/instructions/new", **{**FORM, **wrong})
        assert (answer.status_code, said in words_of(answer)) == (422, True), said
        assert wrong.get("extract", EXTRACT) in answer.get_data(as_text=True)
    with wiring.sessions() as session:
        assert session.query(Instruction).count() == 1


def test_it_belongs_to_a_topic_or_a_referral_and_stands_on_the_topics_page(jing: Person, wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "路灯坏了")
    topic_id = topic_of(wiring, town.zhou_id, "幸福里路灯", stored)
    referral_id = relayed(wiring, town)
    of_topic = registered(wiring, town, number="1号", subject=topic_row(wiring, topic_id).number.lower(), about="")
    page = words_of(jing.get(f"/d/topics/{topic_id}"))
    assert "1号" in page
    assert LEADER in page
    form = jing.get(f"/d/instructions/new?about={topic_row(wiring, topic_id).number}").get_data(as_text=True)
    assert f'value="{topic_row(wiring, topic_id).number}"' in form
    with wiring.sessions() as session:
        number = session.get_one(Referral, referral_id).number
    of_referral = registered(wiring, town, number="2号", subject=number, about="")
    with wiring.sessions() as session:
        person = actor(session, town.jing_id)
        at = wiring.clock.now()
        for subject, expected in (({"topic_id": topic_id}, of_topic), ({"referral_id": referral_id}, of_referral)):
            assert [one.id for one in instructions_of(session, person, **subject, at=at) or ()] == [expected]
        assert instructions_of(session, actor(session, town.zhou_id), topic_id=topic_id, at=at) is None
        of_street = street_staff(wiring, "丰山街道", "linxiao")
        assert instructions_of(session, actor(session, of_street), referral_id=referral_id, at=at) is None
    lin = sign_in(jing.client.application.test_client(), "linxiao")
    assert "/d/instructions" not in lin.get(f"/d/referrals/{referral_id}").get_data(as_text=True).split("<main", 1)[1]
    # Internal: neither the resident nor the member reads it.
    assert LEADER not in words_of(jing.client.application.test_client().get(receipt_path(wiring, stored)))
    zhou = sign_in(jing.client.application.test_client(), "zhou")
    assert LEADER not in words_of(zhou.get(f"/m/topics/{topic_id}"))


# Internal: a unit reads on its task what was sent on to it, and of that the extract alone; the others about it nothing.
def test_on_a_task_a_unit_reads_the_extract_that_was_sent_on_to_it(jing: Person, wiring: Wiring, town: Town) -> None:
    referral_id = assigned(wiring, town, relayed(wiring, town), helper_ids=(town.homes_id,))
    with wiring.sessions() as session:
        number = session.get_one(Referral, referral_id).number
    one = registered(wiring, town, number="2号", subject=number, about="")
    street_staff(wiring, "丰山街道", "linxiao")
    app = jing.client.application

    def reads(login: str, place: str) -> tuple[bool, bool]:
        page = words_of(sign_in(app.test_client(), login).get(f"/{place}/referrals/{referral_id}"))
        return EXTRACT in page, LEADER in page or "2号" in page

    assert reads("wangjing", "d") == (True, True)
    readers = (("gaoqiang", "dept"), ("wujun", "dept"), ("fangmin", "o"), ("linxiao", "d"), ("zhou", "m"))
    assert [reads(*reader) for reader in readers] == [(False, False)] * 5
    sent_on(wiring, town, one, town.lights_id)
    assert [reads(*reader) for reader in readers] == [(True, False)] + [(False, False)] * 4


def test_what_was_registered_wrongly_is_mended_until_it_is_closed(jing: Person, wiring: Wiring, town: Town) -> None:
    instruction_id = registered(wiring, town)
    edit = f"/d/instructions/{instruction_id}/edit"
    assert EXTRACT in jing.get(edit).get_data(as_text=True)
    assert "已保存" in words_of(jing.press(edit, "/edit", **{**FORM, "given_by": "区长"}))
    assert instruction_row(wiring, instruction_id).given_by == "区长"
    stale = following(wiring, town.jing_id, instruction_id)
    with wiring.sessions.begin() as session:
        service.close(session, stale, reason=CloseReason.DONE, result="办好了")
    with wiring.sessions() as session, pytest.raises(Conflict, match="刚刚有人动过"):
        service.change(session, stale, facts())
    with wiring.sessions() as session, pytest.raises(Conflict, match="先继续落实"):
        service.change(session, following(wiring, town.jing_id, instruction_id), facts())
    with wiring.sessions() as session, pytest.raises(InvalidTransition):
        service.send_on(session, following(wiring, town.jing_id, instruction_id), unit_ids=[town.lights_id], outside=(), due_on=None)


def test_a_unit_gets_it_again_only_after_it_reported_and_only_units_that_answer_here_are_chosen(wiring: Wiring, town: Town) -> None:
    instruction_id = registered(wiring, town)
    (forward_id,) = sent_on(wiring, town, instruction_id, town.lights_id)
    for units, said in (([town.lights_id], "已经转过"), ([town.office_id], "停用"), ([999], "停用"), ([], "请选择转给哪些单位")):
        with wiring.sessions() as session, pytest.raises(InvalidInput, match=said) as refused:
            service.send_on(session, following(wiring, town.jing_id, instruction_id), unit_ids=units, outside=(" ",), due_on=None)
        assert refused.value.field == "units"
    with wiring.sessions() as session, pytest.raises(InvalidInput, match="不能早于今天"):
        service.send_on(
            session, following(wiring, town.jing_id, instruction_id), unit_ids=[town.homes_id], outside=(), due_on=date(2026, 11, 2)
        )
    with wiring.sessions.begin() as session:
        service.report_on_instruction(
            session, actor=actor(session, town.gao_id), forward_id=forward_id, feedback="办了", at=wiring.clock.now()
        )
    assert sent_on(wiring, town, instruction_id, town.lights_id)
    with wiring.sessions() as session:
        rows = instructions_for_unit(session, town.lights_id, at=wiring.clock.now())
    assert [bool(one.reported_at) for one in rows] == [False, True]


def test_history_and_audit_hold_codes_and_ids_alone(wiring: Wiring, town: Town) -> None:
    instruction_id = registered(wiring, town)
    (forward_id,) = sent_on(wiring, town, instruction_id, town.lights_id)
    with wiring.sessions.begin() as session:
        service.report_on_instruction(
            session, actor=actor(session, town.gao_id), forward_id=forward_id, feedback="办了", at=wiring.clock.now()
        )
    for act, what in (
        (service.close, {"reason": CloseReason.DONE, "result": "办好了"}),
        (service.reopen, {"reason": ReopenReason.MISTAKE}),
    ):
        held = following(wiring, town.jing_id, instruction_id)
        with wiring.sessions.begin() as session:
            act(session, held, **what)
    with wiring.sessions() as session:
        history = session.scalars(select(HistoryEntry).where(HistoryEntry.noun == "instruction").order_by(HistoryEntry.id)).all()
        audit = session.scalars(select(AuditEntry).where(AuditEntry.noun == "instruction").order_by(AuditEntry.id)).all()
        steps = instruction_detail(session, actor(session, town.jing_id), instruction_id, at=wiring.clock.now()).steps
    assert [(one.action, one.reason_code) for one in history] == [
        ("begin", None),
        ("send_on", None),
        ("close", "done"),
        ("reopen", "mistake"),
    ]
    acts = ["register", "send_on", "report", "close", "reopen"]
    assert [one.action for one in audit] == [f"instruction.{act}" for act in acts]
    assert audit[1].detail == {"units": [town.lights_id], "outside": 0}
    assert all(words not in repr(one.detail) for one in audit for words in ("办", "路灯", LEADER))
    assert [one.words for one in steps] == ["恢复落实", "批示办结", "转给单位落实", "登记了批示"]


def test_instructions_are_for_those_who_serve_the_whole_district_and_stay_in_it(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    instruction_id = registered(wiring, town)
    of_street = street_staff(wiring, "丰山街道", "fengshan")
    for user_id in (of_street, town.zhou_id, town.li_id, town.gao_id):
        with wiring.sessions() as session, pytest.raises(Forbidden):
            instruction_detail(session, actor(session, user_id), instruction_id, at=wiring.clock.now())
        with wiring.sessions() as session, pytest.raises(Forbidden):
            service.register(session, facts(number="8号"), actor=actor(session, user_id), at=wiring.clock.now())
    stranger = sign_in(client, "sunyi")
    assert stranger.get(f"/d/instructions/{instruction_id}").status_code == 404
    assert "〔2026〕7号" not in words_of(stranger.get("/d/instructions"))
    fengshan = sign_in(client.application.test_client(), "fengshan")
    for path in ("/d/instructions", "/d/instructions/new", f"/d/instructions/{instruction_id}"):
        assert fengshan.get(path).status_code == 403


def test_pages_cost_the_same_for_one_and_for_twenty(jing: Person, gao: Person, wiring: Wiring, town: Town) -> None:
    first = registered(wiring, town, number="0号", extract="第 0 条")
    sent_on(wiring, town, first, town.lights_id)
    pages = (("/d/instructions", "0号"), (f"/d/instructions/{first}", "0号"))
    one = [cost(wiring, jing, *page) for page in pages]
    of_unit = cost(wiring, gao, "/dept/instructions", "第 0 条")
    for number in range(1, 20):
        sent_on(wiring, town, registered(wiring, town, number=f"{number}号", extract=f"第 {number} 条"), town.lights_id)
        sent_on(wiring, town, first, outside=(f"外单位 {number}",))
    assert [cost(wiring, jing, *page) for page in pages] == one
    assert cost(wiring, gao, "/dept/instructions", "第 19 条") == of_unit
