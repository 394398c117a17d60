"""海报 on the desk: order, watch, download, retry; single posters; and who may."""

import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import html5lib
import pypdfium2
import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import delete, select, update
from werkzeug.test import TestResponse

from intake.domain.actor import MACHINE
from intake.domain.point import PointAction
from intake.domain.poster_batch import BatchState
from intake.models import DistrictProfile, IntakePoint, PosterBatch
from intake.services import poster_batch as service
from intake.services.place import change_point
from intake.services.poster_batch import Drawn, claim_batch, order_batch, report_batch
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost
from workers.jobs import apply_retention, print_posters


@pytest.fixture(autouse=True)
def jobs(wiring: Wiring) -> Iterator[None]:
    with jobs_in_this_process(wiring):
        yield


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def order(person: Person, area: int, **fields: str) -> TestResponse:
    return person.press("/d/posters", "/d/posters", area=str(area), **{"format": "a4", **fields})


def batch_ids(wiring: Wiring) -> list[int]:
    with wiring.sessions() as session:
        return list(session.scalars(select(PosterBatch.id).order_by(PosterBatch.id)))


def point_id(wiring: Wiring, code: str) -> int:
    with wiring.sessions() as session:
        return session.scalars(select(IntakePoint.id).where(IntakePoint.code == code)).one()


def rename(wiring: Wiring, code: str, name: str) -> None:
    with wiring.sessions.begin() as session:
        session.execute(update(IntakePoint).where(IntakePoint.code == code).values(name=name))


