"""Summaries of topics from the words behind them, brought up to date after these have changed."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.contributor import ContributorStatus
from intake.domain.language.lexicon import Lexicon
from intake.domain.language.summarise import MOST_TEXTS, summarise
from intake.models import Contributor, Submission, Topic
from intake.queries.assistant_draft import with_adopted_summary


def refresh_summaries(session: Session, topic_ids: Collection[int], lexicon: Lexicon, at: datetime) -> int:
    """Write `summary` and `keywords` of these topics anew from the masked words behind them as of `at`; how many changed. Flushes.

    Running it twice changes nothing the second time. Words taken back or cleared are gone from the summary with the next run; a summary that
    a person wrote stays.
    """
    said = _words_behind(session, topic_ids, at)
    written = with_adopted_summary(session, topic_ids)
    changed = 0
    for topic in session.scalars(select(Topic).where(Topic.id.in_(topic_ids)).order_by(Topic.id)):
        summary = summarise(said.get(topic.id, ()), lexicon)
        text, keywords = topic.summary if topic.id in written else summary.text, list(summary.keywords)
        if (topic.summary, topic.keywords) != (text, keywords):
            topic.summary, topic.keywords = text, keywords
            changed += 1
    session.flush()
    return changed


def _words_behind(session: Session, topic_ids: Collection[int], at: datetime) -> dict[int, Sequence[str]]:
    """The latest masked words behind each topic, at most MOST_TEXTS, in one query."""
    place = func.row_number().over(partition_by=Contributor.topic_id, order_by=(Submission.received_at.desc(), Submission.id.desc()))
    behind = (
        select(Contributor.topic_id, Submission.text_masked, place.label("place"))
        .join(Submission, Submission.id == Contributor.submission_id)
        .where(
            Contributor.topic_id.in_(topic_ids),
            Contributor.status != ContributorStatus.REMOVED,
            Submission.text_masked != "",
            Submission.received_at <= at,
        )
        .subquery()
    )
    said: dict[int, list[str]] = {}
    for topic_id, text in session.execute(
        select(behind.c.topic_id, behind.c.text_masked).where(behind.c.place <= MOST_TEXTS).order_by(behind.c.topic_id, behind.c.place)
    ):
        said.setdefault(topic_id, []).append(text)
    return dict(said)
