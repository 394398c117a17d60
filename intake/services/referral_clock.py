"""When the present step of a referral is due, in working days (config/workflow.toml, [referral]); a pause moves what it holds up."""

from datetime import datetime, time

from config.workflow import ReferralRules, Workflow
from intake.domain.referral import ReferralKind, ReferralState
from intake.domain.submission import Urgency
from intake.domain.working_days import SHANGHAI, HolidayTable, add_working_days, working_days_between
from intake.models import Referral

_END_OF_DAY = time(23, 59, 59)


def holidays_of(workflow: Workflow) -> HolidayTable:
    """The district's announced days."""
    return HolidayTable(off=workflow.holidays.off, working=workflow.holidays.working)


def due_after(start: datetime, days: int, *, workflow: Workflow) -> datetime:
    """The last second in Shanghai of the `days`-th working day after the day of `start`: what is done that day is in time."""
    last = add_working_days(start, days, holidays=holidays_of(workflow)).astimezone(SHANGHAI)
    return datetime.combine(last.date(), _END_OF_DAY, SHANGHAI)


def answer_days(kind: ReferralKind, urgency: Urgency, rules: ReferralRules) -> int:
    """Working days from the assignment to the answer."""
    if urgency is Urgency.EMERGENCY:
        return rules.answer_emergency_working_days
    if kind is ReferralKind.RESPONSIBILITY:
        return rules.responsibility_working_days
    return rules.answer_soon_working_days if urgency is Urgency.SOON else rules.answer_working_days


def start_answer_clock(referral: Referral, *, workflow: Workflow, at: datetime, days: int | None = None) -> None:
    """From now on the lead has the days of its kind and urgency, or `days`; told to the resident."""
    referral.answer_due_at = due_after(
        at, days if days is not None else answer_days(referral.kind, referral.urgency, workflow.referral), workflow=workflow
    )


def set_due(referral: Referral, *, workflow: Workflow, at: datetime) -> None:
    """Write when the step of the referral's new state is due; nothing where nobody has to act."""
    rules = workflow.referral
    days = {
        ReferralState.SENT: rules.accept_working_days,
        ReferralState.ACCEPTED: rules.assign_working_days,
        ReferralState.ASSIGNED: rules.sign_working_days,
        ReferralState.DISPUTED: rules.dispute_working_days,
        ReferralState.REPLIED: rules.check_working_days,
    }.get(referral.state)
    if referral.state is ReferralState.IN_PROGRESS:
        referral.due_at = referral.answer_due_at
    elif days is None:
        referral.due_at = None
    else:
        due = due_after(at, days, workflow=workflow)
        holds_up = referral.state is ReferralState.ASSIGNED and referral.answer_due_at is not None
        referral.due_at = min(due, referral.answer_due_at) if holds_up and referral.answer_due_at is not None else due


def extend(referral: Referral, days: int, *, workflow: Workflow) -> None:
    """Move the answer's day on by `days` working days."""
    assert referral.answer_due_at is not None, "only what is assigned has an answer to wait for"
    referral.answer_due_at = due_after(referral.answer_due_at, days, workflow=workflow)
    if referral.state is ReferralState.IN_PROGRESS:
        referral.due_at = referral.answer_due_at


def end_pause(referral: Referral, *, workflow: Workflow, at: datetime) -> int:
    """The clock goes on: what was due is due as many working days later as it stood still; returns them."""
    assert referral.paused_at is not None, "only what stands still can go on"
    days = working_days_between(referral.paused_at, at, holidays=holidays_of(workflow))
    referral.paused_at = None
    if days > 0:
        if referral.answer_due_at is not None:
            referral.answer_due_at = due_after(referral.answer_due_at, days, workflow=workflow)
        if referral.due_at is not None:
            referral.due_at = due_after(referral.due_at, days, workflow=workflow)
    return days
