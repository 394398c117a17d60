"""相似议题 of a topic: open ones it may be one matter with, and ended ones with what they came to.

Found by what the topics are called. Of a title's two-character pieces those count that few messages of the district say; a few of them lead
through the index of letters to topics that hold one, and these are weighed by all the pieces they share.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, Text, any_, bindparam, cast, func, literal_column, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.language.grams import gram_hash, telling_grams
from intake.domain.language.matching_form import matching_form, matching_forms
from intake.domain.outcome import Verdict
from intake.domain.permission import Permission
from intake.domain.topic import JOINABLE, TopicAction, TopicKind, TopicState
from intake.domain.topic_evidence import CameOf
from intake.models import Area, Decision, Outcome, Topic
from intake.models.topic import LETTERS
from intake.queries.kept import DISTRICT_ID, PEOPLE_KEPT, TOPIC_ID, TOPIC_IDS, written_out
from intake.queries.pages import covers_district, within
from intake.queries.same_matter import document_counts

SHOWN = 4
"""Of each kind."""
PIECES_ASKED = 3
READ_MOST = 200
"""Topics read for one piece: what stands in more says little, and a lookup must not grow with the district."""
LOOKED_THROUGH = 80
"""Those that hold most of the pieces."""
ENOUGH = 0.3
"""Of what the title's own pieces weigh: below, two topics share a word and nothing else."""
PIECES_LEAST = 2
"""One word in common says nothing, however much of a short title it is."""
ENDED = (TopicState.DELIVERED, TopicState.REJECTED, TopicState.REFERRED)
_AT_ENDS = "的了吗呢啊吧呀嘛们"
"""What is left off where a run begins or ends with it: it belongs to the words beside it."""
_COUNTING = frozenset(_AT_ENDS + "是在我你他她它有没不也都就这那哪个之一二两三四五六七八九十百千万亿几半多第次年月日天周时分秒号元块")
"""Characters that count, tell time or hold a sentence together: pieces of nothing else (了三, 三个) are in every matter."""
_LETTERS = literal_column(LETTERS, ARRAY(Text))


@dataclass(frozen=True, slots=True)
class AlikeTopic:
    """A topic called much the same."""

    id: int
    number: str
    title: str
    state: TopicState
    area_name: str
    submissions: int
    last_at: datetime
    shared: tuple[str, ...]
    """What both titles say."""
    words: str = ""
    """Of an ended one: the reason its residents read."""


@dataclass(frozen=True, slots=True)
class Alike:
    """The likest first."""

    here: tuple[AlikeTopic, ...]
    """Of the same district, still open: one may become part of the other."""
    earlier: tuple[AlikeTopic, ...]
    """Ended."""
    came_of: CameOf
    """Of all ended ones that are alike, not only those shown."""


def alike(session: Session, actor: Actor, titles: Mapping[int, str]) -> dict[int, Alike]:
    """By topic, those within the actor's reach that are called much like its title: in three queries and one for each topic, or in one where
    no title says anything particular.

    The matters of a class aren't like it, they are it.
    """
    district_id = actor.district_id or 0
    pieces = {topic_id: telling_grams(matching_form(title)) for topic_id, title in titles.items()}
    weights = _weights(session, district_id, frozenset().union(*pieces.values()))
    found = {
        topic_id: _called_alike(session, actor, topic_id, {piece: weights[piece] for piece in own if piece in weights})
        for topic_id, own in pieces.items()
    }
    ended = {topic_id: [one for one in topics if one.state in ENDED] for topic_id, topics in found.items()}
    words = _ending_words(session, [one.id for topics in ended.values() for one in topics[:SHOWN]])
    verdicts = _verdicts(session, [one.id for topics in ended.values() for one in topics])
    return {
        topic_id: Alike(
            here=tuple([one for one in topics if one.state in JOINABLE][:SHOWN]),
            earlier=tuple(replace(one, words=words.get(one.id, "")) for one in ended[topic_id][:SHOWN]),
            came_of=_came_of(ended[topic_id], verdicts),
        )
        for topic_id, topics in found.items()
    }


def _called_alike(session: Session, actor: Actor, topic_id: int, weights: Mapping[str, float]) -> list[AlikeTopic]:
    asked = sorted(weights, key=lambda piece: (-weights[piece], piece))[:PIECES_ASKED]
    if not asked:
        return []
    rows = session.execute(_candidates(actor), {"district_id": actor.district_id, "pieces": asked, "topic_id": topic_id})
    return _ranked([AlikeTopic(*row, shared=()) for row in rows], weights)


def titled(district_id: int | None, words: str) -> Select[int]:
    """Ids of the district's topics whose title or number hold `words`, through the index of letters.

    A question of its own: among other conditions the planner takes the letters of every topic apart instead, which costs a hundred times more.
    """
    letters = cast(sorted(set(words)), ARRAY(Text))
    holds = or_(Topic.title.contains(words, autoescape=True), Topic.number.contains(words, autoescape=True))
    return select(Topic.id).where(Topic.district_id == district_id, _LETTERS.contains(letters), holds)


@lru_cache(maxsize=PEOPLE_KEPT)
def _candidates(actor: Actor) -> Select[int, str, str, TopicState, str, int, datetime]:
    return written_out(
        select(Topic.id, Topic.number, Topic.title, Topic.state, Area.name, Topic.confirmed_count + Topic.suggested_count, Topic.last_at)
        .join(Area, Area.id == Topic.area_id)
        .where(
            Topic.id.in_(_holding_most(actor)),
            within(actor, Permission.SCREEN_VIEW),
        )
    )


