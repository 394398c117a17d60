"""No count of one or two can be read in the open data, nor worked out from it."""

import pytest

from intake.domain.withholding import HIDDEN, MonthFigures, published, withheld


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        # Zero points at nobody, and from three on nobody is pointed at.
        ([0, 3, 12], (0, 3, 12)),
        # Two gaps hide each other.
        ([1, 2, 9], (None, None, 9)),
        # One alone could be worked out from the place's sum: the smallest other goes too.
        ([2, 9, 5, 0], (None, 9, None, 0)),
        # There is no other; the page doesn't tell the sum either.
        ([2, 0], (None, 0)),
        ([], ()),
    ],
)
def test_small_counts_are_left_out_and_a_single_gap_is_widened(counts: list[int], told: tuple[int | None, ...]) -> None:
    assert withheld(counts) == told


def test_what_became_of_a_number_that_is_not_told_is_not_told_either() -> None:
    assert published([(2, 0, 0), (1, 1, 0), (9, 4, 3), (8, 6, 3)]) == (HIDDEN, HIDDEN, MonthFigures(9, None, 3), MonthFigures(8, 6, 3))
