"""Files of labelled messages, figures of groupings, and a training that is small enough for a test."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workers.triage.learning.rows import RowsError
from workers.triage.learning.same_matter import (
    Stream,
    average_precision,
    clustering_scores,
    evaluate_candidates,
    evaluate_pairs,
    evaluate_same_matter,
    message_rows,
    train,
)
from workers.triage.same_matter.features import FEATURES
from workers.triage.same_matter.scorer import Scorer, scorer_of

PLACES = ("幸福里", "书院弄", "紫薇苑", "松岚新村", "星汇城", "锦带花园", "渔光广场", "听松大厦", "石栈三村", "新篁小区")
PROBLEMS = ("路灯坏了没人修", "垃圾桶满了没人清运", "停车位不够用", "加装电梯卡住了", "下水道又堵了")
SAID = ("{}{}，都快一个月了", "反映{}的{}，老人不敢出门", "{}{}", "请问{}{}，到底归谁管")


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A stream of 100 messages about 50 matters, two events of each place, and pairs of near misses."""
    messages: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    for a, place in enumerate(PLACES):
        for b, problem in enumerate(PROBLEMS):
            for c in range(2):
                number = f"{a}{b}{c}"
                text = SAID[(a + b + c) % len(SAID)].format(place, problem)
                messages.append(
                    {"id": number, "time": f"2026/{1 + b}/{1 + a} 9:0{c}:00", "title": text, "detail": f"{text}。请尽快处理{c}"}
                )
                if b < 3:
                    events.append({"id": number, "event": f"{a}{b}"})
            pairs.append({"a": f"{a}{b}0", "b": f"{a}{b}1", "same": 1})
            pairs.append({"a": f"{a}{b}0", "b": f"{a}{(b + 1) % 5}1", "same": 0})
    named: dict[str, list[dict[str, Any]]] = {"messages": messages, "events": events, "pairs": pairs}
    return [write(tmp_path / f"{name}.jsonl", rows) for name, rows in named.items()]


def test_times_are_ordered_as_times_and_repeats_count_once(tmp_path: Path) -> None:
    raw = [
        {"id": "b", "time": "2019/10/2 9:05:05", "title": "乙", "detail": "二"},
        {"id": "a", "time": "2019-9-30 23:00:00", "title": "甲", "detail": "一"},
        {"id": "c", "time": "2019/10/2 10:00:00", "title": "乙", "detail": " 二"},
        {"id": "d", "time": "2019/10/12", "title": "丙", "detail": "三"},
    ]
    rows = message_rows(write(tmp_path / "m.jsonl", raw))
    assert [row.id for row in rows] == ["a", "b", "c", "d"]
    assert rows[3].at == dt.datetime(2019, 10, 12, tzinfo=dt.UTC)
    stream = Stream.of(rows)
    assert [row.id for row in stream.rows] == ["a", "b", "d"]
    assert stream.place["c"] == stream.place["b"] == 1
    assert stream.events({"b": "x", "c": "x"}) == {1: "x"}


def test_a_row_that_lacks_something_is_named(tmp_path: Path) -> None:
    with pytest.raises(RowsError, match=r"m\.jsonl, row 1"):
        message_rows(write(tmp_path / "m.jsonl", [{"id": "a", "time": "soon", "title": "", "detail": ""}]))


@pytest.mark.parametrize(
    ("groups", "b3", "pair", "ari"),
    [
        # As it should be.
        ([1, 1, 2, 2], (1, 1), (1, 1), 1),
        # All in one.
        ([1, 1, 1, 1], (0.5, 1), (1 / 3, 1), 0),
        # Each alone.
        ([1, 2, 3, 4], (1, 0.5), (0, 0), 0),
    ],
)
def test_figures_of_a_grouping(groups: list[int], b3: tuple[float, float], pair: tuple[float, float], ari: float) -> None:
    found = clustering_scores(["x", "x", "y", "y"], groups)
    assert (found["b3_p"], found["b3_r"]) == pytest.approx(b3)
    assert (found["pair_p"], found["pair_r"]) == pytest.approx(pair)
    assert found["ari"] == pytest.approx(ari)


