"""`make bench NAME=lists`: a page of each list and queue at 1,000,000 messages and 200,000 referrals, beside a bare SELECT … LIMIT 20 along
an index.

Each list is asked as its page asks it, for another unit or person each time; ours and the bare statement take turns on one connection. A
page of a member is asked over the application itself, signed in, with everything that stands on it.
"""

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.asking import Ask, milliseconds, size_asked
from bench.member_pages import MemberPages, member_pages
from bench.rows import RARE_WORD, District, filled
from bench.visitors import percentile
from config.workflow import Workflow
from intake.domain.actor import Actor
from intake.domain.official_list import ListKind
from intake.domain.receipt import SHANGHAI
from intake.domain.referral import ReferralState
from intake.queries.actor import actor_of_user
from intake.queries.alarm import alarms_page, ringing
from intake.queries.decline_check import check_figures, open_checks
from intake.queries.digest import digest_of
from intake.queries.district_home import waiting_for
from intake.queries.district_month import district_month
from intake.queries.idle_topics import idle_topics
from intake.queries.instruction import instructions_for_unit, instructions_in
from intake.queries.member_queue import awaiting_member, next_card, workload
from intake.queries.message import unread
from intake.queries.official_list import ListFilter, listed_topics, lists_in, offered
from intake.queries.outcome import open_reviews
from intake.queries.receipt import receipt_of, received
from intake.queries.referral_list import WAITING, ReferralFilter, referrals, revisits, tally, to_check
from intake.queries.sheet import sheet
from intake.queries.submission_search import Part, search
from intake.queries.suggested_together import together
from intake.wiring import Wiring

COUNT, SUBMISSIONS = 200_000, 1_000_000
ROUNDS, WARM = 100, 10
WANTED_MS = 60.0
SEED = 20_261_103
IDLE = timedelta(days=28)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bare:
    """Twenty rows of one table along an index, by the statement alone."""

    table: str
    where: str
    order: str
    of: object

    def __call__(self, session: Session) -> None:
        """Ask and read them."""
        session.execute(text(f"SELECT * FROM {self.table} WHERE {self.where} ORDER BY {self.order} LIMIT 20"), {"of": self.of}).all()


@dataclass(frozen=True, slots=True)
class Asking:
    """One list: how its page asks, and twenty of such rows."""

    name: str
    ours: Ask
    bare: Bare


