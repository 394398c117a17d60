"""相似议题 of a topic: open ones it may be one matter with, and ended ones with what they came to.

Found by what the topics are called. Of a title's two-character pieces those count that few messages of the district say; a few of them lead
through the index of letters to topics that hold one, and these are weighed by all the pieces they share.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Text, bindparam, cast, func, literal_column, or_, select, true
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
from intake.queries.kept import PEOPLE_KEPT, TOPIC_ID, written_out
from intake.queries.pages import within
from intake.queries.same_matter import document_counts

SHOWN = 4
"""Of each kind."""
PIECES_ASKED = 3
READ_MOST = 400
"""Topics read for one piece: what stands in more says little, and a lookup must not grow with the district."""
LOOKED_THROUGH = 120
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


def alike(session: Session, actor: Actor, *, topic_id: int, title: str) -> Alike:
    """Topics within the actor's reach that are called much like `title`, in four queries; one where the title says nothing particular.

    The matters of a class aren't like it, they are it.
    """
    district_id, pieces = actor.district_id or 0, telling_grams(matching_form(title))
    weights = _weights(session, district_id, pieces)
    asked = sorted(weights, key=lambda piece: (-weights[piece], piece))[:PIECES_ASKED]
    if not asked:
        return Alike((), (), CameOf())
    rows = session.execute(_candidates(actor), {"district_id": district_id, "pieces": asked, "topic_id": topic_id})
    found = _ranked([AlikeTopic(*row, shared=()) for row in rows], weights)
    ended = [one for one in found if one.state in ENDED]
    return Alike(
        here=tuple([one for one in found if one.state in JOINABLE][:SHOWN]),
        earlier=_with_words(session, ended[:SHOWN]),
        came_of=_came_of(session, ended),
    )


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
            Topic.id.in_(_holding_most()),
            Topic.id != TOPIC_ID,
            Topic.class_topic_id.is_distinct_from(TOPIC_ID),
            Topic.kind == TopicKind.MATTER,
            Topic.state.in_([*JOINABLE, *ENDED]),
            within(actor, Permission.SCREEN_VIEW),
        )
    )


def _holding_most() -> Select[int]:
    """Ids of the LOOKED_THROUGH topics that hold most of the pieces, the newest among equals."""
    pieces = func.unnest(bindparam("pieces", type_=ARRAY(Text))).table_valued("piece", name="pieces").render_derived()
    called = Topic.title + " " + Topic.number
    hits = (
        select(Topic.id)
        .where(
            Topic.district_id + 0 == bindparam("district_id", type_=BigInteger),  # not by the district's index beside that of the letters
            _LETTERS.contains(func.string_to_array(pieces.c.piece, None, type_=ARRAY(Text))),
            func.strpos(called, pieces.c.piece) > 0,
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
        said = telling_runs(runs(title, shared))
        if said and weight >= enough and len(shared) >= min(PIECES_LEAST, len(weights)):
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


def _with_words(session: Session, topics: Collection[AlikeTopic]) -> tuple[AlikeTopic, ...]:
    """With the words of the decision that ended each."""
    if not topics:
        return ()
    ending = [TopicAction.VERIFY.value, TopicAction.REJECT.value, TopicAction.REFER.value, TopicAction.DROP.value]
    rows: Any = session.execute(
        select(Decision.topic_id, Decision.words)
        .where(Decision.topic_id.in_([one.id for one in topics]), Decision.action.in_(ending))
        .order_by(Decision.id)
    )
    words = dict(rows.all())
    return tuple(replace(one, words=words.get(one.id, "")) for one in topics)


def _came_of(session: Session, topics: Collection[AlikeTopic]) -> CameOf:
    if not topics:
        return CameOf()

    def said(verdict: Verdict) -> ColumnElement[int]:
        return func.count().filter(Outcome.verdict == verdict)

    solved, partly, not_solved = session.execute(
        select(said(Verdict.SOLVED), said(Verdict.PARTLY), said(Verdict.NOT_SOLVED)).where(
            Outcome.topic_id.in_([one.id for one in topics]), Outcome.superseded_at.is_(None)
        )
    ).one()
    states = [one.state for one in topics]
    return CameOf(
        topics=len(topics),
        delivered=states.count(TopicState.DELIVERED),
        rejected=states.count(TopicState.REJECTED),
        referred=states.count(TopicState.REFERRED),
        solved=solved,
        partly=partly,
        not_solved=not_solved,
    )
