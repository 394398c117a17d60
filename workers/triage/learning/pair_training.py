"""Fits the pair scorer to labelled messages and pairs; needs scikit-learn (the extra `train`)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from intake.domain.language.grams import grams_of
from intake.domain.language.matching_form import matching_form
from workers.triage.learning.rows import RowsError, Text, read_json_lines
from workers.triage.learning.same_matter import (
    MessageRow,
    PairRow,
    Scorers,
    Stream,
    arrivals,
    event_rows,
    matter_figures,
    message_rows,
    pair_figures,
    pair_rows,
)
from workers.triage.same_matter.background import Background, Floats, background_file
from workers.triage.same_matter.decide import ATTACH_AT
from workers.triage.same_matter.evidence import reading
from workers.triage.same_matter.features import FALLING, FEATURES, NEUTRAL, pair_features
from workers.triage.same_matter.scorer import SAME_AREA, Scorer, Trees, scorer_file, scorer_of

VIEWS: tuple[Text, ...] = ("full", "title", "body60")
"""One scorer for messages of all lengths learns from each labelled pair at each length."""

FOLDS = 5
FILE = "pairs.npz"
TREES = 120
DEPTH = 3
HAND_READ = 4.0
"""A pair that a person read counts more than one that follows from an event."""
UNLABELLED = 0.3
"""A labelled message and an unlabelled one that the index offers for it are mostly two matters; that much such a pair counts."""
FAR = 0.3
FAR_PAIRS = 1500
"""Pairs of two events that the index wouldn't offer, so that the scorer knows them too."""
RIGHT_JOINS = 0.905
"""Among hand-read pairs of messages longer than SHORT, so many of those at or above ATTACH_AT are one matter."""
SHORT = 80
STRETCH = 1.47
"""From the logits that are true for hand-read pairs: so far apart that UNSURE_AT is where about one in three is one matter."""
JOIN_LOGIT = float(np.log(ATTACH_AT / (1 - ATTACH_AT)))
LEAST_MESSAGES = 3
"""The background lists a gram when this many messages hold it."""

