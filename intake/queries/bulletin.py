"""社情民意信息 on the desk: the bulletins of a district, one of them with what became of it, and what can be drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Date, Select, cast, func, or_, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.brief import basis_of
from intake.domain.bulletin import BULLETIN_TABLE, AdoptionKind, AdoptionLevel, BulletinAction, BulletinState
from intake.domain.bulletin_text import Said, Source, length, parts_of, to_write
from intake.domain.conversion import DRAWN_FROM, BulletinCounts, LevelCount
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.personal_data import KIND_NAMES, personal_data
from intake.domain.topic import TopicKind, TopicState
from intake.domain.working_days import SHANGHAI
from intake.models import Bulletin, BulletinAdoption, BulletinTopic, Contributor, Topic, User
from intake.ports import Draft, DraftPart
from intake.queries.departments import manages_district
from intake.queries.pages import PAGE, Page, holding, key_of, page_of
from intake.queries.quotation import TakenBack, quoted_in, taken_back_from
from intake.queries.topic_brief import behind_topic, brief

OFFERED = 20
PAPER_NOTE = "本稿由系统按现有记录起草，未编期号、未签发、未用印，以正式签发的文件为准。"


@dataclass(frozen=True, slots=True)
class BulletinLine:
    """One line of the list."""

    id: int
    title: str
    state: BulletinState
    state_changed_at: datetime
    issue_number: str
    addressed_to: str
    sent_on: date | None
    topics: int
    adoptions: int
    """That stand."""


@dataclass(frozen=True, slots=True)
class DrawnTopic:
    """A topic that a bulletin is, or could be, drafted from."""

    id: int
    number: str
    title: str
    kind: TopicKind
    state: TopicState
    submissions: int
    """Confirmed."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """That it was taken up somewhere."""

    id: int
    level: AdoptionLevel
    kind: AdoptionKind
    body: str
    adopted_on: date
    words: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BulletinDetail:
    """Everything on its page."""

    id: int
    title: str
    text: str
    state: BulletinState
    state_changed_at: datetime
    version: int
    addressed_to: str
    issue_number: str
    signer: str
    signed_on: date | None
    sent_on: date | None
    drafted_by: str
    created_at: datetime
    topics: tuple[DrawnTopic, ...]
    adoptions: tuple[Adoption, ...]
    taken_back: tuple[TakenBack, ...]
    """Empty once it is sent: what left the house can't be called back here."""

    @property
    def length(self) -> int:
        """Characters without blanks."""
        return length(self.text)

    @property
    def to_write(self) -> int:
        """Places that wait for somebody's words."""
        return to_write(self.text)

    @property
    def personal(self) -> tuple[tuple[str, str], ...]:
        """What looks like personal data in title and text: its kind in words, and how it stands there."""
        whole = f"{self.title}\n{self.text}"
        return tuple(dict.fromkeys((KIND_NAMES[span.kind], whole[span.start : span.end]) for span in personal_data(whole)))

    @property
    def actions(self) -> tuple[BulletinAction, ...]:
        """What may be done with it now."""
        return tuple(BulletinAction(action) for action in BULLETIN_TABLE.allowed(self.state))


def require_bulletins(session: Session, actor: Actor) -> None:
    """Forbidden unless the actor writes bulletins for their whole district."""
    if not manages_district(session, actor, Permission.BULLETIN_MANAGE):
        raise Forbidden("社情民意信息由负责全区的区政协工作人员编报。需要的话请联系区政协办公室。")


