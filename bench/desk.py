"""`make bench NAME=desk`: staff's pages at 1,000,000 messages, 50,000 topics and 1,000,000 audit rows, each asked over the application,
signed in, with all that stands on it, in turns with a bare SELECT … LIMIT 20 along an index.
"""

import html
import random
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from flask.testing import FlaskClient
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.asking import milliseconds, size_asked
from bench.rows import RARE_WORD, District, filled
from bench.visitors import percentile
from config.collector import spare_the_collector
from intake.app import create_app
from intake.domain.actor import MACHINE
from intake.domain.permission import Role
from intake.domain.receipt import SHANGHAI
from intake.models import Area, User
from intake.services.daily_count import count_days, due_days
from intake.services.person import create_user, grant_role
from intake.services.sign_in import open_session
from intake.web.guard import COOKIE_KEY
from intake.wiring import Wiring

REFERRALS, SUBMISSIONS, TOPICS, AUDITED = 200_000, 1_000_000, 50_000, 1_000_000
ROUNDS, WARM = 40, 12
"""A statement is prepared when it was asked five times on a connection, and has one plan for all after five more."""
WANTED_MS, FIRST_MS, CACHED_MS = 100.0, 500.0, 50.0
AUDIT = """
INSERT INTO audit_entries (district_id, at, actor_kind, actor_id, action, noun, entity_id, detail)
SELECT :district, now() - interval '2 years' * (1 - n / cast(:count AS float)), 'person',
    (cast(:people AS bigint[]))[1 + floor(random() * cardinality(cast(:people AS bigint[])))],
    (ARRAY['contact.reveal', 'topic.approve', 'topic.return', 'sign_in', 'submission.answer'])[1 + floor(random() * 5)],
    'submission', n, '{}'
FROM generate_series(1, :count) AS n"""
BARE = "SELECT * FROM topics WHERE district_id = :of AND state = 'candidate' ORDER BY heat DESC, id DESC LIMIT 20"
FIRST, AGAIN = "dashboard of 90 days, first", "dashboard of 90 days, again"
WANTED = {FIRST: FIRST_MS, AGAIN: CACHED_MS}
"""Milliseconds of p95, where it isn't WANTED_MS."""
NEXT = re.compile(r'href="([^"]*[?&](?:amp;)?after=[^"]+)"')


@dataclass(slots=True)
class Desk:
    """Browsers of each district's staff and auditor, and topics to open."""

    staff: dict[int, FlaskClient]
    auditors: dict[int, FlaskClient]
    topics: dict[int, dict[str, list[int]]]
    """By district and state."""
    counted: int
    """The district whose days were counted."""
    today: date
    chance: random.Random = field(default_factory=lambda: random.Random(20_261_123))
    days: int = 0
    """Dashboards asked for: each ends on another day, so that none is known already."""
    deep: dict[str, str] = field(default_factory=dict)
    """Address of a list → its second page."""

    def pages(self, one: District) -> Iterator[tuple[str, FlaskClient, str]]:
        """What each is called, whose browser opens it, and its address."""
        staff, auditor, topics = self.staff[one.id], self.auditors[one.id], self.topics[one.id]
        self.days += 1
        for name, path in (
            ("home", "/d"),
            ("board", "/d/topics"),
            ("board, one state", "/d/topics?state=candidate"),
            ("board, corrected heat", "/d/topics?state=candidate&order=corrected"),
            ("board, longest waiting", "/d/topics?state=candidate&order=waiting"),
            ("board, most communities", "/d/topics?state=candidate&order=spread"),
            ("board, one route", "/d/topics?route=party_government"),
            ("board, newest first", "/d/topics?state=candidate&order=newest"),
            ("board, a common word", "/d/topics?q=路灯"),
            ("board, a word nobody said", "/d/topics?q=獬豸"),
            ("board, a place and number", f"/d/topics?q=书院巷{self.chance.randrange(40)}栋"),
            ("board, a number", f"/d/topics?q=B{self.chance.choice(topics['proposed'])}"),
            ("board, a topic beside it", f"/d/topics?topic={self.chance.choice(topics['proposed'])}"),
            ("a topic", f"/d/topics/{self.chance.choice(topics['proposed'])}"),
            ("a topic that waits longest", f"/d/topics/{self.chance.choice(topics['candidate'])}"),
            ("pool", "/d/pool"),
            ("pool, by category", "/d/pool?category=roads"),
            ("pool, compared", "/d/pool/compare?" + "&".join(f"topic={one}" for one in self.chance.sample(topics["pooled"], 4))),
            ("rounds", "/d/rounds"),
            ("origins", "/d/origins"),
            ("imports", "/d/imports"),
            ("plans", "/d/plans"),
            ("approvals", "/d/approvals"),
            ("reports upward", "/d/upward"),
            ("bulletins", "/d/bulletins"),
            ("conversions", "/d/conversions"),
            ("funnel", "/d/funnel"),
            ("coverage", "/d/coverage"),
            ("messages, a common word", "/m/search?q=路灯"),
            ("messages, a rare word", f"/m/search?q={RARE_WORD}"),
            ("referrals", "/d/referrals"),
        ):
            yield name, staff, path
        for name, path in (
            ("audit", "/d/audit"),
            ("audit, one person", f"/d/audit?person={one.staff}"),
            ("audit, one act", "/d/audit?act=contact.reveal"),
        ):
            yield name, auditor, path
        for name, path in (("board, one state", "/d/topics?state=candidate"), ("pool", "/d/pool"), ("audit", "/d/audit")):
            yield (
                f"{name}, second page",
                auditor if name == "audit" else staff,
                self._second(auditor if name == "audit" else staff, one, path),
            )
        last = self.today - timedelta(days=self.days % 300)
        dashboard = f"/d/dashboard?first={last - timedelta(days=89)}&last={last}"
        yield FIRST, self.staff[self.counted], dashboard
        yield AGAIN, self.staff[self.counted], dashboard

    def _second(self, browser: FlaskClient, one: District, path: str) -> str:
        key = f"{one.id}{path}"
        if key not in self.deep:
            found = NEXT.findall(browser.get(path).get_data(as_text=True))
            assert found, f"{path} has no second page"
            self.deep[key] = html.unescape(found[-1])
        return self.deep[key]


