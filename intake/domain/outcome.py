"""结果反馈: what each contributor was told about the point they raised, and what they say to it."""

from enum import StrEnum


class Verdict(StrEnum):
    """What the resident says."""

    SOLVED = "solved"
    """解决了."""
    PARTLY = "partly"
    """解决了一部分."""
    NOT_SOLVED = "not_solved"
    """没有解决."""
    CANNOT_JUDGE = "cannot_judge"
    """说不好."""


VERDICT_NAMES: dict[Verdict, str] = {
    Verdict.SOLVED: "解决了",
    Verdict.PARTLY: "解决了一部分",
    Verdict.NOT_SOLVED: "没有解决",
    Verdict.CANNOT_JUDGE: "说不好",
}
"""The buttons on the receipt."""


class ReviewDecision(StrEnum):
    """What a person decided about "not solved"."""

    REOPEN = "reopen"
    """重新办理."""
    EXPLAIN = "explain"
    """说明情况: it stays as it is, with the reason."""


REVIEW_NAMES: dict[ReviewDecision, str] = {ReviewDecision.REOPEN: "重新办理", ReviewDecision.EXPLAIN: "维持原结果，说明理由"}
"""Screen names."""
VERDICT_WORDS_MAX = 500
"""Characters of what the resident adds to a verdict."""
CHANGE_DAYS = 30
"""How long a verdict may be changed; a late "not solved" counts whenever it comes."""
