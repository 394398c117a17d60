"""What the questions of the desk's first page share: their columns, and the moments they are asked with.

Putting two dozen questions into words takes longer than answering them, so each person's are kept, and the moments are given with each asking.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Date, DateTime, Select, bindparam

from intake.domain.deadline import overdue_before
from intake.domain.receipt import SHANGHAI

Named = Select[int, str, str, datetime, int]
"""(id, words, area, since, how many of its kind), the first to be done first."""

# Any: they stand where other questions are given a moment.
AT: Any = bindparam("at", type_=DateTime(timezone=True))
TODAY: Any = bindparam("today", type_=Date)
"""In Shanghai."""
DUE_BEFORE: Any = bindparam("due_before", type_=DateTime(timezone=True))
"""Whatever was due before is overdue."""
FAILED_AFTER: Any = bindparam("failed_after", type_=DateTime(timezone=True))
IDLE_BEFORE: Any = bindparam("idle_before", type_=DateTime(timezone=True))
"""Candidates untouched since are idle."""
STILL_BEFORE: Any = bindparam("still_before", type_=DateTime(timezone=True))
"""Approvals without a step since stand still."""
FAILED_SHOWN = timedelta(days=30)
"""So long a failure of the machine is told of."""


def moments(at: datetime, *, idle_before: datetime, still_before: datetime) -> dict[str, Any]:
    """The values of all of them for a page asked for at `at`."""
    return {
        AT.key: at,
        TODAY.key: at.astimezone(SHANGHAI).date(),
        DUE_BEFORE.key: overdue_before(at),
        FAILED_AFTER.key: at - FAILED_SHOWN,
        IDLE_BEFORE.key: idle_before,
        STILL_BEFORE.key: still_before,
    }
