"""How soon a person must look, by the words of danger."""

from collections.abc import Iterable
from dataclasses import replace

from intake.domain.language.danger import danger_in
from workers.triage.message import Finding, Message, Reason, Urgency


def urgency(message: Message, finding: Finding) -> Finding:  # noqa: ARG001 -- the signature of every stage
    """Fill the urgency and the words that caused it."""
    danger = danger_in(finding.normalised)
    if danger.now:
        return _found(finding, "emergency", danger.now)
    return _found(finding, "soon" if danger.soon else "normal", danger.soon)


def _found(finding: Finding, level: Urgency, words: Iterable[str]) -> Finding:
    return replace(finding, urgency=level, urgency_reasons=tuple(Reason("word", f"提到：{word}") for word in words))
