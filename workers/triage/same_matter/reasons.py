"""The evidence in a member's words, what weighs most first."""

from workers.triage.message import Reason
from workers.triage.same_matter.evidence import Evidence

_EDGES = "的了是在我们有没不也都就这那个和又还很太上下从要能得着过把被让给到去来时已再出进说请吧呢吗"
"""What a shared run is cut off from on both sides: 上七点半 is said as 七点半."""
_SHORTEST_RUN = 2


def reasons_for(evidence: Evidence) -> tuple[Reason, ...]:
    """Short sentences of fixed form, which the English catalogue translates by template."""
    reasons: list[Reason] = []
    if evidence.place:
        reasons.append(Reason("same_place", f"同一地点：{evidence.place}"))
    elif evidence.same_area:
        reasons.append(Reason("same_area", "来自同一社区"))
    if evidence.problem:
        reasons.append(Reason("same_problem", f"同一问题：{evidence.problem}"))
    run = evidence.run.strip(_EDGES)
    if len(run) >= _SHORTEST_RUN and run not in (evidence.problem or "") and run not in (evidence.place or ""):
        reasons.append(Reason("same_words", f"同样说到：{run}"))
    reasons.append(Reason("days_apart", f"相隔 {evidence.days} 天" if evidence.days else "相隔不到一天"))
    return tuple(reasons)
