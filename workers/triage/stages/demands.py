"""Several demands in one message, each with its own category."""

from collections.abc import Callable
from dataclasses import replace

from intake.domain.language.demands import Categorise, Demand, demands_in
from intake.domain.language.lexicon import Lexicon
from workers.triage.message import Finding, Message


def demander(lexicon: Lexicon, *, categorise: Categorise | None = None) -> Callable[[Message, Finding], Finding]:
    """A stage that fills `demands`; a lone demand has the message's own category."""

    def demands(message: Message, finding: Finding) -> Finding:  # noqa: ARG001 -- the signature of every stage
        found = demands_in(finding.masked, lexicon, categorise=categorise)
        if len(found) == 1:
            found = (Demand(found[0].start, found[0].end, finding.category),)
        return replace(finding, demands=found)

    return demands
