"""What everybody may read: what named staff released, and nothing else."""

import pytest
from flask.testing import FlaskClient

from intake.domain.point import AreaKind, PointAction
from intake.domain.release import ReleaseKind
from intake.models import Area, DistrictProfile, IntakePoint
from intake.services.place import change_point
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import told, topic_of, topic_row
from tests.factories.releases import drafted, let_out, pooled_topic, taken_down
from tests.factories.sentences import say
from tests.factories.town import Town, actor
from tests.web.pages import sign_in, words_of
from tests.web.test_query_counts import cost, statements


def number_of(wiring: Wiring, topic_id: int) -> str:
    return topic_row(wiring, topic_id).number


def without_the_neighbour(wiring: Wiring) -> None:
    """As in most installations: one district alone."""
    with wiring.sessions.begin() as session:
        neighbour = session.query(Area).filter(Area.name == "望江区").one()
        neighbour.kind, neighbour.district_id = AreaKind.CITY, None


def told_once(wiring: Wiring, town: Town, **about: object) -> int:
    """A topic of which one text is released; its id."""
    topic_id = pooled_topic(wiring, town)
    let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, **about))  # type: ignore[arg-type]  # the factory's own names
    return topic_id


def test_the_front_door_still_opens_the_form_the_receipt_and_the_sign_in(client: FlaskClient, town: Town) -> None:
    page = client.get("/")
    html = page.get_data(as_text=True)
    assert 'href="/r"' in html
    assert 'href="/sign-in"' in html
    assert client.post("/", data={"code": town.longchi_code.upper()}).location == f"/p/{town.longchi_code}"
    wrong = client.post("/", data={"code": "wrong"})
    assert wrong.status_code == 404
    assert 'value="wrong"' in wrong.get_data(as_text=True)


