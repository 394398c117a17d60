"""What is like a few words: for everybody, titles that staff released; for members and staff, topics whose residents said alike.

The first reads releases alone and says `released`, as the public pages do. The second goes by the same-matter index, so that what
residents wrote is found, not only what a topic is called.
"""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.contributor import ContributorStatus
from intake.domain.language.grams import grams_of
from intake.domain.language.matching_form import matching_form
from intake.domain.release import ReleaseKind, ReleaseState, tellable
from intake.domain.submission import SubmissionState
from intake.domain.topic import JOINABLE, TopicKind, TopicState
from intake.models import Area, Contributor, Release, Submission, Topic
from intake.queries.endorsement import may_be_joined
from intake.queries.same_matter import Question, document_counts, sharing_rare_grams

WORDS_MIN, WORDS_MAX = 4, 200
"""Characters that are worth a look, and as many as are looked at."""
SHELF = 500
"""So many of the latest releases of a district are looked through."""
FEW_GRAMS = 4
"""Up to so many pieces one that is shared will do; of more it must be two…"""
ONE_IN, SHARED_MOST = 8, 6
"""… and of a whole sentence one in eight, up to six: two that any two sentences have in common say nothing."""
LOOKED_THROUGH = 60
SENTENCE = 80
MOST_SAID = 30
EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Released:
    """The last word that was released about a topic."""

    topic_id: int
    topic_number: str
    title: str
    kind: ReleaseKind
    area_name: str
    area_path: str
    released_at: datetime
    behind: int | None
    """Submissions behind it when it was released; None where so few could point at a person."""
    is_under_way: bool
    """Whether it can still be joined (附议)."""
    grams: frozenset[int]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything released of late in a district, ready to be looked through without the database."""

    entries: tuple[Released, ...]
    counts: Counter[int]

    def like(self, words: str, *, area_path: str, limit: int) -> tuple[Released, ...]:
        """Those that share most of `words`, rare pieces weighing more; among equals what is nearest to `area_path`, then the newest."""
        asked = frozenset(grams_of(matching_form(words[:WORDS_MAX])))
        needed = 1 if len(asked) <= FEW_GRAMS else min(max(2, len(asked) // ONE_IN), SHARED_MOST)
        ranked = []
        for entry in self.entries:
            shared = asked & entry.grams
            if len(shared) >= needed:
                weight = sum(1 / (1 + math.log(self.counts[gram])) for gram in shared)
                ranked.append((round(weight, 3), _steps_shared(entry.area_path, area_path), entry.released_at, entry.topic_number, entry))
        ranked.sort(key=lambda one: one[:4], reverse=True)
        return tuple(entry for *_, entry in ranked[:limit])


_SURVIVOR = aliased(Topic)


def shelf(session: Session, *, district_id: int) -> Shelf:
    """What is released in the district, the newest word of each topic, in one query; it changes with a release, so keep it a while."""
    newest = (
        select(Release.topic_id, func.max(Release.released_at).label("at"))
        .where(Release.district_id == district_id, Release.state == ReleaseState.RELEASED)
        .group_by(Release.topic_id)
        .subquery()
    )
    columns: tuple[Any, ...] = (  # typed by Released, whose fields they follow
        Topic.id,
        Topic.number,
        Release.title,
        Release.kind,
        Area.name,
        Area.path,
        Release.released_at,
        Release.people,
        may_be_joined(Topic, _SURVIVOR),
    )
    rows = session.execute(
        select(*columns, Release.words)
        .join(newest, (newest.c.topic_id == Release.topic_id) & (newest.c.at == Release.released_at))
        .join(Topic, Topic.id == Release.topic_id)
        .join(Area, Area.id == Release.area_id)
        .outerjoin(_SURVIVOR, _SURVIVOR.id == Topic.merged_into_id)
        .where(Release.district_id == district_id, Release.state == ReleaseState.RELEASED)
        .order_by(Release.released_at.desc(), Release.id.desc())
        .limit(SHELF)
    )
    entries: dict[str, Released] = {}
    for topic_id, number, title, *facts, people, is_under_way, words in rows:
        grams = frozenset(grams_of(matching_form(f"{title}。{words}")))
        values: tuple[Any, ...] = (topic_id, number, title, *facts, tellable(people), is_under_way, grams)
        entries.setdefault(number, Released(*values))
    return Shelf(tuple(entries.values()), Counter(gram for entry in entries.values() for gram in entry.grams))


def _steps_shared(one: str, other: str) -> int:
    """How far down the tree two paths go together."""
    steps = 0
    for here, there in zip(one.strip("/").split("/"), other.strip("/").split("/"), strict=False):
        if here != there:
            break
        steps += 1
    return steps


@dataclass(frozen=True, slots=True)
class SimilarTopic:
    """A topic behind which somebody said alike."""

    id: int
    number: str
    title: str
    state: TopicState
    area_name: str
    submissions: int
    submission_id: int
    sentence: str
    """The beginning of what that resident said, masked."""
    area_path: str


def similar(
    session: Session, *, district_id: int, words: str, limit: int, states: Collection[TopicState] = JOINABLE
) -> tuple[SimilarTopic, ...]:
    """Topics of the district in one of `states` whose residents said most of `words`, in three statements.

    Empty for fewer than WORDS_MIN characters; no more than WORDS_MAX are looked at. Who may read a topic is for the caller to know.
    """
    text = matching_form(words[:WORDS_MAX])
    grams = grams_of(text) if len(text) >= WORDS_MIN else ()
    if not grams:
        return ()
    documents = document_counts(session, district_id=district_id, grams=grams)
    weights = {gram: 1 / (1 + math.log(count)) for gram, count in documents.items() if count > 0}
    (found,) = sharing_rare_grams(session, district_id=district_id, questions=[Question(weights, EVER)], limit=LOOKED_THROUGH)
    enough = 0.5 * max((weight for _, weight in found), default=0.0)
    ids = [submission_id for submission_id, weight in found if weight >= enough]
    return _topics(session, ids, states=states, limit=limit) if ids else ()


def _topics(session: Session, submission_ids: list[int], *, states: Collection[TopicState], limit: int) -> tuple[SimilarTopic, ...]:
    """The topics of `submission_ids`, in their order, each once."""
    wanted = func.unnest(submission_ids).table_valued("id", with_ordinality="place", name="wanted").render_derived()
    rows = session.execute(
        select(
            Topic.id,
            Topic.number,
            Topic.title,
            Topic.state,
            Area.name,
            Topic.confirmed_count + Topic.suggested_count,
            Submission.id,
            func.left(Submission.text_masked, SENTENCE),
            Area.path,
        )
        .select_from(wanted)
        .join(Submission, Submission.id == wanted.c.id)
        .join(Contributor, (Contributor.submission_id == Submission.id) & (Contributor.status != ContributorStatus.REMOVED))
        .join(Topic, Topic.id == Contributor.topic_id)
        .join(Area, Area.id == Topic.area_id)
        .where(
            Topic.state.in_(states),
            Topic.kind == TopicKind.MATTER,
            Submission.state.not_in([SubmissionState.WITHDRAWN, SubmissionState.QUARANTINED, SubmissionState.REJOINED]),
        )
        .order_by(wanted.c.place)
    )
    topics: dict[int, SimilarTopic] = {}
    for row in rows:
        topics.setdefault(row[0], SimilarTopic(*row))
    return tuple(topics.values())[:limit]


def or_said(
    session: Session,
    holds: Sequence[ColumnElement[bool]],
    *,
    district_id: int | None,
    words: str,
    states: Collection[TopicState] = JOINABLE,
) -> list[ColumnElement[bool]]:
    """What a search for `words` in titles asks (`holds`), or the topic is one whose residents said so; nothing for no words."""
    if not holds or district_id is None:
        return list(holds)
    said = [topic.id for topic in similar(session, district_id=district_id, words=words, limit=MOST_SAID, states=states)]
    return [or_(and_(*holds), Topic.id.in_(said))] if said else list(holds)