def codes(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [found.text for page in document for found in zxingcpp.read_barcodes(page.render(scale=2).to_pil())]
    finally:
        document.close()


def file_name(answer: TestResponse) -> str:
    match = re.search(r"filename\*=UTF-8''(\S+)", answer.headers["Content-Disposition"])
    assert match is not None
    return unquote(match.group(1))


def test_a_batch_is_ordered_watched_and_downloaded(jing: Person, wiring: Wiring, town: Town) -> None:
    page = words_of(jing.get("/d/posters"))
    assert "云栖区：3 张，约 1 秒" in page
    assert "还没有生成过海报" in page
    waiting = words_of(order(jing, town.district_id))
    assert "等待生成" in waiting
    assert "下载 PDF" not in waiting
    print_posters.run()
    (made,) = batch_ids(wiring)
    done = words_of(jing.get(f"/d/posters/{made}"))
    assert "已生成" in done
    assert "共 3 张" in done
    answer = jing.client.get(f"/d/posters/{made}/download")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert file_name(answer) == f"云栖区-A4 海报-20261103-{made}.pdf"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert codes(answer.data) == [f"https://zhibao.example/p/{code}" for code in (town.longchi_code, town.ziwei_code, town.shiqiao_code)]
    row = words_of(jing.get("/d/posters"))
    for part in ("云栖区", "A4 海报", "已生成", "王静", "下载"):
        assert part in row


def test_progress_moves_without_a_reload_and_stops_asking_when_done(jing: Person, wiring: Wiring, town: Town) -> None:
    order(jing, town.district_id)
    (made,) = batch_ids(wiring)
    with wiring.sessions.begin() as session:
        claim = claim_batch(session, at=wiring.clock.now())
    assert claim is not None
    with wiring.sessions.begin() as session:
        report_batch(session, claim, Drawn(2), at=wiring.clock.now())
    for path in (f"/d/posters/{made}", f"/d/posters/{made}/progress"):
        html = jing.get(path).get_data(as_text=True)
        assert '<progress value="2" max="3"' in html
        assert "已画 2 张，共 3 张" in html
        assert f'hx-get="/d/posters/{made}/progress"' in html
        assert 'hx-trigger="every 1s"' in html
        assert f'href="/d/posters/{made}"' in html, "without script, a link does the same"
        assert 'http-equiv="refresh"' not in html
    with wiring.sessions.begin() as session:
        session.get_one(PosterBatch, made).beat_at = wiring.clock.now().replace(year=2025)
    print_posters.run()
    done = jing.get(f"/d/posters/{made}/progress").get_data(as_text=True)
    assert "下载 PDF" in done
    assert "hx-trigger" not in done


def test_the_fragment_and_the_page_hold_the_same_part(jing: Person, wiring: Wiring, town: Town) -> None:
    order(jing, town.district_id)
    (made,) = batch_ids(wiring)

    def part(path: str) -> str:
        tree = html5lib.parse(jing.get(path).get_data(as_text=True), namespaceHTMLElements=False)
        (found,) = tree.findall(".//*[@id='progress']")
        return "".join(found.itertext())

    assert part(f"/d/posters/{made}") == part(f"/d/posters/{made}/progress") != ""


def test_a_double_click_leads_to_the_same_batch(jing: Person, wiring: Wiring, town: Town) -> None:
    order(jing, town.street_id)
    order(jing, town.street_id)
    assert len(batch_ids(wiring)) == 1


def test_too_many_at_once_are_refused_with_the_choice_kept(jing: Person, wiring: Wiring, town: Town) -> None:
    for area in (town.district_id, town.street_id, town.longchi_id):
        order(jing, area)
    refused = order(jing, town.ziwei_id, format="sticker")
    assert refused.status_code == 429
    assert "还没生成完" in words_of(refused)
    html = refused.get_data(as_text=True)
    assert f'<option value="{town.ziwei_id}" selected>' in html
    assert '<option value="sticker" selected>' in html


@pytest.mark.parametrize(("area", "says"), [("", "请先选一个"), ("x", "请先选一个"), ("999999", "没有这个区域"), ("1", "没有这个区域")])
def test_an_area_that_is_none_of_theirs_is_refused_at_the_field(jing: Person, wiring: Wiring, area: str, says: str) -> None:
    refused = jing.press("/d/posters", "/d/posters", area=area, format="a4")
    assert refused.status_code == 422
    assert says in words_of(refused)
    assert 'id="area-error"' in refused.get_data(as_text=True)
    assert batch_ids(wiring) == []


def test_an_area_without_points_says_so(jing: Person, wiring: Wiring, town: Town) -> None:
    page = jing.get("/d/posters")
    assert "石桥社区" in words_of(page)
    token = hidden(page.get_data(as_text=True), "csrf_token")
    with wiring.sessions.begin() as session:
        session.execute(delete(IntakePoint).where(IntakePoint.code == town.shiqiao_code))
    refused = jing.client.post("/d/posters", data={"csrf_token": token, "area": town.shiqiao_id, "format": "a4"})
    assert refused.status_code == 422
    assert "没有在用的直报点" in words_of(refused)


def test_a_district_without_points_is_told_what_to_do_first(client: FlaskClient, town: Town) -> None:
    page = words_of(sign_in(client, "sunyi").get("/d/posters"))
    assert "还没有在用的直报点" in page
    assert "还没有生成过海报" in page


def test_points_left_out_are_listed_with_reasons(jing: Person, wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    rename(wiring, town.ziwei_code, "紫薇🐲服务站")
    rename(wiring, town.shiqiao_code, "石桥🐲服务站")
    order(jing, town.district_id)
    print_posters.run()
    (made,) = batch_ids(wiring)
    page = words_of(jing.get(f"/d/posters/{made}"))
    for part in ("没有印出来的直报点", "紫薇🐲服务站", "石桥🐲服务站", "字体里没有", "共 1 张"):
        assert part in page
    assert "2 个没有印出来" in words_of(jing.get("/d/posters"))
    monkeypatch.setattr("intake.web.district.posters.LISTED", 1)
    cut = words_of(jing.get(f"/d/posters/{made}"))
    assert "石桥🐲服务站" not in cut
    assert "只列出前 1 个" in cut


def test_a_failed_batch_says_why_and_can_be_retried_once(jing: Person, wiring: Wiring, town: Town) -> None:
    rename(wiring, town.shiqiao_code, "石桥🐲")
    order(jing, town.shiqiao_id)
    print_posters.run()
    (made,) = batch_ids(wiring)
    page = jing.get(f"/d/posters/{made}")
    assert "每个直报点都有印不出来的内容" in words_of(page)
    assert "没有生成" in words_of(jing.get("/d/posters"))
    html = page.get_data(as_text=True)
    stale = {"csrf_token": hidden(html, "csrf_token"), "version": hidden(html, "version")}
    rename(wiring, town.shiqiao_code, "石桥社区")
    assert "等待生成" in words_of(jing.press(f"/d/posters/{made}", "/retry"))
    late = jing.client.post(f"/d/posters/{made}/retry", data=stale)
    assert late.status_code == 409
    assert "刚刚变了" in words_of(late)
    print_posters.run()
    assert "下载 PDF" in words_of(jing.get(f"/d/posters/{made}"))


def test_a_file_whose_days_are_over_is_offered_anew(
    jing: Person, wiring: Wiring, town: Town, clock: TestClock, client: FlaskClient
) -> None:
    order(jing, town.street_id, format="card")
    print_posters.run()
    (made,) = batch_ids(wiring)
    clock.forward(days=31)
    apply_retention.run()
    jing = sign_in(client, "wangjing")
    assert "已过期" in words_of(jing.get("/d/posters"))
    gone = jing.client.get(f"/d/posters/{made}/download")
    assert gone.status_code == 410
    assert "重新生成" in words_of(gone)
    assert "文件已过期，请重新生成。" in words_of(jing.get(f"/d/posters/{made}"))
    again = jing.press(f"/d/posters/{made}", "/d/posters")
    assert "等待生成" in words_of(again)
    with wiring.sessions() as session:
        anew = session.get_one(PosterBatch, batch_ids(wiring)[1])
        assert (anew.area_id, anew.format) == (town.street_id, "card")


def test_a_file_that_vanished_is_not_an_error_of_ours(jing: Person, wiring: Wiring, town: Town) -> None:
    order(jing, town.street_id)
    print_posters.run()
    (made,) = batch_ids(wiring)
    wiring.objects.delete(f"posters/{town.district_id}/{made}.pdf")
    assert jing.client.get(f"/d/posters/{made}/download").status_code == 410


def test_nothing_is_downloaded_before_it_is_done(jing: Person, wiring: Wiring, town: Town) -> None:
    order(jing, town.street_id)
    (made,) = batch_ids(wiring)
    early = jing.client.get(f"/d/posters/{made}/download")
    assert early.status_code == 404
    assert "还没有生成好" in words_of(early)


@pytest.mark.parametrize(
    ("login", "status"),
    [pytest.param("zhou", 403, id="a member"), pytest.param("sunyi", 404, id="the neighbours"), pytest.param("", 303, id="a stranger")],
)
def test_others_see_neither_batches_nor_files_nor_single_posters(
    wiring: Wiring, town: Town, client: FlaskClient, login: str, status: int
) -> None:
    with wiring.sessions.begin() as session:
        made = order_batch(session, actor=actor(session, town.jing_id), area_id=town.district_id, format="a4", at=wiring.clock.now())
    print_posters.run()
    browser = sign_in(client, login).client if login else client
    point = point_id(wiring, town.longchi_code)
    for path in (f"/d/posters/{made}", f"/d/posters/{made}/progress", f"/d/posters/{made}/download", f"/d/points/{point}/poster.pdf"):
        answer = browser.get(path)
        assert answer.status_code == status, path
        assert b"%PDF" not in answer.data
    if login == "sunyi":
        assert "王静" not in words_of(browser.get("/d/posters"))


# Single posters.


@pytest.mark.parametrize("paper", ["a4", "a3", "sticker", "card"])
@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_a_single_poster_comes_in_every_format(jing: Person, wiring: Wiring, town: Town, paper: str, kind: str) -> None:
    answer = jing.client.get(f"/d/points/{point_id(wiring, town.longchi_code)}/poster.{kind}?format={paper}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert file_name(answer).startswith("龙池社区-")
    assert file_name(answer).endswith(f".{kind}")
    url = f"https://zhibao.example/p/{town.longchi_code}"
    if kind == "pdf":
        assert answer.mimetype == "application/pdf"
        assert set(codes(answer.data)) == {url}
    else:
        assert answer.mimetype == "image/png"
        assert {found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.data)))} == {url}


