"""议题: states, actions, routes, and who moves them."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.submission import Channel
from intake.domain.transition import LABELS, StateTable, Transition


class Route(StrEnum):
    """The six routes of topics (六途径, row L3)."""

    PARTY_GOVERNMENT = "party_government"
    """党政点题."""
    COMMUNITIES = "communities"
    """两委找题."""
    MEMBERS = "members"
    """委员荐题."""
    RESIDENTS = "residents"
    """群众出题."""
    OPEN_CALL = "open_call"
    """公开征题."""
    NETWORK = "network"
    """网络筛题."""


ROUTE_NAMES: dict[Route, str] = {
    Route.PARTY_GOVERNMENT: "党政点题",
    Route.COMMUNITIES: "两委找题",
    Route.MEMBERS: "委员荐题",
    Route.RESIDENTS: "群众出题",
    Route.OPEN_CALL: "公开征题",
    Route.NETWORK: "网络筛题",
}
"""Screen names."""


def route_by(channel: Channel, *, answers_call: bool) -> Route:
    """By which of the six routes a topic came that is opened with a message; an answer to an open call is one however it was sent."""
    if answers_call:
        return Route.OPEN_CALL
    return _ROUTES.get(channel, Route.RESIDENTS)


_ROUTES = {Channel.MEMBER: Route.MEMBERS, Channel.IMPORT: Route.NETWORK, Channel.OPEN_CALL: Route.OPEN_CALL}
"""What isn't here residents said themselves, with whatever help."""


class TopicKind(StrEnum):
    """One matter, or a class of matters."""

    MATTER = "matter"
    """一件事."""
    CLASS = "class"
    """一类事: the same kind of matter in several communities; its matters keep their own states and contributors."""


class TopicState(StrEnum):
    """Where a topic stands."""

    CANDIDATE = "candidate"
    """候选议题."""
    PROPOSED = "proposed"
    """待筛选."""
    POOLED = "pooled"
    """议题库."""
    PLANNED = "planned"
    """列入计划."""
    CONSULTING = "consulting"
    """协商中."""
    DELIVERING = "delivering"
    """办理中."""
    DELIVERED = "delivered"
    """已办结."""
    REJECTED = "rejected"
    """不立项."""
    REFERRED = "referred"
    """转报."""
    MERGED = "merged"
    """并入别的议题."""
    DISSOLVED = "dissolved"
    """没有来件了: a candidate whose last submission went elsewhere."""


class TopicAction(StrEnum):
    """What moves a topic."""

    PROPOSE = "propose"
    """A member sends it to screening (提交筛选)."""
    TAKE_UP = "take_up"
    """Staff take it up themselves (提请筛选)."""
    APPROVE = "approve"
    """Into the pool (入库)."""
    RETURN = "return"
    """Back with what is missing (退回)."""
    MERGE = "merge"
    """Into another topic (合并)."""
    UNMERGE = "unmerge"
    """Take the merge back (撤销合并)."""
    STAND_ALONE = "stand_alone"
    """A candidate that members had merged into another stands alone again (撤销候选合并)."""
    SPLIT = "split"
    """Some of its submissions leave for a topic of their own (分出)."""
    UNSPLIT = "unsplit"
    """What was split off comes back (撤销分出)."""
    REFER = "refer"
    """To the coordinating office (转办)."""
    REFERRAL_RETURNED = "referral_returned"
    """The office sent it back (转办退回)."""
    REJECT = "reject"
    """Not taken up (不立项)."""
    APPEAL = "appeal"
    """Another look was asked for (申请复核)."""
    DISSOLVE = "dissolve"
    """Nothing is left in it (解散)."""
    KEEP = "keep"
    """Stays in the pool, with the reason (留库)."""
    DROP = "drop"
    """Out of the pool, with the reason (出库)."""
    LEAVE_PLAN = "leave_plan"
    """Out of the plan, back to the pool (退出计划)."""
    REVIVE = "revive"
    """A submission came back by undo (恢复)."""
    PLAN = "plan"
    """The approval chain is complete (列入计划)."""
    START_MICRO = "start_micro"
    """A micro-consultation straight from the pool (微协商)."""
    OPEN_CONSULTATION = "open_consultation"
    """The convenor opens it (开始协商)."""
    DELIVER_REPORT = "deliver_report"
    """The report was delivered (报送成果)."""
    VERIFY = "verify"
    """Every responsibility is verified (办结)."""
    REOPEN = "reopen"
    """Residents say it isn't solved (重新办理)."""


S, A = TopicState, TopicAction
JOINABLE = frozenset({S.CANDIDATE, S.PROPOSED, S.POOLED, S.PLANNED, S.CONSULTING, S.DELIVERING})
"""States in which a submission may still join."""

SPLITTABLE = (S.CANDIDATE, S.PROPOSED, S.POOLED)
"""States in which submissions may leave together for a topic of their own, and come back; the state stays."""
CLASS_FEWEST, CLASS_MOST = 2, 60
"""Matters that a class may begin with."""
MERGEABLE = frozenset({S.CANDIDATE, S.PROPOSED})
"""States from which a topic may be merged into another."""

