"""Several demands in one message, each with its own category."""

from collections.abc import Callable
from dataclasses import replace

from intake.domain.language.demands import Categorise, Demand, demands_in, spans_of_demands
from intake.domain.language.lexicon import Lexicon
from workers.triage.message import Finding, Message


def demander(lexicon: Lexicon, *, categorise: Categorise | None = None) -> Callable[[Message, Finding], Finding]:
    """A stage that fills `demands`; a lone demand has the message's own category."""

    def demands(message: Message, finding: Finding) -> Finding:  # noqa: ARG001 -- the signature of every stage
        spans = spans_of_demands(finding.masked, lexicon)
        if len(spans) == 1:
            return replace(finding, demands=(Demand(*spans[0], finding.category),))
        return replace(finding, demands=demands_in(finding.masked, lexicon, categorise=categorise) if spans else ())

    return demands
