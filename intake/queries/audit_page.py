"""审计 as a page: who did, saw and took along what in a district, the newest first; codes and ids alone, never anybody's words."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    any_,
    bindparam,
    column,
    func,
    literal,
    select,
    true,
    tuple_,
    union_all,
    values,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from intake.domain.actor import Actor, ActorKind
from intake.domain.audit_act import DID, SAW, TOOK, ActKind
from intake.domain.errors import Forbidden
from intake.domain.permission import Permission
from intake.domain.working_days import SHANGHAI
from intake.models import Area, AuditEntry, AuditLink, IntakePoint, Referral, Submission, Topic, User
from intake.queries.departments import manages_district
from intake.queries.entity_history import WORDS as OF_PLACES_AND_PEOPLE
from intake.queries.pages import holding

PAGE = 50
EXPORT_MOST = 100_000
"""Rows of one file."""
PEOPLE_OFFERED = 20
_CHUNK = 2_000
WORDS: dict[str, str] = {**OF_PLACES_AND_PEOPLE, **DID, **SAW, **TOOK}
"""What each code means."""
_OF_KIND: dict[ActKind, tuple[str, ...]] = {ActKind.SAW: tuple(SAW), ActKind.TOOK: tuple(TOOK)}

_COLUMNS: tuple[Any, ...] = (
    AuditEntry.id,
    AuditEntry.at,
    AuditEntry.actor_kind,
    AuditEntry.actor_id,
    AuditEntry.action,
    AuditEntry.noun,
    AuditEntry.entity_id,
    AuditEntry.detail,
)
_NAMED: dict[str, tuple[Any, Any]] = {
    "submission": (Submission.id, Submission.receipt_number),
    "topic": (Topic.id, Topic.number),
    "referral": (Referral.id, Referral.number),
    "point": (IntakePoint.id, IntakePoint.name),
    "area": (Area.id, Area.name),
    "user": (User.id, User.name),
}
"""What a thing is called by."""
_SAME = {"member": "user"}
_NAMES: dict[str, Any] = {
    noun: select(literal(noun), key, name, User.login if noun == "user" else literal("")).where(
        key == any_(bindparam(noun, type_=ARRAY(BigInteger)))
    )
    for noun, (key, name) in _NAMED.items()
}


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What is asked for; None and empty mean all. Days are Shanghai's, both included."""

    person_id: int | None = None
    kind: ActKind | None = None
    action: str = ""
    noun: str = ""
    entity_id: int | None = None
    """Only together with `noun`."""
    first: date | None = None
    last: date | None = None

    def codes(self) -> dict[str, int | str | None]:
        """For the row that says what somebody looked for."""
        return {
            "person": self.person_id,
            "kind": self.kind.value if self.kind else None,
            "act": self.action or None,
            "of": self.noun or None,
            "number": self.entity_id,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
        }


@dataclass(frozen=True, slots=True)
class ActLine:
    """One act. `name` is what the thing is called by: a receipt's or topic's number, a person's or place's name; empty for others."""

    id: int
    at: datetime
    actor_kind: ActorKind
    by: str
    """Empty for the machine and for residents, who have no name here."""
    login: str
    action: str
    noun: str
    entity_id: int | None
    name: str
    detail: tuple[tuple[str, str], ...]

    @property
    def stamp(self) -> str:
        """When, to the second, in Shanghai: 2026-11-03 09:00:00."""
        return self.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")

    @property
    def words(self) -> str:
        """What was done; the code itself where no table knows it."""
        return WORDS.get(self.action, self.action)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Acts, the newest first, and the key of the next page; nobody counts a million rows for a total."""

    lines: tuple[ActLine, ...]
    next_key: str


@dataclass(frozen=True, slots=True)
class PersonFound:
    """Somebody of the district."""

    id: int
    name: str
    login: str


@dataclass(frozen=True, slots=True)
class LastCheck:
    """When the chain was last checked from here, by whom, and how that ended."""

    at: datetime
    by: str
    links: int
    broken: int | None


@dataclass(frozen=True, slots=True)
class ChainStand:
    """The newest link, and how many acts of the last moments wait to be linked."""

    newest: int
    waiting: int


def require_audit(session: Session, actor: Actor) -> None:
    """Forbidden unless the actor may read the audit of their whole district: it isn't kept by street."""
    if not manages_district(session, actor, Permission.AUDIT_VIEW):
        raise Forbidden("审计记录不分街道，由负责全区的管理员或审计人查看。")


