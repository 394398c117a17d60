"""Asks the assistant for drafts that staff want: claim, commit, ask, commit (architecture rule 5)."""

import time

import structlog

from intake.domain.assistant import MOST_TOKENS_OUT, AssistantFailed, Failure
from intake.domain.language.drafting import instruction, material, usable
from intake.ports import Wake
from intake.services.assistant_draft import Claim, Ending, claim_next, give_up_lost, settle
from intake.wiring import Wiring
from workers.runtime import job, job_session, process_wiring, stopping

log = structlog.get_logger(__name__)

SECONDS = 25.0
"""After this long no further request is begun; the longest call (30 s) still ends within the job's 60."""


@job(Wake.ASSIST)
def run() -> None:
    """Give up what was lost, then ask for each draft that waits.

    A repeat is harmless: a request is claimed and committed before it leaves the house, and a claimed one is never sent again; one whose
    worker died in between is given up after seven minutes and goes on counting for the budget.
    """
    wiring = process_wiring()
    end = time.monotonic() + SECONDS
    with job_session() as session:
        lost = give_up_lost(session, at=wiring.clock.now())
    if lost:
        log.warning("drafts_lost", rows=lost)
    while wiring.assistant.model and not stopping():
        if time.monotonic() > end:
            wiring.queue.wake(Wake.ASSIST)
            return
        with job_session() as session:
            claim = claim_next(session, model=wiring.assistant.model, at=wiring.clock.now())
        if claim is None:
            return
        ending = _draft(wiring, claim)
        with job_session() as session:
            kept = settle(session, claim, ending)
        outcome = ending.failure.value if ending.failure else "drafted"
        log.info("draft_settled", draft=claim.id, outcome=outcome, milliseconds=ending.milliseconds, kept=kept)


def _draft(wiring: Wiring, claim: Claim) -> Ending:
    """Ask and look at the answer, outside any transaction."""
    words = material(claim.texts)
    if not words:
        return Ending(milliseconds=0, failure=Failure.NO_WORDS, spent=False)
    began = time.monotonic()
    tokens_in = tokens_out = None
    try:
        answer = wiring.assistant.write(instruction=instruction(claim.purpose), material=words, most_tokens=MOST_TOKENS_OUT)
        tokens_in, tokens_out = answer.tokens_in, answer.tokens_out
        draft = usable(claim.purpose, answer.text)
    except AssistantFailed as error:
        return Ending(_since(began), failure=error.failure, spent=error.spent, tokens_in=tokens_in, tokens_out=tokens_out)
    return Ending(_since(began), words=draft, tokens_in=tokens_in, tokens_out=tokens_out)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
