"""Upkeep of topics: heat cools with time, words are summed up, and what is alike or mixed up is proposed to staff."""

import math
import time
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from intake.domain.language.lexicon import Lexicon, lexicon_of
from intake.domain.topic import JOINABLE, TopicKind, TopicState
from intake.models import Area, Topic
from intake.ports import Wake
from intake.services.area_factor import weigh_communities
from intake.services.contribution import warm
from intake.services.topic_proposal import clear_away
from workers.runtime import job, job_session, process_wiring, stopping
from workers.topic_proposals import propose_classes, propose_merges, propose_splits
from workers.topic_upkeep import refresh_summaries

log = structlog.get_logger(__name__)

BATCH = 100
STALE = timedelta(hours=6)
"""A heat older than this is counted anew; a topic that somebody joins is counted at once anyway."""
LATELY = timedelta(hours=3)
"""Topics that somebody joined since are looked at again: longer than the hour between two runs, so that one may fail."""
LOOKED_AT = 200
"""As many topics a run and district are compared."""
SECONDS = 40.0
"""After this long nothing further is compared, well before RQ's 60 s; each district has its share."""


@job(Wake.TOPIC_UPKEEP)
def run() -> None:
    """Weigh communities that seldom report, count stale heat anew, sum up what changed, and propose merges, splits and classes.

    A repeat is harmless: what was counted is not stale any more, and the same thing is never proposed twice.
    """
    wiring = process_wiring()
    lexicon = lexicon_of(wiring.taxonomy)
    at = wiring.clock.now()
    end = time.monotonic() + SECONDS
    after = 0
    with job_session() as session:
        everywhere = list(session.scalars(select(Area.district_id).where(Area.id == Area.district_id).order_by(Area.id)))
    for district_id in everywhere:
        with job_session() as session:
            weigh_communities(session, district_id=district_id or 0, at=at)
    while not stopping():
        with job_session() as session:
            last = warm_stale(session, after=after, at=at)
        if last is None:
            break
        after = last
    with job_session() as session:
        districts = list(session.scalars(select(Topic.district_id).where(Topic.state.in_(JOINABLE)).distinct().order_by(Topic.district_id)))
    for left, district_id in zip(range(len(districts), 0, -1), districts, strict=True):
        if stopping():
            return
        # By itself, so that no topic stays locked while messages are compared.
        with job_session() as session:
            sum_up(session, district_id=district_id, lexicon=lexicon, since=at - LATELY, at=at)
        with job_session() as session:
            clear_away(session, district_id=district_id, at=at)
        now = time.monotonic()
        with job_session() as session:
            look_over(session, district_id=district_id, lexicon=lexicon, since=at - LATELY, at=at, until=now + (end - now) / left)


def warm_stale(session: Session, *, after: int, at: datetime) -> int | None:
    """Count the heat of up to BATCH stale topics with ids above `after`; the last id, or None when none was left.

    Topics that somebody is deciding on are passed over until the next run.
    """
    stale = session.scalars(
        select(Topic)
        .where(Topic.id > after, Topic.state.in_(JOINABLE), or_(Topic.heat_at.is_(None), Topic.heat_at < at - STALE))
        .order_by(Topic.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    warm(session, stale, at=at)
    return stale[-1].id if stale else None


def sum_up(session: Session, *, district_id: int, lexicon: Lexicon, since: datetime, at: datetime) -> int:
    """Write the summaries of one district's topics that somebody joined after `since`, or that lost theirs; how many changed."""
    nothing = (Topic.summary == "") & (func.jsonb_array_length(Topic.keywords) == 0)
    lately = session.scalars(
        select(Topic.id)
        .where(
            Topic.district_id == district_id,
            Topic.kind == TopicKind.MATTER,
            Topic.state.not_in([TopicState.MERGED, TopicState.DISSOLVED]),
            or_(Topic.last_at > since, nothing),
        )
        .order_by(Topic.last_at.desc(), Topic.id.desc())
        .limit(LOOKED_AT)
    ).all()
    return refresh_summaries(session, lately, lexicon, at)


def look_over(
    session: Session, *, district_id: int, lexicon: Lexicon, since: datetime, at: datetime, until: float = math.inf
) -> dict[str, int]:
    """Propose what there is to propose for one district's topics that somebody joined after `since`; how many of each kind.

    After `until` (time.monotonic) no further topic is compared.
    """
    lately = session.scalars(
        select(Topic.id)
        .where(Topic.district_id == district_id, Topic.kind == TopicKind.MATTER, Topic.state.in_(JOINABLE), Topic.last_at > since)
        .order_by(Topic.last_at.desc(), Topic.id.desc())
        .limit(LOOKED_AT)
    ).all()
    halfway = (time.monotonic() + until) / 2
    proposed = {
        "merge": propose_merges(session, district_id=district_id, topic_ids=lately, lexicon=lexicon, at=at, until=halfway),
        "split": propose_splits(session, district_id=district_id, topic_ids=lately, lexicon=lexicon, at=at, until=until),
        "class": propose_classes(session, district_id=district_id, lexicon=lexicon, at=at),
    }
    if any(proposed.values()):
        log.info("topics_proposed", district=district_id, **proposed)
    return proposed
