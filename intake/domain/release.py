"""公开内容: what the public may read of a topic, once named staff released it (先审后发)."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.personal_data import KIND_NAMES as KIND_NAMES_OF_DATA
from intake.domain.personal_data import Span, fold, mask, personal_data
from intake.domain.topic import TopicState
from intake.domain.transition import LABELS, StateTable, Transition

TITLE_MAX = 40
WORDS_MAX = 2_000
SMALLEST_COUNT = 3
"""A smaller number of submissions could point at a person, so the public reads 不足 3 件 instead."""


class ReleaseKind(StrEnum):
    """What it tells the public."""

    IN_HAND = "in_hand"
    """正在办: what is being done."""
    DECISION = "decision"
    """决定与理由: what was decided, and why."""
    RESULT = "result"
    """办理结果: what came of it."""


KIND_NAMES: dict[ReleaseKind, str] = {
    ReleaseKind.IN_HAND: "正在办",
    ReleaseKind.DECISION: "决定与理由",
    ReleaseKind.RESULT: "办理结果",
}
"""Screen names."""


class PhotoSide(StrEnum):
    """On which side of the comparison a photo stands."""

    BEFORE = "before"
    """办之前."""
    AFTER = "after"
    """办之后."""


PHOTO_SIDE_NAMES: dict[PhotoSide, str] = {PhotoSide.BEFORE: "办之前", PhotoSide.AFTER: "办之后"}
"""Screen names."""


class PhotoSource(StrEnum):
    """Where a photo comes from."""

    RESIDENT = "said"
    """居民的照片: sent beside somebody's words."""
    ANSWER = "answer"
    """答复的佐证: sent by the unit that answered."""


PHOTO_SOURCE_NAMES: dict[PhotoSource, str] = {PhotoSource.RESIDENT: "居民的照片", PhotoSource.ANSWER: "答复的佐证"}
"""Screen names."""

PHOTOS_MOST = 6
CAPTION_MAX = 40
"""Characters."""


class ReleaseState(StrEnum):
    """Whether the public can read it."""

    DRAFT = "draft"
    """待审."""
    RELEASED = "released"
    """已公开."""
    WITHDRAWN = "withdrawn"
    """已撤下."""


class ReleaseAction(StrEnum):
    """What moves a release."""

    PUBLISH = "publish"
    """公开."""
    WITHDRAW = "withdraw"
    """撤下."""


S, A = ReleaseState, ReleaseAction
LABELS.add({S.DRAFT: "待审", S.RELEASED: "已公开", S.WITHDRAWN: "已撤下"})

RELEASE_TABLE = StateTable(
    noun="release",
    states=S,
    initial=S.DRAFT,
    transitions=(
        Transition(A.PUBLISH, frozenset({S.DRAFT, S.WITHDRAWN}), S.RELEASED, P.RELEASE_PUBLISH, ""),
        Transition(A.WITHDRAW, frozenset({S.DRAFT, S.RELEASED}), S.WITHDRAWN, P.RELEASE_PUBLISH, "", needs_reason=True),
    ),
)
"""Source: product.md, Principles: nothing is public until named staff release it."""

EDITABLE = frozenset({S.DRAFT, S.WITHDRAWN})
"""What the public reads is never changed under its eyes: a released text is withdrawn, mended, and released again."""

DEFAULT_KINDS: dict[TopicState, ReleaseKind] = {
    TopicState.PROPOSED: ReleaseKind.IN_HAND,
    TopicState.POOLED: ReleaseKind.DECISION,
    TopicState.PLANNED: ReleaseKind.DECISION,
    TopicState.CONSULTING: ReleaseKind.IN_HAND,
    TopicState.DELIVERING: ReleaseKind.IN_HAND,
    TopicState.DELIVERED: ReleaseKind.RESULT,
    TopicState.REJECTED: ReleaseKind.DECISION,
    TopicState.REFERRED: ReleaseKind.DECISION,
}
"""What is most likely told of a topic that stands there; of topics in any other state nothing is told."""


class WithdrawReason(StrEnum):
    """Why it was taken down; a code, since history holds no words (architecture rule 12)."""

    PERSONAL = "personal"
    """有个人信息."""
    WRONG = "wrong"
    """内容有误."""
    CHANGED = "changed"
    """情况有了变化."""
    EARLY = "early"
    """还不到公开的时候."""
    ASKED = "asked"
    """当事人要求."""


WITHDRAW_REASONS: dict[WithdrawReason, str] = {
    WithdrawReason.PERSONAL: "里面有个人信息",
    WithdrawReason.WRONG: "内容有误，要改",
    WithdrawReason.CHANGED: "情况有了变化",
    WithdrawReason.EARLY: "还不到公开的时候",
    WithdrawReason.ASKED: "当事人要求撤下",
}
"""Screen names."""

STEP_WORDS: dict[str, str] = {"begin": "拟好待审", A.PUBLISH.value: "审核公开", A.WITHDRAW.value: "撤下"}
"""How the desk names each row of a release's history."""


def tellable(count: int) -> int | None:
    """`count` as the public may read it: None, 不足 3 件, where so few could point at a person. Zero points at nobody."""
    return None if 0 < count < SMALLEST_COUNT else count


def untellable(text: str, *, offices: frozenset[str]) -> tuple[str, ...]:
    """Personal data that `text` still holds, each named and masked, such as 手机号 138••••0021; none twice.

    `offices` are the digits of telephone numbers that belong to the district, its points and departments: those may be told.
    """
    found = []
    for span in personal_data(text):
        value = text[span.start : span.end]
        if span.kind in {"phone", "landline"} and digits(value) in offices:
            continue
        found.append(f"{KIND_NAMES_OF_DATA[span.kind]} {mask(value, (Span(0, len(value), span.kind),))}")
    return tuple(dict.fromkeys(found))


def digits(number: str) -> str:
    """A telephone number without what people write between its digits."""
    return "".join(character for character in fold(number) if character.isdecimal())
