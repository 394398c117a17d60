"""一类事上报: drafted from a class, sent on paper, its answer written down, and everyone behind the class told of it once."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.bulletin_text import to_write
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.notification import NoticeKind
from intake.domain.text import clean, clean_line
from intake.domain.topic import TopicKind
from intake.domain.upward_report import (
    ANSWER_MAX,
    BODY_NAME_MAX,
    NUMBER_MAX,
    SIGNER_MAX,
    TEXT_MAX,
    TITLE_MAX,
    UPWARD_TABLE,
    UpwardAction,
    UpwardBody,
    UpwardState,
)
from intake.domain.working_days import SHANGHAI
from intake.models import Decision, HistoryEntry, Topic, UpwardReport
from intake.queries.quotation import without_erased
from intake.queries.upward_report import REPORTABLE, first_draft, personal_in, quoted_by, taken_back
from intake.services.audit import record
from intake.services.notify import announce
from intake.services.topic_decision import confirmed_in, lock_topics, require_screening
from intake.services.transition import begin, move


@dataclass(frozen=True, slots=True)
class Reporting:
    """What every act on a stored report carries; `version` is the one on the person's screen."""

    actor: Actor
    report_id: int
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What came back: the words that may be passed on, number and day of the paper."""

    words: str
    number: str
    answered_on: date | None


def draft(session: Session, *, actor: Actor, topic_id: int, body: UpwardBody, body_name: str, at: datetime) -> UpwardReport:
    """A first draft from the class's matters as they stand.

    Raises NotFound for what is no class, Forbidden outside the actor's areas, Conflict when there is a draft to the same body already,
    InvalidInput (field `body_name`).
    """
    topic = lock_topics(session, [topic_id]).get(topic_id)
    if topic is None or topic.district_id != actor.district_id or topic.kind is not TopicKind.CLASS or topic.state not in REPORTABLE:
        raise NotFound("没有这一类事。只有归成一类的议题才能一并上报，请先归类。")
    require_screening(session, actor, topic)
    name = _body_name(body, body_name)
    if session.scalar(_open_draft(topic_id, body, name)) is not None:
        raise Conflict("报给这个机构的稿子已经有人在起草，请接着改那一份。")
    assert actor.user_id is not None
    begun = first_draft(session, actor, topic_id, at=at)
    made = UpwardReport(
        district_id=topic.district_id,
        topic_id=topic.id,
        body=body,
        body_name=name,
        title=begun.title,
        text=begun.text,
        quoted=list(begun.quoted),
        version=1,
        drafted_by=actor.user_id,
        created_at=at,
    )
    begin(session, made, actor=actor, at=at)
    _note(session, made, actor=actor, act="draft", at=at)
    session.flush()
    return made


def save(
    session: Session, reporting: Reporting, *, title: str, text: str, body: UpwardBody, body_name: str, taken_out: bool = False
) -> UpwardReport:
    """Title, text and addressee of a draft; whose words it quotes is read anew. `taken_out`: the person says that erased words no longer
    stand in it.

    Raises Conflict when somebody was faster or it is sent, InvalidInput (field `title`, `text` or `body_name`).
    """
    found, _ = _lock(session, reporting)
    if found.state is not UpwardState.DRAFTED:
        raise Conflict("这份上报已经登记过上报，不能再改。您写的还在下面。")
    found.title = _needed(title, limit=TITLE_MAX, field="title", sentence="请填写标题。")
    found.text = _text(text, limit=TEXT_MAX, field="text", sentence="请写上报的内容。")
    found.body, found.body_name = body, _body_name(body, body_name)
    with session.no_autoflush:
        quoted = quoted_by(session, found)
        found.quoted = without_erased(taken_back(session, found), quoted) if taken_out else quoted
    found.version += 1
    _note(session, found, actor=reporting.actor, act="save", at=reporting.at)
    session.flush()
    return found


def send(session: Session, reporting: Reporting, *, document_number: str, signer: str, sent_on: date | None) -> UpwardReport:
    """Write down that the signed paper went out: its number, who signed, the day.

    Raises Conflict when somebody was faster, InvalidInput (field `document_number`, `signer`, `sent_on`, or `text` while something is still
    to be written, or a resident took back what it quotes).
    """
    found, path = _lock(session, reporting)
    if to_write(found.text):
        raise InvalidInput("稿子里还有“【待补…】”没有写，请先补上。", field="text")
    if taken_back(session, found):
        raise InvalidInput("稿子引用的话，有居民已经撤回。请先从稿子里删去。", field="text")
    number = _needed(document_number, limit=NUMBER_MAX, field="document_number", sentence="请填写文号；没有文号的写“无文号”。")
    name = _needed(signer, limit=SIGNER_MAX, field="signer", sentence="请填写签发人。")
    if sent_on is None or sent_on > _today(reporting.at):
        raise InvalidInput("请填写上报日期，不能晚于今天。", field="sent_on")
    move(session, found, UpwardAction.SEND, actor=reporting.actor, at=reporting.at, area_path=path)
    found.document_number, found.signer, found.sent_on = number, name, sent_on
    _note(session, found, actor=reporting.actor, act="send", at=reporting.at)
    session.flush()
    return found


def answer(session: Session, reporting: Reporting, facts: AnswerFacts) -> UpwardReport:
    """Write down what came back; nobody is told yet. Conflict when somebody was faster, InvalidInput (field `words`, `number`, `answered_on`)."""
    found, path = _lock(session, reporting)
    words = _open_words(facts.words, sentence="请写下答复里可以转告的内容。")
    number = clean_line(facts.number, limit=NUMBER_MAX, field="number")
    if facts.answered_on is None or facts.answered_on > _today(reporting.at):
        raise InvalidInput("请填写答复日期，不能晚于今天。", field="answered_on")
    if found.sent_on is not None and facts.answered_on < found.sent_on:
        raise InvalidInput(f"答复日期不能早于上报日期（{found.sent_on}）。", field="answered_on")
    move(session, found, UpwardAction.ANSWER, actor=reporting.actor, at=reporting.at, area_path=path)
    found.answer, found.answer_number, found.answered_on = words, number, facts.answered_on
    _note(session, found, actor=reporting.actor, act="answer", at=reporting.at)
    session.flush()
    return found


def tell(session: Session, reporting: Reporting, *, words: str) -> int:
    """Everyone behind the class's matters reads the answer, or `words` where there are any; how many submissions.

    Raises Conflict when they were told before or somebody was faster, InvalidInput (field `told`).
    """
    topic = _topic_first(session, reporting)
    found, path = _lock(session, reporting)
    told = select(HistoryEntry.id).where(
        HistoryEntry.noun == UPWARD_TABLE.noun, HistoryEntry.entity_id == found.id, HistoryEntry.action == UpwardAction.TELL.value
    )
    if session.scalar(told) is not None:
        raise Conflict("已经告诉过居民了，每位都能在回执上看到。")
    assert reporting.actor.user_id is not None
    decision = Decision(
        district_id=found.district_id,
        topic_id=topic.id,
        action=UpwardAction.TELL.value,
        words=_open_words(words, sentence="", field="told") if words.strip() else found.answer,
        decided_by=reporting.actor.user_id,
        decided_at=reporting.at,
    )
    session.add(decision)
    move(session, found, UpwardAction.TELL, actor=reporting.actor, at=reporting.at, area_path=path, decision=decision)
    behind = confirmed_in(session, topic)
    announce(session, decision=decision, submission_ids=behind, kind=NoticeKind.TOPIC_DECISION, due_at=reporting.at, at=reporting.at)
    _note(session, found, actor=reporting.actor, act="tell", at=reporting.at)
    session.flush()
    return len(behind)


def abandon(session: Session, reporting: Reporting) -> UpwardReport:
    """A draft that won't be sent. Conflict when somebody was faster."""
    found, path = _lock(session, reporting)
    move(session, found, UpwardAction.ABANDON, actor=reporting.actor, at=reporting.at, area_path=path)
    _note(session, found, actor=reporting.actor, act="abandon", at=reporting.at)
    session.flush()
    return found


