"""What the suite leaves to `make check` lies where that looks for it: a mark elsewhere would be run by nobody."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("mark", ["browser", "faults"])
def test_what_the_suite_leaves_out_lies_in_its_folder(mark: str) -> None:
    marked = f"mark.{mark}"
    modules = [path for path in TESTS.rglob("test_*.py") if marked in path.read_text(encoding="utf-8")]
    assert {path.parent.name for path in modules} == {mark}
    assert set(modules) == {*(TESTS / mark).glob("test_*.py")}
