"""Attach, open, or not sure: where one message belongs among earlier ones."""

from collections.abc import Mapping, Sequence

from intake.domain.language.lexicon import Lexicon
from workers.triage.same_matter.evidence import Comparison, PairScorer, compare_all, days_between
from workers.triage.same_matter.matter import Candidate, Incoming, Kind, SameMatter
from workers.triage.same_matter.reasons import reasons_for
from workers.triage.same_matter.sentences import best_sentence

ATTACH_AT = 0.80
UNSURE_AT = 0.50

BEST_MEMBERS = 2
"""A topic scores as the mean of its best members, so that one odd member can't pull strangers in."""

_OTHERS = 5
_Matter = tuple[str, int]


def decide(
    incoming: Incoming,
    candidates: Sequence[Candidate],
    *,
    df: Mapping[int, int],
    total: int,
    lexicon: Lexicon,
    window_days: int,
    scorer: PairScorer | None = None,
) -> SameMatter:
    """Suggest where `incoming` belongs; `total` messages are counted in `df`, candidates outside the window are passed over."""
    near = [candidate for candidate in candidates if days_between(incoming, candidate) <= window_days]
    if not near:
        return SameMatter("open", None, None, 0.0, (), ())
    compared = compare_all(incoming, near, df=df, total=total, lexicon=lexicon, scorer=scorer)
    matters = _matters(compared)
    means = {matter: _mean(compared, members) for matter, members in matters.items()}
    ranked = sorted(means, key=lambda matter: (-means[matter], matter))
    best, *rest = ranked
    mean = means[best]
    others = tuple((number, means[kind, number]) for kind, number in rest if kind == "topic" and means[kind, number] >= UNSURE_AT / 2)
    others = others[:_OTHERS]
    if mean < UNSURE_AT:
        return SameMatter("open", None, None, mean, (), others)
    evidence = compared.evidence(matters[best][0])
    if not evidence.worth_a_look:
        return SameMatter("open", None, None, mean, (), others)
    kind: Kind = "attach" if mean >= ATTACH_AT and _joins(compared, matters[best]) else "unsure"
    nearest = near[matters[best][0]]
    return SameMatter(
        kind,
        topic_id=nearest.topic_id,
        submission_id=nearest.submission_id if nearest.topic_id is None else None,
        score=mean,
        reasons=reasons_for(evidence),
        others=others,
        sentence=best_sentence(incoming.text, nearest.text),
        merge_with=_as_good(compared, matters, others) if kind == "attach" else (),
    )


def _matters(compared: Comparison) -> dict[_Matter, list[int]]:
    """Positions of the candidates by topic, the likest first; one without a topic is a matter of its own."""
    order = sorted(range(len(compared.candidates)), key=lambda at: (-compared.probabilities[at], compared.candidates[at].submission_id))
    matters: dict[_Matter, list[int]] = {}
    for at in order:
        candidate = compared.candidates[at]
        matter = ("lone", candidate.submission_id) if candidate.topic_id is None else ("topic", candidate.topic_id)
        matters.setdefault(matter, []).append(at)
    return matters


def _mean(compared: Comparison, members: Sequence[int]) -> float:
    best = members[:BEST_MEMBERS]
    return round(float(sum(compared.probabilities[at] for at in best)) / len(best), 4)


def _joins(compared: Comparison, members: Sequence[int]) -> bool:
    """Whether place and problem are shared with one of the members that the topic's score rests on."""
    return any(compared.evidence(at).joins for at in members[:BEST_MEMBERS])


def _as_good(compared: Comparison, matters: Mapping[_Matter, Sequence[int]], others: Sequence[tuple[int, float]]) -> tuple[int, ...]:
    return tuple(topic for topic, mean in others if mean >= ATTACH_AT and _joins(compared, matters["topic", topic]))
