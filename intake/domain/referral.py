"""转报与交办: a matter's way through the coordinating office to a department and back (domain.md, Referral; The three lists)."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition


class UnitKind(StrEnum):
    """What a unit does with a referral."""

    DEPARTMENT = "department"
    """承办单位: answers."""
    OFFICE = "office"
    """交办机关: the party committee's or government's office that assigns (区委办 区政府办 督查室)."""
    DUTY = "duty"
    """值班室: assigns like an office, and is called in an emergency."""


UNIT_NAMES: dict[UnitKind, str] = {UnitKind.DEPARTMENT: "承办单位", UnitKind.OFFICE: "交办机关", UnitKind.DUTY: "值班室"}
"""Screen names."""
OFFICES = (UnitKind.OFFICE, UnitKind.DUTY)
"""Kinds that assign."""


class ReferralKind(StrEnum):
    """Why it was sent."""

    RELAY = "relay"
    """转报: a submission or a topic that needs no consultation."""
    RESPONSIBILITY = "responsibility"
    """责任事项: one of the measures that a consultation led to."""


REFERRAL_KIND_NAMES: dict[ReferralKind, str] = {ReferralKind.RELAY: "转报", ReferralKind.RESPONSIBILITY: "责任事项"}
"""Screen names."""


class ReferralState(StrEnum):
    """Where it stands."""

    DRAFTED = "drafted"
    """拟转."""
    SENT = "sent"
    """待交办机关接收."""
    ACCEPTED = "accepted"
    """待交办: the office has it and looks for a lead."""
    ASSIGNED = "assigned"
    """待签收: a lead is named; first receiver leads until a dispute is decided (首接负责)."""
    IN_PROGRESS = "in_progress"
    """办理中."""
    DISPUTED = "disputed"
    """有异议: the lead says it isn't theirs, and still leads until the office decides."""
    REPLIED = "replied"
    """待核: the department has answered."""
    CHECKED = "checked"
    """已核: a member or staff found that it answers what was asked."""
    DELIVERED = "delivered"
    """已送达: everyone who raised it was told."""
    RETURNED = "returned"
    """已退回: to whoever sent it, with the reason."""
    CANCELLED = "cancelled"
    """已撤销: taken back by the sender, or nobody is left who raised it."""


class ReferralAction(StrEnum):
    """What moves it."""

    SEND = "send"
    """送交办机关."""
    ACCEPT = "accept"
    """接收."""
    ASSIGN = "assign"
    """交办 to a lead, perhaps with helpers."""
    RETURN = "return"
    """退回 to the sender."""
    SIGN = "sign"
    """签收."""
    DISPUTE = "dispute"
    """提出异议."""
    UPHOLD = "uphold"
    """维持原交办."""
    REASSIGN = "reassign"
    """改派 to another lead: after a dispute, or since the lead was dissolved."""
    REPLY = "reply"
    """答复."""
    PAPER_ASSIGN = "paper_assign"
    """代录交办: the office assigned on paper."""
    PAPER_REPLY = "paper_reply"
    """代录答复: the unit answered on sealed paper."""
    SEND_BACK = "send_back"
    """退回补充, once, with what is missing."""
    CHECK = "check"
    """核过."""
    DELIVER = "deliver"
    """送达."""
    REOPEN = "reopen"
    """重新办理: a resident said that it isn't solved, and a person agreed."""
    CANCEL = "cancel"
    """撤销."""


S, A = ReferralState, ReferralAction
LABELS.add(
    {
        S.DRAFTED: "拟转",
        S.SENT: "待接收",
        S.ACCEPTED: "待交办",
        S.ASSIGNED: "待签收",
        S.IN_PROGRESS: "办理中",
        S.DISPUTED: "有异议",
        S.REPLIED: "待核",
        S.CHECKED: "已核",
        S.DELIVERED: "已送达",
        S.RETURNED: "已退回",
        S.CANCELLED: "已撤销",
    }
)
AT_OFFICE = frozenset({S.SENT, S.ACCEPTED, S.DISPUTED})
"""The office has to act."""
AT_DEPARTMENT = frozenset({S.ASSIGNED, S.IN_PROGRESS, S.DISPUTED})
"""The lead is responsible."""
OPEN_REFERRAL = frozenset({S.DRAFTED, S.SENT, S.ACCEPTED, S.ASSIGNED, S.IN_PROGRESS, S.DISPUTED, S.REPLIED, S.CHECKED})
"""Not ended yet."""


def _t(
    action: ReferralAction,
    sources: set[ReferralState],
    target: ReferralState,
    permission: P | None,
    words: str,
    *,
    needs_reason: bool = False,
) -> Transition:
    return Transition(action, frozenset(sources), target, permission, words, needs_reason)


