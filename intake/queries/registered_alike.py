"""What may be the same matter as a topic that somebody is about to register: nothing at all where nothing is near.

Residents are found by what they said, registered topics by what they are called. Of the words asked for only those count that residents of the
district use: what an office writes in every paper matches nobody and must not make everything else look small.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.language.grams import gram_hash, telling_grams
from intake.domain.language.matching_form import matching_form, matching_forms
from intake.domain.permission import Permission
from intake.domain.point import AreaKind
from intake.domain.topic import JOINABLE, TopicKind, TopicState
from intake.models import Area, Contributor, Submission, Topic, TopicOrigin
from intake.queries.same_matter import NOT_COMPARED, TEXT_CHARACTERS, Question, document_counts, sharing_rare_grams
from intake.queries.similar import EVER, LOOKED_THROUGH, WORDS_MAX
from intake.queries.topic_alike import runs, says_something, telling_runs

SHOWN, SAID_MOST = 5, 4
TITLES = 300
"""So many of the latest registered topics of a district are looked through by their titles."""
PIECES_LEAST = 2
"""One word in common, such as 增设, says nothing."""
BESIDE_THE_BEST = 0.5


@dataclass(frozen=True, slots=True)
class Bar:
    """How much must be shared: this much of what the name's words weigh, or this much of all words'."""

    of_title: float
    of_all: float


NEAR, FAR = Bar(0.3, 0.2), Bar(0.4, 0.25)
"""Within the street that the topic is about, and elsewhere. Measured in docs/triage.md, “Before a topic is registered”."""


@dataclass(frozen=True, slots=True)
class Alike:
    """A topic that may be the same matter."""

    id: int
    number: str
    title: str
    state: TopicState
    area_name: str
    is_near: bool
    """It is about the same community or street, or about a place that holds it."""
    opens: bool
    """Whether the actor may read its page; of a topic elsewhere nothing that residents wrote is told."""
    shared: tuple[str, ...]
    """What both say, the longest first; nothing where it doesn't open."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Something that shares words, before it is known whether they are enough."""

    topic: tuple[int, str, str, TopicState, str]
    """The first fields of Alike."""
    path: str
    text: str
    """In the form that is compared."""
    shared: frozenset[str]
    weight: float


def alike(session: Session, actor: Actor, *, area_id: int, title: str, words: str, address: str = "") -> tuple[Alike, ...]:
    """Open topics of the district that are near enough: of the same post before all, then those of the same community, of the street, the others.

    Four statements at most, five with an address.
    """
    area = session.get(Area, area_id)
    if actor.district_id is None or area is None:
        return ()
    called = _called(session, [TopicOrigin.district_id == actor.district_id], title)
    said = _said(session, actor.district_id, _street(area), title, words)
    posted = _posted(session, actor, area, address) if address else ()
    known = {one.id for one in posted}
    others = _ordered([*called, *said], actor, area, _asked(title, words))
    return (*posted, *(one for one in others if one.id not in known))[:SHOWN]


def own_alike(session: Session, actor: Actor, *, title: str) -> tuple[Alike, ...]:
    """What the actor put up themselves and is called alike; all that a community worker may be shown of topics before they are public."""
    found = _called(session, [TopicOrigin.registered_by == actor.user_id], title)
    return tuple(_alike(one, title, is_near=True, opens=False) for one in sorted(found, key=lambda one: -one.weight)[:SHOWN])


def _called(session: Session, where: Sequence[ColumnElement[bool]], title: str) -> list[_Found]:
    """Those of the latest registered that share half of the shorter title's pieces."""
    asked = _telling(matching_form(title))
    rows = session.execute(
        select(*_COLUMNS)
        .join(TopicOrigin, TopicOrigin.topic_id == Topic.id)
        .join(Area, Area.id == Topic.area_id)
        .where(*where, Topic.state.in_(JOINABLE))
        .order_by(Topic.id.desc())
        .limit(TITLES)
    ).all()
    found = []
    for row, form in zip(rows, matching_forms([row.title for row in rows]), strict=True):
        pieces = _telling(form)
        shared, shorter = asked & pieces, min(len(asked), len(pieces))
        if 2 * len(shared) >= shorter and len(shared) >= min(PIECES_LEAST, len(asked)) > 0:
            found.append(_Found(row[:5], row.path, form, frozenset(shared), float(len(shared))))
    return found


def _posted(session: Session, actor: Actor, area: Area, address: str) -> tuple[Alike, ...]:
    """Those of the very same post, the latest first; what they share is its address."""
    rows = session.execute(
        select(*_COLUMNS)
        .join(TopicOrigin, TopicOrigin.topic_id == Topic.id)
        .join(Area, Area.id == Topic.area_id)
        .where(TopicOrigin.district_id == actor.district_id, TopicOrigin.source_address == address, Topic.state.in_(JOINABLE))
        .order_by(Topic.id.desc())
        .limit(SHOWN)
    )
    street, found = _street(area), []
    for row in rows:
        topic: tuple[int, str, str, TopicState, str] = row[:5]
        opens = actor.may(Permission.SCREEN_VIEW, area_path=row.path)
        found.append(Alike(*topic, is_near=_is_near(row.path, street), opens=opens, shared=(address,) if opens else ()))
    return tuple(found)


