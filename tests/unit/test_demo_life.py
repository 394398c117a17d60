"""The demo district's three months as a timeline: whatever day it is asked for, it fits together."""

import itertools
import random
import tomllib
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from intake.cli.demo_life import (
    DAYS,
    FILES,
    FIRST,
    FOLDER,
    RELEASED_AFTER,
    Invite,
    Join,
    Publish,
    Reply,
    Say,
    Sweep,
    TopicStep,
    Withdraw,
    last_morning,
    timeline,
)
from intake.cli.district_seed import read_district
from intake.domain.permission import Permission, Role, roles_with
from intake.domain.receipt import SHANGHAI
from intake.domain.text import clean_message
from intake.domain.topic import TOPIC_TABLE, TopicAction, TopicState
from intake.domain.working_days import is_working_day

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DISTRICT = read_district()
PEOPLE = {person.name: person for person in DISTRICT.people}
STREET_OF = {community.name: street.name for street in DISTRICT.streets for community in street.communities}
AREA_OF_POINT = {**{name: name for name in STREET_OF}, **{place.name: place.area for place in DISTRICT.places}}
# A year with the National Day and Spring Festival holidays in it, sampled so that the test stays quick; the days are the same each time.
DAYS_TRIED = sorted(random.Random("days").sample(range(366), 60))


# The life ends at 8:30 in Shanghai (0:30 UTC): today's once it is over, else yesterday's.
@pytest.mark.parametrize(("now", "ends"), [("2026-11-22T00:29", "2026-11-21T00:30"), ("2026-11-22T00:30", "2026-11-22T00:30")])
def test_the_life_ends_on_the_last_morning(now: str, ends: str) -> None:
    assert last_morning(datetime.fromisoformat(now + "+00:00")) == datetime.fromisoformat(ends + "+00:00")


def test_the_same_day_gives_the_same_timeline_and_the_next_day_another() -> None:
    assert timeline(NOW) == timeline(NOW + timedelta(hours=9))
    assert timeline(NOW) != timeline(NOW + timedelta(days=1))


@pytest.mark.parametrize("days", DAYS_TRIED)
def test_on_any_day_of_the_year_every_step_has_what_it_needs_before_it(days: int) -> None:
    now = datetime(2026, 1, 1, 3, 0, tzinfo=UTC) + timedelta(days=days)
    plan = timeline(now)
    said: dict[str, datetime] = {}
    opened: set[str] = set()
    state: dict[str, TopicState] = {}
    for event in plan.events:
        assert plan.begins < event.at <= plan.ends
        match event:
            case Say():
                assert event.at > plan.ends - timedelta(days=DAYS)
                said[event.said] = event.at
            case Join():
                assert said[event.said] < event.at
                opened.add(event.matter)
                state.setdefault(event.matter, TopicState.CANDIDATE)
                assert state[event.matter] not in {TopicState.REJECTED, TopicState.REFERRED, TopicState.DELIVERED}
            case Reply() | Withdraw():
                assert said[event.said] < event.at
            case TopicStep():
                state[event.matter] = TopicState(TOPIC_TABLE.find(event.action, state[event.matter]).target)
                assert not event.into or state[event.into] not in {TopicState.MERGED, TopicState.REJECTED}
            case Publish():
                assert state[event.matter] is not TopicState.CANDIDATE
                assert event.matter in opened
            case _:
                pass
    counts = Counter(state.values())
    assert (counts[TopicState.PROPOSED], counts[TopicState.POOLED]) == (6, 9)
    assert set(state) == opened


