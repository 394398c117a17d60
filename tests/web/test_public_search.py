"""Finding something among what was released, and nothing else."""

import random
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from intake.domain.release import ReleaseKind, ReleaseState
from intake.models import Area, Release, Topic
from intake.queries.public_page import PublicArea, public_area
from intake.queries.public_search import search
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import topic_row
from tests.factories.releases import drafted, let_out, pooled_topic, taken_down
from tests.factories.town import Town
from tests.web.pages import words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def lamps(wiring: Wiring, town: Town, clock: TestClock) -> int:
    """A matter told in two steps, another that waits for release, a third in another street; the first's id."""
    first = pooled_topic(wiring, town, voices=3)
    kinds = ((ReleaseKind.DECISION, "路灯归市政修"), (ReleaseKind.RESULT, "幸福里的灯亮了"))
    for kind, title in kinds:
        let_out(wiring, town.jing_id, drafted(wiring, town, first, kind=kind, title=title, words="市政换了十二盏LED路灯，杆上有编号。"))
        clock.forward(days=1)
    drafted(wiring, town, pooled_topic(wiring, town), title="还没审的路灯")
    other = pooled_topic(wiring, town, code=town.shiqiao_code, title="门锁")
    let_out(
        wiring,
        town.jing_id,
        drafted(wiring, town, other, kind=ReleaseKind.IN_HAND, title="单元门在修", words="锁已经订好。", area_id=town.shiqiao_id),
    )
    return first


ASKED: list[tuple[str, list[str], list[str]]] = [
    # Two characters, in the text alone.
    ("q=编号", ["幸福里的灯亮了"], ["单元门"]),
    # A matter once, by its newest word.
    ("q=路灯", ["幸福里的灯亮了"], ["路灯归市政修", "还没审的路灯"]),
    # Every word must be there; upper and lower case alike.
    ("q=led 市政", ["幸福里的灯亮了"], ["单元门"]),
    ("q=led 锁", ["没有找到"], ["灯亮了"]),
    # A place.
    ("q=石桥", ["单元门在修"], ["灯亮了"]),
    # A kind: then by its newest word of that kind.
    ("q=路灯&kind=decision", ["路灯归市政修"], ["幸福里的灯亮了"]),
    # Signs that mean something to the database.
    ("q=%25", ["没有找到"], ["灯亮了", "单元门"]),
    ("q=%00%27", ["没有找到"], ["灯亮了"]),
    # Nothing asked for.
    ("q=", ["写一两个词就能找"], ["灯亮了", "没有找到"]),
]
"""A query, what its page shows, and what it must not."""


@pytest.mark.usefixtures("lamps")
def test_words_are_found_wherever_they_stand(client: FlaskClient, subtests: pytest.Subtests) -> None:
    for query, there, absent in ASKED:
        with subtests.test(query):
            # A title is in pieces where something in it is marked.
            words = words_of(client.get(f"/search?{query}")).replace(" ", "")
            assert [one for one in there if one not in words] == []
            assert [one for one in absent if one in words] == []