Fold = frozenset[int]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Pairs of messages (`a`, `b`: places in the stream) with their features, whether they are one matter, and how much each counts."""

    features: Floats
    same: npt.NDArray[np.bool_]
    counts: Floats
    a: Ints
    b: Ints
    hand_read: npt.NDArray[np.bool_]

    def only(self, kept: npt.NDArray[np.bool_]) -> "Examples":
        """Some of them."""
        return Examples(self.features[kept], self.same[kept], self.counts[kept], self.a[kept], self.b[kept], self.hand_read[kept])


def background_of(texts: Iterable[str]) -> Background:
    """How common each gram is in the texts; repeats count once. Hashed, and without what only one or two texts hold."""
    seen: set[tuple[int, ...]] = set()
    counts: Counter[int] = Counter()
    for text in texts:
        grams = grams_of(matching_form(text))
        if grams and grams not in seen:
            seen.add(grams)
            counts.update(grams)
    grams_kept = np.array(sorted(gram for gram, count in counts.items() if count >= LEAST_MESSAGES), dtype=np.int32)
    shares = np.array([counts[gram] / max(1, len(seen)) for gram in grams_kept.tolist()], dtype=np.float32)
    return Background(grams_kept, shares.astype(np.float16).astype(np.float32))


def examples_of(stream: Stream, events: Mapping[str, str], pairs: Sequence[PairRow]) -> Examples:
    """Every labelled pair at every length."""
    labels = stream.events(events)
    read_by_hand = {(max(places), min(places)): pair.same for pair in pairs for places in [(stream.place[pair.a], stream.place[pair.b])]}
    made = [_examples(stream, view, labels, read_by_hand) for view in VIEWS]
    return Examples(*(np.concatenate(parts) for parts in zip(*map(_columns, made), strict=True)))


def _columns(examples: Examples) -> tuple[Any, ...]:
    return examples.features, examples.same, examples.counts, examples.a, examples.b, examples.hand_read


def _examples(stream: Stream, view: Text, labels: Mapping[int, str], read_by_hand: Mapping[tuple[int, int], bool]) -> Examples:
    rows: list[Floats] = []
    known: list[tuple[bool, float, int, int, bool]] = []
    wanted: dict[int, dict[int, tuple[bool, float, bool]]] = defaultdict(dict)
    for new, old in _pairs_of_events(labels):
        wanted[new][old] = (labels[new] == labels[old], 1.0 if labels[new] == labels[old] else FAR, False)
    for (new, old), same in read_by_hand.items():
        wanted[new][old] = (same, HAND_READ, True)
    texts: list[str] = []
    for number, arrival in enumerate(arrivals(stream, view)):
        texts.append(arrival.incoming.text)
        asked = wanted[number]
        for old in arrival.offered:
            if (number, old) not in read_by_hand and (number in labels or old in labels):
                both = number in labels and old in labels
                asked[old] = (both and labels[number] == labels[old], 1.0 if both else UNLABELLED, False)
        if asked:
            mine = reading(arrival.incoming.text, stream.lexicon)
            others = [reading(texts[old], stream.lexicon) for old in asked]
            days = [(arrival.incoming.received_at - stream.rows[old].at).days for old in asked]
            rows.append(pair_features(mine, others, df=arrival.df, total=arrival.total, days=days))
            known += [(same, count, number, old, by_hand) for old, (same, count, by_hand) in asked.items()]
    columns = [np.array(column) for column in zip(*known, strict=True)]
    return Examples(np.concatenate(rows), *columns)


def _pairs_of_events(labels: Mapping[int, str]) -> list[tuple[int, int]]:
    """All pairs within an event, newer first, and FAR_PAIRS of two events."""
    numbers = sorted(labels, reverse=True)
    same = [(a, b) for a, b in combinations(numbers, 2) if labels[a] == labels[b]]
    random = np.random.default_rng(1)
    far: set[tuple[int, int]] = set()
    for a, b in random.integers(len(numbers), size=(2 * FAR_PAIRS, 2)).tolist() if numbers else ():
        new, old = max(numbers[a], numbers[b]), min(numbers[a], numbers[b])
        if labels[new] != labels[old] and len(far) < FAR_PAIRS:
            far.add((new, old))
    return same + sorted(far)


def fit(examples: Examples) -> Scorer:
    """A scorer that isn't calibrated yet."""
    forest = HistGradientBoostingClassifier(
        max_iter=TREES,
        max_depth=DEPTH,
        learning_rate=0.08,
        min_samples_leaf=20,
        l2_regularization=5.0,
        max_features=0.4,
        max_bins=64,
        early_stopping=False,
        random_state=0,
        monotonic_cst=[0 if name in NEUTRAL else -1 if name in FALLING else 1 for name in FEATURES],
    ).fit(examples.features.astype(np.float32), examples.same, sample_weight=examples.counts)
    mean, spread = examples.features.mean(axis=0), np.maximum(examples.features.std(axis=0), 1e-6)
    line = LogisticRegression(C=0.1, max_iter=1000).fit((examples.features - mean) / spread, examples.same, sample_weight=examples.counts)
    weights = line.coef_[0] / spread
    bias = float(line.intercept_[0] - weights @ mean)
    return Scorer("untold", trees_of(forest), weights, bias, slope=1.0, shift=0.0, same_area=SAME_AREA, card={})


def trees_of(forest: Any) -> Trees:
    """The forest as arrays."""
    predictors = [stage[0].nodes for stage in forest._predictors]  # noqa: SLF001 -- scikit-learn has no other way to its trees
    inner = 2**DEPTH - 1
    features = np.zeros((len(predictors), inner), dtype=np.int16)
    thresholds = np.full((len(predictors), inner), np.inf, dtype=np.float32)
    leaves = np.zeros((len(predictors), inner + 1), dtype=np.float32)
    for tree, nodes in enumerate(predictors):
        _lay_out(nodes, 0, 0, (features[tree], thresholds[tree], leaves[tree]))
    return Trees(features, thresholds, leaves, float(np.ravel(forest._baseline_prediction)[0]))  # noqa: SLF001 -- as above