REFERRAL_TABLE = StateTable(
    noun="referral",
    states=S,
    initial=S.DRAFTED,
    transitions=(
        _t(A.SEND, {S.DRAFTED}, S.SENT, P.REFERRAL_SEND, ""),
        _t(A.ACCEPT, {S.SENT}, S.ACCEPTED, P.REFERRAL_ASSIGN, "交办机关收到了，正在确定由哪个单位办理。"),
        _t(A.ASSIGN, {S.SENT, S.ACCEPTED}, S.ASSIGNED, P.REFERRAL_ASSIGN, "已交给承办单位。"),
        _t(A.PAPER_ASSIGN, {S.SENT, S.ACCEPTED}, S.ASSIGNED, P.REFERRAL_FOLLOW, "已交给承办单位。"),
        _t(
            A.RETURN, {S.SENT, S.ACCEPTED, S.ASSIGNED, S.DISPUTED}, S.RETURNED, P.REFERRAL_ASSIGN, "交办机关退回了转报。", needs_reason=True
        ),
        _t(A.SIGN, {S.ASSIGNED}, S.IN_PROGRESS, P.REFERRAL_ANSWER, "承办单位签收了，正在办理。"),
        _t(A.DISPUTE, {S.ASSIGNED, S.IN_PROGRESS}, S.DISPUTED, P.REFERRAL_ANSWER, "", needs_reason=True),
        _t(A.UPHOLD, {S.DISPUTED}, S.IN_PROGRESS, P.REFERRAL_ASSIGN, "", needs_reason=True),
        _t(A.REASSIGN, {S.ASSIGNED, S.IN_PROGRESS, S.DISPUTED}, S.ASSIGNED, P.REFERRAL_ASSIGN, "改由另一个单位承办。", needs_reason=True),
        _t(A.REPLY, {S.IN_PROGRESS}, S.REPLIED, P.REFERRAL_ANSWER, "承办单位已经答复，正在核对。"),
        _t(A.PAPER_REPLY, {S.ASSIGNED, S.IN_PROGRESS}, S.REPLIED, P.REFERRAL_FOLLOW, "承办单位已经书面答复，正在核对。"),
        _t(A.SEND_BACK, {S.REPLIED}, S.IN_PROGRESS, P.REFERRAL_CHECK, "答复还没有说全，请承办单位补充。", needs_reason=True),
        _t(A.CHECK, {S.REPLIED}, S.CHECKED, P.REFERRAL_CHECK, ""),
        _t(A.DELIVER, {S.CHECKED}, S.DELIVERED, None, ""),
        _t(A.REOPEN, {S.DELIVERED}, S.ASSIGNED, P.REFERRAL_CHECK, "居民说没有解决，交承办单位再办。", needs_reason=True),
        _t(A.CANCEL, set(OPEN_REFERRAL) - {S.REPLIED, S.CHECKED}, S.CANCELLED, None, ""),
    ),
)
"""Source: domain.md. Signing and work in hand are states here, since relays and the responsibility list follow one clock (docs/adr/0019)."""


class ReasonCode(StrEnum):
    """Why an office returns a referral, or a unit is another's (history holds codes, the words stand in the entry)."""

    NOT_OURS = "not_ours"
    """不属于本级职责."""
    UNCLEAR = "unclear"
    """情况不清，无法交办."""
    DUPLICATE = "duplicate"
    """已有同一件在办."""
    LEGAL_ROUTE = "legal_route"
    """应走法定途径."""
    OTHER = "other"
    """其他，见说明."""


REASON_NAMES: dict[ReasonCode, str] = {
    ReasonCode.NOT_OURS: "不属于本级职责",
    ReasonCode.UNCLEAR: "情况不清，无法交办",
    ReasonCode.DUPLICATE: "已有同一件在办",
    ReasonCode.LEGAL_ROUTE: "应走法院、信访等法定途径",
    ReasonCode.OTHER: "其他原因",
}
"""Screen names; the sender reads them."""


class EntryKind(StrEnum):
    """What is written down on the way."""

    INSTRUCTION = "instruction"
    """交办意见: the office's words to the lead."""
    PROGRESS = "progress"
    """办理进展."""
    HELP = "help"
    """协办意见: a helper's part."""
    RETURN = "return"
    """退回理由."""
    DISPUTE = "dispute"
    """异议理由."""
    DISPUTE_DECISION = "dispute_decision"
    """对异议的决定."""
    REASSIGNMENT = "reassignment"
    """改派说明."""
    SEND_BACK = "send_back"
    """要求补充."""
    EXTENSION = "extension"
    """申请延期."""
    EXTENSION_DECISION = "extension_decision"
    """对延期的决定."""
    PAUSE = "pause"
    """暂停计时."""
    RESUME = "resume"
    """恢复计时."""
    HAND_OVER = "hand_over"
    """移交经办人."""
    REOPENING = "reopening"
    """重新办理的理由."""
    URGE = "urge"
    """催办: the office or staff ask how far it is, or press for the answer."""


