"""The scorer as a file, and the arithmetic of its trees."""

import json
from dataclasses import replace

import numpy as np
import pytest

from workers.triage.model.artifact import Artifact, ArtifactError, read_artifact, write_artifact
from workers.triage.same_matter.features import FEATURES
from workers.triage.same_matter.scorer import TASK, Scorer, Trees, base_scorer, probability, scorer_file, scorer_of


def test_the_shipped_scorer_is_read_with_its_card() -> None:
    scorer = base_scorer()
    assert scorer.version.startswith("same-matter-")
    assert scorer.card["trained_on"]
    assert set(scorer.card["out_of_fold"]) >= {"full", "title"}


def test_a_scorer_comes_back_from_its_file_as_it_was() -> None:
    scorer = base_scorer()
    again = scorer_of(scorer_file(scorer, {}))
    pairs = np.random.default_rng(0).random((50, len(FEATURES))) * 3
    assert np.array_equal(scorer.logits(pairs), again.logits(pairs))
    assert scorer_file(scorer, {}) == scorer_file(again, {})


def test_trees_go_right_above_the_threshold_and_left_at_it() -> None:
    never = np.inf
    trees = Trees(
        features=np.array([[0, 1, 0], [1, 0, 0]], dtype=np.int16),
        thresholds=np.array([[0.5, 0.5, never], [0.25, never, never]], dtype=np.float32),
        leaves=np.array([[1, 2, 3, 99], [10, 99, 20, 99]], dtype=np.float32),
        bias=100.0,
    )
    rows = np.array([[0.5, 0.5], [0.5, 0.6], [0.6, 0.0]])
    assert trees.logits(rows).tolist() == [100 + 1 + 20, 100 + 2 + 20, 100 + 3 + 10]


def test_probabilities_stay_within_bounds() -> None:
    found = probability(np.array([-1e9, 0, 1e9]))
    assert 0 < found[0] < 1e-9
    assert found[1] == 0.5
    assert found[2] <= 1


def test_a_pair_that_shares_more_is_never_less_likely() -> None:
    scorer = base_scorer()
    pairs = np.random.default_rng(1).random((200, len(FEATURES)))
    more = pairs.copy()
    more[:, FEATURES.index("cosine_head")] += 0.5
    assert (scorer.trees.logits(more) >= scorer.trees.logits(pairs) - 1e-6).all()


def _changed(change: str) -> bytes:
    scorer = base_scorer()
    artifact = read_artifact(scorer_file(scorer, {}), task=TASK)
    arrays, card = dict(artifact.arrays), json.loads(json.dumps(dict(artifact.card)))
    match change:
        case "no trees":
            del arrays["tree_leaves"]
        case "other leaves":
            arrays["tree_leaves"] = arrays["tree_leaves"][:, :-1]
        case "foreign feature":
            arrays["tree_features"] = np.full_like(arrays["tree_features"], len(FEATURES))
        case "other features":
            card["scorer"]["features"] = ["cosine"]
        case "no numbers":
            del card["scorer"]
        case "other task":
            return write_artifact(Artifact("classify", arrays, card))
    return write_artifact(Artifact(TASK, arrays, card))


@pytest.mark.parametrize("change", ["no trees", "other leaves", "foreign feature", "other features", "no numbers", "other task"])
def test_a_damaged_or_foreign_file_is_refused(change: str) -> None:
    with pytest.raises(ArtifactError):
        scorer_of(_changed(change))


def test_a_file_cut_short_is_refused() -> None:
    content = scorer_file(base_scorer(), {})
    for end in (0, 10, len(content) // 2, len(content) - 1):
        with pytest.raises(ArtifactError):
            scorer_of(content[:end])


def test_the_versions_of_two_scorers_differ() -> None:
    scorer: Scorer = base_scorer()
    other = replace(scorer, bias=scorer.bias + 1)
    assert scorer_of(scorer_file(scorer, {})).version != scorer_of(scorer_file(other, {})).version
