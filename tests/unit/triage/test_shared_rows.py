"""How the scorer does on real messages; they lie beside the project, never inside it."""

import datetime as dt
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from config.taxonomy import default_taxonomy
from intake.domain.language.lexicon import lexicon_of
from workers.triage.message import Finding, Message
from workers.triage.pipeline import default_pipeline
from workers.triage.same_matter import ATTACH_AT, Candidate, Incoming, compare, score

CIVIC = Path(__file__).parents[3].parent / "shared" / "data" / "civic"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def rows(name: str) -> list[dict[str, Any]]:
    if not CIVIC.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{CIVIC} is needed in CI")
        pytest.skip(f"{CIVIC} is not here")
    return [json.loads(line) for line in (CIVIC / name).read_text(encoding="utf-8").splitlines()]


# On titles alone people leave the place out more often than the machine can know: fewer joins, and more of them wrong.
@pytest.mark.parametrize(("body", "precision", "recall"), [(80, 0.9, 0.25), (0, 0.8, 0.15)])
def test_hand_read_pairs_that_join_by_themselves_are_mostly_right(body: int, precision: float, recall: float) -> None:
    triage, lexicon = default_pipeline(default_taxonomy()), lexicon_of(default_taxonomy())
    pairs = rows("pairs.jsonl")
    findings = {
        row["id"]: triage(Message(row["title"] + "。" * bool(body) + row["detail"][:body], 0, (), NOW), Finding())
        for row in rows("messages.jsonl")
    }
    df = Counter(gram for finding in findings.values() for gram in finding.grams)
    joined = right = 0
    for pair in pairs:
        a, b = findings[pair["a"]], findings[pair["b"]]
        # Different areas: the rows don't say where they were sent from.
        evidence = compare(
            Incoming(a.masked, a.grams, 1, NOW), Candidate(1, None, b.grams, b.masked, 2, NOW), df=df, total=len(findings), lexicon=lexicon
        )
        if score(evidence) >= ATTACH_AT and evidence.joins:
            joined += 1
            right += pair["same"]
    assert right / joined >= precision
    assert right / sum(pair["same"] for pair in pairs) >= recall