LABELS.add(
    {
        S.CANDIDATE: "候选议题",
        S.PROPOSED: "待筛选",
        S.POOLED: "议题库",
        S.PLANNED: "列入计划",
        S.CONSULTING: "协商中",
        S.DELIVERING: "办理中",
        S.DELIVERED: "已办结",
        S.REJECTED: "不立项",
        S.REFERRED: "已转办",
        S.MERGED: "已合并",
        S.DISSOLVED: "已解散",
    }
)


def _t(
    action: TopicAction, sources: set[TopicState], target: TopicState, permission: P | None, words: str, *, needs_reason: bool = False
) -> Transition:
    return Transition(action, frozenset(sources), target, permission, words, needs_reason)


TOPIC_TABLE = StateTable(
    noun="topic",
    states=S,
    initial=S.CANDIDATE,
    transitions=(
        _t(A.PROPOSE, {S.CANDIDATE}, S.PROPOSED, P.TOPIC_PROPOSE, "委员把议题提交区政协筛选。"),
        _t(A.TAKE_UP, {S.CANDIDATE}, S.PROPOSED, P.SCREEN_DECIDE, "区政协开始筛选这个议题。"),
        _t(A.APPROVE, {S.PROPOSED}, S.POOLED, P.SCREEN_DECIDE, "区政协筛选通过，进入议题库。", needs_reason=True),
        _t(A.RETURN, {S.PROPOSED}, S.CANDIDATE, P.SCREEN_DECIDE, "区政协请委员再补充情况。", needs_reason=True),
        *(
            _t(A.MERGE, {state}, S.MERGED, permission, "与同一件事的议题合并办理。", needs_reason=True)
            for state, permission in ((S.CANDIDATE, P.TOPIC_MERGE), (S.PROPOSED, P.SCREEN_DECIDE), (S.POOLED, P.SCREEN_DECIDE))
        ),
        _t(A.UNMERGE, {S.MERGED}, S.PROPOSED, P.SCREEN_DECIDE, "合并撤销，单独筛选。", needs_reason=True),
        _t(A.STAND_ALONE, {S.MERGED}, S.CANDIDATE, P.TOPIC_MERGE, "合并撤销，各自办理。", needs_reason=True),
        *(
            _t(action, {state}, state, P.TOPIC_MERGE if state is S.CANDIDATE else P.SCREEN_DECIDE, words, needs_reason=True)
            for action, words in ((A.SPLIT, "议题里有两件事，分成两个议题办理。"), (A.UNSPLIT, "分开撤销，仍作一个议题办理。"))
            for state in SPLITTABLE
        ),
        _t(A.REFER, {S.PROPOSED}, S.REFERRED, P.SCREEN_DECIDE, "转请有关单位办理。", needs_reason=True),
        _t(A.REFERRAL_RETURNED, {S.REFERRED}, S.PROPOSED, None, "有关单位退回，重新筛选。"),
        _t(A.REJECT, {S.PROPOSED}, S.REJECTED, P.SCREEN_DECIDE, "区政协筛选后没有立项。", needs_reason=True),
        _t(A.APPEAL, {S.REJECTED}, S.PROPOSED, None, "有居民申请复核，重新筛选。"),
        _t(A.DISSOLVE, {S.CANDIDATE}, S.DISSOLVED, None, ""),
        _t(A.REVIVE, {S.DISSOLVED}, S.CANDIDATE, None, ""),
        _t(A.KEEP, {S.POOLED}, S.POOLED, P.SCREEN_DECIDE, "", needs_reason=True),
        _t(A.DROP, {S.POOLED}, S.REJECTED, P.SCREEN_DECIDE, "区政协比较之后没有列入。", needs_reason=True),
        _t(A.PLAN, {S.POOLED}, S.PLANNED, P.PLAN_MANAGE, "列入年度协商计划。", needs_reason=True),
        _t(A.LEAVE_PLAN, {S.PLANNED}, S.POOLED, P.PLAN_MANAGE, "退出今年的协商计划，仍在议题库。", needs_reason=True),
        _t(A.START_MICRO, {S.POOLED}, S.CONSULTING, P.SCREEN_DECIDE, "开始微协商。", needs_reason=True),
        _t(A.OPEN_CONSULTATION, {S.PLANNED}, S.CONSULTING, P.SCREEN_DECIDE, "开始协商。"),
        _t(A.DELIVER_REPORT, {S.CONSULTING}, S.DELIVERING, P.SCREEN_DECIDE, "协商成果已报送，有关单位办理中。"),
        _t(A.VERIFY, {S.DELIVERING}, S.DELIVERED, P.SCREEN_DECIDE, "已办结。", needs_reason=True),
        _t(A.REOPEN, {S.DELIVERED}, S.DELIVERING, None, "有居民说没有解决，继续办理。"),
    ),
)
"""Source: domain.md, Topic. `dissolved`, `revive`, `unmerge`, `split` and `unsplit` are ours (docs/adr/0004), and so is `stand_alone`: what is still a
candidate members merge and split themselves."""