def _holding_most(actor: Actor) -> Select[int]:
    """Ids of the LOOKED_THROUGH topics that hold most of the pieces, the newest among equals; none that wouldn't be shown takes a place."""
    pieces = func.unnest(bindparam("pieces", type_=ARRAY(Text))).table_valued("piece", name="pieces").render_derived()
    called = Topic.title + " " + Topic.number
    reached = select(Area.id).where(within(actor, Permission.SCREEN_VIEW))
    here = [] if covers_district(actor, Permission.SCREEN_VIEW) else [Topic.area_id.in_(reached)]
    hits = (
        select(Topic.id)
        .where(
            Topic.district_id + 0 == DISTRICT_ID,  # not by the district's index beside that of the letters
            _LETTERS.contains(func.string_to_array(pieces.c.piece, None, type_=ARRAY(Text))),
            func.strpos(called, pieces.c.piece) > 0,
            Topic.id != TOPIC_ID,
            Topic.class_topic_id.is_distinct_from(TOPIC_ID),
            Topic.kind == TopicKind.MATTER,
            Topic.state.in_([*JOINABLE, *ENDED]),
            *here,
        )
        .limit(READ_MOST)
        .lateral("hits")
    )
    return (
        select(hits.c.id)
        .select_from(pieces.join(hits, true()))
        .group_by(hits.c.id)
        .order_by(func.count().desc(), hits.c.id.desc())
        .limit(LOOKED_THROUGH)
    )


def _weights(session: Session, district_id: int, pieces: Collection[str]) -> dict[str, float]:
    """The pieces by how much they tell: those that many messages hold tell little; house numbers tell nothing."""
    telling = {piece: gram_hash(piece) for piece in pieces if says_something(piece) and not any(one.isascii() for one in piece)}
    documents = document_counts(session, district_id=district_id, grams=telling.values())
    return {piece: 1 / (1 + math.log(1 + documents.get(gram, 0))) for piece, gram in telling.items()}


def _ranked(topics: Sequence[AlikeTopic], weights: Mapping[str, float]) -> list[AlikeTopic]:
    enough = ENOUGH * sum(weights.values())
    ranked = []
    for one, title in zip(topics, matching_forms([one.title for one in topics]), strict=True):
        shared = telling_grams(title) & weights.keys()
        weight = sum(weights[piece] for piece in shared)
        if weight < enough or len(shared) < min(PIECES_LEAST, len(weights)):
            continue
        if said := telling_runs(runs(title, shared)):
            ranked.append((weight, one.last_at, replace(one, shared=said)))
    ranked.sort(key=lambda entry: entry[:2], reverse=True)
    return [one for *_, one in ranked]


def runs(title: str, shared: Collection[str]) -> tuple[str, ...]:
    """The shared pieces of a title or text joined where they overlap, in its order: 路灯, 灯不, 不亮 are 路灯不亮."""
    runs: list[str] = []
    begun = False
    for place in range(len(title) - 1):
        piece = title[place : place + 2]
        if piece in shared:
            runs = [*runs[:-1], runs[-1] + piece[1]] if begun else [*runs, piece]
        begun = piece in shared
    return tuple(dict.fromkeys(runs))


def says_something(piece: str) -> bool:
    """Whether a piece or run holds more than counting and time."""
    return not _COUNTING.issuperset(piece)


def telling_runs(runs: Iterable[str]) -> tuple[str, ...]:
    """Those that hold words of substance, as a reason to be read: 了路灯 is 路灯, 了三个 is nothing."""
    bare = (run.strip(_AT_ENDS) for run in runs)
    return tuple(dict.fromkeys(run for run in bare if len(run) > 1 and says_something(run)))


def _ending_words(session: Session, topic_ids: Sequence[int]) -> dict[int, str]:
    """The words of the decision that ended each."""
    rows: Any = session.execute(_ENDING, {"topic_ids": topic_ids}) if topic_ids else ()
    return dict(iter(rows))


_ENDING = written_out(
    select(Decision.topic_id, Decision.words)
    .where(
        Decision.topic_id == any_(TOPIC_IDS),
        Decision.action.in_(
            [literal_column(f"'{one.value}'") for one in (TopicAction.VERIFY, TopicAction.REJECT, TopicAction.REFER, TopicAction.DROP)]
        ),
    )
    .order_by(Decision.id)
)


def _verdicts(session: Session, topic_ids: Sequence[int]) -> Counter[tuple[int, Verdict]]:
    """How often residents said so of what each topic came to."""
    rows: Any = session.execute(_SAID_OF, {"topic_ids": topic_ids}) if topic_ids else ()
    return Counter({(topic_id, verdict): count for topic_id, verdict, count in rows})


_SAID_OF = (
    select(Outcome.topic_id, Outcome.verdict, func.count())
    .where(Outcome.topic_id == any_(TOPIC_IDS), Outcome.superseded_at.is_(None))
    .group_by(Outcome.topic_id, Outcome.verdict)
)


def _came_of(topics: Collection[AlikeTopic], verdicts: Mapping[tuple[int, Verdict], int]) -> CameOf:
    def said(verdict: Verdict) -> int:
        return sum(verdicts[one.id, verdict] for one in topics)

    states = [one.state for one in topics]
    return CameOf(
        topics=len(topics),
        delivered=states.count(TopicState.DELIVERED),
        rejected=states.count(TopicState.REJECTED),
        referred=states.count(TopicState.REFERRED),
        solved=said(Verdict.SOLVED),
        partly=said(Verdict.PARTLY),
        not_solved=said(Verdict.NOT_SOLVED),
    )
