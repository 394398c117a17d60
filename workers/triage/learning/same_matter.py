"""Trains the pair scorer and measures it on a real stream; training needs scikit-learn (the extra `train`), measuring doesn't.

Files, one JSON object a line: messages (`id`, `time`, `title`, `detail`), events (`id`, `event`: labelled messages of the same matter),
pairs (`a`, `b`, `same`: pairs read by hand). Any other file with texts tells how common words are.
"""

import datetime as dt
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from config.taxonomy import default_taxonomy
from intake.domain.language.grams import grams_of
from intake.domain.language.lexicon import Lexicon, lexicon_of
from intake.domain.language.matching_form import matching_form
from workers.triage.learning.rows import BODY, RowsError, Text, read_json_lines
from workers.triage.same_matter.decide import ATTACH_AT, decide
from workers.triage.same_matter.evidence import PairScorer, compare_all
from workers.triage.same_matter.index import ASKED_GRAMS, gram_weight, rare_grams
from workers.triage.same_matter.matter import Candidate, Incoming, SameMatter

CANDIDATES = 20
SIGHTINGS = 64
"""Each gram of the index remembers so many of the last messages, as in production."""

NO_WINDOW = 36_500
"""Days; the reference matters go on for years, and the window is a setting of the district."""

Ids = Sequence[str]


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message of the stream."""

    id: str
    title: str
    detail: str
    at: dt.datetime

    def text(self, view: Text) -> str:
        """The row as a message of that length."""
        if view == "title":
            return self.title or self.detail[:BODY]
        if view == "body60":
            return self.detail[:BODY] or self.title
        return f"{self.title}。{self.detail}" if self.title and self.detail else self.title or self.detail


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two messages and whether a person found them to be about one matter."""

    a: str
    b: str
    same: bool


def message_rows(path: Path) -> list[MessageRow]:
    """The stream in the order in which it was sent; a message that repeats an earlier one word for word is still there."""
    rows = []
    for number, raw in enumerate(read_json_lines(path), start=1):
        try:
            rows.append(MessageRow(str(raw["id"]), str(raw["title"]).strip(), str(raw["detail"]).strip(), _moment(str(raw["time"]))))
        except (KeyError, ValueError) as error:
            raise RowsError(f"{path.name}, row {number}: `id`, `time`, `title` and `detail` are needed ({error})") from error
    return sorted(rows, key=lambda row: (row.at, row.id))


def event_rows(path: Path) -> dict[str, str]:
    """The matter of each labelled message."""
    return {str(raw["id"]): str(raw["event"]) for raw in read_json_lines(path)}


def pair_rows(path: Path) -> list[PairRow]:
    """Pairs read by hand."""
    return [PairRow(str(raw["a"]), str(raw["b"]), bool(raw["same"])) for raw in read_json_lines(path)]


