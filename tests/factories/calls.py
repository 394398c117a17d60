"""Open calls made the way the desk makes them."""

from dataclasses import dataclass
from datetime import date, timedelta

from intake.models import IntakePoint, OpenCall
from intake.queries.open_call import today_at
from intake.services.open_call import CallFacts, Calling, close_call, create_call, publish_call, report_call
from intake.wiring import Wiring
from tests.factories.town import Town, actor


@dataclass(frozen=True, slots=True)
class Called:
    """A call and the code of its point."""

    id: int
    code: str


def drafted_call(wiring: Wiring, town: Town, *, title: str = "菜场怎么改", opens_in: int = 0, days: int = 10, area_id: int = 0) -> Called:
    """A draft by 王静 for a street, or `area_id`; it opens so many days from now."""
    first: date = today_at(wiring.clock.now()) + timedelta(days=opens_in)
    with wiring.sessions.begin() as session:
        facts = CallFacts(
            title=title,
            question="老菜场要改造，您最想先改哪里？",
            background="年底前定方案，结果写在这一页。",
            area_id=area_id or town.street_id,
            opens_on=first,
            closes_on=first + timedelta(days=days),
        )
        call = create_call(session, facts, actor=actor(session, town.jing_id), at=wiring.clock.now())
        return Called(call.id, session.get_one(IntakePoint, call.point_id).code)


def published_call(wiring: Wiring, town: Town, **facts: int) -> Called:
    """One that everybody reads."""
    made = drafted_call(wiring, town, **facts)  # type: ignore[arg-type]  # numbers alone
    _step(wiring, town, made, publish_call)
    return made


def closed_call(wiring: Wiring, town: Town, made: Called) -> None:
    """It takes nothing more."""
    _step(wiring, town, made, close_call)


def reported_call(wiring: Wiring, town: Town, made: Called, words: str) -> None:
    """What became of it."""
    _step(wiring, town, made, lambda session, calling: report_call(session, calling, words=words))


def _step(wiring: Wiring, town: Town, made: Called, step) -> None:  # type: ignore[no-untyped-def]  # any of the services' steps
    with wiring.sessions.begin() as session:
        version = session.get_one(OpenCall, made.id).version
        step(session, Calling(actor=actor(session, town.jing_id), call_id=made.id, version=version, at=wiring.clock.now()))
