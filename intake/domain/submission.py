"""来件: states, actions, and who moves them."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition


class Channel(StrEnum):
    """How a sentence reached us."""

    FORM = "form"
    """The form behind a point's code (扫码表单)."""
    WECHAT_TEXT = "wechat_text"
    """Words written to the official account (微信留言)."""
    WECHAT_IMAGE = "wechat_image"
    """Pictures sent to the official account, without words (微信图片)."""
    WECHAT_VOICE = "wechat_voice"
    """Spoken to the official account (微信语音)."""
    MEMBER = "member"
    """Told to a member (委员代录)."""
    WORKER = "worker"
    """Filed by a community worker for somebody (社区代填)."""
    IMPORT = "import"
    """Rows of a hotline or message board (导入)."""
    OPEN_CALL = "open_call"
    """An answer to an open call (公开征题)."""
    ENDORSEMENT = "endorsement"
    """Somebody says that a released matter is theirs too (附议)."""
    API = "api"
    """Another system, by its key (接口)."""


CHANNEL_NAMES: dict[Channel, str] = {
    Channel.FORM: "扫码",
    Channel.WECHAT_TEXT: "微信",
    Channel.WECHAT_IMAGE: "微信图片",
    Channel.WECHAT_VOICE: "微信语音",
    Channel.MEMBER: "委员代录",
    Channel.WORKER: "社区代填",
    Channel.IMPORT: "导入",
    Channel.OPEN_CALL: "公开征题",
    Channel.ENDORSEMENT: "附议",
    Channel.API: "接口",
}
"""Screen names."""


class Urgency(StrEnum):
    """How soon a person must look."""

    EMERGENCY = "emergency"
    """紧急：可能有人受伤，立即通知人。"""
    SOON = "soon"
    """较急：先看。"""
    NORMAL = "normal"
    """一般。"""


URGENCIES = (Urgency.NORMAL, Urgency.SOON, Urgency.EMERGENCY)
"""The least urgent first."""


class SubmissionState(StrEnum):
    """Where a sentence stands."""

    RECEIVED = "received"
    """已收到: stored, waits for machine triage."""
    TRIAGED = "triaged"
    """已初步整理: waits for a member."""
    NEEDS_DETAIL = "needs_detail"
    """请补充: the member asked the resident."""
    IN_TOPIC = "in_topic"
    """已并入议题: follows the topic."""
    REFERRED = "referred"
    """已转报: follows its referral."""
    ANSWERED = "answered"
    """已答复: the resident may say whether it is solved."""
    REPORTED_BACK = "reported_back"
    """已反馈: the topic's outcome was told."""
    REOPENED = "reopened"
    """已重新受理: not solved, or an appeal."""
    DECLINED = "declined"
    """未采用: with reason, may be appealed once."""
    QUARANTINED = "quarantined"
    """待核: looks like spam or abuse; a person decides."""
    WITHDRAWN = "withdrawn"
    """已撤回: by the resident."""
    CLOSED = "closed"
    """已办结: the end, unless a late "not solved" arrives."""
    REJOINED = "rejoined"
    """已并回原件: it had been split off another and was taken back; its words stand there."""


class SubmissionAction(StrEnum):
    """What moves a submission."""

    TRIAGE = "triage"
    """Workers attached their findings (初步整理)."""
    QUARANTINE = "quarantine"
    """Workers hold it back for a person (转待核)."""
    RELEASE = "release"
    """Staff say it is genuine (放行)."""
    CONFIRM_QUARANTINE = "confirm_quarantine"
    """Staff say it is not (确认不采用)."""
    HEAR = "hear"
    """A voice that was all there was has been written down; the machine looks again (听写)."""
    ATTACH = "attach"
    """A person puts it into a topic (并入议题)."""
    ENDORSE = "endorse"
    """The resident joins a matter that is under way (附议)."""
    OPEN_TOPIC = "open_topic"
    """A person opens a topic with it (另立议题)."""
    REFER = "refer"
    """To the coordinating office (转报)."""
    ANSWER = "answer"
    """The member answers (答复)."""
    DECLINE = "decline"
    """Not taken up, with a reason (不采用)."""
    SET_ASIDE = "set_aside"
    """Read and kept for reference; only for imported rows, behind which nobody waits (只作参考)."""
    BRING_BACK = "bring_back"
    """What was kept for reference waits again (放回等处理)."""
    ASK = "ask"
    """Please add detail (请补充)."""
    ADD_DETAIL = "add_detail"
    """The resident replied (已补充)."""
    DETAIL_TIMEOUT = "detail_timeout"
    """No reply in time; the owner decides (逾期未补充)."""
    DETACH = "detach"
    """Taken out of its topic (移出议题)."""
    REPORT_BACK = "report_back"
    """The topic ended; its reason or result is told (反馈)."""
    REFERRAL_ANSWERED = "referral_answered"
    """The office's answer was delivered (转报已答复)."""
    REFERRAL_RETURNED = "referral_returned"
    """The office sent it back (转报退回)."""
    SPLIT = "split"
    """Some of its sentences leave as submissions of their own (分件)."""
    REJOIN = "rejoin"
    """What was split off comes back (并回)."""
    UNDO = "undo"
    """The member takes the last step back (撤销)."""
    SAY_SOLVED = "say_solved"
    """The resident is content (已解决)."""
    SAY_UNSOLVED = "say_unsolved"
    """The resident is not (未解决)."""
    SAY_PARTLY = "say_partly"
    """Part of it is solved; it stays as it is (部分解决)."""
    SAY_UNCLEAR = "say_unclear"
    """The resident can't tell yet; it stays as it is (说不好)."""
    SILENCE = "silence"
    """No word in 30 days (逾期未评价)."""
    APPEAL = "appeal"
    """The resident asks for another look (申请复核)."""
    RECHECK = "recheck"
    """Staff looked at a member's decline again and don't agree (抽查后重新受理)."""
    FOLLOW_AGAIN = "follow_again"
    """Its topic, whose end had been told, goes on (议题继续)."""
    WITHDRAW = "withdraw"
    """The resident takes it back (撤回)."""


