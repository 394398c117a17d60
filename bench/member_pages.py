"""A member's pages over the application itself, for `make bench NAME=lists`."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from flask.testing import FlaskClient
from sqlalchemy import text

from bench.rows import District
from config.collector import spare_the_collector
from intake.app import create_app
from intake.models import User
from intake.services.sign_in import open_session
from intake.web.guard import COOKIE_KEY
from intake.wiring import Wiring

CARDS = """
SELECT submission_id FROM contributors JOIN submissions ON submissions.id = submission_id
WHERE status = 'suggested' AND contributors.district_id = :of AND area_id IN (SELECT id FROM areas WHERE path LIKE :path)
    AND submissions.state = 'triaged' AND submission_id NOT IN (SELECT submission_id FROM reassignments) LIMIT 200"""
CLUSTER = """
SELECT topic_id FROM contributors WHERE district_id = :of AND status = 'suggested' GROUP BY topic_id ORDER BY count(*) DESC LIMIT 1"""
REACH = "SELECT path || '%' FROM role_grants JOIN areas ON areas.id = area_id WHERE user_id = :user"


@dataclass(slots=True)
class MemberPages:
    """Signed-in browsers, cards that each may open, and the topic of each district for which most is suggested."""

    browsers: dict[int, FlaskClient]
    cards: dict[int, list[int]]
    clusters: dict[int, int]
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def of(self, user: int, district_id: int) -> Iterator[tuple[str, str]]:
        """What each page is called, and its address."""
        yield "cards", "/m"
        # As the script fetches the next card ahead: a look that changes nothing.
        yield "a card", f"/m/cards/{self.chance.choice(self.cards[user])}"
        yield "search", "/m/search?q=路灯"
        yield "a cluster", f"/m/together/{self.clusters[district_id]}"

    def get(self, user: int, path: str) -> None:
        """Open the page; it must be there."""
        answer = self.browsers[user].get(path, headers={"X-Ahead": "1"})
        assert answer.status_code == 200, f"{path}: {answer.status}"


def member_pages(wiring: Wiring, districts: list[District]) -> MemberPages:
    """Sign everybody in, past the page: what it costs to check a password is measured elsewhere."""
    app = create_app(wiring)
    pages = MemberPages({}, {}, {})
    with wiring.sessions.begin() as session:
        for one in districts:
            pages.clusters[one.id] = session.scalars(text(CLUSTER), {"of": one.id}).one()
            for user in (*one.senders, one.convenor):
                path = session.scalars(text(REACH), {"user": user}).one()
                pages.cards[user] = [*session.scalars(text(CARDS), {"of": one.id, "path": path})]
                pages.browsers[user] = app.test_client()
                who, now = session.get_one(User, user), wiring.clock.now()
                token = open_session(session, who, hours=wiring.settings.session_hours, device="", at=now, way="password")
                with pages.browsers[user].session_transaction() as cookie:
                    cookie[COOKIE_KEY] = token
    spare_the_collector()
    return pages