def desk(wiring: Wiring, districts: list[District]) -> Desk:
    """Sign everybody in, past the page: what it costs to check a password is measured elsewhere."""
    app = create_app(wiring)

    def browser(session: Session, user_id: int) -> FlaskClient:
        who, now = session.get_one(User, user_id), wiring.clock.now()
        token = open_session(session, who, hours=wiring.settings.session_hours, device="", at=now, way="password")
        made = app.test_client()
        with made.session_transaction() as cookie:
            cookie[COOKIE_KEY] = token
        return made

    made = Desk({}, {}, {}, districts[0].id, wiring.clock.now().astimezone(SHANGHAI).date())
    for one in districts:
        with wiring.sessions.begin() as session:
            at, area = wiring.clock.now(), session.get_one(Area, one.id)
            auditor = create_user(
                session, district_id=one.id, login=f"auditor{one.id}", name="审计人", password="", at=at, password_hash="-"
            )
            grant_role(session, actor=MACHINE, user=auditor, role=Role.AUDITOR, area=area, at=at)
            session.execute(
                text(AUDIT), {"district": one.id, "count": AUDITED // len(districts), "people": [one.staff, one.convenor, *one.senders]}
            )
            made.staff[one.id], made.auditors[one.id] = browser(session, one.staff), browser(session, auditor.id)
            states = ("candidate", "proposed", "pooled")
            some = text("SELECT id FROM topics WHERE district_id = :of AND state = :state ORDER BY md5(number) LIMIT 500")
            made.topics[one.id] = {state: [*session.scalars(some, {"of": one.id, "state": state})] for state in states}
    return made


def count_year(wiring: Wiring, district_id: int) -> None:
    """As the hourly job does in several turns."""
    at = wiring.clock.now()
    with wiring.sessions() as session:
        due = due_days(session, district_id=district_id, at=at)
    for period in due:
        with wiring.sessions.begin() as session:
            count_days(session, district_id=district_id, period=period, at=at)


@dataclass(slots=True)
class Taken:
    """Milliseconds of one page, a value for each round."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)


def measure(wiring: Wiring, districts: list[District], *, only: str) -> dict[str, Taken]:
    """Every page whose name begins with one of `only`, parted by commas, in turns with the bare statement; the first rounds only warm up."""
    taken: dict[str, Taken] = {}
    made = desk(wiring, districts)
    count_year(wiring, made.counted)
    with wiring.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            text("ANALYZE audit_entries, audit_links, daily_counts")
        )  # as autovacuum does on a server that isn't a minute old
    spare_the_collector()
    for number in range(WARM + ROUNDS):
        one = made.chance.choice(districts)
        for name, browser, path in made.pages(one):
            if not name.startswith(tuple(only.split(","))):
                continue
            begun = time.perf_counter()
            answer = browser.get(path)
            took = (time.perf_counter() - begun) * 1000
            assert answer.status_code == 200, f"{path}: {answer.status}"
            # Without a transaction, as pages are read: with every rollback psycopg forgets what was prepared on that connection.
            with wiring.sessions(bind=wiring.reading) as session:
                bare = milliseconds(lambda session: session.execute(text(BARE), {"of": one.id}).all(), session)  # noqa: B023 - asked at once
            if number >= WARM:
                times = taken.setdefault(name, Taken())
                times.ours.append(took)
                times.bare.append(bare)
    return taken


def main() -> int:
    """Run; exit 2 when a page is slower than wanted."""
    asked = size_asked(__doc__, referrals=REFERRALS, submissions=SUBMISSIONS)
    console = Console(width=120)
    with filled(console, referrals=asked.count, submissions=asked.submissions, topics=TOPICS) as (wiring, districts):
        taken = measure(wiring, districts, only=asked.only)
    table = Table("page", "p50 ms", "p95 ms", "wanted p95", "bare p50 ms", "bare p95 ms", "ratio of p50")
    missed = []
    for name, times in taken.items():
        (middle, most), (bare, bare_most) = ((percentile(of, 0.5), percentile(of, 0.95)) for of in (times.ours, times.bare))
        wanted = WANTED.get(name, WANTED_MS)
        missed += [name] if most > wanted else []
        table.add_row(name, *(f"{one:.1f}" for one in (middle, most, wanted, bare, bare_most, middle / bare)))
    console.print(table)
    console.print(f"slower than wanted: {', '.join(missed)}" if missed else "all as quick as wanted")
    return 2 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
