"""Whom else a message should reach, for the member's card; the resident's receipt says it by the same words."""

from dataclasses import replace

from intake.domain.language.route_out import route_out_of
from workers.triage.message import Finding, Message, Note, Reason


def route_out(message: Message, finding: Finding) -> Finding:  # noqa: ARG001 -- the signature of every stage
    """Fill `route_out`."""
    found = route_out_of(finding.normalised)
    if found is None:
        return finding
    return replace(finding, route_out=Note(found.kind, tuple(Reason("word", f"提到：{word}") for word in found.words)))
