"""清单: a draft shows what the referrals say now, what was issued never changes, and an edition says what is different."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from intake.domain.actor import MACHINE
from intake.domain.attachment import AttachmentAction, AttachmentKind
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.official_list import Column, ListItem, ListKind, ListState, differences
from intake.domain.outcome import Verdict
from intake.domain.referral import ReferralState
from intake.models import Answer, Attachment, AuditEntry, HistoryEntry, Instruction, OfficialList, Outcome, Referral
from intake.queries.list_item import verdict_words
from intake.queries.official_list import ListDetail, ListFilter, list_detail, lists_in, offered, paper_of
from intake.services import official_list as service
from intake.services import referral_department
from intake.services.referral import Sending, add_responsibility
from intake.services.transition import begin, move
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.lists import TITLE, being_delivered, followed, issued, list_row, listed, listing, relayed
from tests.factories.referrals import assigned, delivered, replied, signed, step
from tests.factories.releases import pooled_topic, street_staff
from tests.factories.town import Town, actor
from tests.integration.test_two_members import at_once
from tests.web.test_query_counts import statements


def shown(wiring: Wiring, town: Town, list_id: int) -> ListDetail:
    with wiring.sessions() as session:
        return list_detail(session, actor(session, town.jing_id), list_id)


def cells(wiring: Wiring, town: Town, list_id: int, row: int = 0) -> dict[Column, str]:
    return dict(shown(wiring, town, list_id).items[row].cells)


def row(number: int, **cells: str) -> ListItem:
    return ListItem(number, f"ZB2026-{number:04}", {Column(name): words for name, words in cells.items()}, "")


def test_a_draft_shows_what_the_referrals_say_now(wiring: Wiring, town: Town) -> None:
    referral_id = relayed(wiring, town)
    list_id = listed(wiring, town)
    before = cells(wiring, town, list_id)
    assert (before[Column.BASIS], before[Column.LEAD], before[Column.STATE]) == ("请城管部门修灯。", "", "待接收")
    assigned(wiring, town, referral_id, helper_ids=(town.homes_id,))
    after = cells(wiring, town, list_id)
    assert after[Column.LEAD] == "区城市管理局"
    assert after[Column.HELPERS] == "区住房和建设局"
    assert after[Column.MEASURE] == "请于期限内答复。"
    assert after[Column.DEADLINE] == "2026-11-17"
    assert after[Column.STATE] == "待签收"


def test_what_was_issued_stays_as_it_was(wiring: Wiring, town: Town, clock: TestClock) -> None:
    referral_id = assigned(wiring, town, relayed(wiring, town))
    list_id = issued(wiring, town, listed(wiring, town))
    step(wiring, referral_id, town.gao_id, referral_department.sign)
    detail = shown(wiring, town, list_id)
    assert detail.items[0].cells[Column.STATE] == "待签收"
    assert (detail.line.state, detail.issued_by, detail.issued_at) == (ListState.ISSUED, "王静", clock.now())
    held = listing(wiring, town.jing_id, list_id)
    with wiring.sessions() as session, pytest.raises(Conflict, match="另起新的一版"):
        service.change_list(session, held, title="另一个标题", kept=[referral_id], added=())
    with wiring.sessions() as session, pytest.raises(Conflict, match="已经印发"):
        service.issue(session, held)


def test_a_responsibility_without_a_lead_keeps_the_list_from_being_issued_and_is_named(wiring: Wiring, town: Town) -> None:
    assigned(wiring, town, relayed(wiring, town))
    lacking = relayed(wiring, town, words="清河路井盖松动")
    list_id = listed(wiring, town)
    with wiring.sessions() as session:
        number = session.get_one(Referral, lacking).number
    with pytest.raises(InvalidInput, match=rf"共 1 项不全：序号 2（{number}）。第一项是：还没有主办单位") as refused:
        issued(wiring, town, list_id)
    assert refused.value.field == "rows"
    assert list_row(wiring, list_id).state is ListState.DRAFT


def test_a_result_without_answer_or_without_evidence_and_reason_is_named(wiring: Wiring, town: Town) -> None:
    answered, silent = replied(wiring, town, relayed(wiring, town)), signed(wiring, town, relayed(wiring, town, words="井盖松动"))
    list_id = listed(wiring, town, kind=ListKind.RESULT, chosen=ListFilter(state=ReferralState.IN_PROGRESS))
    with pytest.raises(InvalidInput, match="还没有答复"):
        issued(wiring, town, list_id)
    of_answer = listed(wiring, town, kind=ListKind.RESULT)
    assert [one.referral_id for one in shown(wiring, town, of_answer).items] == [answered]
    assert silent not in list_row(wiring, of_answer).referral_ids
    with wiring.sessions.begin() as session:
        session.query(Answer).one().reason = ""
    with pytest.raises(InvalidInput, match="没有佐证，也没有说明理由"):
        issued(wiring, town, of_answer)
    with wiring.sessions.begin() as session:
        file = evidence(session.query(Answer).one(), town, "修好后.jpg", wiring)
        begin(session, file, actor=MACHINE, at=wiring.clock.now())
    # What no worker has looked at yet is no evidence.
    with pytest.raises(InvalidInput, match="没有佐证"):
        issued(wiring, town, of_answer)
    with wiring.sessions.begin() as session:
        move(session, session.query(Attachment).one(), AttachmentAction.CLEAN, actor=MACHINE, at=wiring.clock.now())
    assert cells(wiring, town, issued(wiring, town, of_answer))[Column.EVIDENCE] == "修好后.jpg"


def evidence(answer: Answer, town: Town, name: str, wiring: Wiring) -> Attachment:
    return Attachment(
        district_id=town.district_id,
        referral_id=answer.referral_id,
        answer_id=answer.id,
        kind=AttachmentKind.EVIDENCE,
        version=1,
        name=name,
        media_type="image/jpeg",
        size=1,
        sha256=b"x" * 32,
        file_key="answers/1/1.jpg",
        sent_by=town.gao_id,
        created_at=wiring.clock.now(),
    )


def test_a_result_says_who_signed_who_checked_and_what_residents_say(wiring: Wiring, town: Town) -> None:
    delivered(wiring, town, relayed(wiring, town))
    list_id = listed(wiring, town, kind=ListKind.RESULT)
    found = cells(wiring, town, list_id)
    assert found[Column.DONE] == "九盏灯已全部换好，今后每月巡查一次。"
    assert found[Column.OUTCOME] == "已办好"
    assert found[Column.EVIDENCE] == "没有佐证：夜间施工，未拍照。"
    assert found[Column.SIGNATURE] == "区城市管理局，高强"
    assert found[Column.CHECK] == "周明远，2026-11-03"
    assert found[Column.VERDICTS].endswith("没有回答 1/1")
    with wiring.sessions.begin() as session:
        session.query(Outcome).one().verdict = Verdict.SOLVED
    assert "解决了 1/1" in cells(wiring, town, list_id)[Column.VERDICTS]
    # A newer result for the same submission counts, the older one doesn't.
    with wiring.sessions.begin() as session:
        session.query(Outcome).one().superseded_at = wiring.clock.now()
    assert not cells(wiring, town, list_id)[Column.VERDICTS]


# All who were told are the denominator, whoever said nothing among them.
@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, ""),
        (
            {Verdict.SOLVED: 2, Verdict.PARTLY: 1, Verdict.NOT_SOLVED: 1, Verdict.CANNOT_JUDGE: 1, None: 3},
            "告知 8 件：解决了 2/8，解决了一部分 1/8，没有解决 1/8，说不好 1/8，没有回答 3/8",
        ),
        ({None: 4}, "告知 4 件：解决了 0/4，解决了一部分 0/4，没有解决 0/4，说不好 0/4，没有回答 4/4"),
    ],
)
def test_verdicts_are_counted_over_everyone_who_was_told(counts: dict[Verdict | None, int], words: str) -> None:
    assert verdict_words(counts) == words


def test_a_topic_is_listed_by_its_measures_with_instructions_and_the_topics_verdicts(wiring: Wiring, town: Town) -> None:
    topic_id = being_delivered(wiring, pooled_topic(wiring, town))
    other = relayed(wiring, town)
    with wiring.sessions.begin() as session:
        person = actor(session, town.jing_id)
        sending = Sending(actor=person, office_id=town.office_id, at=wiring.clock.now(), workflow=wiring.workflow)
        measure = add_responsibility(session, sending, topic_id=topic_id, title="更换全部灯具", basis="协商建议第一条")
        session.flush()
        instruction = Instruction(
            district_id=town.district_id,
            number="〔2026〕7号",
            given_on=date(2026, 11, 2),
            given_by="分管副区长",
            extract="请抓紧。",
            topic_id=topic_id,
            about="",
            registered_by=town.jing_id,
            version=1,
            created_at=wiring.clock.now(),
        )
        begin(session, instruction, actor=person, at=wiring.clock.now())
        measure_id = measure.id
    list_id = listed(wiring, town, chosen=ListFilter(topic_id=topic_id))
    assert list_row(wiring, list_id).referral_ids == [measure_id]
    assert other not in list_row(wiring, list_id).referral_ids
    found = cells(wiring, town, list_id)
    assert (found[Column.MATTER], found[Column.MEASURE], found[Column.INSTRUCTION]) == ("幸福里路灯不亮", "更换全部灯具", "〔2026〕7号")
    # Who is told of a topic as a whole says what they think of each of its measures.
    delivered(wiring, town, other)
    of_measure = listed(wiring, town, kind=ListKind.RESULT, chosen=ListFilter(topic_id=topic_id, state=ReferralState.SENT))
    assert not cells(wiring, town, of_measure)[Column.VERDICTS]
    with wiring.sessions.begin() as session:
        told = session.query(Outcome).one()
        told.referral_id, told.topic_id, told.verdict = None, topic_id, Verdict.PARTLY
    assert "解决了一部分 1/1" in cells(wiring, town, of_measure)[Column.VERDICTS]
    with pytest.raises(NotFound):
        listed(wiring, town, chosen=ListFilter(topic_id=pooled_topic(wiring, town, code=town.shiqiao_code)))


def test_the_next_edition_takes_the_place_of_the_one_before_and_says_what_is_different(wiring: Wiring, town: Town) -> None:
    first, second = assigned(wiring, town, relayed(wiring, town)), assigned(wiring, town, relayed(wiring, town, words="井盖松动"))
    list_id = issued(wiring, town, listed(wiring, town))
    third = assigned(wiring, town, relayed(wiring, town, words="垃圾没有人清"))
    step(wiring, first, town.gao_id, referral_department.sign)
    next_id = followed(wiring, town, list_id)
    # Until it is issued, the one before holds.
    assert list_row(wiring, list_id).state is ListState.ISSUED
    held = listing(wiring, town.jing_id, next_id)
    with wiring.sessions.begin() as session:
        number = session.get_one(Referral, third).number
        service.change_list(session, held, title=TITLE, kept=[first], added=[number.lower()])
    issued(wiring, town, next_id)
    assert (list_row(wiring, list_id).state, list_row(wiring, next_id).state) == (ListState.SUPERSEDED, ListState.ISSUED)
    detail = shown(wiring, town, next_id)
    assert (detail.line.edition, [one.edition for one in detail.editions], detail.before and detail.before.edition) == (2, [2, 1], 1)
    found = detail.differences
    assert [one.referral_id for one in found.added] == [third]
    assert [one.referral_id for one in found.removed] == [second]
    ((changed, (cell,)),) = found.changed
    assert (changed.referral_id, cell.column, cell.before, cell.after) == (first, Column.STATE, "待签收", "办理中")
    assert paper_of(detail).before == 1


def test_differences_are_told_row_by_row_and_cell_by_cell() -> None:
    before = (row(1, lead="甲", basis="同"), row(2, lead="乙"))
    # The same rows in another order are no difference.
    assert not differences(before, before[::-1])
    found = differences(before, (row(1, lead="丙", basis="同", deadline="2026-11-30"), row(3)))
    assert ([one.referral_id for one in found.added], [one.referral_id for one in found.removed]) == ([3], [2])
    assert [(one.column, one.before, one.after) for one in found.changed[0][1]] == [
        (Column.LEAD, "甲", "丙"),
        (Column.DEADLINE, "", "2026-11-30"),
    ]


def test_one_next_edition_is_begun_however_many_press_at_once(wiring: Wiring, town: Town) -> None:
    assigned(wiring, town, relayed(wiring, town))
    list_id = issued(wiring, town, listed(wiring, town))
    held = listing(wiring, town.jing_id, list_id)
    ended = at_once(wiring, *[lambda session: service.next_edition(session, held)] * 3)
    assert sorted(type(one).__name__ for one in ended) == ["Conflict", "Conflict", "NoneType"]
    with wiring.sessions() as session:
        assert [one.edition for one in session.query(OfficialList).order_by(OfficialList.id)] == [1, 2]
    with pytest.raises(Conflict, match="更新的一版"):
        followed(wiring, town, list_id)


def test_two_who_change_one_draft_do_not_overwrite_each_other(wiring: Wiring, town: Town) -> None:
    referral_id = relayed(wiring, town)
    list_id = listed(wiring, town)
    first, second = listing(wiring, town.jing_id, list_id), listing(wiring, town.jing_id, list_id)
    with wiring.sessions.begin() as session:
        service.change_list(session, first, title="先写的", kept=[referral_id], added=())
    with wiring.sessions() as session, pytest.raises(Conflict):
        service.change_list(session, second, title="后写的", kept=[referral_id], added=())
    with wiring.sessions() as session, pytest.raises(Conflict):
        service.issue(session, second)
    assert list_row(wiring, list_id).title == "先写的"


def test_number_signer_and_day_are_written_down_after_issuing(wiring: Wiring, town: Town) -> None:
    assigned(wiring, town, relayed(wiring, town))
    list_id = listed(wiring, town)
    paper: dict[str, Any] = {"document_number": "云协〔2026〕12号", "signer": "主席", "signed_on": date(2026, 11, 3)}
    held = listing(wiring, town.jing_id, list_id)
    with wiring.sessions() as session, pytest.raises(Conflict, match="还没有印发"):
        service.record_paper(session, held, **paper)
    issued(wiring, town, list_id)
    # Nothing is made up: a paper has a number, somebody who signed, and a day that has come.
    for wrong, field in (
        ({"document_number": " "}, "document_number"),
        ({"signer": ""}, "signer"),
        ({"signed_on": None}, "signed_on"),
        ({"signed_on": date(2026, 11, 4)}, "signed_on"),
    ):
        with wiring.sessions() as session, pytest.raises(InvalidInput) as refused:
            service.record_paper(session, listing(wiring, town.jing_id, list_id), **{**paper, **wrong})
        assert refused.value.field == field
    before = shown(wiring, town, list_id)
    with wiring.sessions.begin() as session:
        service.record_paper(session, listing(wiring, town.jing_id, list_id), **paper)
    after = shown(wiring, town, list_id)
    assert (after.line.document_number, after.signer, after.signed_on) == ("云协〔2026〕12号", "主席", date(2026, 11, 3))
    assert paper_of(after) == paper_of(before), "the draft is what it was"


def test_rows_are_kept_in_the_order_given_and_unknown_numbers_are_named(wiring: Wiring, town: Town) -> None:
    ids = [relayed(wiring, town, words=words) for words in ("路灯不亮", "井盖松动", "垃圾成堆")]
    list_id = listed(wiring, town)
    assert list_row(wiring, list_id).referral_ids == ids
    with wiring.sessions.begin() as session:
        service.change_list(session, listing(wiring, town.jing_id, list_id), title=TITLE, kept=[ids[2], ids[0], 999], added=())
    assert list_row(wiring, list_id).referral_ids == [ids[2], ids[0]]
    held = listing(wiring, town.jing_id, list_id)
    fine: dict[str, Any] = {"title": TITLE, "kept": ids, "added": ()}
    for wrong, field in (({"added": ["ZB2026-9999"]}, "added"), ({"kept": []}, "rows"), ({"title": " "}, "title")):
        with wiring.sessions() as session, pytest.raises(InvalidInput) as refused:
            service.change_list(session, held, **{**fine, **wrong})
        assert refused.value.field == field


def test_a_filter_finds_by_state_unit_and_days(wiring: Wiring, town: Town, clock: TestClock) -> None:
    early = assigned(wiring, town, relayed(wiring, town))
    clock.forward(days=2)
    late = relayed(wiring, town, words="井盖松动")
    with wiring.sessions() as session:
        person = actor(session, town.jing_id)

        def found(**chosen: Any) -> list[int]:
            return [one.id for one in offered(session, person, ListKind.RESPONSIBILITY, ListFilter(**chosen)).rows]

        assert found() == [early, late]
        assert found(state=ReferralState.SENT) == [late]
        assert found(unit_id=town.lights_id) == [early]
        assert found(unit_id=town.office_id) == [early, late]
        assert found(first=date(2026, 11, 4)) == [late]
        assert found(last=date(2026, 11, 3)) == [early]
        assert found(first=date(2026, 11, 3), last=date(2026, 11, 5)) == [early, late]
        assert found(last=date(2026, 11, 2)) == []


def test_lists_are_for_those_who_serve_the_whole_district_and_stay_in_it(wiring: Wiring, town: Town) -> None:
    relayed(wiring, town)
    list_id = listed(wiring, town)
    of_street = street_staff(wiring, "丰山街道", "fengshan")
    for user_id in (of_street, town.zhou_id, town.li_id, town.gao_id):
        with wiring.sessions() as session, pytest.raises(Forbidden):
            list_detail(session, actor(session, user_id), list_id)
        with wiring.sessions() as session, pytest.raises(Forbidden):
            service.issue(session, listing(wiring, user_id, list_id))
    with wiring.sessions() as session:
        stranger = actor(session, town.stranger_id)
        with pytest.raises(NotFound):
            list_detail(session, stranger, list_id)
        assert lists_in(session, stranger, kind=None, state=None, words="", after="").total == 0
        assert offered(session, stranger, ListKind.RESPONSIBILITY, ListFilter()).total == 0
    with wiring.sessions() as session, pytest.raises(NotFound):
        service.issue(session, listing(wiring, town.stranger_id, list_id))


def test_history_and_audit_hold_codes_and_ids_alone(wiring: Wiring, town: Town) -> None:
    assigned(wiring, town, relayed(wiring, town))
    list_id = issued(wiring, town, listed(wiring, town))
    issued(wiring, town, followed(wiring, town, list_id))
    with wiring.sessions() as session:
        history = session.scalars(select(HistoryEntry).where(HistoryEntry.noun == "official_list").order_by(HistoryEntry.id)).all()
        audit = session.scalars(select(AuditEntry).where(AuditEntry.noun == "official_list").order_by(AuditEntry.id)).all()
    assert [one.action for one in history] == ["begin", "issue", "begin", "supersede", "issue"]
    assert [one.action for one in audit] == ["list.make", "list.issue", "list.next_edition", "list.issue"]
    assert all("路灯" not in repr(one.detail) for one in audit)


@pytest.mark.parametrize("kind", list(ListKind))
def test_a_draft_costs_the_same_for_one_row_and_for_twenty(wiring: Wiring, town: Town, kind: ListKind) -> None:
    prepare = delivered if kind is ListKind.RESULT else assigned
    prepare(wiring, town, relayed(wiring, town))
    one = listed(wiring, town, kind=kind)
    for number in range(19):
        prepare(wiring, town, relayed(wiring, town, words=f"第{number}盏路灯不亮"))
    twenty = listed(wiring, town, kind=kind)
    assert len(shown(wiring, town, twenty).items) == 20
    costs = []
    for list_id in (one, twenty):
        with statements(wiring) as sent:
            shown(wiring, town, list_id)
        costs.append(len(sent))
    assert costs[0] == costs[1] <= 12
