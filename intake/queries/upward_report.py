"""一类事上报 on the desk: the reports of a district, one of them with its answer, and what a new one is drafted from."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.bulletin_text import TextPart, parts_of, to_write
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.personal_data import KIND_NAMES, personal_data
from intake.domain.referral import ReferralState
from intake.domain.topic import TopicKind, TopicState
from intake.domain.transition import LABELS
from intake.domain.upward_report import UPWARD_BODY_NAMES, UPWARD_TABLE, UpwardAction, UpwardBody, UpwardState
from intake.domain.upward_text import Done, MatterTold, upward_text, upward_title
from intake.domain.working_days import SHANGHAI
from intake.models import Area, Contributor, HistoryEntry, Referral, Topic, UpwardReport, User
from intake.ports import Draft, DraftPart
from intake.queries.bulletin import source_of
from intake.queries.kept import PEOPLE_KEPT, TOPIC_ID, written_out
from intake.queries.pages import PAGE, Page, holding, key_of, page_of, within
from intake.queries.quotation import TakenBack, quoted_in, taken_back_from
from intake.queries.topic_detail import with_matters
from intake.queries.upward_answer import AnswerKept, AnswerTold, answers_kept, standing_answers, to_be_told

REPORTABLE = tuple(state for state in TopicState if state not in {TopicState.DISSOLVED, TopicState.MERGED})
OFFERED = 20
UPWARD_NOTE = "本稿由系统按现有记录起草，未编文号、未签发、未用印，以正式报送的文件为准。"


@dataclass(frozen=True, slots=True)
class UpwardLine:
    """One report in a list, or on the page of its class."""

    id: int
    title: str
    body: UpwardBody
    body_name: str
    state: UpwardState
    state_changed_at: datetime
    topic_id: int
    topic_number: str
    topic_title: str
    document_number: str
    sent_on: date | None
    answer: str
    answer_number: str
    answered_on: date | None
    told_at: datetime | None
    """When residents were told of the latest answer."""
    answers: tuple[AnswerTold, ...] = ()
    """On the page of a class: all that stand, the first first."""

    @property
    def waits_to_be_told(self) -> bool:
        """Whether residents don't know the latest answer yet."""
        return self.state is UpwardState.ANSWERED and self.told_at is None

    @property
    def to(self) -> str:
        """Whom it goes to, as a paper says it."""
        return self.body_name or UPWARD_BODY_NAMES[self.body]


@dataclass(frozen=True, slots=True)
class UpwardStep:
    """One turn it took."""

    words: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UpwardDetail:
    """Everything on its page."""

    line: UpwardLine
    text: str
    version: int
    signer: str
    drafted_by: str
    created_at: datetime
    steps: tuple[UpwardStep, ...]
    answers: tuple[AnswerKept, ...]
    """All that were written down, the latest first."""
    behind: int
    """Submissions whose residents would be told."""
    taken_back: tuple[TakenBack, ...]
    """Of an unsent text; empty once it is sent."""
    may_decide: bool

    @property
    def parts(self) -> tuple[TextPart, ...]:
        """The text by its headings."""
        return parts_of(self.text)

    @property
    def to_write(self) -> int:
        """Places that wait for somebody's words."""
        return to_write(self.text)

    @property
    def personal(self) -> tuple[tuple[str, str], ...]:
        """What looks like personal data: its kind in words, and how it stands there."""
        return personal_in(f"{self.line.title}\n{self.text}")

    @property
    def actions(self) -> tuple[UpwardAction, ...]:
        """What may be done with it now."""
        return tuple(UpwardAction(action) for action in UPWARD_TABLE.allowed(self.line.state))


@dataclass(frozen=True, slots=True)
class ClassOffered:
    """A class of which a report can be drafted."""

    id: int
    number: str
    title: str
    state: TopicState
    matters: int
    submissions: int
    """Confirmed, over its matters."""
    reports: int


_COLUMNS = (
    UpwardReport.id,
    UpwardReport.title,
    UpwardReport.body,
    UpwardReport.body_name,
    UpwardReport.state,
    UpwardReport.state_changed_at,
    UpwardReport.topic_id,
    Topic.number,
    Topic.title,
    UpwardReport.document_number,
    UpwardReport.sent_on,
    UpwardReport.answer,
    UpwardReport.answer_number,
    UpwardReport.answered_on,
    UpwardReport.told_at,
)
_STEP_NAMES = {
    "begin": "起草",
    UpwardAction.SEND.value: "登记上报",
    UpwardAction.ANSWER.value: "登记答复",
    UpwardAction.TELL.value: "告诉了居民",
    UpwardAction.CORRECT.value: "更正答复",
    UpwardAction.SUPPLEMENT.value: "登记补充答复",
    UpwardAction.TELL_MORE.value: "把补充答复告诉了居民",
    UpwardAction.ABANDON.value: "决定不报",
}
"""Complete over the table's actions (a test checks)."""


