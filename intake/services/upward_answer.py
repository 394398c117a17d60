"""What came back on a 一类事上报: each answer is written down, set right while nobody has read it, and told once to everyone behind the class."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.errors import Conflict, InvalidInput
from intake.domain.notification import NoticeKind
from intake.domain.text import clean_line
from intake.domain.upward_report import ANSWER_MAX, NUMBER_MAX, REASON_MAX, UPWARD_TABLE, UpwardAction, UpwardState
from intake.models import Decision, UpwardAnswer, UpwardReport
from intake.queries.upward_answer import to_be_told
from intake.queries.upward_report import personal_in
from intake.services.notify import announce
from intake.services.transition import move
from intake.services.upward_report import Reporting, day_of, lock_report, lock_topic_first, needed_line, needed_text, note_act


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What came back: the words that may be passed on, number and day of the paper."""

    words: str
    number: str
    answered_on: date | None


def answer(session: Session, reporting: Reporting, facts: AnswerFacts) -> UpwardReport:
    """Write down what came back; nobody is told yet. Conflict when somebody was faster, InvalidInput (field `words`, `number`, `answered_on`)."""
    found, path = lock_report(session, reporting)
    facts = _checked(found, facts, at=reporting.at)
    move(session, found, UpwardAction.ANSWER, actor=reporting.actor, at=reporting.at, area_path=path)
    _write(session, found, facts, reporting)
    note_act(session, found, actor=reporting.actor, act="answer", at=reporting.at)
    session.flush()
    return found


def correct(session: Session, reporting: Reporting, facts: AnswerFacts, *, reason: str) -> UpwardReport:
    """Set right what was written down of an answer that no resident has read; what stood there before is kept.

    Raises what `answer` raises, InvalidInput (field `reason`, or `words` where nothing is different), Conflict once residents were told.
    """
    found, path = lock_report(session, reporting)
    if found.told_at is not None:
        raise Conflict("已经告诉过居民，不能再改。要更正或者补充，请登记补充答复，再告诉一次。")
    facts = _checked(found, facts, at=reporting.at)
    why = needed_line(reason, limit=REASON_MAX, field="reason", sentence="请写明为什么更正，例如“文号录错了一位”。")
    if (facts.words, facts.number, facts.answered_on) == (found.answer, found.answer_number, found.answered_on):
        raise InvalidInput("和原来登记的一样，没有改动。", field="words")
    move(session, found, UpwardAction.CORRECT, actor=reporting.actor, at=reporting.at, area_path=path)
    _write(session, found, facts, reporting, corrects=_latest(session, found), reason=why)
    note_act(session, found, actor=reporting.actor, act="correct", at=reporting.at)
    session.flush()
    return found


def supplement(session: Session, reporting: Reporting, facts: AnswerFacts) -> UpwardReport:
    """Write down what came after residents were told, or sets right what they read; nobody is told of it yet.

    Raises what `answer` raises, Conflict while residents weren't told of the answer before.
    """
    found, path = lock_report(session, reporting)
    if found.state is UpwardState.ANSWERED and found.told_at is None:
        raise Conflict("现在的答复还没有告诉居民，可以直接更正，不必另登记补充答复。")
    facts = _checked(found, facts, at=reporting.at)
    move(session, found, UpwardAction.SUPPLEMENT, actor=reporting.actor, at=reporting.at, area_path=path)
    _write(session, found, facts, reporting)
    found.told_at = None
    note_act(session, found, actor=reporting.actor, act="supplement", at=reporting.at)
    session.flush()
    return found


def tell(session: Session, reporting: Reporting, *, words: str) -> int:
    """Everyone behind the class's matters, and who read an answer before, reads the latest, or `words` where there are any; how many submissions.

    Raises Conflict when they were told before or somebody was faster, InvalidInput (field `told`).
    """
    topic = lock_topic_first(session, reporting)
    found, path = lock_report(session, reporting)
    if found.told_at is not None:
        raise Conflict("已经告诉过居民了，每位都能在回执上看到。")
    UPWARD_TABLE.find(UpwardAction.TELL, found.state)
    assert reporting.actor.user_id is not None
    latest = _latest(session, found)
    action = UpwardAction.TELL_MORE if _told_before(session, found) else UpwardAction.TELL
    decision = Decision(
        district_id=found.district_id,
        topic_id=topic.id,
        action=action.value,
        words=_open_words(words, sentence="", field="told") if words.strip() else found.answer,
        decided_by=reporting.actor.user_id,
        decided_at=reporting.at,
    )
    session.add(decision)
    move(session, found, action, actor=reporting.actor, at=reporting.at, area_path=path, decision=decision)
    session.flush()
    found.told_at, latest.decision_id = reporting.at, decision.id
    behind = session.scalars(to_be_told(found.id, topic.id)).all()
    announce(session, decision=decision, submission_ids=behind, kind=NoticeKind.TOPIC_DECISION, due_at=reporting.at, at=reporting.at)
    note_act(session, found, actor=reporting.actor, act="tell", at=reporting.at)
    session.flush()
    return len(behind)


def _checked(found: UpwardReport, facts: AnswerFacts, *, at: datetime) -> AnswerFacts:
    """As they are kept."""
    words = _open_words(facts.words, sentence="请写下答复里可以转告的内容。")
    number = clean_line(facts.number, limit=NUMBER_MAX, field="number")
    if facts.answered_on is None or facts.answered_on > day_of(at):
        raise InvalidInput("请填写答复日期，不能晚于今天。", field="answered_on")
    if found.sent_on is not None and facts.answered_on < found.sent_on:
        raise InvalidInput(f"答复日期不能早于上报日期（{found.sent_on}）。", field="answered_on")
    return AnswerFacts(words, number, facts.answered_on)


def _write(
    session: Session,
    found: UpwardReport,
    facts: AnswerFacts,
    reporting: Reporting,
    *,
    corrects: UpwardAnswer | None = None,
    reason: str = "",
) -> None:
    """The answer as the latest, and as a row of its own."""
    assert facts.answered_on is not None
    assert reporting.actor.user_id is not None
    found.answer, found.answer_number, found.answered_on = facts.words, facts.number, facts.answered_on
    session.add(
        UpwardAnswer(
            district_id=found.district_id,
            report_id=found.id,
            words=facts.words,
            number=facts.number,
            answered_on=facts.answered_on,
            corrects_id=corrects.id if corrects is not None else None,
            reason=reason,
            recorded_by=reporting.actor.user_id,
            recorded_at=reporting.at,
        )
    )


def _latest(session: Session, found: UpwardReport) -> UpwardAnswer:
    """The row of the answer that stands, under the report's lock."""
    query = select(UpwardAnswer).where(UpwardAnswer.report_id == found.id).order_by(UpwardAnswer.id.desc()).limit(1)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _told_before(session: Session, found: UpwardReport) -> bool:
    told = select(UpwardAnswer.id).where(UpwardAnswer.report_id == found.id, UpwardAnswer.decision_id.is_not(None))
    return session.scalar(told.limit(1)) is not None


def _open_words(raw: str, *, sentence: str, field: str = "words") -> str:
    """Words that residents read: none may name or reach a person."""
    words = needed_text(raw, limit=ANSWER_MAX, field=field, sentence=sentence)
    found = personal_in(words)
    if found:
        kind, stands = found[0]
        raise InvalidInput(f"里面有像是{kind}的内容（{stands}），居民都会看到，请删去。", field=field)
    return words
