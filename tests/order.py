"""In which order the tests are run when several processes share them: what takes longest begins at once, each kind in one process."""

from collections.abc import Sequence

import pytest

SLOW = ("faults", "integration")
"""Folders that wait for servers and browsers: minutes each. What is left are thousands of tests that take a moment."""


def piled(items: Sequence[pytest.Item], processes: int) -> list[pytest.Item]:
    """`items` so that, cut into `processes` pieces of one size, each piece begins with slow ones.

    `--dist worksteal` cuts them so. Whoever is done takes from the ends of the others' pieces, where the quick ones lie; the slow stay
    together, for their modules share a browser or a whole installation.
    """
    kinds: dict[str, list[pytest.Item]] = {}
    for item in items:
        kinds.setdefault(_kind(item), []).append(item)
    quick = kinds.pop("", [])
    piles: list[list[pytest.Item]] = [[] for _ in range(processes)]
    for kind in SLOW:
        min(piles, key=len).extend(kinds.get(kind, []))
    size = -(-len(items) // processes)
    for pile in piles:
        room = max(0, size - len(pile))
        pile.extend(quick[:room])
        del quick[:room]
    return [item for pile in piles for item in pile] + quick


def _kind(item: pytest.Item) -> str:
    folder = item.path.parent.name
    return folder if folder in SLOW else ""
