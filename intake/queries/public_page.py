"""What everybody may read of a community, a street, a district, a topic: only what named staff released.

Nothing here reads a topic's own title, state or count, and every question about releases says `released`: what wasn't let out can't leak.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from intake.domain.errors import NotFound
from intake.domain.permission import Role
from intake.domain.point import AreaKind, PointState
from intake.domain.release import ReleaseKind, ReleaseState, tellable
from intake.domain.submission import Channel, SubmissionState
from intake.domain.working_days import SHANGHAI
from intake.models import Area, DistrictProfile, IntakePoint, Release, RoleGrant, Submission, Topic, User
from intake.queries.imported import NOT_IMPORTED
from intake.queries.open_call import of_no_call
from intake.queries.point import PointView
from intake.queries.submission_part import own_message

PAGE = 20
KINDS = (ReleaseKind.IN_HAND, ReleaseKind.DECISION, ReleaseKind.RESULT)
ANSWERED_STATES = frozenset({SubmissionState.ANSWERED, SubmissionState.REPORTED_BACK, SubmissionState.DECLINED, SubmissionState.CLOSED})
NOT_COUNTED = frozenset({SubmissionState.WITHDRAWN, SubmissionState.QUARANTINED})


@dataclass(frozen=True, slots=True)
class Crumb:
    """An area's name with its address."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Branch:
    """An area below, with those below it."""

    id: int
    name: str
    children: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class PublicArea:
    """Whose page it is."""

    id: int
    district_id: int
    kind: AreaKind
    name: str
    path: str
    above: tuple[Crumb, ...]
    """From the district down, without the area itself."""
    below: tuple[Branch, ...]
    about: tuple[int, ...]
    """Ids of the areas whose releases its page shows: its own, those below, and the wider ones that it lies in."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One released text."""

    id: int
    topic_number: str
    kind: ReleaseKind
    title: str
    words: str
    people: int | None
    """Submissions behind it when it was released; None where so few could point at a person."""
    area_name: str
    released_at: datetime


@dataclass(frozen=True, slots=True)
class Section:
    """The latest of one kind, and how many there are."""

    kind: ReleaseKind
    total: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One page of one kind and the key of the next."""

    entries: tuple[Entry, ...]
    next_key: str
    """Empty on the last page."""


@dataclass(frozen=True, slots=True)
class PublicTopic:
    """What was released of one topic, the earliest first."""

    number: str
    title: str
    """The latest released title; the topic's own stays inside."""
    district_id: int
    area_id: int
    area_name: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class PublicPoint:
    """Where people are listened to."""

    name: str
    helper_name: str
    helper_phone: str
    helper_hours: str


