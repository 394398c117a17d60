"""数据: counts of a period, an area with everything below it, and a category; aggregates only, no row of a resident is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Date, Double, Row, Select, SQLColumnExpression, Subquery, case, cast, extract, func, select, true, tuple_
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from intake.domain.actor import Actor
from intake.domain.deadline import overdue_before
from intake.domain.errors import NotFound
from intake.domain.figures import AGES, AreaFigures, Checked, Figures, Heard, OpenNow, Period, Sent, Times, Told
from intake.domain.outcome import ReviewDecision, Verdict
from intake.domain.permission import Permission
from intake.domain.referral import AT_DEPARTMENT, REFERRAL_TABLE, ReferralAction, ReferralState
from intake.domain.submission import Channel, SubmissionAction
from intake.domain.submission import SubmissionState as S
from intake.models import Area, Decision, DeclineCheck, HistoryEntry, Outcome, Referral, Submission
from intake.queries.imported import NOT_IMPORTED
from intake.queries.pages import within
from intake.queries.submission_part import own_message

WITHOUT_RESULT = (S.RECEIVED, S.QUARANTINED, S.TRIAGED, S.NEEDS_DETAIL, S.IN_TOPIC, S.REFERRED, S.REOPENED)
"""Nobody has been told an outcome that still stands."""
NO_ANSWER = (SubmissionAction.SPLIT.value, SubmissionAction.REJOIN.value)
"""Acts on a message that tell nobody anything of the matter."""

Rows = Select[*tuple[Any, ...]]
Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class FiguresAsked:
    """What the page is narrowed to."""

    period: Period
    area_id: int | None = None
    """None: the widest that the actor reads, for most the whole district."""
    category: str | None = None


@dataclass(frozen=True, slots=True)
class _Scope:
    """The area that was asked for, and those right below it."""

    name: str
    path: str
    below: Mapping[int, str]
    actor: Actor
    asked: FiguresAsked


def figures(session: Session, actor: Actor, asked: FiguresAsked, *, at: datetime) -> Figures:
    """Everything of the page in seven queries; NotFound for an area outside the actor's."""
    scope = _scope(session, actor, asked)
    heard = _by_area(session, _heard(scope))
    sent = _by_area(session, _sent(scope, at=at))
    told = _by_area(session, _told(scope))
    return Figures(
        area_name=scope.name,
        heard=_as_heard(heard[None]),
        open_now=_open_now(session, scope, at=at),
        sent=_as_sent(sent[None]),
        told=_as_told(told[None]),
        checked=_checked(session, scope),
        areas=tuple(
            _area(name, heard.get(area_id), sent.get(area_id), told.get(area_id)) for area_id, name in scope.below.items()
        ),
    )  # fmt: skip


_BELOW = aliased(Area)


def _scope(session: Session, actor: Actor, asked: FiguresAsked) -> _Scope:
    seen = (Area.district_id == actor.district_id, within(actor, Permission.FIGURES_VIEW))
    widest = select(Area.id).where(*seen).order_by(Area.path).limit(1).scalar_subquery()
    rows = session.execute(
        select(Area.name, Area.path, _BELOW.id, _BELOW.name)
        .outerjoin(_BELOW, _BELOW.parent_id == Area.id)
        .where(Area.id == (asked.area_id if asked.area_id is not None else widest), *seen)
        .order_by(_BELOW.id)
    ).all()
    if not rows:
        raise NotFound("没有这个区域，或者不在您能看的范围。")
    return _Scope(rows[0][0], rows[0][1], {row[2]: row[3] for row in rows if row[2] is not None}, actor, asked)


def _inside(scope: _Scope, category: SQLColumnExpression[Any]) -> list[ColumnElement[bool]]:
    """The area's subtree as far as the actor sees it, and the category."""
    where = [Area.path.startswith(scope.path, autoescape=True), within(scope.actor, Permission.FIGURES_VIEW)]
    if scope.asked.category is not None:
        where.append(category == scope.asked.category)
    return where