def _moment(written: str) -> dt.datetime:
    """2019/2/28 9:05:05 and 2019-02-28 09:05:05 alike; RFC 3339 is not expected."""
    day, _, clock = written.replace("/", "-").strip().partition(" ")
    year, month, date = map(int, day.split("-"))
    hour, minute, second = (*map(int, clock.split(":")), 0, 0, 0)[:3] if clock else (0, 0, 0)
    return dt.datetime(year, month, date, hour, minute, second, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Stream:
    """The messages without exact repeats, in time order; `place` knows the repeats too."""

    rows: Sequence[MessageRow]
    place: Mapping[str, int]

    @classmethod
    def of(cls, rows: Iterable[MessageRow]) -> "Stream":
        """Keep the first of each text."""
        kept: list[MessageRow] = []
        first: dict[tuple[str, str], int] = {}
        place: dict[str, int] = {}
        for row in rows:
            words = (row.title, row.detail)
            if words not in first:
                first[words] = len(kept)
                kept.append(row)
            place[row.id] = first[words]
        return cls(kept, place)

    def events(self, events: Mapping[str, str]) -> dict[int, str]:
        """The matter of each labelled message that isn't a repeat, by its place in the stream."""
        return {n: events[row.id] for n, row in enumerate(self.rows) if row.id in events}

    @cached_property
    def lexicon(self) -> Lexicon:
        """The words of the taxonomy that ships with the project."""
        return lexicon_of(default_taxonomy())


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it comes to the decision: what the index offers, and how common words were at that moment."""

    incoming: Incoming
    offered: tuple[int, ...]
    df: Mapping[int, int]
    total: int


def arrivals(stream: Stream, view: Text) -> Iterable[Arrival]:
    """Each message of the stream with the earlier ones that the index, kept in memory here, finds for it. Don't keep `df`."""
    df: Counter[int] = Counter()
    index: dict[int, deque[int]] = defaultdict(lambda: deque(maxlen=SIGHTINGS))
    for number, row in enumerate(stream.rows):
        text = row.text(view)
        grams = grams_of(matching_form(text))
        asked = rare_grams(text, df=df, total=number, n=ASKED_GRAMS)
        weight: dict[int, float] = defaultdict(float)
        for gram in asked:
            told = gram_weight(gram, df=df, total=number)
            for earlier in index.get(gram, ()):
                weight[earlier] += told
        offered = sorted(weight, key=lambda earlier: (-weight[earlier], -earlier))[:CANDIDATES]
        yield Arrival(Incoming(text, grams, number, row.at), tuple(offered), df, number)
        for gram in rare_grams(text, df=df, total=number):
            index[gram].append(number)
        df.update(grams)


class Scorers:
    """Which scorer judges which pair: always the shipped one, or one that has seen neither message."""

    def between(self, number: int, others: Sequence[int]) -> PairScorer | None:
        """The scorer for the pairs of one message with others, by their places in the stream; None is the shipped one."""
        del number, others
        return None


def replay(stream: Stream, view: Text, scorers: Scorers) -> tuple[list[int], list[SameMatter]]:
    """The topic in which each message ends when every attachment and every proposal to merge is believed, and each decision.

    As in production each message that isn't attached opens a topic. Areas are unknown: each message is from one of its own.
    """
    topic: list[int] = []
    merged: dict[int, int] = {}
    decisions: list[SameMatter] = []
    seen: list[Incoming] = []

    def root(of: int) -> int:
        while of in merged:
            of = merged[of]
        return of

    for number, arrival in enumerate(arrivals(stream, view)):
        candidates = [
            Candidate(n, root(topic[n]), seen[n].grams, seen[n].text, seen[n].area_id, seen[n].received_at) for n in arrival.offered
        ]
        decision = decide(
            arrival.incoming,
            candidates,
            df=arrival.df,
            total=arrival.total,
            lexicon=stream.lexicon,
            window_days=NO_WINDOW,
            scorer=scorers.between(number, arrival.offered),
        )
        joined = decision.topic_id if decision.kind == "attach" and decision.topic_id is not None else number
        for other in decision.merge_with:
            merged[root(other)] = root(joined)
        topic.append(joined)
        seen.append(arrival.incoming)
        decisions.append(decision)
    return [root(of) for of in topic], decisions


def evaluate_same_matter(
    data_path: Path, events_path: Path, text: Text = "full", *, folds: bool = False, pairs_path: Path | None = None
) -> dict[str, float]:
    """Replay the whole stream and score the labelled messages: b3_p, b3_r, b3_f, pair_p, pair_r, pair_f1, ari, topics.

    A labelled message whose event has no other labelled one is an event of one, and counts as such. With `folds`, each pair is judged by
    a scorer that saw neither of its events; `pairs_path` is then trained on too.
    """
    stream = Stream.of(message_rows(data_path))
    return matter_figures(stream, event_rows(events_path), text, _scorers(stream, events_path, pairs_path, folds=folds))


def matter_figures(stream: Stream, event_of: Mapping[str, str], text: Text, scorers: Scorers) -> dict[str, float]:
    """As `evaluate_same_matter`, of rows that were read before."""
    events = stream.events(event_of)
    groups, _ = replay(stream, text, scorers)
    labelled = sorted(events)
    return clustering_scores([events[n] for n in labelled], [groups[n] for n in labelled]) | {"topics": float(len(set(groups)))}


def evaluate_pairs(
    data_path: Path, pairs_path: Path, text: Text = "full", *, folds: bool = False, events_path: Path | None = None
) -> dict[str, float]:
    """The joins that the scorer would make by itself among hand-read pairs: precision, recall, and ap (average precision of the score).

    With `folds`, each pair is judged by a scorer that saw neither message; `events_path` is then trained on too.
    """
    stream = Stream.of(message_rows(data_path))
    return pair_figures(stream, pair_rows(pairs_path), text, _scorers(stream, events_path, pairs_path, folds=folds))


def pair_figures(stream: Stream, pairs: Sequence[PairRow], text: Text, scorers: Scorers) -> dict[str, float]:
    """As `evaluate_pairs`, of rows that were read before."""
    df = Counter(gram for row in stream.rows for gram in grams_of(matching_form(row.text(text))))
    scored: list[tuple[float, bool, bool]] = []
    for pair in pairs:
        new, old = sorted((stream.place[pair.a], stream.place[pair.b]), reverse=True)
        incoming, candidate = (stream.rows[n] for n in (new, old))
        compared = compare_all(
            Incoming(incoming.text(text), (), 0, incoming.at),
            [Candidate(old, old, (), candidate.text(text), 1, candidate.at)],
            df=df,
            total=len(stream.rows),
            lexicon=stream.lexicon,
            scorer=scorers.between(new, [old]),
        )
        evidence = compared.evidence(0)
        scored.append((evidence.probability, evidence.probability >= ATTACH_AT and evidence.joins, pair.same))
    right = sum(joins and same for _, joins, same in scored)
    return {
        "precision": right / max(1, sum(joins for _, joins, _ in scored)),
        "recall": right / max(1, sum(same for _, _, same in scored)),
        "ap": average_precision([(probability, same) for probability, _, same in scored]),
    }


def evaluate_candidates(data_path: Path, events_path: Path, text: Text = "full") -> dict[str, float]:
    """How often the index offers an earlier message of the same event, where there is one, and which share of all those it offers."""
    stream = Stream.of(message_rows(data_path))
    events = stream.events(event_rows(events_path))
    members: dict[str, list[int]] = defaultdict(list)
    some = all_ = asked = earlier = 0
    for number, arrival in enumerate(arrivals(stream, text)):
        event = events.get(number)
        if event is None:
            continue
        if members[event]:
            found = len(set(members[event]) & set(arrival.offered))
            some, all_, asked, earlier = some + bool(found), all_ + found, asked + 1, earlier + len(members[event])
        members[event].append(number)
    return {"recall_at_20": some / max(1, asked), "pairs_recall_at_20": all_ / max(1, earlier)}


def _scorers(stream: Stream, events_path: Path | None, pairs_path: Path | None, *, folds: bool) -> Scorers:
    if not folds:
        return Scorers()
    from workers.triage.learning.pair_training import out_of_fold_scorers

    return out_of_fold_scorers(stream, event_rows(events_path) if events_path else {}, pair_rows(pairs_path) if pairs_path else [])


def clustering_scores(truth: Sequence[str], groups: Sequence[int]) -> dict[str, float]:
    """B³, pairwise and adjusted Rand figures of a grouping against the true one."""
    by_truth, by_group, by_both = Counter(truth), Counter(groups), Counter(zip(truth, groups, strict=True))
    b3_p = sum(count * count / by_group[group] for (_, group), count in by_both.items()) / max(1, len(truth))
    b3_r = sum(count * count / by_truth[event] for (event, _), count in by_both.items()) / max(1, len(truth))
    together, same, both = (_pairs(counts.values()) for counts in (by_group, by_truth, by_both))
    pair_p, pair_r = both / max(1, together), both / max(1, same)
    expected = together * same / max(1, _pairs([len(truth)]))
    chance = (together + same) / 2 - expected
    return {
        "b3_p": b3_p,
        "b3_r": b3_r,
        "b3_f": _harmonic(b3_p, b3_r),
        "pair_p": pair_p,
        "pair_r": pair_r,
        "pair_f1": _harmonic(pair_p, pair_r),
        "ari": (both - expected) / chance if chance else 1.0,
    }


def average_precision(scored: Sequence[tuple[float, bool]]) -> float:
    """Area under the precision–recall steps; rows with equal scores count as one step."""
    right = total = 0
    area = 0.0
    by_score: dict[float, list[bool]] = defaultdict(list)
    for score, same in scored:
        by_score[score].append(same)
    for score in sorted(by_score, reverse=True):
        more = sum(by_score[score])
        right, total = right + more, total + len(by_score[score])
        area += more * right / total
    return area / max(1, right)


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0


def train(data_paths: Sequence[Path], out_dir: Path) -> dict[str, Any]:
    """Train on the files given, write `pairs.npz` into `out_dir`, and return the model's card."""
    from workers.triage.learning.pair_training import train_pairs

    return train_pairs(data_paths, out_dir)
