"""First stage: personal data is found and masked, so nothing after it can hold what it masked."""

from dataclasses import replace

from intake.domain.personal_data import mask, personal_data
from workers.triage.message import Finding, Message


def redact(message: Message, finding: Finding) -> Finding:
    """Fill `spans` and `masked` from the text as written."""
    spans = personal_data(message.text)
    return replace(finding, spans=spans, masked=mask(message.text, spans))
