"""The three months that the demo district has behind it: read from `life_*.toml`, laid on a calendar that ends this morning.

Nothing here touches a database; `workers.rehearsal` lives through the timeline. The same day gives the same timeline.
"""

import hashlib
import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from intake.domain.outcome import Verdict
from intake.domain.permission import Role
from intake.domain.point import PointAction
from intake.domain.receipt import SHANGHAI
from intake.domain.release import PhotoSide, ReleaseKind, WithdrawReason
from intake.domain.submission import Channel, DeclineReason
from intake.domain.topic import TopicAction
from intake.domain.working_days import add_working_days, is_working_day
from intake.models import SubmissionKey

FOLDER = Path(__file__).with_name("demo_data")
FILES = ("life_topics.toml", "life_singles.toml")
DAYS = 90
"""The first sentence is said less than so many days before today."""
MORNING = time(8, 30)
"""The life ends at the last such time that is over, so that nothing in it lies in the future."""
ENDINGS = frozenset({TopicAction.REJECT, TopicAction.REFER, TopicAction.MERGE, TopicAction.VERIFY})
"""After these a topic takes in nobody."""


@dataclass(frozen=True, slots=True)
class Say:
    """A resident sends a sentence; `said` names it in what follows."""

    at: datetime
    said: str
    where: str
    """Name of a point; a community's point has the community's name."""
    text: str
    place: str
    contact: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class Join:
    """Whoever has the card puts it into the topic of its matter, or opens that topic if it is the first."""

    at: datetime
    said: str
    matter: str
    title: str
    by: str
    """Empty: whoever has it then."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Whoever has the card answers, refers, or declines for `reason`."""

    at: datetime
    said: str
    words: str
    refer: bool
    reason: DeclineReason | None


class HandlingStep(StrEnum):
    """What is done to a referral."""

    BEGIN = "begin"
    """A measure of a topic's responsibility list is entered."""
    ACCEPT = "accept"
    """接收."""
    ASSIGN = "assign"
    """交办."""
    SIGN = "sign"
    """签收."""
    DISPUTE = "dispute"
    """提出异议."""
    DECIDE_DISPUTE = "decide_dispute"
    """裁定异议."""
    PROGRESS = "progress"
    """办理进展."""
    ASK_TIME = "ask_time"
    """申请延期."""
    GIVE_TIME = "give_time"
    """同意延期."""
    ANSWER = "answer"
    """答复."""
    SEND_BACK = "send_back"
    """退回补充."""
    ANSWER_AGAIN = "answer_again"
    """补充答复."""
    DELIVER = "deliver"
    """核过送达."""


@dataclass(frozen=True, slots=True)
class Handle:
    """An office, a unit or whoever checks takes a referral one step on; `subject` is a sentence, a matter, or a matter with a number."""

    at: datetime
    subject: str
    step: HandlingStep
    way: Mapping[str, Any]
    """As the file says it; read in `workers.rehearsal_referral`."""


