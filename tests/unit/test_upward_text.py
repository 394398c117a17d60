"""A report of a class as it is begun."""

from datetime import date

from intake.domain.bulletin_text import Said, Source, parts_of
from intake.domain.upward_text import Done, upward_text

SAID = Said(7, "末班公交七点半就没有了。", "龙池社区", date(2026, 11, 3))


def test_residents_words_stand_under_their_heading_though_a_member_wrote_headings_too() -> None:
    source = Source("末班车", "3件来件反映同一件事。", "一、收车太早\n二、没有夜班", "", (SAID,))
    parts = {one.heading: one.paragraphs for one in parts_of(upward_text(source, (), Done(0, 0)))}
    assert parts["二、居民怎么说"] == ("居民说：“末班公交七点半就没有了。”（龙池社区，2026年11月3日）",)
    assert {"一、收车太早", "二、没有夜班"} <= set(parts), "what a member wrote was lost"