def test_the_single_poster_is_the_page_of_the_batch(jing: Person, wiring: Wiring, town: Town) -> None:
    def words(pdf: bytes) -> str:
        document = pypdfium2.PdfDocument(pdf)
        try:
            return str(document[0].get_textpage().get_text_bounded())
        finally:
            document.close()

    order(jing, town.longchi_id)
    print_posters.run()
    (made,) = batch_ids(wiring)
    alone = jing.client.get(f"/d/points/{point_id(wiring, town.longchi_code)}/poster.pdf")
    assert words(alone.data) == words(jing.client.get(f"/d/posters/{made}/download").data)


def test_a_name_that_can_not_be_printed_leads_to_a_page_that_says_what_to_change(jing: Person, wiring: Wiring, town: Town) -> None:
    rename(wiring, town.longchi_code, "龙" * 61)
    refused = jing.client.get(f"/d/points/{point_id(wiring, town.longchi_code)}/poster.pdf")
    assert refused.status_code == 422
    assert "直报点名称有 61 个字，海报上最多放 60 个" in words_of(refused)


def test_a_district_that_can_not_be_printed_leads_to_its_settings(jing: Person, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        session.add(DistrictProfile(district_id=town.district_id, colour="#FFFF00", updated_at=wiring.clock.now()))
    refused = jing.client.get(f"/d/points/{point_id(wiring, town.longchi_code)}/poster.png")
    assert refused.status_code == 422
    assert "太浅" in words_of(refused)
    assert "请联系管理员" in words_of(refused)


def test_neither_an_unknown_format_nor_a_retired_point_is_drawn(jing: Person, wiring: Wiring, town: Town) -> None:
    point = point_id(wiring, town.longchi_code)
    assert jing.client.get(f"/d/points/{point}/poster.pdf?format=a0").status_code == 422
    assert jing.client.get(f"/d/points/{point}/poster.svg").status_code == 404
    with wiring.sessions.begin() as session:
        change_point(session, actor=MACHINE, point_id=point, action=PointAction.RETIRE, note="撤点", at=wiring.clock.now())
    retired = jing.client.get(f"/d/points/{point}/poster.pdf")
    assert retired.status_code == 409
    assert "已经停用" in words_of(retired)


# Pages of the list.


def many(wiring: Wiring, town: Town, clock: TestClock, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_WAITING", 1000)
    for _ in range(count):
        clock.forward(seconds=61)
        with wiring.sessions.begin() as session:
            order_batch(session, actor=actor(session, town.jing_id), area_id=town.street_id, format="a4", at=clock.now())


def rows(answer: TestResponse) -> list[str]:
    return re.findall(r'<td><a href="/d/posters/(\d+)"', answer.get_data(as_text=True))


def test_the_list_is_read_page_by_page(jing: Person, wiring: Wiring, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    many(wiring, town, clock, 25, monkeypatch)
    first = jing.get("/d/posters")
    link = re.search(r'href="(/d/posters\?after=\d+)" rel="next"', first.get_data(as_text=True))
    assert link is not None
    second = jing.get(link.group(1))
    assert rows(first) + rows(second) == [str(one) for one in batch_ids(wiring)[::-1]]
    assert "回到开头" in words_of(second)


@pytest.mark.parametrize("after", ["0", "x", "-1", "99999999999999999999", "1%00", "١"])
def test_a_made_up_page_key_is_no_error(jing: Person, wiring: Wiring, town: Town, after: str) -> None:
    assert jing.get(f"/d/posters?after={after}").status_code == 200


def test_the_list_costs_the_same_for_one_batch_and_for_twenty(
    jing: Person, wiring: Wiring, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(wiring, town, clock, 1, monkeypatch)
    one = cost(wiring, jing, "/d/posters", "丰山街道")
    many(wiring, town, clock, 19, monkeypatch)
    assert len(rows(jing.get("/d/posters"))) == 20
    assert cost(wiring, jing, "/d/posters", "丰山街道") == one <= 5


def test_a_batch_costs_the_same_with_one_point_left_out_and_with_many(jing: Person, wiring: Wiring, town: Town) -> None:
    order(jing, town.street_id)
    (made,) = batch_ids(wiring)

    def left_out(count: int) -> list[Any]:
        return [{"point_id": number, "name": f"第{number}网格", "reason": "名称太长"} for number in range(1, count + 1)]

    counts = []
    for number in (1, 150):
        with wiring.sessions.begin() as session:
            session.execute(update(PosterBatch).values(problems=left_out(number)))
        counts.append(cost(wiring, jing, f"/d/posters/{made}", f"第{number}网格"))
    assert counts[0] == counts[1] <= 3
    with wiring.sessions() as session:
        assert session.get_one(PosterBatch, made).state is BatchState.WAITING