@dataclass(slots=True)
class Desk:
    """Who asks and for what, drawn anew each round."""

    districts: list[District]
    actors: dict[int, Actor]
    numbers: dict[int, list[str]]
    """Some of each district's referrals."""
    receipts: dict[int, list[str]]
    pages: MemberPages
    workflow: Workflow
    at: datetime
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))

    def round(self) -> list[Asking]:
        """Every list once."""
        one = self.chance.choice(self.districts)
        return [
            *self._of_offices(one),
            *self._of_units(one),
            *self._of_members(one),
            *self._of_cards("member", self._one(one.senders), one),
            *self._of_cards("convenor", one.convenor, one),
            *self._of_staff(one),
            *self._of_residents(one),
        ]

    def _one(self, of: list[T]) -> T:
        return self.chance.choice(of)

    def _page(self, actor: Actor, wanted: ReferralFilter, after: str = "") -> Ask:
        return lambda session: referrals(session, actor, wanted, at=self.at, after=after)

    def _counts(self, actor: Actor, wanted: ReferralFilter) -> Ask:
        return lambda session: tally(session, actor, wanted, WAITING, at=self.at)

    def _digest(self, actor: Actor) -> Ask:
        return lambda session: digest_of(session, actor, workflow=self.workflow, at=self.at)

    def _of_offices(self, one: District) -> Iterator[Asking]:
        office, clerk = self._one([*zip(one.offices, one.clerks, strict=True)])
        actor, mine = self.actors[clerk], ReferralFilter(office_id=office)
        bare = Bare("referrals", "office_id = :of AND state = 'in_progress'", "due_at, id", office)
        later = f"{int((self.at - datetime.fromtimestamp(0, SHANGHAI)) / timedelta(microseconds=1))}_1"
        yield Asking("office: its queue", self._page(actor, mine), bare)
        yield Asking("office: a later page", self._page(actor, mine, later), bare)
        yield Asking("office: counts", self._counts(actor, mine), bare)
        yield Asking("office: asked for time", self._page(actor, ReferralFilter(office_id=office, extension_asked=True)), bare)
        yield Asking("office: delivered", self._page(actor, ReferralFilter(states=(ReferralState.DELIVERED,), office_id=office)), bare)
        yield Asking("office: by a word", self._page(actor, ReferralFilter(states=(), office_id=office, words=self._word())), bare)
        yield Asking("office: digest", self._digest(actor), bare)

    def _of_units(self, one: District) -> Iterator[Asking]:
        lead, officer = self._one([*zip(one.leads, one.officers, strict=True)])
        actor, mine = self.actors[officer], ReferralFilter(lead_id=lead)
        bare = Bare("referrals", "lead_id = :of AND state = 'in_progress'", "due_at, id", lead)
        helping = ReferralFilter(states=(ReferralState.ASSIGNED, ReferralState.IN_PROGRESS, ReferralState.DISPUTED), helper_id=lead)
        yield Asking("unit: its queue", self._page(actor, mine), bare)
        yield Asking("unit: counts", self._counts(actor, mine), bare)
        yield Asking("unit: helping", self._page(actor, helping), bare)
        yield Asking("unit: counts of helping", self._counts(actor, helping), bare)
        yield Asking("unit: one person's", self._page(actor, ReferralFilter(lead_id=lead, officer_id=officer)), bare)
        yield Asking("unit: answered", self._page(actor, ReferralFilter(states=(ReferralState.DELIVERED,), lead_id=lead)), bare)
        passed_on = Bare("instruction_forwards", "department_id = :of AND reported_at IS NULL", "id", lead)
        yield Asking("unit: instructions", lambda session: instructions_for_unit(session, lead, at=self.at), passed_on)

    def _of_members(self, one: District) -> Iterator[Asking]:
        sender = self._one(one.senders)
        actor = self.actors[sender]
        replied = Bare("referrals", "sent_by = :of AND state = 'replied'", "id", sender)
        waits = Bare("submissions", "area_id = :of AND state IN ('triaged', 'reopened')", "received_at, id", one.areas[0])
        yield Asking("member: to check", lambda session: to_check(session, actor), replied)
        yield Asking("member: sent", self._page(actor, ReferralFilter(sent_by=sender)), replied)
        yield Asking("member: unread messages", lambda session: unread(session, actor), waits)
        yield Asking("member: not solved", lambda session: open_reviews(session, actor), waits)
        yield Asking("member: alarm ringing", lambda session: ringing(session, actor), waits)

    def _of_cards(self, name: str, user: int, one: District) -> Iterator[Asking]:
        """What waits for one person, what they find by a word, and their pages; `name` says how much they see."""
        actor, topic = self.actors[user], self.pages.clusters[one.id]
        deep = f"4_{(self.at - timedelta(days=365)).timestamp():.6f}_1"
        waits = Bare("submissions", "area_id = :of AND state IN ('triaged', 'reopened')", "received_at, id", one.areas[0])
        yield Asking(f"{name}: cards", lambda session: awaiting_member(session, actor, at=self.at), waits)
        yield Asking(f"{name}: cards, deep", lambda session: awaiting_member(session, actor, at=self.at, after=deep), waits)
        yield Asking(f"{name}: next card", lambda session: next_card(session, actor, at=self.at), waits)
        yield Asking(f"{name}: workload", lambda session: workload(session, actor, at=self.at), waits)
        yield Asking(f"{name}: a cluster", lambda session: together(session, actor, topic, at=self.at), waits)
        said = Bare("submissions", "district_id = :of", "id DESC", one.id)
        for what, words, part in (
            ("a common word", "路灯", None),
            ("a common word, waiting", "噪声", Part.WAITING),
            ("a common word, mine", "电梯", Part.MINE),
            ("a rare word", RARE_WORD, None),
            ("two words", "幸福 垃圾", None),
            ("a long word", f"{self._one(['书院巷', '龙池小区'])}{self.chance.randrange(40)}栋", None),
            ("nothing found", "獬豸", None),
        ):
            yield Asking(f"{name}: search, {what}", lambda session, words=words, part=part: search(session, actor, words, part=part), said)  # type: ignore[misc]  # this turn's
        for what, path in self.pages.of(user, one.id):
            yield Asking(f"{name}: page, {what}", lambda _session, path=path: self.pages.get(user, path), waits)  # type: ignore[misc]  # this turn's

    def _of_staff(self, one: District) -> Iterator[Asking]:
        actor, number, word = self.actors[one.staff], self._one(self.numbers[one.id]), self._word()
        bare = Bare("referrals", "district_id = :of AND state = 'in_progress'", "due_at, id", one.id)

        def other(table: str) -> Bare:
            return Bare(table, "district_id = :of", "id", one.id)

        yield Asking(
            "staff: home",
            lambda session: waiting_for(session, actor, at=self.at, idle_before=self.at - IDLE, still_before=self.at - IDLE),
            bare,
        )
        yield Asking("staff: home, the month", lambda session: district_month(session, actor, at=self.at), bare)
        yield Asking("staff: digest", self._digest(actor), bare)
        yield Asking("staff: all that waits", self._page(actor, ReferralFilter(followed=True)), bare)
        yield Asking("staff: counts", self._counts(actor, ReferralFilter(followed=True)), bare)
        yield Asking("staff: overdue", self._page(actor, ReferralFilter(followed=True, overdue=True)), bare)
        yield Asking("staff: by number", self._page(actor, ReferralFilter(states=(), followed=True, words=number)), bare)
        yield Asking("staff: by a word", self._page(actor, ReferralFilter(states=(), followed=True, words=word)), bare)
        yield Asking("staff: to check", lambda session: to_check(session, actor), bare)
        yield Asking("staff: revisits", lambda session: revisits(session, actor, today=self.at.astimezone(SHANGHAI).date()), bare)
        yield Asking("staff: not solved", lambda session: open_reviews(session, actor), other("outcomes"))
        yield Asking("staff: unread messages", lambda session: unread(session, actor), other("submissions"))
        yield Asking("staff: declines", lambda session: (open_checks(session, actor), check_figures(session, actor)), other("submissions"))
        yield Asking("staff: idle topics", lambda session: idle_topics(session, actor, idle_before=self.at - IDLE), other("submissions"))
        yield Asking("staff: alarms", lambda session: alarms_page(session, actor), other("alarms"))
        yield Asking(
            "staff: lists", lambda session: lists_in(session, actor, kind=None, state=None, words="", after=""), other("official_lists")
        )
        yield Asking("staff: topics for a list", lambda session: listed_topics(session, actor, words=""), bare)
        yield Asking("staff: a list's choice", lambda session: offered(session, actor, ListKind.RESULT, ListFilter()), bare)
        yield Asking(
            "staff: instructions",
            lambda session: instructions_in(session, actor, state=None, words="", after="", at=self.at),
            Bare("instructions", "district_id = :of AND state = 'following'", "due_on, id", one.id),
        )

    def _of_residents(self, one: District) -> Iterator[Asking]:
        number, area, actor = self._one(self.receipts[one.id]), self._one(one.areas), self.actors[one.staff]
        by_number = Bare("submissions", "receipt_number = :of", "id", number)
        board = Bare("submissions", "area_id = :of AND state IN ('triaged', 'reopened')", "received_at, id", area)
        since = self.at - timedelta(days=30)
        yield Asking("receipt", lambda session: self._receipt(session, number), by_number)
        yield Asking("notice-board sheet", lambda session: sheet(session, actor, area, since=since, until=self.at), board)

    def _receipt(self, session: Session, number: str) -> object:
        found = received(session, number)
        assert found is not None, "drawn from those there are"
        return receipt_of(session, found, at=self.at, workflow=self.workflow)

    def _word(self) -> str:
        return self._one(["路灯", "电梯", "井盖", "幸福里1", "没有这个词"])