def test_average_precision_is_the_area_under_the_steps() -> None:
    assert average_precision([(0.9, True), (0.8, False), (0.7, True)]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([(0.5, True), (0.5, False)]) == pytest.approx(0.5)
    assert average_precision([(0.5, False)]) == 0


def test_the_index_offers_earlier_messages_of_the_same_matter(files: list[Path]) -> None:
    assert evaluate_candidates(files[0], files[1], "title")["recall_at_20"] >= 0.95


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer trees and folds: the same way, sooner."""
    pytest.importorskip("sklearn")
    monkeypatch.setattr("workers.triage.learning.pair_training.TREES", 20)
    monkeypatch.setattr("workers.triage.learning.pair_training.FOLDS", 3)


FITTED: dict[bytes, Scorer] = {}


@contextmanager
def fitting_once() -> Iterator[None]:
    """What was fitted to the same examples before is not fitted again."""
    from workers.triage.learning import pair_training

    fit = pair_training.fit

    def once(examples: pair_training.Examples) -> Scorer:
        key = b"".join(column.tobytes() for column in (examples.features, examples.same, examples.counts))
        if key not in FITTED:
            FITTED[key] = fit(examples)
        return FITTED[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair_training, "fit", once)
        yield


@pytest.mark.usefixtures("small")
def test_a_training_on_little_gives_a_scorer_that_is_read_and_gives_the_same_again(files: list[Path], tmp_path: Path) -> None:
    with fitting_once():
        card = train(files, tmp_path / "out")
    content = (tmp_path / "out" / "pairs.npz").read_bytes()
    scorer = scorer_of(content)
    assert scorer.version == card["version"]
    assert (card["events"], card["pairs"]) == (30, 100)
    assert scorer.logits(np.zeros((2, len(FEATURES)))).shape == (2,)
    train(files, tmp_path / "again")
    assert (tmp_path / "again" / "pairs.npz").read_bytes() == content


@pytest.mark.usefixtures("small")
def test_out_of_fold_figures_have_the_keys_that_are_promised(files: list[Path]) -> None:
    with fitting_once():
        matters = evaluate_same_matter(files[0], files[1], "title", folds=True, pairs_path=files[2])
        pairs = evaluate_pairs(files[0], files[2], "title", folds=True, events_path=files[1])
    assert set(matters) == {"b3_p", "b3_r", "b3_f", "pair_p", "pair_r", "pair_f1", "ari", "topics"}
    assert matters["b3_f"] >= 0.8
    assert set(pairs) == {"precision", "recall", "ap"}
    assert pairs["ap"] >= 0.8


def test_the_exported_trees_say_what_scikit_learn_says() -> None:
    ensemble = pytest.importorskip("sklearn.ensemble")
    from workers.triage.learning.pair_training import DEPTH, trees_of

    random = np.random.default_rng(0)
    features = random.random((400, len(FEATURES))).astype(np.float32)
    same = features[:, 0] + features[:, 5] * features[:, 7] > 0.8
    forest = ensemble.HistGradientBoostingClassifier(max_iter=20, max_depth=DEPTH, early_stopping=False, random_state=0).fit(features, same)
    assert trees_of(forest).logits(features.astype(np.float64)) == pytest.approx(forest.decision_function(features), abs=1e-4)


def test_files_that_are_none_of_ours_are_refused(files: list[Path], tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    with pytest.raises(RowsError, match="neither messages nor events nor pairs"):
        train([*files, write(tmp_path / "other.jsonl", [{"x": 1}])], tmp_path)
    with pytest.raises(RowsError, match="`event` or with `same`"):
        train(files[:1], tmp_path)
    with pytest.raises(RowsError, match="a file of messages"):
        train(files[1:], tmp_path)