S, A = SubmissionState, SubmissionAction
OPEN_FOR_DECISION = frozenset({S.TRIAGED, S.REOPENED})
"""States in which a member may decide."""
UNDOABLE = frozenset({S.IN_TOPIC, S.REFERRED, S.ANSWERED, S.DECLINED, S.NEEDS_DETAIL})
"""States a member's decision leads to."""
UNDOABLE_ACTIONS = frozenset({A.ATTACH, A.OPEN_TOPIC, A.REFER, A.ANSWER, A.DECLINE, A.ASK})
"""What a member may take back: the decisions on a card."""
WITHDRAWABLE = frozenset({S.RECEIVED, S.QUARANTINED, S.TRIAGED, S.NEEDS_DETAIL, S.IN_TOPIC, S.REFERRED, S.REOPENED, S.ANSWERED})
"""Any state before the outcome was reported back (domain.md)."""
TOLD = frozenset({S.ANSWERED, S.REPORTED_BACK, S.CLOSED})
"""A result was told: the resident may say whether it is solved."""

LABELS.add(
    {
        S.RECEIVED: "已收到",
        S.TRIAGED: "已初步整理",
        S.NEEDS_DETAIL: "请补充",
        S.IN_TOPIC: "已并入议题",
        S.REFERRED: "已转报",
        S.ANSWERED: "已答复",
        S.REPORTED_BACK: "已反馈",
        S.REOPENED: "已重新受理",
        S.DECLINED: "未采用",
        S.QUARANTINED: "待核",
        S.WITHDRAWN: "已撤回",
        S.REJOINED: "已并回原件",
        S.CLOSED: "已办结",
    }
)


def _t(
    action: SubmissionAction,
    sources: frozenset[SubmissionState],
    target: SubmissionState,
    permission: P | None,
    words: str,
    *,
    needs_reason: bool = False,
) -> Transition:
    return Transition(action, frozenset(sources), target, permission, words, needs_reason)


