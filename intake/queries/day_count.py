"""What happened on some days of a district, counted by area, day and measure from the rows themselves: for the daily counts and for today."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Select,
    SQLColumnExpression,
    Subquery,
    Text,
    and_,
    case,
    cast,
    column,
    extract,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
    values,
)  # fmt: skip

from intake.domain.daily_count import BUCKETS, LAST_BUCKET, NO_CATEGORY, Measure
from intake.domain.figures import Period
from intake.domain.notification import NoticeChannel, NoticeState
from intake.domain.submission import UNDOABLE_ACTIONS, Channel, SubmissionAction
from intake.domain.submission import SubmissionState as S
from intake.domain.topic import TopicAction, TopicKind, TopicState
from intake.models import Decision, Notification, Outcome, Referral, Submission, Topic
from intake.queries.figures import NO_ANSWER
from intake.queries.imported import NOT_IMPORTED
from intake.queries.submission_part import own_message

_SCREENED = {TopicAction.APPROVE: Measure.TOPIC_APPROVED, TopicAction.REJECT: Measure.TOPIC_REJECTED}

Counts = Select[*tuple[Any, ...]]
_Line = tuple[Measure, ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]]
"""Measure, part, whether the row counts, and what is added up."""
_WHOLE, _NOTHING = literal("", Text), literal(0, BigInteger)


def counted_on(district_id: int, period: Period) -> CompoundSelect[*tuple[Any, ...]]:
    """(area_id, day, measure, part, count, total), one row for each that isn't nought; total in minutes where times are counted."""
    return union_all(
        *(
            one(district_id, period)
            for one in (_messages, _decisions, _told, _topics_opened, _topics_screened, _referrals, _notices)
        )
    )  # fmt: skip


