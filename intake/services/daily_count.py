"""Counting days in advance (docs/adr/0046): which have to be counted, and counting them, as often as one likes."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy import BigInteger, delete, func, literal, select, text, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.daily_count import Measure
from intake.domain.figures import Period
from intake.domain.row_import import ImportState
from intake.domain.submission import SubmissionState
from intake.domain.topic import TopicState
from intake.domain.triage_model import ExampleKind
from intake.domain.working_days import SHANGHAI
from intake.models import (
    CountedDay,
    DailyCount,
    Decision,
    DistrictCount,
    ImportedRow,
    Outcome,
    Referral,
    RowImport,
    Submission,
    Topic,
    TrainingExample,
)
from intake.queries.day_count import counted_on, day_of

LATE = timedelta(days=35)
"""So long a day is counted anew each day: notices arrive late, and a result is seen and judged within 30 days."""
BACK = timedelta(days=400)
"""So far back days are filled in where they are missing."""
TOUCHED = timedelta(days=7)
"""Decisions, results, answers, withdrawals and dissolved topics of so long are looked through for older days that they changed: longer than the
hour between two looks.
"""
_CAME_IN = (ImportState.IMPORTED, ImportState.FAILED)
"""States of an import whose rows are in, all of them or as far as it came."""


def due_days(session: Session, *, district_id: int, at: datetime) -> tuple[Period, ...]:
    """The days that have to be counted, in pieces of a month at most, the newest first: those missing, the last LATE not counted yet today, and
    older ones that something later changed. Today isn't among them; it is counted when it is looked at.
    """
    today = at.astimezone(SHANGHAI).date()
    midnight = datetime.combine(today, datetime.min.time(), SHANGHAI)
    first = today - BACK
    counted: dict[date, datetime] = dict(
        session.execute(
            select(CountedDay.day, CountedDay.counted_at).where(CountedDay.district_id == district_id, CountedDay.day >= first)
        ).all()
    )
    days = {first + timedelta(days=number) for number in range(BACK.days)}
    due = {day for day in days if day not in counted or (day >= today - LATE and counted[day] < midnight)}
    due |= {day for day, when in _changed(session, district_id, since=at - TOUCHED) if day in counted and counted[day] < when}
    months = groupby(sorted(due & days, reverse=True), key=lambda day: (day.year, day.month))
    return tuple(Period(min(inside), max(inside)) for inside in (list(one) for _, one in months))


def _changed(session: Session, district_id: int, *, since: datetime) -> Iterable[tuple[date, datetime]]:
    """Days on which something was received, or sent to an office, that was brought in, decided, told, withdrawn, answered or put into another
    category since, or a topic opened that dissolved, and when the last time.
    """
    of_one = union_all(
        select(Decision.submission_id, func.greatest(Decision.decided_at, Decision.undone_at).label("at")).where(
            Decision.district_id == district_id, Decision.decided_at >= since, Decision.submission_id.is_not(None)
        ),
        select(Outcome.submission_id, Outcome.told_at).where(Outcome.district_id == district_id, Outcome.told_at >= since),
    ).subquery()
    withdrawn = (Submission.district_id == district_id, Submission.state == SubmissionState.WITHDRAWN, Submission.state_changed_at >= since)
    later = union_all(
        select(Submission.received_at.label("of"), of_one.c.at).join(of_one, of_one.c.submission_id == Submission.id),
        select(Submission.received_at, Submission.state_changed_at).where(*withdrawn),
        select(Submission.received_at, TrainingExample.created_at)
        .join(TrainingExample, TrainingExample.submission_id == Submission.id)
        .where(
            TrainingExample.district_id == district_id,
            TrainingExample.kind == ExampleKind.CATEGORY,
            TrainingExample.created_at >= since,
        ),
        select(Submission.received_at, RowImport.state_changed_at)
        .join(ImportedRow, ImportedRow.submission_id == Submission.id)
        .join(RowImport, RowImport.id == ImportedRow.import_id)
        .where(RowImport.district_id == district_id, RowImport.state.in_(_CAME_IN), RowImport.state_changed_at >= since),
        select(Referral.sent_at, Referral.replied_at).where(Referral.district_id == district_id, Referral.replied_at >= since),
        select(Topic.created_at, Topic.state_changed_at).where(
            Topic.district_id == district_id,
            Topic.state.in_((TopicState.DISSOLVED, TopicState.CANDIDATE)),  # gone, or there again
            Topic.state_changed_at >= since,
            Topic.state_changed_at > Topic.created_at,
        ),
    ).subquery()
    day = day_of(later.c.of)
    return [(row[0], row[1]) for row in session.execute(select(day, func.max(later.c.at)).group_by(day)) if row[0] is not None]


def count_days(session: Session, *, district_id: int, period: Period, at: datetime) -> None:
    """Count every day of `period` anew in six statements, whatever was counted before; one at a time for a district."""
    session.execute(text("SELECT pg_advisory_xact_lock(7210437, :district)"), {"district": district_id % 2_147_483_647})
    session.execute(
        delete(DailyCount).where(
            DailyCount.district_id == district_id,
            DailyCount.measure.in_([one.value for one in Measure]),
            DailyCount.day.between(period.first, period.last),
        )
    )
    found = counted_on(district_id, period).subquery("found")
    columns = ("area_id", "day", "measure", "part", "count", "total")
    session.execute(
        insert(DailyCount).from_select(
            [*columns, "district_id"], select(*(found.c[name] for name in columns), literal(district_id, BigInteger))
        )
    )
    _roll_up(session, district_id, period)
    days = [{"district_id": district_id, "day": period.first + timedelta(days=n), "counted_at": at} for n in range(_length(period))]
    counted = insert(CountedDay).values(days)
    session.execute(
        counted.on_conflict_do_update(index_elements=["district_id", "day"], set_={"counted_at": counted.excluded.counted_at})
    )  # fmt: skip


def _roll_up(session: Session, district_id: int, period: Period) -> None:
    """The same of the whole district."""
    session.execute(
        delete(DistrictCount).where(DistrictCount.district_id == district_id, DistrictCount.day.between(period.first, period.last))
    )
    by = (DailyCount.district_id, DailyCount.measure, DailyCount.day, DailyCount.part)
    session.execute(
        insert(DistrictCount).from_select(
            ["district_id", "measure", "day", "part", "count", "total"],
            select(*by, func.sum(DailyCount.count), func.sum(DailyCount.total))
            .where(DailyCount.district_id == district_id, DailyCount.day.between(period.first, period.last))
            .group_by(*by),
        )
    )


def _length(period: Period) -> int:
    return (period.last - period.first).days + 1
