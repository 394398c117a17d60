import datetime as dt
import json
import re
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from config.taxonomy import default_taxonomy
from intake.domain.personal_data import personal_data
from tests.unit.triage.stream import Arrival, b_cubed, pairwise, replay
from workers.triage.message import Finding, Message
from workers.triage.pipeline import default_pipeline

DEMO = Path(__file__).parents[3] / "intake" / "cli" / "demo_data"
DISTRICT: dict[str, Any] = tomllib.loads((DEMO / "district.toml").read_text(encoding="utf-8"))
ROWS: list[dict[str, str]] = [json.loads(line) for line in (DEMO / "messages.jsonl").read_text(encoding="utf-8").splitlines()]
COMMUNITIES = [community["name"] for street in DISTRICT["street"] for community in street["community"]]
START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
TRUTH = [row["matter"] for row in ROWS]


def arrivals(*, every: dt.timedelta, one_area: bool) -> list[Arrival]:
    return [Arrival(row["text"], 0 if one_area else COMMUNITIES.index(row["community"]), START + n * every) for n, row in enumerate(ROWS)]


def test_the_demo_district_is_whole() -> None:
    assert len(DISTRICT["street"]) == 8
    assert len(COMMUNITIES) == len(set(COMMUNITIES)) == 35
    assert len(DISTRICT["member"]) == 60
    assert len({person["login"] for kind in ("member", "staff") for person in DISTRICT[kind]}) == 65
    assert len(DISTRICT["admin"]) == 1
    assert {community for member in DISTRICT["member"] for community in member["duty"]} == set(COMMUNITIES)
    zhou = next(member for member in DISTRICT["member"] if member["name"] == "周明远")
    assert (zhou["streets"], zhou["duty"], zhou["convenor"]) == (["丰山街道"], ["龙池社区"], True)
    convenors = Counter(member["streets"][0] for member in DISTRICT["member"] if member.get("convenor"))
    assert set(convenors) == {street["name"] for street in DISTRICT["street"]}
    assert set(convenors.values()) <= {2, 3}


def test_the_demo_messages_are_short_and_come_from_the_demo_district() -> None:
    assert len(ROWS) == 150
    assert {row["community"] for row in ROWS} <= set(COMMUNITIES)
    assert all(10 <= len(row["text"]) <= 80 for row in ROWS)
    assert all(set(row) <= {"community", "text", "matter", "place", "contact"} for row in ROWS)
    sizes = Counter(TRUTH).values()
    assert max(sizes) == 12
    assert sum(size == 1 for size in sizes) == 24


def test_every_telephone_in_the_demo_messages_is_masked() -> None:
    written = [row["text"] for row in ROWS if re.search(r"1\d\d-?\d{4}-?\d{4}", row["text"])]
    assert len(written) == 2
    for text in written:
        assert [span.kind for span in personal_data(text)] == ["phone"]


def test_messages_about_one_matter_come_together_and_others_stay_apart() -> None:
    groups, decisions = replay(arrivals(every=dt.timedelta(hours=7), one_area=False))
    precision, recall = pairwise(TRUTH, groups)
    b_precision, b_recall = b_cubed(TRUTH, groups)
    assert precision >= 0.95
    assert recall >= 0.65
    assert b_precision >= 0.95
    assert b_recall >= 0.82
    unsure = [(n, d.topic_id if d.topic_id is not None else d.submission_id) for n, d in enumerate(decisions) if d.kind == "unsure"]
    assert sum(TRUTH[n] == TRUTH[shown] for n, shown in unsure if shown is not None) >= 0.6 * len(unsure)


def test_without_help_from_the_area_few_strangers_are_joined() -> None:
    groups, _ = replay(arrivals(every=dt.timedelta(hours=7), one_area=True))
    precision, recall = pairwise(TRUTH, groups)
    assert precision >= 0.9
    assert recall >= 0.6


def test_most_demo_messages_get_a_category_and_only_the_gas_smell_is_an_emergency() -> None:
    triage = default_pipeline(default_taxonomy())
    findings = {row["text"]: triage(Message(row["text"], 1, (), START), Finding()) for row in ROWS}
    assert sum(finding.category is not None for finding in findings.values()) >= 0.9 * len(ROWS)
    assert [row["matter"] for row in ROWS if findings[row["text"]].urgency == "emergency"] == ["single-gas-smell"]


def test_a_message_is_done_in_a_few_milliseconds() -> None:
    started = time.process_time()
    replay(arrivals(every=dt.timedelta(hours=7), one_area=False))
    assert (time.process_time() - started) / len(ROWS) < 0.005
