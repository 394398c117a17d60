"""In which order the tests are run when several processes share them: what takes longest begins at once, each kind in one process."""

from collections.abc import Sequence

import pytest

SLOW = ("faults", "integration", "architecture", "triage", "contract")
"""Folders with modules that take half a minute and more. What is left are thousands of tests that take a moment."""
LONGEST = (
    "test_demo_process",
    "test_demo_life",
    "test_worker_process",
    "test_poster_batch",
    "test_triage_together",
    "test_migrations",
    "test_notices_killed",
    "test_route_cases",
    "test_routes",
    "test_shared_rows",
    "test_same_matter_learning",
    "test_api_fuzz",
)
"""Modules that begin before the others of their folder: whoever comes to one at the end keeps everybody waiting."""


def piled(items: Sequence[pytest.Item], processes: int) -> list[pytest.Item]:
    """`items` so that, cut into `processes` pieces of one size, each piece begins with slow ones.

    `--dist worksteal` cuts them so. Whoever is done takes from the ends of the others' pieces, where the quick ones lie; the slow stay
    together, for their modules share a whole installation.
    """
    kinds: dict[str, list[pytest.Item]] = {}
    for item in items:
        kinds.setdefault(_kind(item), []).append(item)
    quick = kinds.pop("", [])
    piles: list[list[pytest.Item]] = [[] for _ in range(processes)]
    for kind in SLOW:
        min(piles, key=len).extend(sorted(kinds.get(kind, []), key=_turn))
    size = -(-len(items) // processes)
    for pile in piles:
        room = max(0, size - len(pile))
        pile.extend(quick[:room])
        del quick[:room]
    return [item for pile in piles for item in pile] + quick


def _kind(item: pytest.Item) -> str:
    folder = item.path.parent.name
    return folder if folder in SLOW else ""


def _turn(item: pytest.Item) -> int:
    return LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST)
