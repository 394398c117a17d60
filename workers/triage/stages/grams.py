"""Hashed pieces of the text, for the same-matter index."""

from dataclasses import replace

from intake.domain.language.grams import grams_of
from workers.triage.message import Finding, Message


def grams(message: Message, finding: Finding) -> Finding:  # noqa: ARG001 -- the signature of every stage
    """Fill `grams` from the normalised text."""
    return replace(finding, grams=grams_of(finding.normalised))