def acts(session: Session, actor: Actor, asked: AuditFilter, *, after: str = "", limit: int = PAGE) -> AuditPage:
    """A page in three questions, each by an index; Forbidden as `require_audit`."""
    require_audit(session, actor)
    found = _found(session, actor, asked, after=_key(after), limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return AuditPage(tuple(found[:limit]), f"{_microseconds(last.at)}_{last.id}" if last is not None else "")


def all_acts(session: Session, actor: Actor, asked: AuditFilter) -> Iterator[ActLine]:
    """Up to `EXPORT_MOST` + 1 acts, read piece by piece; Forbidden as `require_audit`."""
    require_audit(session, actor)
    key: tuple[datetime, int] | None = None
    left = EXPORT_MOST + 1
    while left > 0:
        found = _found(session, actor, asked, after=key, limit=min(_CHUNK, left))
        yield from found
        left -= len(found)
        if len(found) < _CHUNK:
            return
        key = found[-1].at, found[-1].id


def people_named(session: Session, actor: Actor, words: str) -> tuple[PersonFound, ...]:
    """People of the district by name or login, those who left among them."""
    rows = session.execute(
        select(User.id, User.name, User.login)
        .where(User.district_id == actor.district_id, *holding(words, User.name, User.login))
        .order_by(User.name, User.id)
        .limit(PEOPLE_OFFERED)
    )
    return tuple(PersonFound(*row) for row in rows)


def person_of(session: Session, actor: Actor, user_id: int) -> PersonFound | None:
    """One of the district."""
    row = session.execute(
        select(User.id, User.name, User.login).where(User.id == user_id, User.district_id == actor.district_id)
    ).one_or_none()
    return PersonFound(*row) if row is not None else None


def entity_by(session: Session, actor: Actor, noun: str, written: str) -> int | None:
    """The id behind what an auditor writes: the number on a receipt, topic or referral, or the id itself."""
    numbered: dict[str, tuple[Any, Any, Any]] = {
        "submission": (Submission.id, Submission.receipt_number, Submission.district_id),
        "topic": (Topic.id, Topic.number, Topic.district_id),
        "referral": (Referral.id, Referral.number, Referral.district_id),
    }
    if noun in numbered:
        key, number, district = numbered[noun]
        found = session.scalar(select(key).where(number == written.upper(), district == actor.district_id))
        if found is not None:
            return int(found)
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 19 else None


def last_check(session: Session, actor: Actor) -> LastCheck | None:
    """The latest result on record; one question."""
    row = session.execute(
        select(AuditEntry.at, func.coalesce(User.name, ""), AuditEntry.detail)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .where(AuditEntry.district_id == actor.district_id, AuditEntry.action == "audit.verify")
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(1)
    ).one_or_none()
    return LastCheck(row[0], row[1], int(row[2].get("links", 0)), row[2].get("broken")) if row is not None else None


def chain_stand(session: Session) -> ChainStand:
    """How long the chain is, about, and what stands behind its end; two questions."""
    newest, linked = session.execute(select(AuditLink.id, AuditLink.entry_id).order_by(AuditLink.id.desc()).limit(1)).one_or_none() or (
        0,
        0,
    )
    waiting = session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.id > linked)) or 0
    return ChainStand(newest, waiting)


def _found(session: Session, actor: Actor, asked: AuditFilter, *, after: tuple[datetime, int] | None, limit: int) -> list[ActLine]:
    """Rows and names apart: joined to every noun at once, the planner took longer over the question than the database over the answer."""
    rows = session.execute(_newest(actor, asked, after=after, limit=limit)).all()
    ids: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.actor_id is not None:
            ids["user"].add(row.actor_id)
        noun = _SAME.get(row.noun, row.noun)
        if row.entity_id is not None and noun in _NAMES:
            ids[noun].add(row.entity_id)
    names: dict[tuple[str, int], tuple[str, str]] = {}
    if ids:
        asked_for = union_all(*(_NAMES[noun] for noun in _NAMES if noun in ids))
        found = session.execute(asked_for, {noun: sorted(keys) for noun, keys in ids.items()})
        names = {(noun, key): (name, login) for noun, key, name, login in found}
    return [_line(row, names) for row in rows]


def _newest(actor: Actor, asked: AuditFilter, *, after: tuple[datetime, int] | None, limit: int) -> Select[Any]:
    """The newest that fit, in order: for a kind of act the newest of each of its codes, so that a rare one isn't looked for among all rows."""
    where: list[ColumnElement[bool]] = [AuditEntry.district_id == actor.district_id]
    if asked.person_id is not None:
        where.append(AuditEntry.actor_id == asked.person_id)
    if asked.noun and asked.entity_id is not None:
        where += [AuditEntry.noun == asked.noun, AuditEntry.entity_id == asked.entity_id]
    if asked.first is not None:
        where.append(AuditEntry.at >= _midnight(asked.first))
    if asked.last is not None and asked.last < date.max:
        where.append(AuditEntry.at < _midnight(asked.last + timedelta(days=1)))
    if after is not None:
        at, row_id = after
        where.append(tuple_(AuditEntry.at, AuditEntry.id) < tuple_(literal(at, TIMESTAMP(timezone=True)), literal(row_id, BigInteger)))
    if asked.action:
        where.append(AuditEntry.action == asked.action)
    elif asked.kind is not None:
        return _of_each(_OF_KIND[asked.kind], where, limit=limit)
    return select(*_COLUMNS).where(*where).order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)


def _of_each(codes: Sequence[str], where: Sequence[ColumnElement[bool]], *, limit: int) -> Select[Any]:
    code = values(column("code", Text), name="codes").data([(one,) for one in codes])
    newest = (
        select(*_COLUMNS)
        .where(*where, AuditEntry.action == code.c.code)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(limit)
        .lateral()
    )
    return select(newest).select_from(code.join(newest, true())).order_by(newest.c.at.desc(), newest.c.id.desc()).limit(limit)


def _line(row: Any, names: Mapping[tuple[str, int], tuple[str, str]]) -> ActLine:
    by, login = names.get(("user", row.actor_id), ("", ""))
    name, _ = names.get((_SAME.get(row.noun, row.noun), row.entity_id), ("", ""))
    return ActLine(
        id=row.id,
        at=row.at,
        actor_kind=row.actor_kind,
        by=by if row.actor_kind is ActorKind.PERSON else "",
        login=login,
        action=row.action,
        noun=row.noun,
        entity_id=row.entity_id,
        name=name,
        detail=tuple((key, _plain(value)) for key, value in sorted(row.detail.items()) if value not in (None, "", [])),
    )


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in sorted(value.items()))
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _microseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def _key(raw: str) -> tuple[datetime, int] | None:
    """The place in a page key; None for anything nobody was given."""
    parts = raw.split("_")
    if len(parts) != 2 or not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
        return None
    stamp, row_id = map(int, parts)
    if stamp > 4_000_000_000_000_000:
        return None
    return datetime.fromtimestamp(stamp // 1_000_000, UTC).replace(microsecond=stamp % 1_000_000), row_id
