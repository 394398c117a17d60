"""社情民意信息: a bulletin drafted from topics, signed on paper, sent upward, and taken up at each level; and what topics turned into."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition


class BulletinState(StrEnum):
    """Where it is."""

    DRAFTED = "drafted"
    """起草中."""
    SIGNED = "signed"
    """已签发: who signed on paper, and when, is written down; the text stands."""
    SENT = "sent"
    """已报送."""
    ABANDONED = "abandoned"
    """不发了."""


class BulletinAction(StrEnum):
    """What moves it."""

    SIGN = "sign"
    """登记签发."""
    REDRAFT = "redraft"
    """退回修改."""
    SEND = "send"
    """登记报送."""
    ABANDON = "abandon"
    """不发了."""


S, A = BulletinState, BulletinAction
LABELS.add({S.DRAFTED: "起草中", S.SIGNED: "已签发", S.SENT: "已报送", S.ABANDONED: "不发了"})
BULLETIN_TABLE = StateTable(
    noun="bulletin",
    states=S,
    initial=S.DRAFTED,
    transitions=(
        Transition(A.SIGN, frozenset({S.DRAFTED}), S.SIGNED, P.BULLETIN_MANAGE, ""),
        Transition(A.REDRAFT, frozenset({S.SIGNED}), S.DRAFTED, P.BULLETIN_MANAGE, ""),
        Transition(A.SEND, frozenset({S.SIGNED}), S.SENT, P.BULLETIN_MANAGE, ""),
        Transition(A.ABANDON, frozenset({S.DRAFTED, S.SIGNED}), S.ABANDONED, P.BULLETIN_MANAGE, ""),
    ),
)
"""Source: product row K1."""


class AdoptionLevel(StrEnum):
    """Where a bulletin was taken up."""

    DISTRICT = "district"
    """区级."""
    CITY = "city"
    """市级."""
    PROVINCE = "province"
    """省级."""
    NATION = "nation"
    """全国."""


ADOPTION_LEVEL_NAMES: dict[AdoptionLevel, str] = {
    AdoptionLevel.DISTRICT: "区级",
    AdoptionLevel.CITY: "市级",
    AdoptionLevel.PROVINCE: "省级",
    AdoptionLevel.NATION: "全国",
}
"""Screen names."""


class AdoptionKind(StrEnum):
    """How it was taken up."""

    ADOPTED = "adopted"
    """采用."""
    INSTRUCTED = "instructed"
    """领导批示; the instruction itself is registered where instructions are."""
    FORWARDED = "forwarded"
    """转报上级."""


ADOPTION_KIND_NAMES: dict[AdoptionKind, str] = {
    AdoptionKind.ADOPTED: "采用",
    AdoptionKind.INSTRUCTED: "批示",
    AdoptionKind.FORWARDED: "转报上级",
}
"""Screen names."""


class ConversionKind(StrEnum):
    """What a suggestion turned into. Source: domain.md, Suggestion; product row N1."""

    PROPOSAL = "proposal"
    """提案."""
    BULLETIN = "bulletin"
    """社情民意信息."""
    SPEECH = "speech"
    """大会发言."""


CONVERSION_NAMES: dict[ConversionKind, str] = {
    ConversionKind.PROPOSAL: "提案",
    ConversionKind.BULLETIN: "社情民意信息",
    ConversionKind.SPEECH: "大会发言",
}
"""Screen names."""