def _topic_first(session: Session, reporting: Reporting) -> Topic:
    """The class, locked before its report, as everybody locks topics first."""
    topic_id = session.scalar(select(UpwardReport.topic_id).where(UpwardReport.id == reporting.report_id))
    topic = lock_topics(session, [topic_id]).get(topic_id) if topic_id is not None else None
    if topic is None:
        raise NotFound("没有这份上报，或者不在您的区。")
    return topic


def _lock(session: Session, reporting: Reporting) -> tuple[UpwardReport, str]:
    """The report, locked and fresh, and the path of its class's area."""
    found = session.scalars(
        select(UpwardReport).where(UpwardReport.id == reporting.report_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or found.district_id != reporting.actor.district_id:
        raise NotFound("没有这份上报，或者不在您的区。")
    path = require_screening(session, reporting.actor, session.get_one(Topic, found.topic_id))
    if found.version != reporting.version:
        raise Conflict("这份上报刚刚有人动过。您写的还在下面，请先看看现在的样子。")
    return found, path


def _open_draft(topic_id: int, body: UpwardBody, name: str) -> Select[int]:
    return select(UpwardReport.id).where(
        UpwardReport.topic_id == topic_id,
        UpwardReport.body == body,
        UpwardReport.body_name == name,
        UpwardReport.state == UpwardState.DRAFTED,
    )


def _body_name(body: UpwardBody, raw: str) -> str:
    name = clean_line(raw, limit=BODY_NAME_MAX, field="body_name")
    if body is UpwardBody.OTHER and not name:
        raise InvalidInput("请写明报给哪个机构。", field="body_name")
    return name


def _open_words(raw: str, *, sentence: str, field: str = "words") -> str:
    """Words that residents read: none may name or reach a person."""
    words = _text(raw, limit=ANSWER_MAX, field=field, sentence=sentence)
    found = personal_in(words)
    if found:
        kind, stands = found[0]
        raise InvalidInput(f"里面有像是{kind}的内容（{stands}），居民都会看到，请删去。", field=field)
    return words


def _text(raw: str, *, limit: int, field: str, sentence: str) -> str:
    words = clean(raw).text
    if not words:
        raise InvalidInput(sentence, field=field)
    if len(words) > limit:
        raise InvalidInput(f"最多 {limit} 个字，多了 {len(words) - limit} 个。", field=field)
    return words


def _needed(raw: str, *, limit: int, field: str, sentence: str) -> str:
    words = clean_line(raw, limit=limit, field=field)
    if not words:
        raise InvalidInput(sentence, field=field)
    return words


def _today(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _note(session: Session, found: UpwardReport, *, actor: Actor, act: str, at: datetime) -> None:
    record(
        session,
        actor=actor,
        district_id=found.district_id,
        action=f"upward_report.{act}",
        noun="upward_report",
        entity_id=found.id,
        at=at,
        topic=found.topic_id,
    )