def bulletins_in(
    session: Session, actor: Actor, *, state: BulletinState | None, year: int | None, words: str, after: str, limit: int = PAGE
) -> Page[BulletinLine]:
    """A page of the district's bulletins, the newest first; the year is that of sending, before that of drafting. Three questions."""
    require_bulletins(session, actor)
    where: list[ColumnElement[bool]] = [
        Bulletin.district_id == actor.district_id,
        *holding(words, Bulletin.title, Bulletin.issue_number, Bulletin.addressed_to),
    ]
    if state is not None:
        where.append(Bulletin.state == state)
    if year is not None:
        where.append(_day().between(date(year, 1, 1), date(year, 12, 31)))
    total = session.scalar(select(func.count()).select_from(Bulletin).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(Bulletin.id < key)
    topics = select(func.count()).where(BulletinTopic.bulletin_id == Bulletin.id).correlate(Bulletin).scalar_subquery()
    adoptions = select(func.count()).where(BulletinAdoption.bulletin_id == Bulletin.id, _stands()).correlate(Bulletin).scalar_subquery()
    rows = session.execute(
        select(
            Bulletin.id,
            Bulletin.title,
            Bulletin.state,
            Bulletin.state_changed_at,
            Bulletin.issue_number,
            Bulletin.addressed_to,
            Bulletin.sent_on,
            topics,
            adoptions,
        )
        .where(*where)
        .order_by(Bulletin.id.desc())
        .limit(limit + 1)
    )
    return page_of([BulletinLine(*row) for row in rows], total=total, limit=limit)


def bulletin_counts(session: Session, actor: Actor, *, year: int) -> BulletinCounts:
    """Of the bulletins sent in `year`, how many were taken up at each level by now; two questions."""
    sent = (Bulletin.district_id == actor.district_id, Bulletin.sent_on.between(date(year, 1, 1), date(year, 12, 31)))
    distinct = func.count(func.distinct(BulletinAdoption.bulletin_id))
    by_level = (
        select(BulletinAdoption.level, distinct)
        .join(Bulletin, Bulletin.id == BulletinAdoption.bulletin_id)
        .where(*sent, _stands())
        .group_by(BulletinAdoption.level)
    )
    taken_up = {row[0]: row[1] for row in session.execute(by_level)}
    some = select(BulletinAdoption.id).where(BulletinAdoption.bulletin_id == Bulletin.id, _stands()).exists()
    whole, some_level = session.execute(select(func.count(), func.count().filter(some)).select_from(Bulletin).where(*sent)).one()
    return BulletinCounts(whole, some_level, tuple(LevelCount(level, taken_up.get(level, 0)) for level in AdoptionLevel))


def bulletin_detail(session: Session, actor: Actor, bulletin_id: int) -> BulletinDetail:
    """One of the district's in five questions; NotFound for any other, Forbidden as `require_bulletins`."""
    require_bulletins(session, actor)
    found = session.execute(
        select(Bulletin, User.name)
        .join(User, User.id == Bulletin.drafted_by)
        .where(Bulletin.id == bulletin_id, Bulletin.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这份信息，或者不在您的区。")
    row, drafted_by = found
    topics = session.execute(
        _topics().join(BulletinTopic, BulletinTopic.topic_id == Topic.id).where(BulletinTopic.bulletin_id == row.id).order_by(Topic.id)
    )
    adoptions = session.execute(
        select(
            BulletinAdoption.id,
            BulletinAdoption.level,
            BulletinAdoption.kind,
            BulletinAdoption.body,
            BulletinAdoption.adopted_on,
            BulletinAdoption.words,
            User.name,
            BulletinAdoption.recorded_at,
        )
        .join(User, User.id == BulletinAdoption.recorded_by)
        .where(BulletinAdoption.bulletin_id == row.id, _stands())
        .order_by(BulletinAdoption.adopted_on, BulletinAdoption.id)
    )
    return BulletinDetail(
        id=row.id,
        title=row.title,
        text=row.text,
        state=row.state,
        state_changed_at=row.state_changed_at,
        version=row.version,
        addressed_to=row.addressed_to,
        issue_number=row.issue_number,
        signer=row.signer,
        signed_on=row.signed_on,
        sent_on=row.sent_on,
        drafted_by=drafted_by,
        created_at=row.created_at,
        topics=tuple(DrawnTopic(*one) for one in topics),
        adoptions=tuple(Adoption(*one) for one in adoptions),
        taken_back=taken_back(session, row),
    )


def taken_back(session: Session, row: Bulletin) -> tuple[TakenBack, ...]:
    """Words in an unsent text that residents took back since; one question."""
    return () if row.state is BulletinState.SENT else taken_back_from(session, row.text, row.quoted)


def quoted_by(session: Session, row: Bulletin) -> list[int]:
    """Submissions whose words stand in the text now; one question."""
    topics = select(BulletinTopic.topic_id).where(BulletinTopic.bulletin_id == row.id)
    matters = select(Topic.id).where(Topic.class_topic_id.in_(topics))
    return quoted_in(session, row.text, row.quoted, or_(Contributor.topic_id.in_(topics), Contributor.topic_id.in_(matters)))


def topics_to_draw(session: Session, actor: Actor, *, words: str, besides: Sequence[int]) -> tuple[DrawnTopic, ...]:
    """Topics that a bulletin can be drafted from, those that moved last first."""
    query = _topics().where(
        Topic.district_id == actor.district_id,
        Topic.state.in_(DRAWN_FROM),
        Topic.id.not_in(besides),
        *holding(words, Topic.title, Topic.number),
    )
    return tuple(DrawnTopic(*row) for row in session.execute(query.order_by(Topic.state_changed_at.desc(), Topic.id.desc()).limit(OFFERED)))


def drawn_topics(session: Session, actor: Actor, topic_ids: Sequence[int]) -> tuple[DrawnTopic, ...]:
    """These, in their order; NotFound when one is another district's or not that far."""
    rows = session.execute(
        _topics().where(Topic.id.in_(topic_ids), Topic.district_id == actor.district_id, Topic.state.in_(DRAWN_FROM))
    ).all()
    found = {row.id: DrawnTopic(*row) for row in rows}
    if len(found) != len(set(topic_ids)):
        raise NotFound("没有这个议题，或者它还没有提交筛选。")
    return tuple(found[one] for one in dict.fromkeys(topic_ids))


def source_of(session: Session, actor: Actor, topic_id: int, *, at: datetime) -> Source:
    """What a draft takes from one topic: its brief, the numbers of now, and words that stand and that the actor may read.

    Raises what `brief` raises.
    """
    found = brief(session, actor, topic_id, at=at)
    said = tuple(
        Said(one.submission_id, one.text, one.area_name, one.received_at.astimezone(SHANGHAI).date()) for one in found.quotes if one.chosen
    )
    basis = basis_of(behind_topic(session, session.get_one(Topic, topic_id), at=at))  # a brief that was sent keeps the numbers of its day
    return Source(found.title, basis, found.problem, found.request, said)


def paper_of(detail: BulletinDetail) -> Draft:
    """What is written down of it: always a draft, whatever was recorded since."""
    day = detail.created_at.astimezone(SHANGHAI).date()
    parts = tuple(DraftPart(one.heading, one.paragraphs) for one in parts_of(detail.text))
    return Draft(detail.title, _bulletin_under(day), day, (*parts, DraftPart("", (PAPER_NOTE,))))


def _bulletin_under(day: date) -> str:
    return f"（{day.year}年{day.month}月{day.day}日起草）"


def _topics() -> Select[int, str, str, TopicKind, TopicState, int]:
    return select(Topic.id, Topic.number, Topic.title, Topic.kind, Topic.state, Topic.confirmed_count)


def _stands() -> ColumnElement[bool]:
    return BulletinAdoption.undone_at.is_(None)


def _day() -> ColumnElement[date]:
    return func.coalesce(Bulletin.sent_on, cast(func.timezone("Asia/Shanghai", Bulletin.created_at), Date))
