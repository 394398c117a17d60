"""The evidence in a member's words, what weighs most first."""

from workers.triage.message import Reason
from workers.triage.same_matter.evidence import Evidence


def reasons_for(evidence: Evidence) -> tuple[Reason, ...]:
    """Short sentences of fixed form, which the English catalogue translates by template."""
    reasons: list[Reason] = []
    if evidence.place:
        reasons.append(Reason("same_place", f"同一地点：{evidence.place}"))
    elif evidence.same_area:
        reasons.append(Reason("same_area", "来自同一社区"))
    if evidence.problem:
        reasons.append(Reason("same_problem", f"同一问题：{evidence.problem}"))
    if evidence.run and evidence.run not in (evidence.problem or ""):
        reasons.append(Reason("same_words", f"同样说到：{evidence.run}"))
    reasons.append(Reason("days_apart", f"相隔 {evidence.days} 天" if evidence.days else "相隔不到一天"))
    return tuple(reasons)