SUBMISSION_TABLE = StateTable(
    noun="submission",
    states=S,
    initial=S.RECEIVED,
    transitions=(
        _t(A.TRIAGE, frozenset({S.RECEIVED}), S.TRIAGED, None, "已初步整理，等委员看。"),
        _t(A.QUARANTINE, frozenset({S.RECEIVED}), S.QUARANTINED, None, "需要工作人员先核对一下。"),
        _t(A.RELEASE, frozenset({S.QUARANTINED}), S.RECEIVED, P.QUARANTINE_DECIDE, "工作人员核对过了，继续办理。"),
        _t(
            A.CONFIRM_QUARANTINE, frozenset({S.QUARANTINED}), S.DECLINED, P.QUARANTINE_DECIDE, "工作人员核对后没有采用。", needs_reason=True
        ),
        _t(A.HEAR, frozenset({S.TRIAGED}), S.RECEIVED, None, "语音写成了文字，重新整理。"),
        _t(A.ATTACH, OPEN_FOR_DECISION, S.IN_TOPIC, P.TRIAGE_DECIDE, "委员看过，并入了议题。"),
        _t(A.ENDORSE, frozenset({S.RECEIVED}), S.IN_TOPIC, None, "和大家说的一起办。"),
        _t(A.OPEN_TOPIC, OPEN_FOR_DECISION, S.IN_TOPIC, P.TRIAGE_DECIDE, "委员看过，立为议题。"),
        _t(A.REFER, OPEN_FOR_DECISION, S.REFERRED, P.TRIAGE_DECIDE, "委员已转给有关单位，等答复。", needs_reason=True),
        _t(A.ANSWER, OPEN_FOR_DECISION, S.ANSWERED, P.TRIAGE_DECIDE, "委员答复了您。", needs_reason=True),
        _t(A.DECLINE, OPEN_FOR_DECISION, S.DECLINED, P.TRIAGE_DECIDE, "委员看过，没有采用。", needs_reason=True),
        _t(A.BRING_BACK, frozenset({S.CLOSED}), S.TRIAGED, P.TRIAGE_DECIDE, "放回等处理。"),
        _t(A.SET_ASIDE, OPEN_FOR_DECISION, S.CLOSED, P.TRIAGE_DECIDE, "留作参考，没有另外办理。", needs_reason=True),
        _t(A.ASK, OPEN_FOR_DECISION, S.NEEDS_DETAIL, P.TRIAGE_DECIDE, "委员想请您补充。", needs_reason=True),
        _t(A.ADD_DETAIL, frozenset({S.NEEDS_DETAIL}), S.TRIAGED, None, "您补充了情况。"),
        _t(A.DETAIL_TIMEOUT, frozenset({S.NEEDS_DETAIL}), S.TRIAGED, None, "没有等到补充，委员会按现有情况处理。"),
        _t(A.DETACH, frozenset({S.IN_TOPIC}), S.TRIAGED, P.TRIAGE_DECIDE, "从议题中移出，重新由委员看。", needs_reason=True),
        _t(A.REPORT_BACK, frozenset({S.IN_TOPIC}), S.REPORTED_BACK, None, "议题有了结果。"),
        _t(A.REFERRAL_ANSWERED, frozenset({S.REFERRED}), S.ANSWERED, None, "有关单位答复了您。"),
        _t(A.REFERRAL_RETURNED, frozenset({S.REFERRED}), S.TRIAGED, None, "有关单位退回，重新由委员看。"),
        *(
            _t(A.SPLIT, frozenset({state}), state, P.TRIAGE_DECIDE, "您说了几件事，分开办理，每一件都会告诉您。")
            for state in (S.TRIAGED, S.REOPENED)
        ),
        _t(A.REJOIN, frozenset({S.RECEIVED, S.TRIAGED}), S.REJOINED, P.TRIAGE_DECIDE, "和您原来说的一起办理。"),
        _t(A.UNDO, UNDOABLE, S.TRIAGED, P.TRIAGE_DECIDE, ""),
        _t(A.SAY_SOLVED, frozenset({*TOLD, S.REOPENED}), S.CLOSED, None, "您说解决了。"),
        _t(A.SAY_UNSOLVED, TOLD, S.REOPENED, None, "您说没有解决，已重新受理。"),
        *(
            _t(action, frozenset(sources), target, None, words)
            for action, words in ((A.SAY_PARTLY, "您说解决了一部分。"), (A.SAY_UNCLEAR, "您说还说不好。"))
            for sources, target in (({S.ANSWERED, S.REOPENED}, S.ANSWERED), ({S.REPORTED_BACK}, S.REPORTED_BACK), ({S.CLOSED}, S.CLOSED))
        ),
        _t(A.SILENCE, frozenset({S.ANSWERED, S.REPORTED_BACK}), S.CLOSED, None, "已办结。"),
        _t(A.APPEAL, frozenset({S.DECLINED}), S.REOPENED, None, "您申请了复核，换一位同志来看。"),
        _t(A.RECHECK, frozenset({S.DECLINED}), S.REOPENED, P.DECLINE_CHECK, "工作人员复核后重新受理。", needs_reason=True),
        _t(A.FOLLOW_AGAIN, frozenset({S.REPORTED_BACK, S.CLOSED}), S.IN_TOPIC, None, "议题重新办理，有了结果再告诉您。"),
        _t(A.WITHDRAW, WITHDRAWABLE, S.WITHDRAWN, None, "您撤回了。"),
    ),
)
"""Source: domain.md, Submission. `undo` is ours: a member's own last step, inside the undo window. So is whoever changes their mind about
a verdict: `say_solved` and the like out of `reopened`, while nobody has looked at it again."""


class DeclineReason(StrEnum):
    """Why a submission is not taken up; the resident reads the words."""

    ALREADY_DONE = "already_done"
    """已经办好."""
    NOT_REMIT = "not_remit"
    """不属于协商范围."""
    LEGAL_ROUTE = "legal_route"
    """应走法定途径."""
    UNCLEAR = "unclear"
    """看不明白，也联系不上."""
    NOT_FACT = "not_fact"
    """与事实不符."""
    OTHER = "other"
    """其他，见说明."""


DECLINE_WORDS: dict[DeclineReason, str] = {
    DeclineReason.ALREADY_DONE: "这件事已经办好了",
    DeclineReason.NOT_REMIT: "不属于协商范围",
    DeclineReason.LEGAL_ROUTE: "需要走法院、信访等法定途径",
    DeclineReason.UNCLEAR: "没看明白是哪里、什么事",
    DeclineReason.NOT_FACT: "与了解到的情况不一致",
    DeclineReason.OTHER: "其他原因",
}
"""What the resident reads before the member's own words."""
