"""六途径来题 and 扫码情况 in every mode, as in test_accessible."""

from dataclasses import dataclass

import pytest

from intake.domain.permission import Role
from intake.domain.point_count import PointStep
from intake.domain.topic import Route
from intake.models import IntakePoint
from intake.queries.point import point_by_code
from intake.services.point_count import count_steps, counted_at
from intake.services.topic_origin import OriginFacts, register
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories.administrators import person_with
from tests.factories.town import actor, town_in

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Seen:
    """What has been prepared for looking at."""

    point: int
    area: int
    topic: int


@pytest.fixture(scope="module")
def seen(site: Site) -> Seen:
    """Scans on two days, and a topic of the party committee's and one of a community's."""
    wiring, now = site.wiring, site.wiring.clock.now()
    with wiring.sessions() as session:
        town = town_in(session)
        point = point_by_code(session, town.longchi_code)
        row = session.query(IntakePoint).filter_by(code=town.longchi_code).one()
    assert point is not None
    worker_id = person_with(wiring, "wangjie", "王姐", (Role.WORKER, town.longchi_id))
    with wiring.sessions.begin() as session:
        count_steps(session, [counted_at(point, step, at=now) for step in PointStep])
    asked = OriginFacts(
        route=Route.PARTY_GOVERNMENT,
        title="老旧小区加装电梯",
        area_id=town.street_id,
        category=None,
        words="请调研怎样加装电梯。",
        body="区委办公室",
        document_number="云委办〔2026〕31 号",
        received_on=now.date(),
    )
    found = OriginFacts(
        Route.COMMUNITIES, "老菜场门口停车堵路", town.longchi_id, None, "每天早上堵一小时。", body="龙池社区居委会", homes=120
    )
    with wiring.sessions.begin() as session:
        topic = register(session, actor=actor(session, town.jing_id), facts=asked, at=now)
        register(session, actor=actor(session, worker_id), facts=found, at=now)
    return Seen(row.id, town.longchi_id, topic.id)


DESK_PAGES: dict[str, tuple[str, Open]] = {
    "origins": ("wangjing", at(lambda seen: f"/d/origins?done={seen.topic}")),
    "request with an error": ("wangjing", sent("/d/origins/new?route=party_government", "/new", title="")),
    "post that may be the same": (
        "wangjing",
        sent("/d/origins/new?route=communities", "/new", title="老菜场门口停车堵路", body="龙池社区居委会", words="还是堵", area="2"),
    ),
    "new post": ("wangjing", at("/d/origins/new?route=network")),
    "scans": ("wangjing", unfolded("/d/funnel")),
    "scans of a point": ("wangjing", at(lambda seen: f"/d/funnel?point={seen.point}&days=90")),
    "no quiet points": ("wangjing", at("/d/funnel?quiet=1")),
    "residents with an error": ("chenli", sent(lambda seen: f"/d/areas/{seen.area}", "/residents", residents="很多")),
}
PHONE_PAGES: dict[str, tuple[str, Open]] = {
    "suggest": ("wangjie", unfolded("/worker/topics")),
    "suggest with an error": ("wangjie", sent("/worker/topics", "/worker/topics", title="")),
    "suggest the same": (
        "wangjie",
        sent("/worker/topics", "/worker/topics", title="老菜场门口停车堵路", words="还是堵", office="居委会"),
    ),
}
"""Name → who looks, and how to get there."""


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Seen, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PHONE_PAGES)
def test_phone_page(name: str, people: People, seen: Seen, site: Site) -> None:
    login, open_page = PHONE_PAGES[name]
    wrong = wrong_on_phone(people.page_of(login, desk=False), open_page, seen, site)
    assert not wrong, "\n".join(wrong)
