"""What every form about a referral shares: who acts on which version, and what was typed, to be shown again."""

from intake.domain.language.lexicon import lexicon_of
from intake.domain.language.reply_gate import Remark, answered, check_reply
from intake.domain.referral import ReferralState
from intake.queries.referral_page import ReferralPage
from intake.services.referral_lock import Acting
from intake.web.asked import typed, version_sent
from intake.web.guard import actor
from intake.web.unit_of_work import wiring

LONGEST = 20_000
"""As much of what was typed as is kept: what is too long is refused with all of it still there."""


def acting(referral_id: int) -> Acting:
    """The person behind the request, on the version of the page that was on their screen."""
    wired = wiring()
    return Acting(actor=actor(), referral_id=referral_id, version=version_sent(), at=wired.clock.now(), workflow=wired.workflow)


def kept_words(offered: frozenset[str], panel: str) -> str:
    """What was written in a form that the page no longer shows, since somebody was faster."""
    return "" if panel in offered else typed(longest=LONGEST).get("words", "")


def gate(page: ReferralPage) -> tuple[tuple[Remark, ...], tuple[bool, ...]]:
    """Remarks on the answer that counts, and for each demand whether it speaks to it; nothing where there is no answer."""
    if page.answer is None:
        return (), ()
    lexicon, about = lexicon_of(wiring().taxonomy), [one.text for one in page.demands]
    said = f"{page.answer.words}\n{page.answer.reason}"
    return check_reply(said, about, lexicon), answered(said, about, lexicon)


def offered_in(page: ReferralPage, panels: dict[str, frozenset[ReferralState]]) -> frozenset[str]:
    """The forms that the referral's state allows."""
    return frozenset(panel for panel, states in panels.items() if page.state in states)