def day_of(moment: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    """The day in Shanghai."""
    return cast(func.timezone("Asia/Shanghai", moment), Date)


def _during(moment: SQLColumnExpression[Any], period: Period) -> ColumnElement[bool]:
    return and_(moment >= period.begin, moment < period.end)


def _messages(district_id: int, period: Period) -> Counts:
    decided = (
        select(func.min(Decision.decided_at).label("at"))
        .where(
            Decision.submission_id == Submission.id,
            Decision.undone_at.is_(None),
            Decision.action.not_in((*NO_ANSWER, SubmissionAction.ASK.value)),
        )
        .lateral("decided")
    )
    told_at = select(func.min(Outcome.told_at)).where(Outcome.submission_id == Submission.id).scalar_subquery()
    rows = (
        select(
            Submission.area_id,
            day_of(Submission.received_at).label("day"),
            Submission.channel,
            Submission.category,
            Submission.channel.not_in((Channel.ENDORSEMENT, Channel.IMPORT)).label("own"),
            (Submission.state == S.WITHDRAWN).label("withdrawn"),
            _minutes(Submission.triaged_at - Submission.received_at).label("triaged"),
            _minutes(decided.c.at - Submission.received_at).label("decided"),
            _minutes(told_at - Submission.received_at).label("told"),
        )
        .join(decided, true())
        .where(Submission.district_id == district_id, own_message(), _during(Submission.received_at, period))
        .subquery()
    )
    own, stays = rows.c.own, rows.c.own & ~rows.c.withdrawn
    was_decided, was_told = stays & rows.c.decided.is_not(None), stays & rows.c.told.is_not(None)
    return _counted(
        rows,
        (Measure.HEARD, _WHOLE, own, _NOTHING),
        (Measure.ENDORSED, _WHOLE, rows.c.channel == Channel.ENDORSEMENT, _NOTHING),
        (Measure.IMPORTED, _WHOLE, (rows.c.channel == Channel.IMPORT) & ~rows.c.withdrawn, _NOTHING),
        (Measure.WITHDRAWN, _WHOLE, own & rows.c.withdrawn, _NOTHING),
        (Measure.HEARD_DECIDED, _WHOLE, was_decided, _NOTHING),
        (Measure.HEARD_TOLD, _WHOLE, was_told, _NOTHING),
        (Measure.HEARD_CHANNEL, cast(rows.c.channel, Text), own, _NOTHING),
        (Measure.HEARD_CATEGORY, func.coalesce(rows.c.category, NO_CATEGORY), own, _NOTHING),
        (Measure.TRIAGED_IN, _bucket(rows.c.triaged), own & rows.c.triaged.is_not(None), rows.c.triaged),
        (Measure.DECIDED_IN, _bucket(rows.c.decided), was_decided, rows.c.decided),
        (Measure.TOLD_IN, _bucket(rows.c.told), was_told, rows.c.told),
    )


def _decisions(district_id: int, period: Period) -> Counts:
    rows = (
        select(Submission.area_id, day_of(Decision.decided_at).label("day"), Decision.action)
        .join(Submission, Submission.id == Decision.submission_id)
        .where(
            Decision.district_id == district_id,
            _during(Decision.decided_at, period),
            Decision.undone_at.is_(None),
            NOT_IMPORTED,
            Decision.action.in_(sorted(action.value for action in UNDOABLE_ACTIONS)),
        )
        .subquery()
    )
    return _counted(rows, (Measure.DECISION, rows.c.action, true(), _NOTHING))


def _told(district_id: int, period: Period) -> Counts:
    rows = (
        select(Submission.area_id, day_of(Outcome.told_at).label("day"), Outcome.seen_at, cast(Outcome.verdict, Text).label("verdict"))
        .join(Submission, Submission.id == Outcome.submission_id)
        .where(Outcome.district_id == district_id, _during(Outcome.told_at, period))
        .subquery()
    )
    return _counted(
        rows,
        (Measure.TOLD, _WHOLE, true(), _NOTHING),
        (Measure.REACHED, _WHOLE, rows.c.seen_at.is_not(None), _NOTHING),
        (Measure.VERDICT, func.coalesce(rows.c.verdict, ""), rows.c.verdict.is_not(None), _NOTHING),
    )


def _topics_opened(district_id: int, period: Period) -> Counts:
    rows = (
        select(Topic.area_id, day_of(Topic.created_at).label("day"), cast(Topic.route, Text).label("route"), Topic.category)
        .where(
            Topic.district_id == district_id,
            Topic.kind == TopicKind.MATTER,  # a class gathers what came before it
            Topic.state != TopicState.DISSOLVED,
            _during(Topic.created_at, period),
        )
        .subquery()
    )
    return _counted(
        rows,
        (Measure.TOPIC_OPENED, rows.c.route, true(), _NOTHING),
        (Measure.TOPIC_CATEGORY, func.coalesce(rows.c.category, NO_CATEGORY), true(), _NOTHING),
    )


def _topics_screened(district_id: int, period: Period) -> Counts:
    rows = (
        select(Topic.area_id, day_of(Decision.decided_at).label("day"), cast(Topic.route, Text).label("route"), Decision.action)
        .join(Topic, Topic.id == Decision.topic_id)
        .where(
            Decision.district_id == district_id,
            _during(Decision.decided_at, period),
            Decision.undone_at.is_(None),
            Decision.action.in_([action.value for action in _SCREENED]),
        )
        .subquery()
    )
    return _counted(
        rows, *((measure, rows.c.route, rows.c.action == action.value, _NOTHING) for action, measure in _SCREENED.items())
    )  # fmt: skip


def _referrals(district_id: int, period: Period) -> Counts:
    rows = (
        select(Referral.area_id, day_of(Referral.sent_at).label("day"), Referral.replied_at)
        .where(Referral.district_id == district_id, _during(Referral.sent_at, period))
        .subquery()
    )
    return _counted(
        rows, (Measure.SENT, _WHOLE, true(), _NOTHING), (Measure.ANSWERED, _WHOLE, rows.c.replied_at.is_not(None), _NOTHING)
    )  # fmt: skip


def _notices(district_id: int, period: Period) -> Counts:
    rows = (
        select(
            Submission.area_id,
            day_of(Notification.created_at).label("day"),
            or_(Notification.arrived_at.is_not(None), Notification.reached_at.is_not(None)).label("reached"),
        )
        .join(Submission, Submission.id == Notification.submission_id)
        .where(
            Notification.district_id == district_id,
            _during(Notification.created_at, period),
            Notification.channel != NoticeChannel.RECEIPT,
            Notification.state == NoticeState.SENT,
        )
        .subquery()
    )
    return _counted(
        rows, (Measure.NOTICE, _WHOLE, true(), _NOTHING), (Measure.NOTICE_REACHED, _WHOLE, rows.c.reached, _NOTHING)
    )  # fmt: skip


def _counted(rows: Subquery, *lines: _Line) -> Counts:
    """Each row taken apart into the lines that it counts in, and these added up."""
    taken = (
        values(column("measure", Text), column("part", Text), column("counts", Integer), column("sum", BigInteger), name="taken")
        .data([(literal(measure.value, Text), part, case((counts, 1), else_=null()), added) for measure, part, counts, added in lines])
        .lateral()
    )
    by = (rows.c.area_id, rows.c.day, taken.c.measure, taken.c.part)
    return (
        select(*by, func.count(taken.c.counts).label("count"), cast(func.coalesce(func.sum(taken.c.sum), 0), BigInteger).label("total"))
        .select_from(rows.join(taken, true()))
        .where(taken.c.counts.is_not(None))
        .group_by(*by)
    )


def _minutes(interval: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    """Whole minutes, never below nought: a clock may have been set back."""
    return cast(func.greatest(func.floor(extract("epoch", interval) / 60), case((interval.is_not(None), 0))), BigInteger)


def _bucket(minutes: ColumnElement[Any]) -> ColumnElement[Any]:
    return case(*((minutes <= most, part) for part, most, _ in BUCKETS), else_=LAST_BUCKET)