def test_it_is_about_as_much_as_three_months_bring_and_more_comes_each_month() -> None:
    said = [event for event in timeline(NOW).events if isinstance(event, Say)]
    assert 350 <= len(said) <= 450
    months = Counter((NOW - one.at).days // 30 for one in said)
    assert months[0] > months[1] > months[2] > 40
    communities = Counter(AREA_OF_POINT[one.where] for one in said)
    assert sum(communities[name] <= 3 for name in STREET_OF) >= 4
    assert communities.most_common(1)[0][0] == "龙池社区"
    assert FIRST in {one.said for one in said}


def test_everybody_and_every_place_in_it_belongs_to_the_district_and_may_do_what_they_do() -> None:
    areas = {"云栖区", *STREET_OF, *STREET_OF.values()}
    where: dict[str, str] = {}
    homes: dict[str, str] = {}
    for event in timeline(NOW).events:
        match event:
            case Say():
                where[event.said] = AREA_OF_POINT[event.where]
                clean_message(event.text)
                assert event.contact == "" or "0000" in event.contact
            case Join():
                homes.setdefault(event.matter, where[event.said])
                assert not event.by or _may(event.by, Permission.TRIAGE_DECIDE, where[event.said])
            case TopicStep():
                needed = Permission.TOPIC_PROPOSE if event.action is TopicAction.PROPOSE else Permission.SCREEN_DECIDE
                assert _may(event.by, needed, homes[event.matter]), event
                assert 0 < len(event.words) <= 500
            case Publish():
                assert _may(event.prepared_by, Permission.RELEASE_PREPARE, homes[event.matter])
                assert not event.released_by or event.released_by != event.prepared_by
            case Invite():
                assert event.area in areas
            case _:
                pass


def _may(name: str, permission: Permission, community: str) -> bool:
    reach = {community, STREET_OF[community], "云栖区"}
    return any(role in roles_with(permission) and area in reach for role, area in PEOPLE[name].grants)


def test_staff_work_on_working_days() -> None:
    for event in timeline(NOW).events:
        if isinstance(event, Publish) or (isinstance(event, TopicStep) and Role.STAFF in {role for role, _ in PEOPLE[event.by].grants}):
            local = event.at.astimezone(SHANGHAI)
            assert is_working_day(local.date()), event
            assert 8 <= local.hour <= 17


def test_one_topic_goes_all_the_way_and_is_released_at_each_turn() -> None:
    plan = timeline(NOW)
    steps = [event for event in plan.events if isinstance(event, TopicStep | Publish) and event.matter == "lamp-xingfuli"]
    assert [event.action.value if isinstance(event, TopicStep) else event.kind.value for event in steps] == [
        "propose",
        "approve",
        "in_hand",
        "plan",
        "open_consultation",
        "deliver_report",
        "decision",
        "verify",
        "result",
    ]
    assert all(event.at + RELEASED_AFTER < plan.ends for event in steps)


# A month, and the matter of its season.
@pytest.mark.parametrize(("month", "matter"), [(1, "heating-hongzhuan"), (4, "blossom-hongzhuan"), (7, "mosquito-hongzhuan")])
def test_seasons_bring_their_own_matters(month: int, matter: str) -> None:
    events = timeline(datetime(2026, month, 20, 3, tzinfo=UTC)).events
    seasonal = {event.said.split("/")[0] for event in events if isinstance(event, Say) and "hongzhuan" in event.said}
    assert seasonal == {matter}


def test_a_sentence_without_any_outcome_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "life.toml"
    path.write_text('[[matter]]\ncode = "x"\ndays = [9, 3]\nsaid = [{ in = "龙池社区", t = "路灯不亮" }]\n', encoding="utf-8")
    with pytest.raises(ValueError, match="x/0"):
        timeline(NOW, files=[path])


def test_no_sentence_is_said_twice() -> None:
    texts = Counter(event.text for event in timeline(NOW).events if isinstance(event, Say))
    assert [text for text, count in texts.items() if count > 1] == []
    codes = [matter["code"] for name in FILES for matter in tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))["matter"]]
    assert len(codes) == len(set(codes))


def test_the_jobs_run_by_the_clock_to_the_last_morning() -> None:
    plan = timeline(NOW)
    sweeps = [event.at for event in plan.events if isinstance(event, Sweep)]
    assert sweeps[-1] == plan.ends
    assert max(later - earlier for earlier, later in itertools.pairwise(sweeps)) <= timedelta(hours=14)
