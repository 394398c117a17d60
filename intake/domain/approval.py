"""审批: the steps that a district's plan, or a topic that enters it later, really goes through (党组、主席会议、区委…)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

STEP_NAME_MAX, BODY_MAX, NUMBER_MAX, WORDS_MAX = 20, 40, 60, 2_000
"""Characters."""
STEPS_MOST = 12


class ApprovalSubject(StrEnum):
    """What goes through a chain."""

    PLAN = "plan"
    """年度协商计划."""
    TOPIC = "topic"
    """单个议题, added to a plan that is issued already."""


APPROVAL_SUBJECT_NAMES: dict[ApprovalSubject, str] = {ApprovalSubject.PLAN: "年度协商计划", ApprovalSubject.TOPIC: "年中增补的议题"}
"""Screen names."""


class ApprovalKind(StrEnum):
    """What kind of step; the district's own name stands beside it."""

    CALL = "call"
    """征题."""
    SYMPOSIUM = "symposium"
    """座谈."""
    PARTY_GROUP = "party_group"
    """党组会议."""
    CHAIR_MEETING = "chair_meeting"
    """主席会议."""
    PARTY_COMMITTEE = "party_committee"
    """党委审定."""
    JOINT_ISSUE = "joint_issue"
    """联合印发."""
    OTHER = "other"
    """其他."""


APPROVAL_KIND_NAMES: dict[ApprovalKind, str] = {
    ApprovalKind.CALL: "征题",
    ApprovalKind.SYMPOSIUM: "座谈",
    ApprovalKind.PARTY_GROUP: "党组会议",
    ApprovalKind.CHAIR_MEETING: "主席会议",
    ApprovalKind.PARTY_COMMITTEE: "党委审定",
    ApprovalKind.JOINT_ISSUE: "联合印发",
    ApprovalKind.OTHER: "其他",
}
"""Screen names. Source: product row H1."""


class ApprovalDecision(StrEnum):
    """What the body said; 审议通过, not counted votes."""

    PASSED = "passed"
    """审议通过."""
    SENT_BACK = "sent_back"
    """退回修改: the chain starts again from the step it was sent back to."""
    SKIPPED = "skipped"
    """经批准跳过: a named authority let this step be left out, with the reason."""


APPROVAL_DECISION_NAMES: dict[ApprovalDecision, str] = {
    ApprovalDecision.PASSED: "审议通过",
    ApprovalDecision.SENT_BACK: "退回修改",
    ApprovalDecision.SKIPPED: "经批准跳过",
}
"""Screen names."""


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What a district says of a step."""

    kind: ApprovalKind
    name: str
    body: str
    needs_number: bool
    needs_minutes: bool


_K = ApprovalKind
DEFAULT_CHAIN: tuple[StepFacts, ...] = (
    StepFacts(_K.CALL, "征集议题", "区政协办公室", needs_number=False, needs_minutes=False),
    StepFacts(_K.SYMPOSIUM, "座谈协商", "区政协办公室", needs_number=False, needs_minutes=False),
    StepFacts(_K.PARTY_GROUP, "党组会议审议", "区政协党组", needs_number=False, needs_minutes=True),
    StepFacts(_K.CHAIR_MEETING, "主席会议审议", "区政协主席会议", needs_number=False, needs_minutes=True),
    StepFacts(_K.PARTY_COMMITTEE, "区委审定", "区委常委会会议", needs_number=True, needs_minutes=False),
    StepFacts(_K.JOINT_ISSUE, "联合印发", "区委、区政府、区政协", needs_number=True, needs_minutes=False),
)
"""Where a district hasn't said otherwise. Source: product row H1."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One approval that stands, as the chain counts it."""

    approval_id: int
    step_id: int
    decision: ApprovalDecision
    back_to_id: int | None


def done_steps(recorded: Iterable[Recorded]) -> dict[int, int]:
    """Step → the approval that passed or skipped it; `recorded` in the order they were written down.

    One that was sent back opens the step it was sent back to, and all that were decided after it. Where steps stand in the chain now plays
    no part: what was passed stays passed when a district moves its steps.
    """
    done: dict[int, int] = {}
    for one in recorded:
        if one.decision is not ApprovalDecision.SENT_BACK:
            done[one.step_id] = one.approval_id
        elif one.back_to_id in done:
            since = done[one.back_to_id]
            done = {step: approval for step, approval in done.items() if approval < since}
    return done
