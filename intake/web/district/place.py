"""Where on the board somebody is, and what stands in the forms beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from intake.domain.topic import Route, TopicAction, TopicState
from intake.domain.topic_return import Missing
from intake.queries.topic_order import Order
from intake.web.asked import one_of
from intake.web.reply_check import LookedAt

FIND = "find"
"""The button that looks for topics to merge into: it decides nothing and keeps what was typed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the board somebody is, so that a decision leads back there."""

    state: TopicState | None
    """One column alone; None for all three."""
    words: str
    after: str
    order: Order = Order.HEAT
    route: Route | None = None
    """Only topics that came by it; None for all six."""

    @property
    def query(self) -> dict[str, Any]:
        """As an address says it."""
        order = self.order.value if self.order is not Order.HEAT else None
        return {
            "state": self.state.value if self.state else None,
            "route": self.route.value if self.route else None,
            "q": self.words or None,
            "order": order,
            "after": self.after or None,
        }

    @property
    def kept(self) -> dict[str, Any]:
        """What stays as it is from column to column and page to page: everything but the state and the page."""
        return {name: value for name, value in self.query.items() if name not in {"state", "after"}}


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the deciding form and in the marks."""

    words: str = ""
    find: str = ""
    target: str = ""
    merging: bool = False
    """Whether topics to merge into were asked for."""
    missing: frozenset[Missing] = frozenset()
    looked_at: LookedAt | None = None
    """Remarks on the words, before they are sent."""
    marks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By criterion, mark and remark as they were sent and refused."""


@dataclass(frozen=True, slots=True)
class Done:
    """What has just been decided, for the toast."""

    topic_id: int
    title: str
    action: TopicAction
    can_take_back: bool
    waits: bool
    """Whether it was written for a round, and nobody else knows it yet."""
    heard: bool
    """Whether a resident raised it and reads the decision."""


def place_of(source: MultiDict[str, str]) -> Place:
    """From an address, or from a form's hidden fields."""
    state = one_of(TopicState, source.get("state", ""))
    return Place(
        state=state,
        words=source.get("q", "")[:60].replace("\x00", "").strip(),
        after=source.get("after", "") if state else "",
        order=one_of(Order, source.get("order", "")) or Order.HEAT,
        route=one_of(Route, source.get("route", "")),
    )


def missing_sent() -> frozenset[Missing]:
    """What was ticked as missing."""
    return frozenset(one for one in Missing if one.value in request.form.getlist("missing"))


def on_board() -> bool:
    """Whether the form that was sent stands beside the board."""
    return request.form.get("from") == "board"
