"""One way of writing for matching; the text as written is kept elsewhere."""

from dataclasses import replace

from intake.domain.language.matching_form import matching_form
from workers.triage.message import Finding, Message


def normalise(message: Message, finding: Finding) -> Finding:
    """Fill `normalised` from the text without its personal data, so that two messages never match by a telephone number."""
    pieces: list[str] = []
    position = 0
    for span in finding.spans:
        pieces.append(message.text[position : span.start])
        position = span.end
    pieces.append(message.text[position:])
    return replace(finding, normalised=matching_form(" ".join(pieces)))