@dataclass(frozen=True, slots=True)
class Judge:
    """The resident says what they think of a result."""

    at: datetime
    said: str
    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The resident takes it back."""

    at: datetime
    said: str


@dataclass(frozen=True, slots=True)
class Solved:
    """The resident says that it is solved."""

    at: datetime
    said: str


@dataclass(frozen=True, slots=True)
class TopicStep:
    """A member or staff move the topic of a matter."""

    at: datetime
    matter: str
    by: str
    action: TopicAction
    words: str
    into: str
    """The matter of the survivor when it is merged."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Staff prepare words for the public, a colleague lets them out two hours later and perhaps takes them down the next day."""

    at: datetime
    matter: str
    kind: ReleaseKind
    title: str
    words: str
    prepared_by: str
    released_by: str
    """Empty: it is still a draft."""
    withdrawn: WithdrawReason | None
    photos: tuple["Shown", ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo beside released words; `scene` is one of those that `workers/rehearsal_photo.py` draws."""

    side: PhotoSide
    scene: str
    caption: str


@dataclass(frozen=True, slots=True)
class PointStep:
    """The administrator pauses or retires a point."""

    at: datetime
    name: str
    action: PointAction
    note: str


@dataclass(frozen=True, slots=True)
class Invite:
    """The administrator invites somebody, and perhaps takes it back."""

    at: datetime
    name: str
    role: Role
    area: str
    department: str
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sweep:
    """What the jobs do by the clock: hand on, close, empty, tell."""

    at: datetime


Event = Say | Join | Reply | Handle | Judge | Withdraw | Solved | TopicStep | Publish | PointStep | Invite | Sweep


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happens, in order."""

    begins: datetime
    """When the district is set up."""
    ends: datetime
    events: tuple[Event, ...]


def last_morning(now: datetime) -> datetime:
    """The end of the life when asked at `now`: 8:30 in Shanghai, today's if it is over."""
    local = now.astimezone(SHANGHAI)
    end = datetime.combine(local.date(), MORNING, SHANGHAI)
    return (end if end <= local else end - timedelta(days=1)).astimezone(UTC)


def key_of(said: str) -> bytes:
    """The submission key of a sentence; since it is fixed, no sentence can be said twice to one database."""
    return hashlib.sha256(f"zhibao-demo-life {said}".encode()).digest()


def already_lived(session: Session) -> bool:
    """Whether this database has the three months behind it; they are written in one transaction, so the first sentence tells."""
    return session.get(SubmissionKey, key_of(FIRST)) is not None


FIRST = "lamp-xingfuli/0"


def timeline(now: datetime, *, files: Sequence[Path] | None = None) -> Timeline:
    """The three months up to the last morning before `now`; KeyError or ValueError name what is wrong in the files."""
    ends = last_morning(now)
    calendar = _Calendar(ends)
    events: list[Event] = []
    for path in files or [FOLDER / name for name in FILES]:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        for matter in raw.get("matter", ()):
            if calendar.today.month in matter.get("months", range(1, 13)):
                events += _matter(matter, calendar)
        for entry in raw.get("point", ()):
            at = calendar.office(entry["day"], random.Random(entry["name"]))  # noqa: S311 -- a repeatable life, no secret
            events.append(PointStep(at, entry["name"], PointAction(entry["do"]), entry["note"]))
        for entry in raw.get("invitation", ()):
            events.append(_invitation(entry, calendar))
    first = min(event.at for event in events)
    events = [event for event in events if event.at <= ends]
    events += [Sweep(at) for at in _sweeps(first, ends)]
    events.sort(key=lambda event: event.at)  # stable: what stands first in the file comes first
    return Timeline(begins=first - timedelta(days=10), ends=ends, events=tuple(events))


class _Calendar:
    """Days before today, in Shanghai."""

    def __init__(self, ends: datetime) -> None:
        self.ends = ends
        self.today = ends.astimezone(SHANGHAI).date()

    def at(self, days: int, clock: time) -> datetime:
        return datetime.combine(self.today - timedelta(days=days), clock, SHANGHAI).astimezone(UTC)

    def written(self, raw: str) -> datetime:
        """`12 19:42`: twelve days before today at 19:42."""
        days, clock = raw.split()
        return self.at(int(days), time.fromisoformat(clock))

    def resident(self, days: float, rng: random.Random) -> datetime:
        """When people write: before work, at noon, in the evening; at weekends all day."""
        back = max(1, round(days))
        weekend = (self.today - timedelta(days=back)).weekday() >= 5
        hours = (9, 10, 11, 14, 15, 16, 17, 19, 20) if weekend else (7, 7, 8, 9, 10, 12, 12, 15, 17, 18, 18, 19, 19, 20, 20, 21, 22)
        return self.at(back, time(rng.choice(hours), rng.randrange(60), rng.randrange(60)))

    def office(self, days: int, rng: random.Random) -> datetime:
        """In office hours of the next working day, or of the last one where the next isn't over yet."""
        day = self.today - timedelta(days=days)
        found = next((d for d in _days(day, 1) if d < self.today and is_working_day(d)), None) if day < self.today else None
        day = found or next(d for d in _days(self.today, -1) if d < self.today and is_working_day(d))
        return datetime.combine(day, time(rng.choice((9, 10, 11, 14, 15, 16)), rng.randrange(60)), SHANGHAI).astimezone(UTC)

    def working(self, after: datetime, days: int, rng: random.Random) -> datetime:
        """In office hours on the `days`-th working day after `after`; with 0 within the next hours of office time."""
        if days:
            day = add_working_days(after, days).astimezone(SHANGHAI).date()
            return datetime.combine(day, time(rng.choice((9, 10, 11, 14, 15)), rng.randrange(60)), SHANGHAI).astimezone(UTC)
        later = (after + timedelta(minutes=rng.uniform(15, 70))).astimezone(SHANGHAI)
        if is_working_day(later.date()) and time(8, 30) <= later.time() <= time(17, 30):
            return later.astimezone(UTC)
        day = later.date() if is_working_day(later.date()) and later.time() < time(8, 30) else add_working_days(later, 1).date()
        return datetime.combine(day, time(8, rng.randrange(31, 60)), SHANGHAI).astimezone(UTC)

    def decided(self, said: datetime, rng: random.Random) -> datetime:
        """When a member looks: mostly within the day, sometimes the next, now and then so late that the convenor does; never at night."""
        chance = rng.random()
        if chance < 0.05:
            at = add_working_days(said, 2) + timedelta(hours=rng.uniform(2, 20))
        else:
            at = said + timedelta(hours=rng.uniform(0.4, 11) if chance < 0.75 else rng.uniform(18, 40))
        local = at.astimezone(SHANGHAI)
        if local.hour >= 22 or local.hour < 7:
            day = local.date() + timedelta(days=local.hour >= 22)
            at = datetime.combine(day, time(7, 10), SHANGHAI).astimezone(UTC) + timedelta(minutes=rng.uniform(0, 150))
        return at


def _days(start: date, step: int) -> Iterator[date]:
    for count in range(30):
        yield start + timedelta(days=step * count)


def _sweeps(first: datetime, ends: datetime) -> Iterator[datetime]:
    day = first.astimezone(SHANGHAI).date()
    while True:
        for clock in (time(7, 5), time(18, 5)):
            at = datetime.combine(day, clock, SHANGHAI).astimezone(UTC)
            if at > ends:
                yield ends
                return
            yield at
        day += timedelta(days=1)


def _matter(raw: Mapping[str, Any], calendar: _Calendar) -> list[Event]:
    """Its sentences, what became of each, and the steps of its topic."""
    code = raw["code"]
    rng = random.Random(f"zhibao {code}")  # noqa: S311 -- a repeatable life, no secret
    said = [_say(raw, number, entry, calendar, rng) for number, entry in enumerate(raw["said"])]
    decided = [_decision_time(raw, one.at, calendar, rng) for one in said]
    joined = [at for at, entry in zip(decided, raw["said"], strict=True) if _joins(raw, entry)]
    steps = _steps(raw, calendar, rng, not_before=min(joined) if joined else calendar.ends)
    end = next((step.at for step in steps if isinstance(step, TopicStep) and step.action in ENDINGS), None)
    verified = next((step.at for step in steps if isinstance(step, TopicStep) and step.action is TopicAction.VERIFY), None)
    events: list[Event] = [*said]
    for number, (one, at, entry) in enumerate(zip(said, decided, raw["said"], strict=True)):
        fields: Mapping[str, Any] = {} if isinstance(entry, str) else entry
        if "withdraw" in fields:
            events.append(Withdraw(one.at + timedelta(hours=fields["withdraw"]), one.said))
        elif _joins(raw, entry):
            joins_at = at
            if end is not None:
                joins_at = max(one.at + timedelta(minutes=3), min(at, end - timedelta(minutes=20 + number)))
                if joins_at >= end:
                    raise ValueError(f"{one.said}: said at {one.at:%m-%d %H:%M}, after its topic ended at {end:%m-%d %H:%M}")
            events.append(Join(joins_at, one.said, code, raw["title"], raw.get("by", "")))
        elif not fields.get("wait"):
            events.append(_reply(fields, one, at))
        if "way" in fields:
            events += _handling(one.said, fields["way"], at, calendar, rng)
        if fields.get("solved"):
            events.append(Solved((verified or at) + timedelta(days=rng.uniform(0.4, 3)), one.said))
    return [*events, *steps]


def _joins(raw: Mapping[str, Any], entry: Any) -> bool:
    return "title" in raw and not (isinstance(entry, dict) and ("wait" in entry or "withdraw" in entry))


def _say(raw: Mapping[str, Any], number: int, entry: Any, calendar: _Calendar, rng: random.Random) -> Say:
    fields: Mapping[str, Any] = {"t": entry} if isinstance(entry, str) else entry
    first, last = raw["days"]
    step = (first - last) / max(1, len(raw["said"]) - 1)
    at = calendar.resident(first - step * number + rng.uniform(-0.3, 0.3) * step, rng)
    chance, tail = rng.random(), rng.randrange(10_000)
    channel = Channel.WECHAT_TEXT if chance > 0.9 else Channel.FORM
    contact = f"1{rng.choice('3589')}{rng.randrange(10)}0000{tail:04d}" if chance < 0.12 else ""
    return Say(
        at=calendar.written(fields["at"]) if "at" in fields else at,
        said=f"{raw['code']}/{number}",
        where=fields.get("in", raw.get("in")),
        text=fields["t"],
        place=fields.get("p", raw.get("place", "") if channel is Channel.FORM else ""),
        contact=fields.get("tel", contact),
        channel=Channel(fields["via"]) if "via" in fields else channel,
    )


def _decision_time(raw: Mapping[str, Any], said: datetime, calendar: _Calendar, rng: random.Random) -> datetime:
    at = calendar.decided(said, rng)
    return said + timedelta(minutes=raw["within"] * rng.uniform(0.5, 1)) if "within" in raw else at


def _reply(fields: Mapping[str, Any], said: Say, at: datetime) -> Reply:
    words = next((fields[key] for key in ("answer", "refer", "words") if key in fields), None)
    if words is None:
        raise ValueError(f"{said.said}: neither answered nor referred, declined, withdrawn or waiting")
    reason = DeclineReason(fields["decline"]) if "decline" in fields else None
    return Reply(at, said.said, words, refer="refer" in fields, reason=reason)


def _steps(
    raw: Mapping[str, Any], calendar: _Calendar, rng: random.Random, *, not_before: datetime
) -> list[TopicStep | Publish | Handle | Judge]:
    """Each a little after the one before, however holidays fall."""
    steps: list[TopicStep | Publish | Handle | Judge] = []
    before = not_before
    for entry in raw.get("steps", ()):
        at = calendar.resident(entry["day"], rng) if entry["do"] == "propose" else calendar.office(entry["day"], rng)
        at = max(at, before + timedelta(minutes=45))
        if entry["do"] == "release":
            step: TopicStep | Publish = Publish(
                at=at,
                matter=raw["code"],
                kind=ReleaseKind(entry["kind"]),
                title=entry["title"],
                words=entry["words"],
                prepared_by=entry["by"],
                released_by=entry.get("released_by", ""),
                withdrawn=WithdrawReason(entry["withdrawn"]) if "withdrawn" in entry else None,
                photos=tuple(Shown(PhotoSide(one["side"]), one["scene"], one["caption"]) for one in entry.get("photos", ())),
            )
            before = at + RELEASED_AFTER
        else:
            step = TopicStep(at, raw["code"], entry["by"], TopicAction(entry["do"]), entry["words"], entry.get("into", ""))
            before = at
        steps.append(step)
        if "way" in entry:
            steps += _handling(raw["code"], entry["way"], at, calendar, rng)
        for number, task in enumerate(entry.get("tasks", ()), 1):
            handled = _handling(f"{raw['code']}#{number}", task, at, calendar, rng)
            steps += [Handle(at, f"{raw['code']}#{number}", HandlingStep.BEGIN, task), *handled]
            before = max(before, *(one.at for one in handled))
    return steps


def _handling(subject: str, way: Mapping[str, Any], sent: datetime, calendar: _Calendar, rng: random.Random) -> list[Handle | Judge]:
    """Each step in office hours a little after the one before, as far as the way goes; what would be after this morning is left out."""
    handled: list[Handle] = []
    at = sent
    for step, days in _steps_of(way):
        at = calendar.working(at, days, rng)
        handled.append(Handle(at, subject, step, way))
    if handled[-1].step is not HandlingStep.DELIVER or "verdict" not in way:
        return list(handled)
    judged = Judge(at + timedelta(days=rng.uniform(0.3, 2)), subject, Verdict(way["verdict"]), way.get("says", ""))
    return [*handled, judged]


def _steps_of(way: Mapping[str, Any]) -> Iterator[tuple[HandlingStep, int]]:
    """The steps that a way has, each with the working days since the one before."""
    decided = "dispute" not in way or "decision" in way
    upheld = "dispute" in way and "from" not in way["dispute"]  # a lead whose dispute was refused has it in hand
    answered = decided and "answer" in way and "unsigned" not in way
    wanted = (
        (HandlingStep.ACCEPT, 0, True),
        (HandlingStep.ASSIGN, 0, "unit" in way),
        (HandlingStep.DISPUTE, 1, "dispute" in way),
        (HandlingStep.DECIDE_DISPUTE, 1, "dispute" in way and decided),
        (HandlingStep.SIGN, 1, "unit" in way and decided and not upheld and "unsigned" not in way),
        (HandlingStep.PROGRESS, 1, "progress" in way),
        (HandlingStep.ASK_TIME, 1, "time" in way),
        (HandlingStep.GIVE_TIME, 1, "granted" in way),
        (HandlingStep.ANSWER, way.get("after", 2), answered),
        (HandlingStep.SEND_BACK, 1, "back" in way),
        (HandlingStep.ANSWER_AGAIN, 1, "back" in way),
        (HandlingStep.DELIVER, 1, answered and "unchecked" not in way),
    )
    return ((step, days) for step, days, there in wanted if there)


RELEASED_AFTER = timedelta(hours=2)
"""Between a draft and its release."""
WITHDRAWN_AFTER = timedelta(hours=26)
"""Between a release and its withdrawal."""


def _invitation(entry: Mapping[str, Any], calendar: _Calendar) -> Invite:
    rng = random.Random(entry["name"])  # noqa: S311 -- a repeatable life, no secret
    at = calendar.office(entry["day"], rng)
    revoked = max(calendar.office(entry["revoked"], rng), at + timedelta(hours=1)) if "revoked" in entry else None
    return Invite(at, entry["name"], Role(entry["role"]), entry["in"], entry.get("department", ""), revoked)
