"""Which released matters are offered to somebody who is writing."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from intake.domain.language.grams import grams_of
from intake.domain.language.matching_form import matching_form
from intake.domain.release import ReleaseKind
from intake.queries.similar import Released, Shelf

TITLES = ("幸福里三栋电梯三天没修好", "龙池社区路灯不亮", "紫薇苑门口垃圾没人清运")


def shelf_of(*titles: str) -> Shelf:
    entries = tuple(
        Released(n, f"YT-{n}", title, ReleaseKind.IN_HAND, "龙池社区", "/1/2/", datetime(2026, 11, n, tzinfo=UTC), None, True, grams(title))
        for n, title in enumerate(titles, start=1)
    )
    return Shelf(entries, Counter(gram for entry in entries for gram in entry.grams))


def grams(words: str) -> frozenset[int]:
    return frozenset(grams_of(matching_form(words)))


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("电梯", {"幸福里三栋电梯三天没修好"}),
        ("幸福里的电梯坏了三天没修，老人下不了楼", {"幸福里三栋电梯三天没修好"}),
        ("紫薇苑门口的垃圾好几天没人清运，味道很大，夏天苍蝇多，请尽快处理", {"紫薇苑门口垃圾没人清运"}),
        # Two pieces that any long sentence may have in common with another say nothing.
        ("我在社区门口等公交的时候看到有人没戴头盔骑车，转弯也不看路，希望交警能来管一管，老人孩子多", set()),
    ],
)
def test_a_whole_sentence_must_share_more_than_two_pieces(words: str, offered: set[str]) -> None:
    assert {one.title for one in shelf_of(*TITLES).like(words, area_path="/1/2/", limit=3)} == offered