def _lay_out(nodes: Any, node: int, at: int, tree: tuple[Any, Any, Any]) -> None:
    features, thresholds, leaves = tree
    inner = len(features)
    if at >= inner:
        leaves[at - inner] = nodes[node]["value"]
        return
    if nodes[node]["is_leaf"]:
        _lay_out(nodes, node, 2 * at + 1, tree)
        return
    features[at], thresholds[at] = nodes[node]["feature_idx"], nodes[node]["num_threshold"]
    _lay_out(nodes, nodes[node]["left"], 2 * at + 1, tree)
    _lay_out(nodes, nodes[node]["right"], 2 * at + 2, tree)


def fold_of(stream: Stream, events: Mapping[str, str], pairs: Sequence[PairRow]) -> dict[int, int]:
    """The fold of each message that an event or a pair knows; messages that hang together through either are in one."""
    labels = stream.events(events)
    above: dict[int, int] = {}

    def root(of: int) -> int:
        while above.setdefault(of, of) != of:
            of = above[of]
        return of

    first: dict[str, int] = {}
    for number, event in labels.items():
        above[root(number)] = root(first.setdefault(event, number))
    for pair in pairs:
        above[root(stream.place[pair.a])] = root(stream.place[pair.b])
    groups: dict[int, list[int]] = defaultdict(list)
    for number in sorted(above):
        groups[root(number)].append(number)
    filled = [0] * FOLDS
    fold: dict[int, int] = {}
    for group in sorted(groups.values(), key=lambda group: (-len(group), group)):
        emptiest = filled.index(min(filled))
        filled[emptiest] += len(group)
        fold |= dict.fromkeys(group, emptiest)
    return fold


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold(Scorers):
    """For each set of at most two folds a scorer that saw no message of them."""

    fold: Mapping[int, int]
    scorers: Mapping[Fold, Scorer]

    def between(self, number: int, others: Sequence[int]) -> "_Mixed":
        """The scorers for the pairs of one message with others."""
        return _Mixed(self.scorers, [_unseen(self.fold, number, other) for other in others])


@dataclass(frozen=True, slots=True)
class _Mixed:
    scorers: Mapping[Fold, Scorer]
    unseen: Sequence[Fold]
    same_area: float = SAME_AREA  # whatever was learnt: the rows don't say where they are from

    def logits(self, features: Floats) -> Floats:
        found = np.zeros(len(features))
        for fold in set(self.unseen):
            rows = [at for at, needed in enumerate(self.unseen) if needed == fold]
            found[rows] = self.scorers[fold].logits(features[rows])
        return found


def _unseen(fold: Mapping[int, int], one: int, other: int) -> Fold:
    return frozenset(fold[number] for number in (one, other) if number in fold)


def out_of_fold_scorers(stream: Stream, events: Mapping[str, str], pairs: Sequence[PairRow]) -> OutOfFold:
    """Train on all but each fold, and all but each two folds."""
    examples = examples_of(stream, events, pairs)
    fold = fold_of(stream, events, pairs)
    a, b = (np.array([fold.get(number, -1) for number in side.tolist()]) for side in (examples.a, examples.b))
    unseen = [frozenset(some) for size in range(3) for some in combinations(range(FOLDS), size)]
    raw = {some: fit(examples.only(~(np.isin(a, list(some)) | np.isin(b, list(some))))) for some in unseen}
    by_hand = examples.only(examples.hand_read)
    own = np.array([fold[number] for number in by_hand.a.tolist()], dtype=np.int64)
    logits = np.zeros(len(own))
    for number in range(FOLDS):
        logits[own == number] = raw[frozenset({number})].logits(by_hand.features[own == number])
    long = by_hand.features[:, FEATURES.index("shorter")] > np.log1p(SHORT)
    return OutOfFold(fold, {some: calibrated(raw[some], logits, by_hand.same, ~np.isin(own, list(some)), long) for some in unseen})


