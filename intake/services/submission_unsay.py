"""撤回分出去的几句: what a resident takes back of a message leaves the message, too; the rest of it is handled as before (docs/adr/0035)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from intake.domain.recognised import words_named
from intake.domain.referral import ReferralKind
from intake.domain.split import Words, moved
from intake.models import Contributor, Finding, Referral, Submission, SubmissionPart
from intake.services.referral_title import called_by, is_said, rename, title_of


def take_out_of_message(session: Session, part: SubmissionPart, parent: Submission) -> None:
    """The part's sentences make room in its message for a note that they were taken back; the other parts keep their own.

    The caller holds the message's row. A message whose words are gone already stays as it is.
    """
    if not parent.text_masked:
        return
    parts = session.scalars(
        select(SubmissionPart).where(SubmissionPart.parent_id == parent.id).execution_options(populate_existing=True)  # behind the lock
    ).all()
    taken = [(start, end) for start, end in part.spans]
    words = Words(parent.text_written, parent.text_masked)
    left = words.without(taken)
    for one in parts:
        one.spans = [list(span) for span in moved([(start, end) for start, end in one.spans], taken, masked=words.masked)]
    parent.text_written, parent.text_masked = left.written, left.masked
    parent.version += 1  # who decides meanwhile reads what is left first
    _forget_reasons(session, parent, taken, before=words.masked)
    _rename(session, parent, before=words.masked)


def _rename(session: Session, parent: Submission, *, before: str) -> None:
    """What was called by the sentences is called by what is left: its referral, and topics that the machine opened and that hold nothing else,
    with the referrals of these. The topics are locked.
    """

    def is_lost(title: str) -> bool:
        return is_said(title, before) and not is_said(title, parent.text_masked)

    title = title_of(parent.text_masked)
    topics = [topic for topic in called_by(session, parent.id) if is_lost(topic.title)]
    for topic in topics:
        topic.title = title
    of_topics = Referral.topic_id.in_([topic.id for topic in topics]) & (Referral.kind == ReferralKind.RELAY)
    called = session.scalars(select(Referral).where(or_(Referral.submission_id == parent.id, of_topics)))
    rename(session, {one.id: title for one in called if is_lost(one.title)})


def _forget_reasons(session: Session, parent: Submission, taken: Sequence[tuple[int, int]], *, before: str) -> None:
    """What the machine quoted of the sentences goes from its findings and reasons, and where it would cut moves along."""
    for finding in session.scalars(select(Finding).where(Finding.submission_id == parent.id)):
        finding.content = _without_quotes(finding.content, parent.text_masked, taken, before=before)
    for contributor in session.scalars(select(Contributor).where(Contributor.submission_id == parent.id)):
        contributor.reasons = _still_said(contributor.reasons, parent.text_masked)
        contributor.sentence_start, contributor.sentence_end = _sentence_now(contributor, taken, before=before)


def _sentence_now(contributor: Contributor, taken: Sequence[tuple[int, int]], *, before: str) -> tuple[int | None, int | None]:
    """Where the sentence stands that was told from the others; nowhere once it was taken back."""
    start, end = contributor.sentence_start, contributor.sentence_end
    if start is None or end is None or any(start < one[1] and one[0] < end for one in taken):
        return None, None
    return moved([(start, end)], taken, masked=before)[0]


def _without_quotes(content: Mapping[str, Any], text: str, taken: Sequence[tuple[int, int]], *, before: str) -> dict[str, Any]:
    kept = {name: value for name, value in content.items() if name not in {"title", "spans", "places", "route_out"}}
    for name in ("urgency_reasons", "category_reasons"):
        if name in kept:
            kept[name] = _still_said(kept[name], text)
    if "demands" in kept:
        places = moved([(one["start"], one["end"]) for one in kept["demands"]], taken, masked=before)
        kept["demands"] = [{**one, "start": start, "end": end} for one, (start, end) in zip(kept["demands"], places, strict=True)]
    return kept


def _still_said(reasons: Sequence[str], text: str) -> list[str]:
    """Reasons all of whose words the message still says."""
    said = "".join(text.split()).casefold()
    return [one for one in reasons if all("".join(word.split()).casefold() in said for word in words_named([one]))]