def desk(wiring: Wiring, districts: list[District]) -> Desk:
    """Everybody of the districts, and numbers to look for."""
    some = "SELECT {column} FROM {table} WHERE district_id = :of ORDER BY md5({column}) LIMIT 1000"
    with wiring.sessions() as session:

        def drawn(table: str, column: str) -> dict[int, list[str]]:
            asked = text(some.format(table=table, column=column))
            return {one.id: [*session.scalars(asked, {"of": one.id})] for one in districts}

        return Desk(
            districts=districts,
            actors={
                user: _actor(session, user)
                for one in districts
                for user in (*one.clerks, *one.officers, *one.senders, one.convenor, one.staff)
            },
            numbers=drawn("referrals", "number"),
            receipts=drawn("submissions", "receipt_number"),
            pages=member_pages(wiring, districts),
            workflow=wiring.workflow,
            at=wiring.clock.now(),
        )


def _actor(session: Session, user_id: int) -> Actor:
    found = actor_of_user(session, user_id)
    assert found is not None, "made by us"
    return found


@dataclass(slots=True)
class Taken:
    """Milliseconds of one list, a value for each round."""

    ours: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    """Of ours, what this process and its server worked: what remains on a machine that has other work to do; 0 but on Linux."""
    bare: list[float] = field(default_factory=list)


