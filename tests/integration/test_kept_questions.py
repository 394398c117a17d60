"""Questions put into words once: what never changes is part of the words, so that one plan serves every asking."""

from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.dialects import postgresql

from intake.domain.point import AreaKind
from intake.domain.topic import TopicState
from intake.models import Area, Topic
from intake.queries.kept import written_out
from intake.wiring import Wiring
from tests.factories.town import Town


def said(statement: Any) -> tuple[str, list[object]]:
    compiled = statement.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    return " ".join(str(compiled).split()), [*compiled.params.values()]


def test_states_lengths_and_emptiness_are_words_and_whose_it_is_stays_a_value() -> None:
    states = or_(Topic.state == TopicState.POOLED, Topic.state.in_((TopicState.PLANNED, TopicState.PROPOSED)))
    words, values = said(
        written_out(select(Topic.id).where(Topic.district_id == 7, states, Topic.title != "", Topic.number != "B7").limit(20))
    )
    assert "topics.state = 'pooled' OR topics.state IN ('planned', 'proposed')" in words
    assert "topics.title != '' AND" in words
    assert words.endswith("LIMIT 20")
    assert values == [7, "B7"]


def test_written_out_it_finds_the_same(wiring: Wiring, town: Town) -> None:
    below = Area.kind.in_((AreaKind.STREET, AreaKind.COMMUNITY)), Area.kind != AreaKind.CITY, Area.name != ""
    some = select(Area.id, Area.kind).where(*below, Area.district_id == town.district_id).order_by(Area.id).limit(3)
    with wiring.sessions() as session:
        assert session.execute(written_out(some)).all() == session.execute(some).all() != []
        assert session.scalar(written_out(select(func.count()).select_from(Area).where(Area.name == ""))) == 0
