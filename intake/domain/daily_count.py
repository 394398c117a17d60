"""每天的数: what is counted of a day, so that pages about months never look at a million rows (docs/adr/0046).

What became of a message stands on the day it was received, what was said to a result on the day it was told: each part has its whole on the
same day. Numbers below FEW are not said where one could tell a person by them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Measure(StrEnum):
    """One thing that is counted, by area and day in Shanghai."""

    HEARD = "heard"
    """收到的来件; endorsements, rows brought in from elsewhere and parts split off aren't among them."""
    ENDORSED = "endorsed"
    """附议."""
    IMPORTED = "imported"
    """导入的行, which residents told somebody else, on the day they did; not those taken out again."""
    WITHDRAWN = "withdrawn"
    """Of HEARD, those the resident took back (撤回)."""
    HEARD_DECIDED = "heard_decided"
    """Of HEARD without WITHDRAWN, those whose way a person has decided (定了去向)."""
    HEARD_TOLD = "heard_told"
    """Of HEARD without WITHDRAWN, those whose resident was told a result (有了答复或结果)."""
    HEARD_CHANNEL = "heard_channel"
    """HEARD by channel."""
    HEARD_CATEGORY = "heard_category"
    """HEARD by category; NO_CATEGORY where the machine abstained."""
    TRIAGED_IN = "triaged_in"
    """Of HEARD, how long until sorted, by Bucket; the total is in minutes."""
    DECIDED_IN = "decided_in"
    """Of HEARD_DECIDED, how long that took, by Bucket."""
    TOLD_IN = "told_in"
    """Of HEARD_TOLD, how long until the first result, by Bucket."""
    DECISION = "decision"
    """What was decided on a card, on the day it was decided, by action; not what was taken back, nor what was done with imported rows."""
    TOLD = "told"
    """告诉的结果, each time counted."""
    REACHED = "reached"
    """Of TOLD, those the resident has opened (看到)."""
    VERDICT = "verdict"
    """Of TOLD, by what the resident said (评价)."""
    TOPIC_OPENED = "topic_opened"
    """立起来的议题, by route; dissolved ones not among them."""
    TOPIC_APPROVED = "topic_approved"
    """入库, by route."""
    TOPIC_REJECTED = "topic_rejected"
    """不立项, by route."""
    TOPIC_CATEGORY = "topic_category"
    """TOPIC_OPENED by category."""
    SENT = "sent"
    """送交办机关的转报."""
    ANSWERED = "answered"
    """Of SENT, those the unit has answered (已答复)."""
    NOTICE = "notice"
    """Notices that left the house (发出的通知)."""
    NOTICE_REACHED = "notice_reached"
    """Of NOTICE, those known to have arrived or been opened."""


WHOLES = (Measure.HEARD, Measure.HEARD_DECIDED, Measure.HEARD_TOLD, Measure.TOLD)
"""What is shown over time; each has one part, the empty one."""
NO_CATEGORY = "none"
LAST_BUCKET = "more"
BUCKETS: tuple[tuple[str, int, str], ...] = (
    ("1", 60, "1 小时以内"),
    ("4", 240, "1 到 4 小时"),
    ("24", 1_440, "4 小时到 1 天"),
    ("48", 2_880, "1 到 2 天"),
    ("72", 4_320, "2 到 3 天"),
    ("168", 10_080, "3 到 7 天"),
    ("336", 20_160, "7 到 14 天"),
    ("720", 43_200, "14 到 30 天"),
)
"""Part, minutes up to and with which it goes, and words; what took longer is LAST_BUCKET. Sums of buckets are buckets of the whole, which no
sum of medians is."""
WITHIN = ("1 小时", "4 小时", "1 天", "2 天", "3 天", "7 天", "14 天", "30 天")
"""The upper end of each bucket."""
LONGER = "30 天以上"
FEW = 5
"""Numbers from 1 up to below it may point to a person."""


@dataclass(frozen=True, slots=True)
class Spell:
    """How long something took, read off buckets."""

    by_bucket: tuple[tuple[str, int], ...]
    """Words and count of each bucket, the shortest first, none left out."""

    @property
    def count(self) -> int:
        """For how many it has happened."""
        return sum(count for _, count in self.by_bucket)

    def within(self, share: float) -> str | None:
        """The shortest time that at least `share` of them didn't exceed, in words; None where it happened to none."""
        reached = 0
        for (_, count), words in zip(self.by_bucket, (*WITHIN, LONGER), strict=True):
            reached += count
            if self.count and reached >= share * self.count:
                return words
        return None


def spell_of(counts: Mapping[str, int]) -> Spell:
    """From counts by part."""
    return Spell(
        tuple((words, counts.get(part, 0)) for part, words in (*((part, words) for part, _, words in BUCKETS), (LAST_BUCKET, LONGER)))
    )


def without_few(counts: Sequence[int], *, also: Collection[int] = ()) -> tuple[int | None, ...]:
    """The counts, with None for those from 1 to below FEW and those at the places `also`; where one alone would be hidden, or all of them
    together are fewer than FEW, the smallest of the others is hidden too, so that nobody finds it by taking the rest from the sum.
    """
    hidden = {place for place, count in enumerate(counts) if 0 < count < FEW or place in also}
    if hidden and (len(hidden) == 1 or sum(counts[place] for place in hidden) < FEW):
        others = [place for place, count in enumerate(counts) if count and place not in hidden]
        hidden |= set(sorted(others, key=lambda place: counts[place])[:1])
    return tuple(None if place in hidden else count for place, count in enumerate(counts))


def pointing(parts: Sequence[int], wholes: Sequence[int | None]) -> frozenset[int]:
    """At which places a part may point to a person, each beside its whole as that is said."""
    return frozenset(place for place, (part, whole) in enumerate(zip(parts, wholes, strict=True)) if points_out(part, whole))


def points_out(part: int, whole: int | None) -> bool:
    """Whether a part may point to a person: itself or what is left of its whole is from 1 to below FEW, or the whole isn't said."""
    return whole is None or 0 < part < FEW or 0 < whole - part < FEW
