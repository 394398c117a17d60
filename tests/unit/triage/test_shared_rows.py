"""How the scorer does on real messages; they lie beside the project, never inside it.

The shipped scorer has learnt from these very rows, so the floors only catch what breaks it; docs/triage.md has the out-of-fold figures.
"""

import os
from pathlib import Path

import pytest

from workers.triage.learning.rows import Text
from workers.triage.learning.same_matter import evaluate_candidates, evaluate_pairs, evaluate_same_matter

CIVIC = Path(__file__).parents[3].parent / "shared" / "data" / "civic"


def rows(name: str) -> Path:
    if not CIVIC.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{CIVIC} is needed in CI")
        pytest.skip(f"{CIVIC} is not here")
    return CIVIC / name


# On titles alone people leave out what tells two matters apart: fewer joins, and more of them wrong.
@pytest.mark.parametrize(("text", "precision", "recall", "ap"), [("full", 0.88, 0.6, 0.9), ("title", 0.75, 0.4, 0.72)])
def test_hand_read_pairs_that_join_by_themselves_are_mostly_right(text: Text, precision: float, recall: float, ap: float) -> None:
    found = evaluate_pairs(rows("messages.jsonl"), rows("pairs.jsonl"), text)
    assert found["precision"] >= precision
    assert found["recall"] >= recall
    assert found["ap"] >= ap


def test_messages_with_titles_alone_come_together_as_a_person_would_group_them() -> None:
    found = evaluate_same_matter(rows("messages.jsonl"), rows("events.jsonl"), "title")
    assert found["b3_p"] >= 0.9
    assert found["b3_f"] >= 0.84


def test_the_index_offers_what_there_is() -> None:
    assert evaluate_candidates(rows("messages.jsonl"), rows("events.jsonl"), "title")["recall_at_20"] >= 0.97
