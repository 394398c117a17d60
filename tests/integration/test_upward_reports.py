"""Reports of a class: drafted from what stands behind it, sent on paper, answered, told once; what residents took back isn't sent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from intake.domain.errors import Conflict, DomainError, Forbidden, InvalidInput, InvalidTransition, NotFound
from intake.domain.upward_report import UPWARD_TABLE, UpwardBody, UpwardState
from intake.models import Decision, Notification, Submission, Topic, UpwardReport
from intake.queries.receipt import receipt_view
from intake.queries.upward_report import _STEP_NAMES, first_draft, report_detail, reports_of
from intake.services import upward_answer
from intake.services import upward_report as service
from intake.services.submission_withdraw import withdraw
from intake.services.topic_class import dissolve_class, leave_class
from intake.services.upward_answer import AnswerFacts
from intake.wiring import Wiring
from tests.factories.matters import screening
from tests.factories.releases import pooled_topic, street_staff
from tests.factories.town import Town, actor
from tests.factories.upward import (
    ANSWER,
    SAID,
    class_of,
    report_answered,
    report_drafted,
    report_row,
    report_written,
    reporting,
)


def refused(act: Callable[[], object], kind: type[DomainError], *, field: str | None = None) -> None:
    with pytest.raises(kind) as caught:
        act()
    if field is not None:
        assert isinstance(caught.value, InvalidInput)
        assert caught.value.field == field


def sent(wiring: Wiring, held: service.Reporting, **other: object) -> None:
    paper: dict[str, object] = {"document_number": "云协〔2026〕9号", "signer": "陈启明", "sent_on": date(2026, 11, 2), **other}
    with wiring.sessions.begin() as session:
        service.send(session, held, **paper)  # type: ignore[arg-type]  # one dict serves every field


def saved(wiring: Wiring, held: service.Reporting, text: str, *, taken_out: bool = False) -> None:
    with wiring.sessions.begin() as session:
        service.save(session, held, title="关于末班车", text=text, body=UpwardBody.GOVERNMENT, body_name="", taken_out=taken_out)


def told_everyone(wiring: Wiring, held: service.Reporting, words: str = "") -> int:
    with wiring.sessions.begin() as session:
        return upward_answer.tell(session, held, words=words)


def steps_on(wiring: Wiring, submission_id: int) -> list[tuple[str, str]]:
    with wiring.sessions() as session:
        view = receipt_view(session, submission_id, at=wiring.clock.now(), workflow=wiring.workflow)
        return [(step.words, step.written) for step in view.steps]


def test_a_draft_says_how_many_where_in_whose_words_and_leaves_the_request_to_people(wiring: Wiring, town: Town) -> None:
    class_id, _said = class_of(wiring, town)
    report_id = report_drafted(wiring, town, class_id)
    text = report_row(wiring, report_id).text
    for part in ("2件来件反映同一件事", "龙池社区", "紫薇社区", f"“{SAID}”", "龙池末班车太早", "还没有转请有关单位办理", "不是抽样调查"):
        assert part in text
    with wiring.sessions() as session:
        detail = report_detail(session, actor(session, town.jing_id), report_id)
    assert (detail.to_write, detail.behind, detail.taken_back) == (1, 2, ())
    refused(lambda: sent(wiring, reporting(wiring, town.jing_id, report_id)), InvalidInput, field="text")
    # To the same body there is one draft; to another there may be another.
    refused(lambda: report_drafted(wiring, town, class_id), Conflict)
    report_drafted(wiring, town, class_id, body=UpwardBody.PARTY_COMMITTEE)
    refused(lambda: report_drafted(wiring, town, pooled_topic(wiring, town)), NotFound)


def test_words_that_were_taken_back_are_quoted_in_no_new_draft_and_keep_an_old_one_from_being_sent(wiring: Wiring, town: Town) -> None:
    class_id, said = class_of(wiring, town)
    report_id = report_written(wiring, town, report_drafted(wiring, town, class_id))
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=said[0].submission_id, at=wiring.clock.now())
    with wiring.sessions() as session:
        staff = actor(session, town.jing_id)
        assert [one.piece for one in report_detail(session, staff, report_id).taken_back] == ["末班公交七点半就没有了"]
        assert SAID not in first_draft(session, staff, class_id, at=wiring.clock.now()).text
    refused(lambda: sent(wiring, reporting(wiring, town.jing_id, report_id)), InvalidInput, field="text")
    saved(wiring, reporting(wiring, town.jing_id, report_id), "请协调延长末班车。")
    sent(wiring, reporting(wiring, town.jing_id, report_id))
    assert report_row(wiring, report_id).state is UpwardState.SENT


def test_words_that_are_erased_meanwhile_are_out_once_a_person_says_so(wiring: Wiring, town: Town) -> None:
    class_id, said = class_of(wiring, town)
    report_id = report_written(wiring, town, report_drafted(wiring, town, class_id))
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=said[0].submission_id, at=wiring.clock.now())
        session.get_one(Submission, said[0].submission_id).text_masked = ""
    saved(wiring, reporting(wiring, town.jing_id, report_id), "请协调延长末班车。")
    refused(lambda: sent(wiring, reporting(wiring, town.jing_id, report_id)), InvalidInput, field="text")
    saved(wiring, reporting(wiring, town.jing_id, report_id), "请协调延长末班车。", taken_out=True)
    sent(wiring, reporting(wiring, town.jing_id, report_id))
    assert report_row(wiring, report_id).state is UpwardState.SENT


def test_words_that_somebody_put_in_by_hand_are_pointed_out_too(wiring: Wiring, town: Town) -> None:
    class_id, said = class_of(wiring, town)
    report_id = report_drafted(wiring, town, class_id)
    saved(wiring, reporting(wiring, town.jing_id, report_id), "请协调延长末班车。")
    saved(wiring, reporting(wiring, town.jing_id, report_id), f"居民说：“{SAID}”请协调延长末班车。")
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=said[0].submission_id, at=wiring.clock.now())
    refused(lambda: sent(wiring, reporting(wiring, town.jing_id, report_id)), InvalidInput, field="text")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"document_number": " "}, "document_number"),
        ({"signer": ""}, "signer"),
        ({"sent_on": None}, "sent_on"),
        ({"sent_on": date(2026, 11, 4)}, "sent_on"),
    ],
)
def test_what_the_paper_lacks_is_named(wiring: Wiring, town: Town, wrong: dict[str, object], field: str) -> None:
    report_id = report_written(wiring, town, report_drafted(wiring, town, class_of(wiring, town)[0]))
    refused(lambda: sent(wiring, reporting(wiring, town.jing_id, report_id), **wrong), InvalidInput, field=field)
    assert report_row(wiring, report_id).state is UpwardState.DRAFTED


def test_the_answer_reaches_everyone_behind_the_class_once(wiring: Wiring, town: Town) -> None:
    class_id, said = class_of(wiring, town)
    report_id = report_answered(wiring, town, report_drafted(wiring, town, class_id))
    assert all("有了答复" not in words for one in said for words, _written in steps_on(wiring, one.submission_id)), "nobody is told yet"
    first, second = reporting(wiring, town.jing_id, report_id), reporting(wiring, town.jing_id, report_id)
    refused(lambda: told_everyone(wiring, first, "请打 13800000001 问。"), InvalidInput, field="told")
    assert told_everyone(wiring, first) == 2
    refused(lambda: told_everyone(wiring, second), Conflict)
    refused(lambda: told_everyone(wiring, reporting(wiring, town.jing_id, report_id)), Conflict)
    for one in said:
        assert ("您反映的这一类事报到了上级，有了答复。", ANSWER) in steps_on(wiring, one.submission_id)
    with wiring.sessions() as session:
        decision = session.query(Decision).filter_by(action="tell_answer").one()
        assert session.query(Notification).filter_by(decision_id=decision.id).count() == 2
        # Members read it at each of its matters.
        assert [one.answer for one in reports_of(session, actor(session, town.zhou_id), class_id)] == [ANSWER]


def test_an_answer_is_checked_and_comes_once(wiring: Wiring, town: Town) -> None:
    report_id = report_written(wiring, town, report_drafted(wiring, town, class_of(wiring, town)[0]))
    sent(wiring, reporting(wiring, town.jing_id, report_id))
    right = AnswerFacts("延到二十一点。", "", date(2026, 11, 3))

    def answered(facts: AnswerFacts, held: service.Reporting) -> None:
        with wiring.sessions.begin() as session:
            upward_answer.answer(session, held, facts)

    held = reporting(wiring, town.jing_id, report_id)
    for wrong, field in (
        (replace(right, words=""), "words"),
        (replace(right, words="找张伟，13800000001"), "words"),
        (replace(right, answered_on=date(2026, 11, 1)), "answered_on"),
        (replace(right, answered_on=date(2026, 11, 4)), "answered_on"),
    ):
        refused(partial(answered, wrong, held), InvalidInput, field=field)
    answered(right, held)
    refused(lambda: answered(right, held), Conflict)
    refused(lambda: answered(right, reporting(wiring, town.jing_id, report_id)), Conflict)
    refused(lambda: saved(wiring, reporting(wiring, town.jing_id, report_id), "改"), Conflict)


def test_of_two_who_edit_one_reads_that_the_other_was_faster(wiring: Wiring, town: Town) -> None:
    report_id = report_drafted(wiring, town, class_of(wiring, town)[0])
    first, second = reporting(wiring, town.jing_id, report_id), reporting(wiring, town.jing_id, report_id)
    saved(wiring, first, "先写的")
    refused(lambda: saved(wiring, second, "后写的"), Conflict)
    assert report_row(wiring, report_id).text == "先写的"


def test_reports_belong_to_those_who_screen_there(wiring: Wiring, town: Town) -> None:
    class_id, _said = class_of(wiring, town)
    report_id = report_drafted(wiring, town, class_id)
    beside = street_staff(wiring, "清河街道", "xiaolin")
    with wiring.sessions() as session:
        refused(lambda: report_detail(session, actor(session, beside), report_id), Forbidden)
        refused(lambda: report_detail(session, actor(session, town.stranger_id), report_id), NotFound)
        assert reports_of(session, actor(session, town.zhou_id), class_id) == (), "members don't read drafts"
        assert reports_of(session, actor(session, town.stranger_id), class_id) == ()
    refused(lambda: saved(wiring, reporting(wiring, beside, report_id), "改"), Forbidden)
    refused(lambda: saved(wiring, reporting(wiring, town.stranger_id, report_id), "改"), NotFound)


def test_every_turn_has_its_words() -> None:
    assert {"begin", *(one.action.value for one in UPWARD_TABLE.transitions)} == set(_STEP_NAMES)


def test_a_draft_that_is_given_up_stays_and_is_read(wiring: Wiring, town: Town) -> None:
    report_id = report_drafted(wiring, town, class_of(wiring, town)[0])
    held = reporting(wiring, town.jing_id, report_id)
    with wiring.sessions.begin() as session:
        service.abandon(session, held)
    with wiring.sessions() as session:
        assert session.query(UpwardReport).one().state is UpwardState.ABANDONED
    refused(lambda: sent(wiring, reporting(wiring, town.jing_id, report_id)), DomainError)


RIGHT = AnswerFacts("从十二月起延到二十一点三十分。", "临交函〔2026〕5号", date(2026, 11, 3))


def corrected(wiring: Wiring, held: service.Reporting, facts: AnswerFacts = RIGHT, reason: str = "时间录错了") -> None:
    with wiring.sessions.begin() as session:
        upward_answer.correct(session, held, facts, reason=reason)


def supplemented(wiring: Wiring, held: service.Reporting, facts: AnswerFacts = RIGHT) -> None:
    with wiring.sessions.begin() as session:
        upward_answer.supplement(session, held, facts)


def test_what_was_written_down_wrongly_is_set_right_before_anybody_reads_it(wiring: Wiring, town: Town) -> None:
    class_id, said = class_of(wiring, town)
    report_id = report_answered(wiring, town, report_drafted(wiring, town, class_id))
    first, second = reporting(wiring, town.jing_id, report_id), reporting(wiring, town.jing_id, report_id)
    same = AnswerFacts(ANSWER, "临交函〔2026〕4号", date(2026, 11, 2))
    for wrong, reason, field in (
        (RIGHT, " ", "reason"),
        (RIGHT, "错" * 201, "reason"),
        (same, "没有错", "words"),
        (replace(RIGHT, words="找张伟，13800000001"), "错了", "words"),
        (replace(RIGHT, answered_on=date(2026, 11, 1)), "错了", "answered_on"),
    ):
        refused(partial(corrected, wiring, first, wrong, reason), InvalidInput, field=field)
    corrected(wiring, first)
    refused(lambda: corrected(wiring, second), Conflict)
    refused(lambda: supplemented(wiring, reporting(wiring, town.jing_id, report_id)), Conflict)
    with wiring.sessions() as session:
        detail = report_detail(session, actor(session, town.jing_id), report_id)
        [of_class] = reports_of(session, actor(session, town.zhou_id), class_id)
    assert [(one.words, one.reason, one.was_corrected) for one in detail.answers] == [
        (RIGHT.words, "时间录错了", False),
        (ANSWER, "", True),
    ]
    assert [one.words for one in detail.steps][:2] == ["更正答复", "登记答复"]
    assert [one.words for one in of_class.answers] == [RIGHT.words], "members read what stands"
    told_everyone(wiring, reporting(wiring, town.jing_id, report_id))
    for one in said:
        assert [written for _words, written in steps_on(wiring, one.submission_id)][-1] == RIGHT.words
    refused(lambda: corrected(wiring, reporting(wiring, town.jing_id, report_id), same), Conflict)


def test_what_comes_after_residents_were_told_is_told_again_and_both_stay(wiring: Wiring, town: Town) -> None:
    class_id, said = class_of(wiring, town)
    report_id = report_answered(wiring, town, report_drafted(wiring, town, class_id))
    told_everyone(wiring, reporting(wiring, town.jing_id, report_id))
    refused(lambda: supplemented(wiring, reporting(wiring, town.jing_id, report_id), replace(RIGHT, words="")), InvalidInput, field="words")
    stale = reporting(wiring, town.jing_id, report_id)
    supplemented(wiring, reporting(wiring, town.jing_id, report_id))
    refused(lambda: supplemented(wiring, stale), Conflict)
    assert all(RIGHT.words not in written for one in said for _words, written in steps_on(wiring, one.submission_id)), "not told yet"
    with wiring.sessions() as session:
        assert session.get_one(UpwardReport, report_id).told_at is None
    assert told_everyone(wiring, reporting(wiring, town.jing_id, report_id), "补充：延到二十一点三十分。") == 2
    refused(lambda: told_everyone(wiring, reporting(wiring, town.jing_id, report_id)), Conflict)
    for one in said:
        assert steps_on(wiring, one.submission_id)[-2:] == [
            ("您反映的这一类事报到了上级，有了答复。", ANSWER),
            ("您反映的这一类事，上级又有了补充答复。", "补充：延到二十一点三十分。"),
        ]
    with wiring.sessions() as session:
        assert session.query(Notification).join(Decision).filter(Decision.action == "tell_supplement").count() == 2
        detail = report_detail(session, actor(session, town.jing_id), report_id)
        [of_class] = reports_of(session, actor(session, town.zhou_id), class_id)
        assert session.get_one(UpwardReport, report_id).told_at == wiring.clock.now()
    assert [(one.words, one.told_words) for one in detail.answers] == [(RIGHT.words, "补充：延到二十一点三十分。"), (ANSWER, "")]
    assert [one.words for one in of_class.answers] == [ANSWER, RIGHT.words]


def apart(wiring: Wiring, town: Town, class_id: int) -> None:
    held = screening(wiring, town.jing_id, class_id)
    with wiring.sessions.begin() as session:
        dissolve_class(session, held)


def left(wiring: Wiring, town: Town, topic_id: int) -> None:
    held = screening(wiring, town.jing_id, topic_id)
    with wiring.sessions.begin() as session:
        leave_class(session, held)


# They are told through the class: once it has come apart, nobody would hear of it. What was put there by mistake may leave it.
def test_a_class_stays_until_its_residents_were_told(wiring: Wiring, town: Town) -> None:
    class_id, said = class_of(wiring, town)
    with wiring.sessions() as session:
        first, last = (one.id for one in session.query(Topic.id).filter_by(class_topic_id=class_id).order_by(Topic.id))
    report_id = report_written(wiring, town, report_drafted(wiring, town, class_id))
    sent(wiring, reporting(wiring, town.jing_id, report_id))
    refused(lambda: apart(wiring, town, class_id), Conflict)
    with wiring.sessions.begin() as session:
        upward_answer.answer(session, reporting(wiring, town.jing_id, report_id), RIGHT)
    refused(lambda: apart(wiring, town, class_id), Conflict)
    with wiring.sessions() as session:
        leave_class(session, screening(wiring, town.jing_id, first))
        with pytest.raises(Conflict):
            leave_class(session, screening(wiring, town.jing_id, last))
    assert told_everyone(wiring, reporting(wiring, town.jing_id, report_id)) == 2
    left(wiring, town, first)
    left(wiring, town, last)
    supplemented(wiring, reporting(wiring, town.jing_id, report_id), replace(RIGHT, words="更正：延到二十二点。"))
    with wiring.sessions() as session:
        assert report_detail(session, actor(session, town.jing_id), report_id).behind == 2
    assert told_everyone(wiring, reporting(wiring, town.jing_id, report_id)) == 2, "nobody is left with what was set right"
    for one in said:
        assert steps_on(wiring, one.submission_id)[-1][1] == "更正：延到二十二点。"


def test_a_draft_about_a_class_that_has_come_apart_is_not_sent(wiring: Wiring, town: Town) -> None:
    class_id, _said = class_of(wiring, town)
    report_id = report_written(wiring, town, report_drafted(wiring, town, class_id))
    apart(wiring, town, class_id)
    refused(lambda: sent(wiring, reporting(wiring, town.jing_id, report_id)), Conflict)
    with wiring.sessions.begin() as session:
        service.abandon(session, reporting(wiring, town.jing_id, report_id))


def test_nothing_is_corrected_or_added_where_no_answer_came(wiring: Wiring, town: Town) -> None:
    report_id = report_written(wiring, town, report_drafted(wiring, town, class_of(wiring, town)[0]))
    for act in (corrected, supplemented):
        refused(partial(act, wiring, reporting(wiring, town.jing_id, report_id)), InvalidTransition)
    beside = street_staff(wiring, "清河街道", "xiaolin")
    answered = report_answered(wiring, town, report_id)
    for act in (corrected, supplemented):
        refused(partial(act, wiring, reporting(wiring, beside, answered)), Forbidden)
        refused(partial(act, wiring, reporting(wiring, town.stranger_id, answered)), NotFound)
