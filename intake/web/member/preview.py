"""What the resident will read: the very sentence of the receipt, beside every action of a card."""

from intake.domain.submission import SUBMISSION_TABLE
from intake.web.member.views import member

__all__ = ["member"]

_WORDS = {transition.action.value: transition.words for transition in SUBMISSION_TABLE.transitions}


@member.app_template_global()
def resident_reads(act: str) -> str:
    """The sentence for an action as a form of the card names it (open-topic); empty where the resident reads nothing."""
    return _WORDS.get(act.replace("-", "_"), "")