@dataclass(frozen=True, slots=True)
class Listening:
    """Who listens in an area."""

    members: int
    points: tuple[PublicPoint, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Submissions of an area; None stands for a number so small that it could point at a person."""

    received: int | None
    answered: int | None
    """Those whose sender was told an outcome."""
    closed: int | None
    """Of these, ended."""


Heard = Mapping[int, tuple[int, int, int]]
"""Area → how many submissions were received there, answered, closed; areas without any are missing. Small numbers included: not to be shown."""


@dataclass(frozen=True, slots=True)
class Solved:
    """The latest released result around a point: proof that saying something helps."""

    title: str
    people: int
    """Submissions behind it when it was released; 0, nothing to boast of, where so few could point at a person."""
    area_name: str
    released_at: datetime
    topic_number: str
    """Its page is `public.topic`."""


@dataclass(frozen=True, slots=True)
class Operator:
    """What a district puts at the foot of its pages; empty where it filled in nothing."""

    district_id: int
    operator: str
    phone: str
    phone_hours: str
    icp_number: str
    police_number: str


_ENTRY: Any = (  # typed by Entry, whose fields it follows; made by entry_of
    Release.id,
    Topic.number,
    Release.kind,
    Release.title,
    Release.words,
    Release.people,
    Area.name,
    Release.released_at,
)
RELEASED = Release.state == ReleaseState.RELEASED


_ME = aliased(Area)


def public_area(session: Session, area_id: int) -> PublicArea:
    """The area with all above and below it, in one query; NotFound for a city or an unknown one."""
    rows = session.execute(
        select(Area.id, Area.parent_id, Area.kind, Area.name, Area.path, Area.district_id)
        .join(_ME, func.starts_with(Area.path, _ME.path) | func.starts_with(_ME.path, Area.path))
        .where(_ME.id == area_id, _ME.district_id.is_not(None), Area.district_id == _ME.district_id)
        .order_by(func.char_length(Area.path), Area.id)
    ).all()
    own = next((row for row in rows if row.id == area_id), None)
    if own is None:
        raise NotFound("没有这个地方的公开页。")
    children: dict[int, list[Crumb]] = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append(Crumb(row.id, row.name))
    return PublicArea(
        id=own.id,
        district_id=own.district_id,
        kind=own.kind,
        name=own.name,
        path=own.path,
        above=tuple(Crumb(row.id, row.name) for row in rows if len(row.path) < len(own.path)),
        below=tuple(Branch(one.id, one.name, tuple(children.get(one.id, ()))) for one in children.get(own.id, ())),
        about=tuple(row.id for row in rows),
    )


def districts(session: Session) -> tuple[Crumb, ...]:
    """Every district of the installation."""
    return tuple(Crumb(*row) for row in session.execute(select(Area.id, Area.name).where(Area.kind == AreaKind.DISTRICT).order_by(Area.id)))


def district_name(session: Session, district_id: int) -> str:
    """What the district is called."""
    return session.scalars(select(Area.name).where(Area.id == district_id)).one()


def sections(session: Session, area: PublicArea, *, each: int) -> tuple[Section, ...]:
    """The latest `each` of every kind with its total, in one query."""
    place = func.row_number().over(partition_by=Release.kind, order_by=(Release.released_at.desc(), Release.id.desc())).label("place")
    total = func.count().over(partition_by=Release.kind).label("total")
    ranked = select(Release.id.label("id"), place, total).where(*_shown(area)).subquery()
    rows = session.execute(
        entries_query()
        .add_columns(ranked.c.total)
        .join(ranked, ranked.c.id == Release.id)
        .where(ranked.c.place <= each)
        .order_by(ranked.c.place)
    ).all()
    return tuple(
        Section(
            kind=kind,
            total=next((row.total for row in rows if row.kind is kind), 0),
            entries=tuple(entry_of(row[:-1]) for row in rows if row.kind is kind),
        )
        for kind in KINDS
    )


def entries_of_kind(session: Session, area: PublicArea, kind: ReleaseKind, *, after: str, limit: int = PAGE) -> EntryPage:
    """A page of one kind, the latest first; `after` is a page's `next_key`, anything else starts at the top."""
    query = after_key(entries_query().where(*_shown(area), Release.kind == kind), after)
    return entry_page(session, query, limit=limit)


def entry_page(session: Session, query: Any, *, limit: int) -> EntryPage:
    """The first `limit` rows of an `entries_query`, the latest first, with the key of the next page; one query."""
    rows = session.execute(query.order_by(Release.released_at.desc(), Release.id.desc()).limit(limit + 1)).all()
    page = [entry_of(row) for row in rows[:limit]]
    # Whole microseconds: a float of seconds would round, and the row at the edge would come twice or never.
    next_key = f"{_microseconds(page[-1].released_at)}_{page[-1].id}" if len(rows) > limit else ""
    return EntryPage(entries=tuple(page), next_key=next_key)


def latest(session: Session, *, area: PublicArea | None, limit: int) -> tuple[Entry, ...]:
    """The latest of what the area's page shows, of everything where there is none; one query."""
    where = _shown(area) if area is not None else (RELEASED,)
    return entry_page(session, entries_query().where(*where), limit=limit).entries


def addresses(session: Session, *, limit: int) -> list[tuple[str, date | None]]:
    """Paths of the pages of places and of topics, these with the day of their newest word, the newest first; two queries."""
    places = session.scalars(select(Area.id).where(Area.district_id.is_not(None)).order_by(Area.path).limit(limit)).all()
    newest = func.max(Release.released_at)
    topics = session.execute(
        select(Topic.number, newest)
        .join(Release, Release.topic_id == Topic.id)
        .where(RELEASED)
        .group_by(Topic.number)
        .order_by(newest.desc(), Topic.number)
        .limit(limit - len(places))
    )
    found: list[tuple[str, date | None]] = [(f"/c/{one}", None) for one in places]
    return found + [(f"/t/{number}", at.astimezone(SHANGHAI).date() if at else None) for number, at in topics]


def public_topic(session: Session, number: str) -> PublicTopic:
    """Everything released of the topic with this number; NotFound, in the same words, when there is no such topic or nothing of it is."""
    rows = session.execute(
        entries_query()
        .add_columns(Release.area_id, Release.district_id)
        .where(RELEASED, Topic.number == number)
        .order_by(Release.released_at, Release.id)
    ).all()
    if not rows:
        raise NotFound("没有找到这件事的公开内容。可能编号抄错了，或者内容已经撤下。")
    latest = rows[-1]
    return PublicTopic(
        number=latest.number,
        title=latest.title,
        district_id=latest.district_id,
        area_id=latest.area_id,
        area_name=latest.name,
        entries=tuple(entry_of(row[:-2]) for row in rows),
    )


_SCOPE = aliased(Area)


def listening(session: Session, area: PublicArea) -> Listening:
    """How many active members and convenors have areas that hold it or lie in it, and its own points in use; two queries."""
    path = literal(area.path, String)
    members = session.scalar(
        select(func.count(User.id.distinct()))
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(_SCOPE, _SCOPE.id == RoleGrant.area_id)
        .where(
            User.active,
            User.district_id == area.district_id,
            RoleGrant.role.in_([Role.MEMBER, Role.CONVENOR]),
            func.starts_with(path, _SCOPE.path) | func.starts_with(_SCOPE.path, path),
        )
    )
    points = session.execute(
        select(IntakePoint.name, IntakePoint.helper_name, IntakePoint.helper_phone, IntakePoint.helper_hours)
        .where(IntakePoint.area_id == area.id, IntakePoint.state == PointState.ACTIVE, of_no_call())
        .order_by(IntakePoint.id)
        .limit(10)
    )
    return Listening(members=members or 0, points=tuple(PublicPoint(*row) for row in points))


def heard(session: Session, district_id: int) -> Heard:
    """(received, answered, closed) of every area of the district, without submissions taken back or held back, and without 附议, which the
    desk counts apart too; reads every row of the district, so ask it seldom and for all of its pages at once.
    """
    rows = session.execute(
        select(
            Submission.area_id,
            func.count(),
            func.count().filter(Submission.state.in_(ANSWERED_STATES)),
            func.count().filter(Submission.state == SubmissionState.CLOSED),
        )
        .where(
            Submission.district_id == district_id,
            Submission.state.not_in(NOT_COUNTED),
            Submission.channel != Channel.ENDORSEMENT,
            own_message(),
            NOT_IMPORTED,
        )
        .group_by(Submission.area_id)
    )
    return {area_id: (received, answered, closed) for area_id, received, answered, closed in rows}


def counts(area: PublicArea, of_each: Heard) -> Counts:
    """Submissions of the area and below, summed up from those of each."""
    below = set(area.about) - {crumb.id for crumb in area.above}
    received, answered, closed = (sum(of_each[one][which] for one in below if one in of_each) for which in range(3))
    return Counts(received=tellable(received), answered=tellable(answered), closed=tellable(closed))


def last_solved(session: Session, point: PointView) -> Solved | None:
    """The latest released result whose area covers, or lies in, the point's street (its district where it hangs there); one query."""
    # A community's neighbours under the same street count: their solved matter is near enough to be believed.
    path = literal(point.area_path.rstrip("/").rpartition("/")[0] + "/" if point.parent_name else point.area_path, String)
    row = session.execute(
        select(Release.title, Release.people, Area.name, Release.released_at, Topic.number)
        .join(Area, Area.id == Release.area_id)
        .join(Topic, Topic.id == Release.topic_id)
        .where(
            Release.district_id == point.district_id,
            RELEASED,
            Release.kind == ReleaseKind.RESULT,
            func.starts_with(path, Area.path) | func.starts_with(Area.path, path),
        )
        .order_by(Release.released_at.desc(), Release.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    title, people, area_name, released_at, number = row
    assert released_at is not None, "what is released has its moment"
    return Solved(title=title, people=tellable(people) or 0, area_name=area_name, released_at=released_at, topic_number=number)


def operators(session: Session) -> tuple[Operator, ...]:
    """One for every district, filled in or not; one query."""
    columns: Any = (  # typed by Operator, whose fields it follows
        DistrictProfile.operator,
        DistrictProfile.phone,
        DistrictProfile.phone_hours,
        DistrictProfile.icp_number,
        DistrictProfile.police_number,
    )
    rows = session.execute(
        select(Area.id, *(func.coalesce(column, "") for column in columns))
        .outerjoin(DistrictProfile, DistrictProfile.district_id == Area.id)
        .where(Area.kind == AreaKind.DISTRICT)
        .order_by(Area.id)
    )
    return tuple(Operator(*row) for row in rows)


def entries_query() -> Any:
    """Rows for `entry_of`, to be narrowed to what is released."""
    return select(*_ENTRY).join(Topic, Topic.id == Release.topic_id).join(Area, Area.id == Release.area_id)


def entry_of(row: Sequence[Any]) -> Entry:
    """The entry that a row of `entries_query` holds."""
    release_id, number, kind, title, words, people, area_name, released_at = row
    return Entry(release_id, number, kind, title, words, tellable(people), area_name, released_at)


_LATER = aliased(Release)


def _shown(area: PublicArea) -> tuple[ColumnElement[bool], ...]:
    """Released for one of the page's areas; what is in hand, only until the topic's next word of it or its result."""
    overtaken = (
        select(_LATER.id)
        .where(
            _LATER.topic_id == Release.topic_id,
            _LATER.state == ReleaseState.RELEASED,
            _LATER.kind.in_([ReleaseKind.IN_HAND, ReleaseKind.RESULT]),
            tuple_(_LATER.released_at, _LATER.id) > tuple_(Release.released_at, Release.id),
        )
        .correlate(Release)
        .exists()
    )
    return (
        RELEASED,
        Release.district_id == area.district_id,
        Release.area_id.in_(area.about),
        or_(Release.kind != ReleaseKind.IN_HAND, ~overtaken),
    )


def after_key(query: Any, after: str) -> Any:
    """`query` beyond the row that a page's `next_key` names; from the top for anything nobody gave out."""
    key = _key(after)
    return query if key is None else query.where(tuple_(Release.released_at, Release.id) < tuple_(*key))


def _microseconds(at: datetime) -> int:
    return round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)


def _key(raw: str) -> tuple[ColumnElement[datetime], ColumnElement[int]] | None:
    """Moment and id of a page key; None for what no page gave out."""
    stamp, _, row_id = raw.partition("_")
    if not all(part.isascii() and part.isdecimal() and len(part) < 20 for part in (stamp, row_id)) or int(row_id) >= 2**63:
        return None
    try:
        moment = datetime.fromtimestamp(int(stamp) // 1_000_000, UTC).replace(microsecond=int(stamp) % 1_000_000)
    except (ValueError, OverflowError, OSError):
        return None
    return literal(moment), literal(int(row_id))