def personal_in(text: str) -> tuple[tuple[str, str], ...]:
    """What looks like personal data in it, by kind."""
    return tuple(dict.fromkeys((KIND_NAMES[span.kind], text[span.start : span.end]) for span in personal_data(text)))


def reports_in(session: Session, actor: Actor, *, state: UpwardState | None, words: str, after: str, limit: int = PAGE) -> Page[UpwardLine]:
    """A page of the reports of the actor's areas, the newest first, in two queries."""
    where: list[ColumnElement[bool]] = [
        UpwardReport.district_id == actor.district_id,
        within(actor, Permission.SCREEN_VIEW),
        *holding(words, UpwardReport.title, UpwardReport.document_number, Topic.number),
    ]
    if state is not None:
        where.append(UpwardReport.state == state)
    total = session.scalar(_with_topic(select(func.count())).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(UpwardReport.id < key)
    rows = session.execute(_with_topic(select(*_COLUMNS)).where(*where).order_by(UpwardReport.id.desc()).limit(limit + 1))
    return page_of([UpwardLine(*row) for row in rows], total=total, limit=limit)


def report_detail(session: Session, actor: Actor, report_id: int) -> UpwardDetail:
    """One in four queries, five while it isn't sent or once it is answered; NotFound for another district's, Forbidden outside the actor's
    areas.
    """
    found = session.execute(
        _with_topic(select(*_COLUMNS, UpwardReport, User.name, Area.path))
        .join(User, User.id == UpwardReport.drafted_by)
        .where(UpwardReport.id == report_id, UpwardReport.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这份上报，或者不在您的区。")
    row, drafted_by, path = found[len(_COLUMNS) :]
    if not actor.may(Permission.SCREEN_VIEW, area_path=path):
        raise Forbidden("这一类事不在您负责的范围。")
    steps = _steps(session, row.id)
    behind = session.scalar(select(func.count()).select_from(to_be_told(row.id, row.topic_id).subquery()))
    return UpwardDetail(
        line=UpwardLine(*found[: len(_COLUMNS)]),
        text=row.text,
        version=row.version,
        signer=row.signer,
        drafted_by=drafted_by,
        created_at=row.created_at,
        steps=steps,
        answers=answers_kept(session, row.id) if row.state is UpwardState.ANSWERED else (),
        behind=behind or 0,
        taken_back=taken_back(session, row),
        may_decide=actor.may(Permission.SCREEN_DECIDE, area_path=path),
    )


def reports_of(session: Session, actor: Actor, topic_id: int) -> tuple[UpwardLine, ...]:
    """Those about a class, or about the class a matter belongs to, the newest first, in one query, two where there are answers; who doesn't
    screen reads those sent.
    """
    lines = [UpwardLine(*row) for row in session.execute(_reports(actor), {"topic_id": topic_id})]
    answers = standing_answers(session, [one.id for one in lines if one.answered_on is not None])
    return tuple(replace(one, answers=tuple(answers.get(one.id, ()))) for one in lines)


@lru_cache(maxsize=PEOPLE_KEPT)
def _reports(actor: Actor) -> Select[*tuple[Any, ...]]:
    of_class = select(Topic.class_topic_id).where(Topic.id == TOPIC_ID, Topic.class_topic_id.is_not(None))
    query = _with_topic(select(*_COLUMNS)).where(
        or_(UpwardReport.topic_id == TOPIC_ID, UpwardReport.topic_id.in_(of_class)),
        UpwardReport.district_id == actor.district_id,
        UpwardReport.state != UpwardState.ABANDONED,
    )
    if not actor.may(Permission.SCREEN_VIEW):
        query = query.where(UpwardReport.state != UpwardState.DRAFTED)
    return written_out(query.order_by(UpwardReport.id.desc()))


def classes_to_report(session: Session, actor: Actor, *, words: str) -> tuple[ClassOffered, ...]:
    """Classes of the actor's areas, those that moved last first, in one query."""
    query = _classes().where(within(actor, Permission.SCREEN_DECIDE), *holding(words, Topic.title, Topic.number))
    rows = session.execute(
        query.where(Topic.district_id == actor.district_id).order_by(Topic.state_changed_at.desc(), Topic.id.desc()).limit(OFFERED)
    )
    return tuple(ClassOffered(*row) for row in rows)


def class_to_report(session: Session, actor: Actor, topic_id: int) -> ClassOffered:
    """One of them; NotFound for what isn't a class of the actor's areas, or has come apart."""
    row = session.execute(
        _classes().where(Topic.id == topic_id, Topic.district_id == actor.district_id, within(actor, Permission.SCREEN_DECIDE))
    ).one_or_none()
    if row is None:
        raise NotFound("没有这一类事。只有归成一类的议题才能一并上报，请先归类。")
    return ClassOffered(*row)


@dataclass(frozen=True, slots=True)
class FirstDraft:
    """What a report is begun with."""

    title: str
    text: str
    quoted: tuple[int, ...]
    """Submissions whose words stand in it."""


def first_draft(session: Session, actor: Actor, topic_id: int, *, at: datetime) -> FirstDraft:
    """From the class's matters as they stand; words that were taken back, or that the actor stepped back from, aren't quoted."""
    source = source_of(session, actor, topic_id, at=at)
    rows = session.execute(
        select(Topic.id, Topic.number, Topic.title, Area.name, Topic.confirmed_count, Topic.state)
        .join(Area, Area.id == Topic.area_id)
        .where(Topic.class_topic_id == topic_id)
        .order_by(Topic.id)
    ).all()
    matters = [MatterTold(row.number, row.title, row.name, row.confirmed_count, LABELS[row.state]) for row in rows]
    answered = func.count().filter(Referral.state == ReferralState.DELIVERED)
    referred = session.execute(
        select(func.count(), answered).where(
            Referral.topic_id.in_([topic_id, *(row.id for row in rows)]), Referral.state != ReferralState.CANCELLED
        )
    ).one()
    text = upward_text(source, matters, Done(*referred))
    return FirstDraft(upward_title(source.title), text, tuple(sorted(one.submission_id for one in source.said)))


def taken_back(session: Session, row: UpwardReport) -> tuple[TakenBack, ...]:
    """Words in an unsent text that residents took back since."""
    return taken_back_from(session, row.text, row.quoted) if row.state is UpwardState.DRAFTED else ()


def quoted_by(session: Session, row: UpwardReport) -> list[int]:
    """Submissions whose words stand in the text now; one question."""
    return quoted_in(session, row.text, row.quoted, Contributor.topic_id.in_(with_matters(row.topic_id)))


def paper_of(detail: UpwardDetail) -> Draft:
    """What is written down of it: always a draft, whatever was recorded since."""
    day = detail.created_at.astimezone(SHANGHAI).date()
    parts = tuple(DraftPart(one.heading, one.paragraphs) for one in detail.parts)
    addressed = DraftPart("", (_upward_addressee(detail.line.to),))
    return Draft(detail.line.title, _upward_under(day), day, (addressed, *parts, DraftPart("", (UPWARD_NOTE,))))


def _upward_addressee(name: str) -> str:
    return f"{name}："


def _upward_under(day: date) -> str:
    return f"（{day.year}年{day.month}月{day.day}日起草）"


def _classes() -> Select[int, str, str, TopicState, int, int, int]:
    inside = Topic.__table__.alias("inside")
    matters = select(func.count()).select_from(inside).where(inside.c.class_topic_id == Topic.id).correlate(Topic).scalar_subquery()
    said = (
        select(func.coalesce(func.sum(inside.c.confirmed_count), 0))
        .where(inside.c.class_topic_id == Topic.id)
        .correlate(Topic)
        .scalar_subquery()
    )
    reports = select(func.count()).where(UpwardReport.topic_id == Topic.id).correlate(Topic).scalar_subquery()
    return (
        select(Topic.id, Topic.number, Topic.title, Topic.state, matters, said, reports)
        .join(Area, Area.id == Topic.area_id)
        .where(Topic.kind == TopicKind.CLASS, Topic.state.in_(REPORTABLE))
    )


def _with_topic(query: Any) -> Any:
    return query.select_from(UpwardReport).join(Topic, Topic.id == UpwardReport.topic_id).join(Area, Area.id == Topic.area_id)


def _steps(session: Session, report_id: int) -> tuple[UpwardStep, ...]:
    rows = session.execute(
        select(HistoryEntry.action, User.name, HistoryEntry.at)
        .outerjoin(User, User.id == HistoryEntry.actor_id)
        .where(HistoryEntry.noun == UPWARD_TABLE.noun, HistoryEntry.entity_id == report_id)
        .order_by(HistoryEntry.id.desc())
    )
    return tuple(UpwardStep(_STEP_NAMES[action], by or "", at) for action, by, at in rows)
