"""`make bench NAME=figures`: the page of figures at 200,000 referrals and 1,000,000 messages, for a month and for a year of one district.

Nothing is counted in advance: whoever opens the page counts. The reference counts the same messages by day and state, and nothing else.
"""

import random
import sys
from datetime import timedelta

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from bench.asking import milliseconds, size_asked
from bench.rows import filled
from bench.visitors import percentile
from intake.domain.figures import Period
from intake.domain.receipt import SHANGHAI
from intake.queries.actor import actor_of_user
from intake.queries.figures import FiguresAsked, figures

COUNT, SUBMISSIONS = 200_000, 1_000_000
ROUNDS, WARM = 15, 2
WANTED_MS = {"month": 1_000.0, "year": 3_000.0}
DAYS = {"month": 30, "year": 365}
BARE = """
SELECT date_trunc('day', received_at), state, count(*) FROM submissions
WHERE district_id = :of AND received_at >= :begin AND received_at < :end GROUP BY 1, 2"""


def main() -> int:
    """Run; exit 2 when a period is slower than wanted."""
    asked = size_asked(__doc__, referrals=COUNT, submissions=SUBMISSIONS)
    console, chance = Console(width=120), random.Random(1)
    table = Table("period", "p50 ms", "p95 ms", "bare p50 ms", "ratio of p50", "wanted p95")
    met = True
    with filled(console, referrals=asked.count, submissions=asked.submissions) as (wiring, districts):
        at = wiring.clock.now()
        for name, days in DAYS.items():
            ours: list[float] = []
            theirs: list[float] = []
            for number in range(WARM + ROUNDS):
                one = chance.choice(districts)
                last = (at - timedelta(days=chance.randrange(300))).astimezone(SHANGHAI).date()
                period = Period(last - timedelta(days=days), last)
                with wiring.sessions() as session:
                    actor = actor_of_user(session, one.staff)
                    assert actor is not None, "made by us"
                    took = milliseconds(lambda session: figures(session, actor, FiguresAsked(period), at=at), session)  # noqa: B023 - asked at once
                    values = {"of": one.id, "begin": period.begin, "end": period.end}
                    bare = milliseconds(lambda session: session.execute(text(BARE), values).all(), session)  # noqa: B023 - asked at once
                if number >= WARM:
                    ours.append(took)
                    theirs.append(bare)
            p95 = percentile(ours, 0.95)
            met = met and p95 <= WANTED_MS[name]
            middle, reference = percentile(ours, 0.5), percentile(theirs, 0.5)
            table.add_row(name, *(f"{one:.0f}" for one in (middle, p95, reference)), f"{middle / reference:.1f}", f"{WANTED_MS[name]:.0f}")
    console.print(table)
    return 0 if met else 2


if __name__ == "__main__":
    sys.exit(main())