def calibrated(
    scorer: Scorer, logits: Floats, same: npt.NDArray[np.bool_], used: npt.NDArray[np.bool_], long: npt.NDArray[np.bool_]
) -> Scorer:
    """The scorer whose ATTACH_AT is where RIGHT_JOINS of the hand-read pairs are right, by out-of-fold `logits` of those that are `used`."""
    if len(set(same[used].tolist())) < 2:
        return scorer
    line = LogisticRegression(C=1e3).fit(logits[used, None], same[used])
    slope, shift = STRETCH * float(max(0.1, line.coef_[0, 0])), STRETCH * float(line.intercept_[0])
    return replace(scorer, slope=slope, shift=shift + JOIN_LOGIT - _joining(slope * logits[used & long] + shift, same[used & long]))


def _joining(logits: Floats, same: npt.NDArray[np.bool_]) -> float:
    """The lowest logit from which on at least RIGHT_JOINS of the pairs are one matter."""
    order = np.argsort(-logits, kind="stable")
    right = np.cumsum(same[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(right >= RIGHT_JOINS)
    return float(logits[order[enough[-1]]]) if len(enough) else float(logits.max(initial=0.0))


def train_pairs(data_paths: Sequence[Path], out_dir: Path) -> dict[str, Any]:
    """Train on the files given and write the model into `out_dir`; returns its card."""
    files = _sorted_out(data_paths)
    stream = Stream.of(files.messages)
    if not files.events and not files.pairs:
        raise RowsError("files with `event` or with `same` are needed beside the messages")
    folds = out_of_fold_scorers(stream, files.events, files.pairs)
    scorer = folds.scorers[frozenset()]
    card: dict[str, Any] = {
        "trained_on": {path.name: count for path, count in files.counts.items()},
        "events": len(set(files.events.values())),
        "pairs": len(files.pairs),
        "views": list(VIEWS),
        "out_of_fold": {view: _figures(stream, files, view, folds) for view in VIEWS},
    }
    content = scorer_file(scorer, card)
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / FILE).write_bytes(content)
    return {**card, "version": scorer_of(content).version}


def _figures(stream: Stream, files: "_Files", view: Text, folds: OutOfFold) -> dict[str, float]:
    matters = matter_figures(stream, files.events, view, folds) if files.events else {}
    pairs = pair_figures(stream, files.pairs, view, folds) if files.pairs else {}
    return {name: round(figure, 4) for name, figure in {**matters, **pairs}.items()}


@dataclass(frozen=True, slots=True)
class _Files:
    messages: list[MessageRow]
    events: dict[str, str]
    pairs: list[PairRow]
    counts: dict[Path, int]


def _sorted_out(paths: Sequence[Path]) -> _Files:
    """Tell the files apart by what their rows hold."""
    files = _Files([], {}, [], {})
    for path in paths:
        rows = read_json_lines(path)
        files.counts[path] = len(rows)
        first = rows[0]
        if "event" in first:
            files.events.update(event_rows(path))
        elif "same" in first:
            files.pairs.extend(pair_rows(path))
        elif {"id", "time", "title", "detail"} <= set(first):
            files.messages.extend(message_rows(path))
        else:
            raise RowsError(f"{path.name} holds neither messages nor events nor pairs")
    if not files.messages:
        raise RowsError("a file of messages (`id`, `time`, `title`, `detail`) is needed")
    files.messages.sort(key=lambda row: (row.at, row.id))
    return files


def write_background(text_paths: Sequence[Path], out_dir: Path) -> None:
    """Count the grams of all texts in the files and write `grams.npz` into `out_dir`; leave out the stream that is measured on."""
    rows = {path.name: read_json_lines(path) for path in text_paths}
    background = background_of(_text_of(row) for some in rows.values() for row in some)
    out_dir.mkdir(parents=True, exist_ok=True)
    card = {"counted": {name: len(some) for name, some in rows.items()}, "least_messages": LEAST_MESSAGES}
    (out_dir / "grams.npz").write_bytes(background_file(background, card))


def _text_of(row: Mapping[str, Any]) -> str:
    names = ("title", "subject", "detail", "content", "complaint", "text")
    return "。".join(str(row[name]) for name in names if row.get(name))
