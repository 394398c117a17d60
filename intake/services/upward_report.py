"""一类事上报: drafted from a class, edited, sent on paper; what came back stands in `upward_answer.py`."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.bulletin_text import to_write
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.text import clean, clean_line
from intake.domain.topic import TopicKind
from intake.domain.upward_report import (
    BODY_NAME_MAX,
    NUMBER_MAX,
    SIGNER_MAX,
    TEXT_MAX,
    TITLE_MAX,
    UpwardAction,
    UpwardBody,
    UpwardState,
)
from intake.domain.working_days import SHANGHAI
from intake.models import Topic, UpwardReport
from intake.queries.quotation import without_erased
from intake.queries.upward_report import REPORTABLE, first_draft, quoted_by, taken_back
from intake.services.audit import record
from intake.services.topic_decision import lock_topics, require_screening
from intake.services.transition import begin, move


@dataclass(frozen=True, slots=True)
class Reporting:
    """What every act on a stored report carries; `version` is the one on the person's screen."""

    actor: Actor
    report_id: int
    version: int
    at: datetime


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
    note_act(session, made, actor=actor, act="draft", at=at)
    session.flush()
    return made


def save(
    session: Session, reporting: Reporting, *, title: str, text: str, body: UpwardBody, body_name: str, taken_out: bool = False
) -> UpwardReport:
    """Title, text and addressee of a draft; whose words it quotes is read anew. `taken_out`: the person says that erased words no longer
    stand in it.

    Raises Conflict when somebody was faster or it is sent, InvalidInput (field `title`, `text` or `body_name`).
    """
    found, _ = lock_report(session, reporting)
    if found.state is not UpwardState.DRAFTED:
        raise Conflict("这份上报已经登记过上报，不能再改。您写的还在下面。")
    found.title = needed_line(title, limit=TITLE_MAX, field="title", sentence="请填写标题。")
    found.text = needed_text(text, limit=TEXT_MAX, field="text", sentence="请写上报的内容。")
    found.body, found.body_name = body, _body_name(body, body_name)
    with session.no_autoflush:
        quoted = quoted_by(session, found)
        found.quoted = without_erased(taken_back(session, found), quoted) if taken_out else quoted
    found.version += 1
    note_act(session, found, actor=reporting.actor, act="save", at=reporting.at)
    session.flush()
    return found


def send(session: Session, reporting: Reporting, *, document_number: str, signer: str, sent_on: date | None) -> UpwardReport:
    """Write down that the signed paper went out: its number, who signed, the day.

    Raises Conflict when somebody was faster or the class has come apart, InvalidInput (field `document_number`, `signer`, `sent_on`, or `text` while something is still
    to be written, or a resident took back what it quotes).
    """
    topic = lock_topic_first(session, reporting)
    found, path = lock_report(session, reporting)
    if topic.state not in REPORTABLE:
        raise Conflict("这一类事已经拆开，上级有了答复也告诉不到居民。请重新归类、另起草一份；这一份请按“不报了”。")
    if to_write(found.text):
        raise InvalidInput("稿子里还有“【待补…】”没有写，请先补上。", field="text")
    if taken_back(session, found):
        raise InvalidInput("稿子引用的话，有居民已经撤回。请先从稿子里删去。", field="text")
    number = needed_line(document_number, limit=NUMBER_MAX, field="document_number", sentence="请填写文号；没有文号的写“无文号”。")
    name = needed_line(signer, limit=SIGNER_MAX, field="signer", sentence="请填写签发人。")
    if sent_on is None or sent_on > day_of(reporting.at):
        raise InvalidInput("请填写上报日期，不能晚于今天。", field="sent_on")
    move(session, found, UpwardAction.SEND, actor=reporting.actor, at=reporting.at, area_path=path)
    found.document_number, found.signer, found.sent_on = number, name, sent_on
    note_act(session, found, actor=reporting.actor, act="send", at=reporting.at)
    session.flush()
    return found


def abandon(session: Session, reporting: Reporting) -> UpwardReport:
    """A draft that won't be sent. Conflict when somebody was faster."""
    found, path = lock_report(session, reporting)
    move(session, found, UpwardAction.ABANDON, actor=reporting.actor, at=reporting.at, area_path=path)
    note_act(session, found, actor=reporting.actor, act="abandon", at=reporting.at)
    session.flush()
    return found


def lock_topic_first(session: Session, reporting: Reporting) -> Topic:
    """The class, locked before its report, as everybody locks topics first."""
    topic_id = session.scalar(select(UpwardReport.topic_id).where(UpwardReport.id == reporting.report_id))
    topic = lock_topics(session, [topic_id]).get(topic_id) if topic_id is not None else None
    if topic is None:
        raise NotFound("没有这份上报，或者不在您的区。")
    return topic


def lock_report(session: Session, reporting: Reporting) -> tuple[UpwardReport, str]:
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


def needed_text(raw: str, *, limit: int, field: str, sentence: str) -> str:
    """Clean words of several lines; InvalidInput with the sentence where there are none, or naming how many are too many."""
    words = clean(raw).text
    if not words:
        raise InvalidInput(sentence, field=field)
    if len(words) > limit:
        raise InvalidInput(f"最多 {limit} 个字，多了 {len(words) - limit} 个。", field=field)
    return words


def needed_line(raw: str, *, limit: int, field: str, sentence: str) -> str:
    """The same for one line."""
    words = clean_line(raw, limit=limit, field=field)
    if not words:
        raise InvalidInput(sentence, field=field)
    return words


def day_of(at: datetime) -> date:
    """In Shanghai."""
    return at.astimezone(SHANGHAI).date()


def note_act(session: Session, found: UpwardReport, *, actor: Actor, act: str, at: datetime) -> None:
    """An audit row."""
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
