"""Summaries of topics from the words behind them, brought up to date after these have changed."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.contributor import ContributorStatus
from intake.domain.language.lexicon import Lexicon
from intake.domain.language.summarise import MOST_TEXTS, Summary, summarise
from intake.models import Contributor, Submission, Topic
from intake.queries.assistant_draft import with_adopted_summary


def refresh_summaries(session: Session, topic_ids: Collection[int], lexicon: Lexicon, at: datetime) -> int:
    """Write `summary` and `keywords` of these topics anew from the masked words behind them as of `at`; how many changed. Flushes.

    Running it twice changes nothing the second time. Words taken back or cleared are gone from the summary with the next run; a summary that
    a person wrote stays, and so does a topic that somebody has in hand, or that has other words behind it meanwhile, until the next run.
    """
    said = _words_behind(session, topic_ids, at)
    written = with_adopted_summary(session, topic_ids)
    summaries = {one: summarise(said.get(one, ()), lexicon) for one in topic_ids}
    found = session.scalars(select(Topic).where(Topic.id.in_(topic_ids)))
    stale = [one.id for one in found if _of(one, summaries[one.id], written) != (one.summary, one.keywords)]
    # What was taken back, or adopted, while the others were summed up: who does either holds the topic, and leaves nothing for us to overwrite.
    held = session.scalars(
        select(Topic)
        .where(Topic.id.in_(stale))
        .order_by(Topic.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    now, adopted = _words_behind(session, [one.id for one in held], at), with_adopted_summary(session, [one.id for one in held])
    changed = [one for one in held if now.get(one.id) == said.get(one.id)]
    for topic in changed:
        topic.summary, topic.keywords = _of(topic, summaries[topic.id], adopted)
    session.flush()
    return len(changed)


def _of(topic: Topic, summary: Summary, written: Collection[int]) -> tuple[str, list[str]]:
    """What the topic's summary and keywords are to be."""
    return topic.summary if topic.id in written else summary.text, list(summary.keywords)


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