def _said(session: Session, district_id: int, street: str, title: str, words: str) -> list[_Found]:
    """Topics whose residents said enough of it, each by what comes nearest."""
    weights = _weights(session, district_id, telling_grams(matching_form(_asked(title, words))))
    named = telling_grams(matching_form(title)) & weights.keys()
    rare = {gram_hash(piece): weight for piece, weight in weights.items()}
    (sightings,) = sharing_rare_grams(session, district_id=district_id, questions=[Question(rare, EVER)], limit=LOOKED_THROUGH)
    ids = [submission_id for submission_id, _ in sightings]
    best: dict[int, _Found] = {}
    rows = session.execute(_behind().where(Submission.id.in_(ids), Topic.district_id == district_id)).all() if ids else []
    for row, form in zip(rows, matching_forms([row.text for row in rows]), strict=True):
        shared = telling_grams(form) & weights.keys()
        one = _Found(row[:5], row.path, form, frozenset(shared), sum(weights[piece] for piece in shared))
        if row.id not in best or best[row.id].weight < one.weight:
            best[row.id] = one
    enough = BESIDE_THE_BEST * max((one.weight for one in best.values()), default=0.0)
    return [one for one in best.values() if one.weight >= enough and _is_enough(one, weights, named, street)]


def _is_enough(one: _Found, weights: Mapping[str, float], named: set[str], street: str) -> bool:
    bar = NEAR if _is_near(one.path, street) else FAR
    of_title, of_all = sum(weights[piece] for piece in named), sum(weights.values())
    in_title = sum(weights[piece] for piece in one.shared & named)
    return len(one.shared) >= PIECES_LEAST and (in_title >= bar.of_title * of_title > 0 or one.weight >= bar.of_all * of_all)


def _weights(session: Session, district_id: int, pieces: set[str]) -> dict[str, float]:
    """The pieces that residents use, by how much they tell; house numbers tell nothing."""
    grams = {piece: gram_hash(piece) for piece in pieces if says_something(piece) and not any(one.isascii() for one in piece)}
    documents = document_counts(session, district_id=district_id, grams=grams.values())
    return {piece: 1 / (1 + math.log1p(documents[gram])) for piece, gram in grams.items() if documents.get(gram)}


_COLUMNS: tuple[Any, ...] = (Topic.id, Topic.number, Topic.title, Topic.state, Area.name, Area.path)


def _behind() -> Any:
    """Topics with the words of each message behind them."""
    return (
        select(*_COLUMNS, func.left(Submission.text_masked, TEXT_CHARACTERS).label("text"))
        .select_from(Submission)
        .join(Contributor, (Contributor.submission_id == Submission.id) & (Contributor.status != ContributorStatus.REMOVED))
        .join(Topic, Topic.id == Contributor.topic_id)
        .join(Area, Area.id == Topic.area_id)
        .where(Topic.state.in_(JOINABLE), Topic.kind == TopicKind.MATTER, Submission.state.not_in(NOT_COMPARED))
        .order_by(Submission.id.desc())
    )


def _asked(title: str, words: str) -> str:
    return f"{title}。{words}"[:WORDS_MAX]


def _ordered(found: Sequence[_Found], actor: Actor, area: Area, asked: str) -> tuple[Alike, ...]:
    """Each topic once, the nearest first, among them the likest."""
    street = _street(area)
    ranked = sorted(found, key=lambda one: (one.path != area.path, not _is_near(one.path, street), -one.weight))
    topics: dict[int, Alike] = {}
    for one in ranked:
        opens = actor.may(Permission.SCREEN_VIEW, area_path=one.path)
        shown = _alike(one, asked, is_near=_is_near(one.path, street), opens=opens)
        if shown.shared or not opens:
            topics.setdefault(shown.id, shown)
    return tuple(topics.values())[:SHOWN]


def _alike(one: _Found, asked: str, *, is_near: bool, opens: bool) -> Alike:
    """With the words in common as both write them: 老旧小区, though 小区 alone tells nothing."""
    if not opens:
        return Alike(*one.topic, is_near=is_near, opens=False, shared=())
    form = matching_form(asked)
    both = {form[place : place + 2] for place in range(len(form) - 1) if form[place : place + 2].isalnum()}
    said = [run for run in runs(one.text, both) if any(piece in run for piece in one.shared)]
    return Alike(*one.topic, is_near=is_near, opens=True, shared=tuple(sorted(telling_runs(said), key=len, reverse=True)[:SAID_MOST]))


def _telling(form: str) -> set[str]:
    return {piece for piece in telling_grams(form) if says_something(piece)}


def _street(area: Area) -> str:
    """The path below which everything is near: the street of a community, else the area itself."""
    return area.path.rstrip("/").rpartition("/")[0] + "/" if area.kind is AreaKind.COMMUNITY else area.path


def _is_near(path: str, street: str) -> bool:
    return path.startswith(street) or street.startswith(path)
