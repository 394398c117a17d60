"""Replays messages in time order through the online decision, as the worker does, with the index in memory."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from config.taxonomy import default_taxonomy
from intake.domain.language.lexicon import lexicon_of
from workers.triage.message import Finding, Message
from workers.triage.pipeline import default_pipeline
from workers.triage.same_matter import ASKED_GRAMS, Candidate, Incoming, SameMatter, choose_rare, decide

CANDIDATES = 20


@dataclass(frozen=True)
class Arrival:
    text: str
    area_id: int
    received_at: dt.datetime


def replay(arrivals: Sequence[Arrival], *, window_days: int = 90) -> tuple[list[int], list[SameMatter]]:
    """The group each message ends in when every `attach` is believed, and each decision."""
    taxonomy = default_taxonomy()
    lexicon, triage = lexicon_of(taxonomy), default_pipeline(taxonomy)
    df: Counter[int] = Counter()
    index: dict[int, list[int]] = defaultdict(list)
    seen: list[Candidate] = []
    groups: list[int] = []
    decisions: list[SameMatter] = []
    for number, arrival in enumerate(arrivals):
        found = triage(Message(arrival.text, arrival.area_id, (), arrival.received_at), Finding())
        hits: Counter[int] = Counter()
        for gram in choose_rare(found.grams, df, ASKED_GRAMS):
            for earlier in index[gram]:
                hits[earlier] += 1_000 // (1 + df[gram])
        candidates = [seen[earlier] for earlier, _ in hits.most_common(CANDIDATES)]
        incoming = Incoming(found.masked, found.grams, arrival.area_id, arrival.received_at)
        decision = decide(incoming, candidates, df=df, total=number, lexicon=lexicon, window_days=window_days)
        joined: int | None = None
        if decision.kind == "attach":
            joined = decision.topic_id if decision.topic_id is not None else decision.submission_id
        if joined is not None and decision.topic_id is None:
            seen[joined] = _in_topic(seen[joined], joined)
        group = number if joined is None else joined
        seen.append(_in_topic(Candidate(number, None, found.grams, found.masked, arrival.area_id, arrival.received_at), joined))
        groups.append(group)
        decisions.append(decision)
        df.update(found.grams)
        for gram in choose_rare(found.grams, df):
            index[gram].append(number)
    return groups, decisions


def _in_topic(candidate: Candidate, topic: int | None) -> Candidate:
    return Candidate(candidate.submission_id, topic, candidate.grams, candidate.text, candidate.area_id, candidate.received_at)


def pairwise(truth: Sequence[str], groups: Sequence[int]) -> tuple[float, float]:
    """Precision and recall over pairs of messages that stand together."""
    both = wrong = missed = 0
    for a, b in combinations(range(len(truth)), 2):
        together, same = groups[a] == groups[b], truth[a] == truth[b]
        both += together and same
        wrong += together and not same
        missed += same and not together
    return both / max(1, both + wrong), both / max(1, both + missed)


def b_cubed(truth: Sequence[str], groups: Sequence[int]) -> tuple[float, float]:
    """B³ precision and recall."""
    by_truth, by_group, by_both = Counter(truth), Counter(groups), Counter(zip(truth, groups, strict=True))
    precision = sum(by_both[t, g] / by_group[g] for t, g in zip(truth, groups, strict=True)) / len(truth)
    recall = sum(by_both[t, g] / by_truth[t] for t, g in zip(truth, groups, strict=True)) / len(truth)
    return precision, recall
