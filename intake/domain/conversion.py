"""成果转化: which topics can turn into something, and how many did."""

from dataclasses import dataclass

from intake.domain.bulletin import AdoptionLevel, ConversionKind
from intake.domain.topic import TopicState as S

POOLED_ON = (S.POOLED, S.PLANNED, S.CONSULTING, S.DELIVERING, S.DELIVERED)
"""What was taken into the pool and didn't leave again: the topics of which conversions are counted."""
DRAWN_FROM = (S.PROPOSED, *POOLED_ON, S.REFERRED, S.REJECTED)
"""What a bulletin can be drafted from: everything that came before staff. Not taken up as a topic, it may be worth a bulletin all the same."""
BY_HAND = (ConversionKind.PROPOSAL, ConversionKind.SPEECH)
"""What is written down by hand; bulletins are when they are sent."""


@dataclass(frozen=True, slots=True)
class KindCount:
    """One kind of conversion in a year, or in all."""

    kind: ConversionKind
    made: int
    """Proposals, bulletins or speeches dated in the year, each once however many topics went into it."""
    suggestions: int
    """That went into those."""
    topics: int
    """Of the topics that entered the pool in the year, how many turned into this kind, whenever that was."""


@dataclass(frozen=True, slots=True)
class ConversionCounts:
    """Conversions of a district; one topic may turn into several kinds, so kinds add up to more than `converted`."""

    pooled: int
    """The whole: topics that entered the pool in the year and stayed."""
    converted: int
    """Of `pooled`, those that turned into anything."""
    kinds: tuple[KindCount, ...]


@dataclass(frozen=True, slots=True)
class LevelCount:
    """At one level: how many of the bulletins sent in a year were taken up there."""

    level: AdoptionLevel
    bulletins: int


@dataclass(frozen=True, slots=True)
class BulletinCounts:
    """Bulletins sent in a year, and of those the ones taken up at each level; one may be taken up at several."""

    sent: int
    taken_up: int
    levels: tuple[LevelCount, ...]