def _during(scope: _Scope, column: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    return (column >= scope.asked.period.begin) & (column < scope.asked.period.end)


_ONE = aliased(Area)


def _below(scope: _Scope) -> ColumnElement[Any]:
    """Which of the areas right below holds the row's; NULL for the area itself."""
    return (
        select(_ONE.id)
        .where(_ONE.id.in_(list(scope.below)), func.starts_with(Area.path, _ONE.path))
        .limit(1)
        .correlate(Area)
        .scalar_subquery()
        .label("below")
    )


def _by_area(session: Session, rows: Rows) -> dict[int | None, Found]:
    """Aggregates by the area right below; under None those of all together, areas that are nobody's apart among them."""
    found = session.execute(rows).all()
    return {None if row.everything else row.below: row for row in found if row.everything or row.below is not None}


def _grouped(inner: Subquery, *aggregates: ColumnElement[Any]) -> Rows:
    return select(func.grouping(inner.c.below).label("everything"), inner.c.below, *aggregates).group_by(
        func.grouping_sets(tuple_(inner.c.below), tuple_())
    )


def _heard(scope: _Scope) -> Rows:
    decided = (
        select(
            func.min(Decision.decided_at).label("first_at"),
            func.min(Decision.decided_at).filter(Decision.action != SubmissionAction.ASK.value).label("decided_at"),
        )
        .where(Decision.submission_id == Submission.id, Decision.undone_at.is_(None), Decision.action.not_in(NO_ANSWER))
        .lateral("decided")
    )
    told_at = select(func.min(Outcome.told_at)).where(Outcome.submission_id == Submission.id).scalar_subquery()

    own = Submission.channel != Channel.ENDORSEMENT  # who joins a matter waits for nobody's decision but that on the matter

    def took(moment: ColumnElement[Any]) -> ColumnElement[Any]:
        return case(((Submission.state != S.WITHDRAWN) & own, _hours(moment - Submission.received_at)))

    inner = (
        select(
            _below(scope),
            own.label("own"),
            ((Submission.state == S.WITHDRAWN) & own).label("withdrawn"),
            ((Submission.state == S.DECLINED) & own).label("declined"),
            took(decided.c.first_at).label("first"),
            took(decided.c.decided_at).label("decided"),
            took(told_at).label("told"),
        )
        .select_from(Submission)
        .join(Area, Area.id == Submission.area_id)
        .join(decided, true())
        .where(
            Submission.district_id == scope.actor.district_id,
            own_message(),
            NOT_IMPORTED,
            _during(scope, Submission.received_at),
            *_inside(scope, Submission.category),
        )
        .subquery()
    )
    return _grouped(
        inner,
        _of(inner.c.own).label("received"),
        _of(~inner.c.own).label("endorsed"),
        _of(inner.c.withdrawn).label("withdrawn"),
        _of(inner.c.declined).label("declined"),
        *_times(inner, "first"),
        *_times(inner, "decided"),
        *_times(inner, "told"),
    )


def _open_now(session: Session, scope: _Scope, *, at: datetime) -> OpenNow:
    age = at - Submission.received_at
    edges = [timedelta(days=days) if days is not None else None for days, _ in AGES]
    counts = [
        func.count().filter(*([age > above] if above is not None else []), *([age <= upto] if upto is not None else []))
        for above, upto in zip([None, *edges[:-1]], edges, strict=True)
    ]
    row = session.execute(
        select(*counts)
        .select_from(Submission)
        .join(Area, Area.id == Submission.area_id)
        .where(
            Submission.district_id == scope.actor.district_id,
            Submission.state.in_(WITHOUT_RESULT),
            Submission.channel != Channel.ENDORSEMENT,
            own_message(),
            NOT_IMPORTED,
            *_inside(scope, Submission.category),
        )
    ).one()
    return OpenNow(tuple(row))


def _sent(scope: _Scope, *, at: datetime) -> Rows:
    replied, due = _day(Referral.replied_at), _day(Referral.answer_due_at)
    disputed = select(HistoryEntry.id).where(
        HistoryEntry.noun == REFERRAL_TABLE.noun,
        HistoryEntry.entity_id == Referral.id,
        HistoryEntry.action == ReferralAction.DISPUTE.value,
    )
    inner = (
        select(
            _below(scope),
            Referral.assigned_at.is_not(None).label("assigned"),
            Referral.replied_at.is_not(None).label("replied"),
            func.coalesce(replied <= due, False).label("in_time"),
            func.coalesce(replied > due, False).label("late"),
            (
                Referral.replied_at.is_(None)
                & Referral.state.in_(AT_DEPARTMENT)
                & Referral.paused_at.is_(None)
                & func.coalesce(Referral.answer_due_at < overdue_before(at), False)
            ).label("overdue"),
            (Referral.state == ReferralState.RETURNED).label("returned"),
            (Referral.state == ReferralState.CANCELLED).label("cancelled"),
            disputed.exists().label("disputed"),
            (Referral.reopened > 0).label("reopened"),
            _hours(Referral.replied_at - Referral.assigned_at).label("answering"),
        )
        .select_from(Referral)
        .join(Area, Area.id == Referral.area_id)
        .where(
            Referral.district_id == scope.actor.district_id,
            _during(scope, Referral.sent_at),
            *_inside(scope, Referral.category),
        )
        .subquery()
    )
    flags = ("assigned", "replied", "in_time", "late", "overdue", "returned", "cancelled", "disputed", "reopened")
    return _grouped(inner, func.count().label("sent"), *(_of(inner.c[name]).label(name) for name in flags), *_times(inner, "answering"))


def _told(scope: _Scope) -> Rows:
    inner = (
        select(_below(scope), Outcome.seen_at, Outcome.verdict, Outcome.review)
        .select_from(Outcome)
        .join(Submission, Submission.id == Outcome.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(
            Outcome.district_id == scope.actor.district_id,
            _during(scope, Outcome.told_at),
            *_inside(scope, Submission.category),
        )
        .subquery()
    )
    return _grouped(
        inner,
        func.count().label("asked"),
        func.count(inner.c.seen_at).label("reached"),
        func.count(inner.c.verdict).label("said"),
        *(_of(inner.c.verdict == verdict).label(verdict.value) for verdict in Verdict),
        _of(inner.c.review == ReviewDecision.REOPEN).label("reopened"),
        _of(inner.c.review == ReviewDecision.EXPLAIN).label("explained"),
    )


def _checked(session: Session, scope: _Scope) -> Checked:
    row = session.execute(
        select(
            func.count(),
            func.count(DeclineCheck.id),
            func.count(DeclineCheck.checked_at),
            func.count().filter(DeclineCheck.agrees.is_(True)),
        )
        .select_from(Decision)
        .join(Submission, Submission.id == Decision.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(DeclineCheck, DeclineCheck.decision_id == Decision.id)
        .where(
            Decision.district_id == scope.actor.district_id,
            Decision.action == SubmissionAction.DECLINE.value,
            Decision.undone_at.is_(None),
            _during(scope, Decision.decided_at),
            *_inside(scope, Submission.category),
        )
    ).one()
    return Checked(*row)


def _day(moment: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    return cast(func.timezone("Asia/Shanghai", moment), Date)


def _hours(interval: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    return cast(extract("epoch", interval), Double) / 3600


def _of(condition: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    return func.count().filter(condition)


def _times(inner: Subquery, name: str) -> tuple[ColumnElement[Any], ...]:
    """How many have it, the middle one and the ninth of ten."""
    hours = inner.c[name]
    return (
        func.count(hours).label(f"{name}_count"),
        func.percentile_cont(0.5).within_group(hours).label(f"{name}_median"),
        func.percentile_cont(0.9).within_group(hours).label(f"{name}_ninety"),
    )


def _read_times(row: Found, name: str) -> Times:
    return Times(*(getattr(row, f"{name}_{part}") for part in ("count", "median", "ninety")))


def _as_heard(row: Found) -> Heard:
    return Heard(
        received=row.received,
        endorsed=row.endorsed,
        withdrawn=row.withdrawn,
        declined=row.declined,
        first=_read_times(row, "first"),
        decided=_read_times(row, "decided"),
        told=_read_times(row, "told"),
    )


def _as_sent(row: Found) -> Sent:
    return Sent(
        sent=row.sent,
        assigned=row.assigned,
        replied=row.replied,
        in_time=row.in_time,
        late=row.late,
        overdue=row.overdue,
        returned=row.returned,
        cancelled=row.cancelled,
        disputed=row.disputed,
        reopened=row.reopened,
        answering=_read_times(row, "answering"),
    )


def _as_told(row: Found) -> Told:
    return Told(
        asked=row.asked,
        reached=row.reached,
        said=row.said,
        solved=row.solved,
        partly=row.partly,
        not_solved=row.not_solved,
        cannot_judge=row.cannot_judge,
        reopened=row.reopened,
        explained=row.explained,
    )


def _area(name: str, heard: Found | None, sent: Found | None, told: Found | None) -> AreaFigures:
    """Nought where nothing of a kind happened there."""
    return AreaFigures(
        name=name,
        received=heard.received if heard is not None else 0,
        withdrawn=heard.withdrawn if heard is not None else 0,
        decided=heard.decided_count if heard is not None else 0,
        told=heard.told_count if heard is not None else 0,
        sent=sent.sent if sent is not None else 0,
        replied=sent.replied if sent is not None else 0,
        in_time=sent.in_time if sent is not None else 0,
        asked=told.asked if told is not None else 0,
        said=told.said if told is not None else 0,
        solved=told.solved if told is not None else 0,
    )