def measure(wiring: Wiring, districts: list[District], *, only: str) -> dict[str, Taken]:
    """Every list whose name begins with one of `only`, parted by commas, ours and the bare statement in turns; the first rounds only warm up."""
    taken: dict[str, Taken] = {}
    asks = desk(wiring, districts)
    for number in range(WARM + ROUNDS):
        for one in (one for one in asks.round() if one.name.startswith(tuple(only.split(",")))):
            with wiring.sessions() as session:
                worked = _worked(session)
                ours = milliseconds(one.ours, session)
                worked = _worked(session) - worked
                bare = milliseconds(one.bare, session)
            if number >= WARM:
                times = taken.setdefault(one.name, Taken())
                times.ours.append(ours)
                times.processor.append(worked)
                times.bare.append(bare)
    return taken


def _worked(session: Session) -> float:
    """Milliseconds of processor that this thread and the server behind the session have had so far."""
    server = session.connection().connection.driver_connection
    assert server is not None, "connected"
    file = Path(f"/proc/{server.info.backend_pid}/schedstat")
    return (time.thread_time_ns() + int(file.read_text().split()[0])) / 1e6 if file.exists() else 0.0


def main() -> int:
    """Run; exit 2 when a list is slower than wanted."""
    asked = size_asked(__doc__, referrals=COUNT, submissions=SUBMISSIONS)
    console = Console(width=120)
    with filled(console, referrals=asked.count, submissions=asked.submissions) as (wiring, districts):
        taken = measure(wiring, districts, only=asked.only)
    table = Table("list", "p50 ms", "p95 ms", "processor p95 ms", "bare p50 ms", "bare p95 ms", "ratio of p50")
    worst = 0.0
    for name, times in taken.items():
        (middle, most), (bare, bare_most) = ((percentile(of, 0.5), percentile(of, 0.95)) for of in (times.ours, times.bare))
        worst = max(worst, most)
        shown = (middle, most, percentile(times.processor, 0.95), bare, bare_most, middle / bare)
        table.add_row(name, *(f"{one:.1f}" for one in shown))
    console.print(table)
    console.print(f"slowest p95: {worst:.1f} ms (wanted: at most {WANTED_MS:.0f})")
    return 0 if worst <= WANTED_MS else 2


if __name__ == "__main__":
    sys.exit(main())