ENTRY_NAMES: dict[EntryKind, str] = {
    EntryKind.INSTRUCTION: "交办意见",
    EntryKind.PROGRESS: "办理进展",
    EntryKind.HELP: "协办意见",
    EntryKind.RETURN: "退回理由",
    EntryKind.DISPUTE: "异议理由",
    EntryKind.DISPUTE_DECISION: "对异议的决定",
    EntryKind.REASSIGNMENT: "改派说明",
    EntryKind.SEND_BACK: "要求补充",
    EntryKind.EXTENSION: "申请延期",
    EntryKind.EXTENSION_DECISION: "对延期的决定",
    EntryKind.PAUSE: "暂停计时",
    EntryKind.RESUME: "恢复计时",
    EntryKind.HAND_OVER: "移交经办人",
    EntryKind.REOPENING: "重新办理",
    EntryKind.URGE: "催办",
}
"""Screen names."""


class HelperState(StrEnum):
    """How far a helping unit is (协办)."""

    ASKED = "asked"
    """待签收."""
    SIGNED = "signed"
    """已签收."""
    DONE = "done"
    """已回复 the lead."""


class HelperAction(StrEnum):
    """What moves a helper."""

    SIGN = "sign"
    """签收."""
    REPORT = "report"
    """回复主办单位."""


LABELS.add({HelperState.ASKED: "待签收", HelperState.SIGNED: "已签收", HelperState.DONE: "已回复"})
HELPER_TABLE = StateTable(
    noun="referral_helper",
    states=HelperState,
    initial=HelperState.ASKED,
    transitions=(
        Transition(HelperAction.SIGN, frozenset({HelperState.ASKED}), HelperState.SIGNED, P.REFERRAL_ANSWER, ""),
        Transition(HelperAction.REPORT, frozenset({HelperState.ASKED, HelperState.SIGNED}), HelperState.DONE, P.REFERRAL_ANSWER, ""),
    ),
)
"""A helper may report without having signed first."""


class ExtensionState(StrEnum):
    """What became of a request for more time."""

    ASKED = "asked"
    """待批."""
    GRANTED = "granted"
    """同意延期."""
    REFUSED = "refused"
    """不同意延期."""


class ExtensionAction(StrEnum):
    """What moves a request for more time."""

    GRANT = "grant"
    """同意."""
    REFUSE = "refuse"
    """不同意."""


LABELS.add({ExtensionState.ASKED: "待批", ExtensionState.GRANTED: "同意延期", ExtensionState.REFUSED: "不同意延期"})
EXTENSION_TABLE = StateTable(
    noun="extension",
    states=ExtensionState,
    initial=ExtensionState.ASKED,
    transitions=(
        Transition(ExtensionAction.GRANT, frozenset({ExtensionState.ASKED}), ExtensionState.GRANTED, P.REFERRAL_ASSIGN, "办理时间延长了。"),
        Transition(ExtensionAction.REFUSE, frozenset({ExtensionState.ASKED}), ExtensionState.REFUSED, P.REFERRAL_ASSIGN, ""),
    ),
)
"""One open request at a time for a referral."""


class PauseReason(StrEnum):
    """Why the clock stands still."""

    RESIDENT = "resident"
    """等居民补充情况."""
    OUTSIDE = "outside"
    """等上级或外单位批复."""
    SEASON = "season"
    """天气或季节原因，暂不能施工."""
    PROCEDURE = "procedure"
    """在走招标、公示等法定程序."""


PAUSE_NAMES: dict[PauseReason, str] = {
    PauseReason.RESIDENT: "等居民补充情况",
    PauseReason.OUTSIDE: "等上级或外单位批复",
    PauseReason.SEASON: "天气或季节原因，暂不能施工",
    PauseReason.PROCEDURE: "在走招标、公示等法定程序",
}
"""Screen names; the resident reads them."""


class AnswerOutcome(StrEnum):
    """What was done (结果反馈清单)."""

    DONE = "done"
    """已办好."""
    PARTLY = "partly"
    """办了一部分."""
    PLANNED = "planned"
    """已列入计划，写明时间."""
    NOT_POSSIBLE = "not_possible"
    """暂时办不了，写明原因."""


OUTCOME_NAMES: dict[AnswerOutcome, str] = {
    AnswerOutcome.DONE: "已办好",
    AnswerOutcome.PARTLY: "办了一部分",
    AnswerOutcome.PLANNED: "已列入计划",
    AnswerOutcome.NOT_POSSIBLE: "暂时办不了",
}
"""Screen names; the resident reads them."""
NEEDS_REASON = frozenset({AnswerOutcome.PARTLY, AnswerOutcome.PLANNED, AnswerOutcome.NOT_POSSIBLE})
"""Outcomes that need a stated reason or a date; `done` needs evidence or a reason why there is none."""
