"""The same kind of topic in several communities: a class of matters (一件事 → 一类事) is proposed, with its evidence."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from intake.domain.language.lexicon import Lexicon
from intake.domain.language.matching_form import matching_form
from intake.domain.topic import CLASS_MOST
from workers.triage.message import Reason

COMMUNITIES = 3
"""The same problem in as many communities is no accident."""
MOST = CLASS_MOST
"""The oldest make the class that is proposed, so that it keeps its name as it grows; the others are proposed once it stands."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One open topic of a district, and how many messages stand behind it; the caller chooses which and how far back."""

    topic_id: int
    title: str
    area_id: int
    people: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """Topics that would make one class; `problem` names it the same however often it is found, so that nobody is asked twice."""

    problem: str
    topic_ids: tuple[int, ...]
    score: float
    """From 0 to 1, growing with communities and people."""
    reasons: tuple[Reason, ...]


def patterns(matters: Iterable[Matter], lexicon: Lexicon) -> tuple[Pattern, ...]:
    """Classes worth proposing among a district's topics, the strongest first; a topic stands in one at most.

    Topics are alike when their titles name the same problem of the taxonomy; it must stand in COMMUNITIES different communities.
    """
    alike: dict[str, list[tuple[Matter, str]]] = defaultdict(list)
    for matter in matters:
        for problem, word in lexicon.problem_words(lexicon.words_in(matching_form(matter.title))).items():
            alike[problem].append((matter, word))
    found: list[Pattern] = []
    taken: set[int] = set()
    for problem, members in sorted(alike.items(), key=lambda item: (-_spread(item[1]), -_people(item[1]), item[0])):
        free = [(matter, word) for matter, word in members if matter.topic_id not in taken]
        if _spread(free) >= COMMUNITIES:
            found.append(_pattern(problem, free))
            taken.update(matter.topic_id for matter, _ in free)
    return tuple(sorted(found, key=lambda one: (-one.score, one.problem)))


def _pattern(problem: str, members: list[tuple[Matter, str]]) -> Pattern:
    members = sorted(members, key=lambda member: member[0].topic_id)[:MOST]
    members.sort(key=lambda member: -member[0].people)
    communities, people, word = _spread(members), _people(members), members[0][1]
    return Pattern(
        problem,
        tuple(matter.topic_id for matter, _ in members),
        round(1 - 1 / (1 + 0.3 * (communities - COMMUNITIES + 1) + 0.02 * people), 3),
        (
            Reason("problem", f"同一问题：{word}"),
            Reason("areas", f"分布在 {communities} 个社区"),
            Reason("people", f"共 {people} 件来件"),
        ),
    )


def _spread(members: Iterable[tuple[Matter, str]]) -> int:
    return len({matter.area_id for matter, _ in members})


def _people(members: Iterable[tuple[Matter, str]]) -> int:
    return sum(matter.people for matter, _ in members)
