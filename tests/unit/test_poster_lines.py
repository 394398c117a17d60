"""Lines of Chinese on a poster."""

import pytest

from qr_assets.lines import balanced, break_lines, fit


def by_characters(text: str) -> float:
    return float(len(text))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("龙池社区居民", ["龙池社区居", "民"], id="filled in turn"),
        pytest.param("龙池社区居，民", ["龙池社区", "居，民"], id="no comma begins a line"),
        pytest.param("龙池社区（居民", ["龙池社区", "（居民"], id="no bracket ends a line"),
        pytest.param("打 0550", ["打", "0550"], id="a number stays whole"),
        pytest.param("abcdefgh", ["abcde", "fgh"], id="unless it is wider than the room"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_lines_break_as_chinese_does(text: str, lines: list[str]) -> None:
    assert break_lines(text, room=5, measure=by_characters) == lines


def test_balanced_lines_leave_no_single_character_over() -> None:
    assert balanced("龙池社区居民委", room=6, measure=by_characters) == ["龙池社区", "居民委"]


def test_type_shrinks_until_the_lines_are_few_but_never_below_the_least() -> None:
    def at(size: float, text: str) -> float:
        return size * len(text)

    def found(least: float) -> tuple[float, list[str]]:
        return fit("龙池社区居民委员会", room=40, size=10, least=least, most_lines=1, measure_at=lambda size: lambda text: at(size, text))

    size, lines = found(1)
    assert (4 < size <= 40 / 9, lines) == (True, ["龙池社区居民委员会"])
    assert found(8) == (8, ["龙池社区居", "民委员会"])