def test_the_front_door_shows_results_what_is_in_hand_and_every_place(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    without_the_neighbour(wiring)
    told_once(wiring, town)
    let_out(wiring, town.jing_id, drafted(wiring, town, pooled_topic(wiring, town), kind=ReleaseKind.IN_HAND, title="电梯在修"))
    page = client.get("/")
    words = words_of(page)
    assert "云栖区" in words
    assert words.index("办理结果") < words.index("幸福里的路灯换好了") < words.index("正在办") < words.index("电梯在修")
    for area_id in (town.street_id, town.longchi_id, town.shiqiao_id):
        assert f'href="/c/{area_id}"' in page.get_data(as_text=True)


def test_with_several_districts_the_front_door_asks_which(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    told_once(wiring, town)
    page = client.get("/")
    assert f'href="/c/{town.district_id}"' in page.get_data(as_text=True)
    assert "望江区" in words_of(page)


def test_a_community_shows_its_own_the_wider_and_the_district_all(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    told_once(wiring, town, title="龙池的灯亮了")
    told_once(wiring, town, title="丰山街道都查过了", area_id=town.street_id)
    told_once(wiring, town, title="全区都查过了", area_id=town.district_id)
    everywhere = ("龙池的灯亮了", "丰山街道都查过了", "全区都查过了")
    for area_id, shown in (
        (town.district_id, everywhere),
        (town.street_id, everywhere),
        (town.longchi_id, everywhere),
        (town.ziwei_id, everywhere[1:]),
        (town.shiqiao_id, everywhere[2:]),
    ):
        words = words_of(client.get(f"/c/{area_id}"))
        assert [title for title in everywhere if title in words] == list(shown), area_id


def test_the_page_of_a_place_says_where_it_lies_who_listens_and_how_to_speak(client: FlaskClient, town: Town) -> None:
    page = client.get(f"/c/{town.longchi_id}")
    html, words = page.get_data(as_text=True), words_of(page)
    for above in (town.district_id, town.street_id):
        assert f'href="/c/{above}"' in html
    assert "2 位委员在听" in words  # 周明远 and 召集人老周
    assert "0550-0000001" in words
    assert "周一至周五 9–17 时" in words
    assert "扫社区墙上的码" in words
    # The code on the wall is for those who stand before it.
    assert town.longchi_code not in html
    assert "正在办的事，审核后会写在这里" in words


def test_a_paused_point_is_not_offered(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        point_id = session.query(IntakePoint).filter(IntakePoint.code == town.longchi_code).one().id
        change_point(
            session, actor=actor(session, town.li_id), point_id=point_id, action=PointAction.PAUSE, note="搬家", at=wiring.clock.now()
        )
    words = words_of(client.get(f"/c/{town.longchi_id}"))
    assert "0550-0000001" not in words
    assert "这里还没有直报点" in words


def test_the_pages_of_all_places_cost_one_count_and_each_shows_its_own(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    """Counting reads every row of the district: whoever opens the pages of a hundred communities must not make a hundred such scans."""
    for code, voices in ((town.longchi_code, 4), (town.ziwei_code, 3), (town.shiqiao_code, 5)):
        for number in range(voices):
            say(wiring, code, f"第{number}排路灯一直不亮")
    places = {town.longchi_id: 4, town.ziwei_id: 3, town.street_id: 7, town.shiqiao_id: 5, town.district_id: 12}
    with statements(wiring) as sent:
        pages = {area_id: words_of(client.get(f"/c/{area_id}")) for area_id in places}
    for area_id, received in places.items():
        assert f"收到 {received} 件" in pages[area_id]
    assert sum("FROM submissions" in statement for statement in sent) == 1


def test_a_topic_is_told_step_by_step(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    topic_id = pooled_topic(wiring, town, voices=3)
    for kind, title, words in (
        (ReleaseKind.DECISION, "路灯由市政修", "灯杆归市政。"),
        (ReleaseKind.RESULT, "路灯亮了", "换了十二盏。"),
    ):
        let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, kind=kind, title=title, words=words))
        clock.forward(days=1)
    drafted(wiring, town, topic_id, title="还没审的标题", words="还没审的话")
    number = number_of(wiring, topic_id)
    words = words_of(client.get(f"/t/{number.lower()}"))
    assert words.index("路灯由市政修") < words.index("灯杆归市政。") < words.index("换了十二盏。")
    assert "3 件" in words
    assert "还没审的" not in words
    # The topic's own title and its residents' words stay inside.
    assert "幸福里路灯不亮" not in words
    assert "看不见路" not in words


def test_a_topic_of_which_nothing_is_released_is_as_unknown_as_any_other(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    number = number_of(wiring, topic_id)
    drafted(wiring, town, topic_id)
    unknown = client.get("/t/YT-2026-9999")
    for path in (f"/t/{number}", "/t/%00", "/t/编号", "/t/" + "9" * 400):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert answer.get_data() == unknown.get_data(), path
    released = let_out(wiring, town.jing_id, drafted(wiring, town, topic_id))
    assert client.get(f"/t/{number}").status_code == 200
    taken_down(wiring, town.jing_id, released)
    assert client.get(f"/t/{number}").get_data() == unknown.get_data()


def test_nothing_that_was_not_released_stands_on_any_public_page(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    shown = told_once(wiring, town)
    secret = pooled_topic(wiring, town, title="绝密议题名", voices=4)
    drafted(wiring, town, secret, title="绝密草稿", words="绝密草稿的话")
    taken_down(wiring, town.jing_id, let_out(wiring, town.jing_id, drafted(wiring, town, secret, title="绝密已撤下", words="绝密的话")))
    topic_of(wiring, town.zhou_id, "绝密候选", told(wiring, town.longchi_code, "绝密的一句话"))
    paths = ["/", f"/t/{number_of(wiring, shown)}"]
    for area_id in (town.district_id, town.street_id, town.longchi_id, town.ziwei_id):
        paths += [f"/c/{area_id}", *(f"/c/{area_id}?kind={kind.value}" for kind in ReleaseKind)]
    for path in paths:
        html = client.get(path).get_data(as_text=True)
        assert "绝密" not in html, path
        assert number_of(wiring, secret) not in html, path
    assert "1 条" in words_of(client.get(f"/c/{town.longchi_id}")), "the drafts were counted"


def test_what_is_withdrawn_is_gone_from_every_page_at_once(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    release_id = let_out(wiring, town.jing_id, drafted(wiring, town, pooled_topic(wiring, town)))
    paths = (f"/c/{town.longchi_id}", f"/c/{town.district_id}?kind=result")
    assert all("路灯换好了" in words_of(client.get(path)) for path in paths)
    taken_down(wiring, town.jing_id, release_id)
    assert not any("路灯换好了" in words_of(client.get(path)) for path in paths)


def test_numbers_so_small_that_they_point_at_people_are_not_told(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    def figures(area_id: int) -> str:
        return words_of(client.get(f"/c/{area_id}")).split("说了多少，回了多少")[1].split("从开通算起")[0]

    assert "0 件" in figures(town.longchi_id)
    for number in range(2):
        say(wiring, town.longchi_code, f"第 {number} 件事")
    clock.forward(minutes=6)
    assert "不足 3 件" in figures(town.longchi_id)
    assert "2 件" not in figures(town.longchi_id)
    for number in range(3):
        say(wiring, town.ziwei_code, f"第 {number} 件别的事")
    clock.forward(minutes=6)
    assert "5 件" in figures(town.street_id)
    assert "3 件" in figures(town.ziwei_id)
    alone = told_once(wiring, town)
    assert "来件 不足 3 件" in words_of(client.get(f"/t/{number_of(wiring, alone)}"))


def test_a_city_and_an_unknown_place_have_no_page(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    with wiring.sessions() as session:
        city = session.query(Area).filter(Area.name == "临江市").one().id
    for area_id in (city, 10**12, 0):
        assert client.get(f"/c/{area_id}").status_code == 404


def test_every_entry_of_a_kind_is_reached_once_by_its_pages(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    topic_id = pooled_topic(wiring, town)
    titles = [f"第{number:02}个结果" for number in range(43)]
    for number, title in enumerate(titles):
        let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, title=title))
        if number % 3 == 0:  # several of one moment
            clock.forward(seconds=1, microseconds=1)
    seen: list[str] = []
    path = f"/c/{town.longchi_id}?kind=result"
    for _ in range(4):
        html = client.get(path).get_data(as_text=True)
        seen += [title for title in reversed(titles) if title in html]
        later = [part.split('"')[0] for part in html.split('href="')[1:] if 'rel="next"' in part.split(">")[0]]
        if not later:
            break
        path = later[0].replace("&amp;", "&")
    assert seen == titles[::-1]


@pytest.mark.parametrize("after", ["x", "_", "1_x", "99999999999999999999_1", "9999999999999999999_1", "1_99999999999999999999", "²_²"])
def test_a_page_key_nobody_gave_out_starts_at_the_top(client: FlaskClient, wiring: Wiring, town: Town, after: str) -> None:
    told_once(wiring, town)
    answer = client.get(f"/c/{town.longchi_id}?kind=result&after={after}")
    assert answer.status_code == 200
    assert "幸福里的路灯换好了" in words_of(answer)


def test_whoever_is_not_signed_in_may_keep_a_page_for_a_minute(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    number = number_of(wiring, told_once(wiring, town))
    for path in ("/", f"/c/{town.longchi_id}", f"/c/{town.longchi_id}?kind=result", f"/t/{number}"):
        page = client.get(path)
        assert page.headers["Cache-Control"] == "public, max-age=60", path
        assert "Cookie" in page.headers["Vary"], path
        assert "Set-Cookie" not in page.headers, path
        again = client.get(path, headers={"If-None-Match": page.headers["ETag"]})
        assert (again.status_code, again.get_data()) == (304, b""), path
    chosen = client.get("/?lang=en")
    assert chosen.headers["Cache-Control"] == "no-store", "a page that sets a cookie is nobody else's"
    for answer in (client.get("/t/YT-2026-9999"), client.post("/", data={"code": "wrong"})):
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_page_that_changed_has_another_tag(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    path = f"/c/{town.longchi_id}"
    before = client.get(path).headers["ETag"]
    told_once(wiring, town)
    assert client.get(path, headers={"If-None-Match": before}).status_code == 200


def test_a_signed_in_persons_page_is_kept_by_nobody(client: FlaskClient, town: Town) -> None:
    jing = sign_in(client, "wangjing")
    for path in ("/", f"/c/{town.longchi_id}"):
        assert jing.client.get(path).headers["Cache-Control"] == "no-store"


def test_the_pages_cost_the_same_for_one_entry_and_for_twenty(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    without_the_neighbour(wiring)
    topic_id = told_once(wiring, town)
    paths = ("/", f"/c/{town.longchi_id}", f"/c/{town.longchi_id}?kind=result", f"/t/{number_of(wiring, topic_id)}")
    shows = ("云栖区", "路灯", "路灯", "路灯")
    one = [cost(wiring, client, path, words) for path, words in zip(paths, shows, strict=True)]
    for number in range(19):
        let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, title=f"第 {number} 个路灯"))
        told_once(wiring, town)
    assert [cost(wiring, client, path, words) for path, words in zip(paths, shows, strict=True)] == one
    assert max(one) <= 5


def test_the_foot_names_the_districts_operator_and_numbers(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    assert "云栖区政协办公室 主办" in words_of(client.get(f"/c/{town.longchi_id}")), "the settings' name stands in"
    with wiring.sessions.begin() as session:
        session.add(
            DistrictProfile(
                district_id=town.district_id,
                operator="政协临江市云栖区委员会",
                phone="0550-0000009",
                phone_hours="工作日 9–17 时",
                icp_number="临ICP备2026000001号",
                police_number="临公网安备30000002000001号",
                updated_at=clock.now(),
            )
        )
    clock.forward(seconds=61)
    foot = words_of(client.get(f"/c/{town.longchi_id}"))
    for words in ("政协临江市云栖区委员会 主办", "0550-0000009", "工作日 9–17 时", "临ICP备2026000001号", "临公网安备30000002000001号"):
        assert words in foot
    with wiring.sessions() as session:
        neighbour = session.query(Area).filter(Area.name == "望江区").one().id
    assert "政协临江市云栖区委员会" not in words_of(client.get(f"/c/{neighbour}")), "another district's page named this one"
    feed = client.get(f"/c/{town.longchi_id}/feed.atom").get_data(as_text=True)
    assert "<name>政协临江市云栖区委员会</name>" in feed, "a feed is by whom the page's foot names"


def test_the_foot_is_asked_for_once_a_minute_and_not_by_the_form(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    def asked(path: str) -> int:
        with statements(wiring) as sent:
            assert client.get(path).status_code == 200
        return len([one for one in sent if "district_profiles" in one])

    form = f"/p/{town.longchi_code}"
    assert [asked(form) for _ in range(3)] == [1, 0, 0]
    assert asked(f"/c/{town.longchi_id}") == 0
    clock.forward(seconds=61)
    assert [asked(form), asked(form)] == [1, 0]


def test_no_public_page_needs_a_session(client: FlaskClient, town: Town) -> None:
    html = client.get(f"/c/{town.longchi_id}").get_data(as_text=True)
    assert "csrf_token" not in html
    assert "csrf_token" not in client.get("/").get_data(as_text=True)