def test_a_place_narrows_what_is_found_is_marked_and_what_is_withdrawn_is_gone(
    client: FlaskClient, wiring: Wiring, town: Town, lamps: int
) -> None:
    assert "灯亮了" in words_of(client.get(f"/search?q=路灯&area={town.longchi_id}"))
    assert "没有找到" in words_of(client.get(f"/search?q=路灯&area={town.shiqiao_id}"))
    assert client.get("/search?q=路灯&area=999999").status_code == 404
    page = client.get("/search?q=幸福里")
    html = page.get_data(as_text=True)
    assert "<mark>幸福里</mark>的灯亮了" in html
    assert f'href="/t/{topic_row(wiring, lamps).number}"' in html
    assert 'content="noindex"' in html
    assert page.headers["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in page.headers
    assert "&lt;b&gt;" in client.get("/search?q=<b>").get_data(as_text=True)
    newest = let_out(wiring, town.jing_id, drafted(wiring, town, lamps, title="又换了一盏"))
    assert "又换了一盏" in words_of(client.get("/search?q=换了")).replace(" ", "")
    taken_down(wiring, town.jing_id, newest)
    assert "又换了一盏" not in words_of(client.get("/search?q=换了")).replace(" ", "")


def test_every_hit_is_reached_once_and_a_page_costs_the_same_for_one_and_for_many(
    client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "__kwdefaults__", {"limit": 3})
    topics = [pooled_topic(wiring, town)]
    let_out(wiring, town.jing_id, drafted(wiring, town, topics[0], title="第00盏路灯"))
    one = cost(wiring, client, "/search?q=路灯", "第00盏")
    for number in range(1, 8):
        topics.append(pooled_topic(wiring, town))
        let_out(wiring, town.jing_id, drafted(wiring, town, topics[-1], title=f"第{number:02}盏路灯"))
        clock.forward(seconds=number % 2)
    assert cost(wiring, client, "/search?q=路灯", "第07盏") <= one <= 4, "one less, where the latest fill the page"
    seen: list[int] = []
    path = "/search?q=路灯"
    for _ in range(4):
        html = client.get(path).get_data(as_text=True)
        seen += [number for number in reversed(range(8)) if f"第{number:02}盏<mark>路灯</mark>" in html]
        later = [part.split('"')[0] for part in html.split('href="')[1:] if 'rel="next"' in part.split(">")[0]]
        if not later:
            break
        path = later[0].replace("&amp;", "&")
    assert seen == list(reversed(range(8)))


SYLLABLES = ("路灯", "灯亮", "亮了", "电", "梯", "LED", "led", "é", "É", "2026", "%", "_", "\\", "\n", "，", "𠮷", "é", "ß", " ")
"""Of which texts and questions are made, so that they meet: what has capitals, what the database or a pattern would take for a sign."""


def found_plainly(session: Session, words: str, area: PublicArea | None, kind: ReleaseKind | None) -> list[int]:
    """What search finds, by LIKE alone: ids, the latest first."""
    query = select(Release.id, Release.released_at).join(Topic, Topic.id == Release.topic_id).join(Area, Area.id == Release.area_id)
    query = query.where(Release.state == ReleaseState.RELEASED)
    for word in words.split()[:5]:
        columns = (Release.title, Release.words, Area.name, Topic.number)
        is_cased = word.lower() != word.upper()
        query = query.where(or_(*((one.icontains if is_cased else one.contains)(word, autoescape=True) for one in columns)))
    if area is not None:
        query = query.where(Release.district_id == area.district_id, Release.area_id.in_(area.about))
    if kind is not None:
        query = query.where(Release.kind == kind)
    newest = query.ext(distinct_on(Release.topic_id)).order_by(Release.topic_id, Release.released_at.desc(), Release.id.desc())
    rows = session.execute(newest).all()
    return [row.id for row in sorted(rows, key=lambda row: (row.released_at, row.id), reverse=True)]


def all_pages(session: Session, words: str, area: PublicArea | None, kind: ReleaseKind | None) -> list[int]:
    ids, after = list[int](), ""
    for _ in range(100):
        page = search(session, words, area=area, kind=kind, after=after, limit=4)
        ids += [hit.entry.id for hit in page.hits]
        after = page.next_key
        if not after:
            return ids
    pytest.fail("the pages don't end")


def test_what_is_found_through_the_index_is_what_reading_every_text_finds(
    wiring: Wiring, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.queries.public_search.LATEST", 6)  # so that most of it is further back
    chance, topics = random.Random(33), [pooled_topic(wiring, town) for _ in range(4)]

    def said(most: int) -> str:
        return "".join(chance.choices(SYLLABLES, k=chance.randint(1, most)))

    rows = [
        {
            "district_id": town.district_id, "topic_id": chance.choice(topics), "kind": chance.choice(list(ReleaseKind)),
            "area_id": chance.choice([town.street_id, town.longchi_id, town.shiqiao_id]), "title": said(3), "words": said(12),
            "state": ReleaseState.RELEASED if chance.random() < 0.9 else ReleaseState.WITHDRAWN, "state_changed_at": clock.now(),
            "prepared_by": town.jing_id, "released_at": clock.now() - timedelta(minutes=chance.randint(0, 40)), "created_at": clock.now(),
        }
        for _ in range(80)
    ]  # fmt: skip
    with wiring.sessions.begin() as session:
        session.execute(insert(Release), rows)
        areas = [None, public_area(session, town.longchi_id)]
        asked = ["石桥", "yt-2026", "龙池 路灯", "灯", *(said(3) + chance.choice(["", " "]) + said(2) for _ in range(120))]
        found = 0
        for words in asked:
            area, kind = chance.choice(areas), chance.choice([None, None, *ReleaseKind])
            plainly = found_plainly(session, words, area, kind) if words.split() else []
            assert all_pages(session, words, area, kind) == plainly, words
            found += len(plainly)
    assert found > 100, "questions that find something"
