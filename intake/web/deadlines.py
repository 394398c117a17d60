"""How a referral's deadline looks on a page now: `row|deadline`, shown by `_components/deadline.html`."""

from datetime import date, datetime
from typing import Protocol

from flask import Flask

from intake.domain.deadline import Deadline, deadline
from intake.domain.referral import ReferralState
from intake.domain.working_days import SHANGHAI, holidays_of
from intake.web.unit_of_work import wiring


class Clocked(Protocol):
    """A referral of a list or of a page."""

    @property
    def state(self) -> ReferralState:
        """Where it stands."""
        ...

    @property
    def state_changed_at(self) -> datetime:
        """Since when."""
        ...

    @property
    def assigned_at(self) -> datetime | None:
        """When the lead was named."""
        ...

    @property
    def due_at(self) -> datetime | None:
        """When its present step is due."""
        ...

    @property
    def paused_at(self) -> datetime | None:
        """Since when the clock stands still."""
        ...


def deadline_of(row: Clocked) -> Deadline | None:
    """The deadline of the present step; None where nobody has to act. The answer's days run from the assignment."""
    if row.due_at is None:
        return None
    rules = wiring().workflow
    begun = row.assigned_at if row.state is ReferralState.IN_PROGRESS and row.assigned_at is not None else row.state_changed_at
    return deadline(
        begun,
        row.due_at,
        wiring().clock.now(),
        holidays=holidays_of(rules),
        due_soon=rules.referral.due_soon_working_days,
        paused=row.paused_at,
    )


def last_day(due_at: datetime) -> date:
    """The day in Shanghai by which something is due."""
    return due_at.astimezone(SHANGHAI).date()


def init_deadlines(app: Flask) -> None:
    """Give templates the filters."""
    app.jinja_env.filters["deadline"] = deadline_of
    app.jinja_env.filters["last_day"] = last_day
