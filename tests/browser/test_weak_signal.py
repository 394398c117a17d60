"""One bar of signal: what is written stays on the phone until it has arrived, is sent once, and everything is said as it is."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from intake.domain.point import PointState
from intake.models import IntakePoint, Submission, SubmissionFile
from tests.browser.conftest import Enter, Site
from tests.browser.looking import at, wrong_on_phone
from tests.browser.people import Person
from tests.factories import files

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"
FORM, PHOTOS = f"/p/{LONGCHI}", "**/r/*/*/photos"
NOT_YET = "还没有提交：现在没有信号，信号恢复后自动提交，请不要清空"
SEEN = "() => navigator.serviceWorker.ready.then(() => caches.match(location.pathname)).then(Boolean)"
"""Whether the worker keeps the form that is open."""


@pytest.fixture
def said(site: Site) -> Iterator[Callable[[], list[str]]]:
    """The words that arrived since the test began."""

    def since() -> list[str]:
        with site.wiring.sessions() as session:
            return [one.text_written for one in session.query(Submission).filter(Submission.id > last).order_by(Submission.id)]

    with site.wiring.sessions() as session:
        last = session.query(Submission.id).order_by(Submission.id.desc()).limit(1).scalar() or 0
    yield since
    site.wiring.redis.flushdb()


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two photos on the telephone."""
    folder = tmp_path_factory.mktemp("album")
    for name, colour in (("a.jpg", "red"), ("b.jpg", "blue")):
        (folder / name).write_bytes(files.photo(600, 400, colour=colour))
    return [folder / "a.jpg", folder / "b.jpg"]


def waiting(person: Person) -> str:
    """What the page says still waits."""
    return person.page.locator("#waiting").inner_text()


def opened(enter: Enter) -> Person:
    """A resident before the form, whose script is ready: until then it is a plain form."""
    resident = enter()
    resident.open(FORM)
    resident.page.locator(".tiled").wait_for()
    return resident


def photos_of(site: Site, words: str) -> int:
    with site.wiring.sessions() as session:
        return (
            session.query(SubmissionFile)
            .join(Submission, Submission.id == SubmissionFile.submission_id)
            .filter_by(text_written=words)
            .count()
        )


def lose_answer(person: Person, address: str) -> None:
    """The request arrives, its first answer doesn't; what the worker fetches of the same address in between is none of them."""
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST" or lost:
            return route.fallback()
        lost.append(route.request.url)
        route.fetch()
        return route.abort("internetdisconnected")

    person.context.route(address, lose)


def test_without_signal_it_says_so_and_sends_by_itself_later(
    enter: Enter, said: Callable[[], list[str]], site: Site, album: list[Path]
) -> None:
    resident = opened(enter)
    resident.page.fill("#text", "楼道灯坏了，没有信号")
    resident.page.get_by_label("添加照片").set_input_files(album)
    expect(resident.page.locator(".tiles canvas")).to_have_count(2)
    resident.context.set_offline(True)
    resident.button("提交").tap()
    resident.sees(NOT_YET)
    assert "楼道灯坏了，没有信号" in waiting(resident)
    assert resident.page.locator("#waiting .shot").count() == 2
    assert resident.page.input_value("#text") == "", "another sentence may be begun"
    assert said() == []
    resident.context.set_offline(False)
    resident.sees("上次的已经提交")
    assert said() == ["楼道灯坏了，没有信号"]
    assert photos_of(site, "楼道灯坏了，没有信号") == 2
    resident.link("看回执").tap()
    resident.page.wait_for_url("**/r/**")
    assert "楼道灯坏了，没有信号" in resident.words
    resident.open("/r")
    resident.page.get_by_text("我在这台手机上提交过的").tap()
    expect(resident.page.locator("#sent-here a")).to_have_count(1)
    resident.button("清空这份名单").tap()
    expect(resident.page.locator("#sent-here")).to_be_hidden()


def test_an_answer_lost_on_its_way_makes_one_submission(enter: Enter, said: Callable[[], list[str]]) -> None:
    resident = opened(enter)
    lose_answer(resident, f"**{FORM}")
    resident.page.fill("#text", "井盖没了，送到一半断了")
    resident.button("提交").tap()
    resident.sees(NOT_YET)
    assert said() == ["井盖没了，送到一半断了"], "it had arrived"
    resident.button("再试一次").tap()
    resident.sees("上次的已经提交")
    assert said() == ["井盖没了，送到一半断了"]


def test_a_double_tap_and_the_way_back_make_one_submission(enter: Enter, said: Callable[[], list[str]]) -> None:
    resident = opened(enter)
    resident.page.fill("#text", "垃圾三天没有清")
    resident.button("提交").dblclick()
    resident.page.wait_for_url("**/r/**new=1")
    resident.sees("已收到")
    resident.page.go_back()
    expect(resident.page.locator("#text")).to_have_value("")
    expect(resident.page.locator("#draft-note")).to_be_hidden()
    expect(resident.page.locator("#sent-here")).to_be_visible()
    assert said() == ["垃圾三天没有清"]


def test_a_draft_outlives_the_camera_and_two_pages_of_it_make_one(
    enter: Enter, said: Callable[[], list[str]], site: Site, album: list[Path]
) -> None:
    resident = opened(enter)
    resident.page.get_by_label("添加照片").set_input_files(album[0])
    resident.page.fill("#text", "路上有个大坑")
    resident.page.get_by_text("怎么回复您").tap()
    resident.page.fill("#contact", "13800000021")
    resident.page.get_by_label("也可以交给办这件事的单位").check()
    expect(resident.page.locator(".tiles canvas")).to_have_count(1)
    resident.page.reload()
    other = Person(resident.context, resident.context.new_page())
    other.open(FORM)
    for one in (resident, other):
        expect(one.page.locator("#draft-note")).to_contain_text("这是您上次没写完的")
        expect(one.page.locator("#text")).to_have_value("路上有个大坑")
        expect(one.page.locator("#contact")).to_have_value("13800000021")
        expect(one.page.get_by_label("也可以交给办这件事的单位")).to_be_checked()
        expect(one.page.locator(".tiles canvas")).to_have_count(1)
    for one in (other, resident):
        one.page.bring_to_front()
        one.button("提交").tap()
        one.page.wait_for_url("**/r/**")
    assert said() == ["路上有个大坑"]
    assert photos_of(site, "路上有个大坑") == 1
    other.page.close()


def test_what_was_begun_can_be_thrown_away_and_goes_after_a_week(enter: Enter, album: list[Path]) -> None:
    resident = opened(enter)
    resident.page.fill("#text", "写了一半")
    resident.page.get_by_label("添加照片").set_input_files(album)
    expect(resident.page.locator(".tiles canvas")).to_have_count(2)
    resident.page.get_by_role("button", name="去掉").first.tap()
    expect(resident.page.locator(".tiles canvas")).to_have_count(1)
    resident.page.reload()
    expect(resident.page.locator(".tiles canvas")).to_have_count(1)
    resident.button("清空").tap()
    for text in ("", "另一件，写了一半，放了八天"):
        expect(resident.page.locator("#text")).to_have_value("")
        resident.page.fill("#text", text)
        resident.open("/privacy")
        if text:
            resident.page.clock.set_system_time(datetime.now(UTC) + timedelta(days=8))
        resident.open(FORM)
        expect(resident.page.get_by_label("添加照片")).to_be_attached()
        expect(resident.page.locator("#draft-note")).to_be_hidden()
        assert resident.page.locator(".tiles li").count() == 0


def test_a_form_open_for_days_is_sent_with_a_fresh_key(enter: Enter, said: Callable[[], list[str]], site: Site) -> None:
    resident = opened(enter)
    site.wiring.clock.forward(days=3)  # type: ignore[attr-defined]  # the test's clock
    resident.page.fill("#text", "开了三天的表单")
    resident.button("提交").tap()
    resident.page.wait_for_url("**/r/**")
    assert said() == ["开了三天的表单"]


def test_a_refusal_brings_the_words_back_with_its_sentence(enter: Enter, said: Callable[[], list[str]], site: Site) -> None:
    resident = opened(enter)
    resident.page.fill("#text", "灯")
    resident.button("提交").tap()
    expect(resident.page.get_by_role("alert")).to_contain_text("只有一个字")
    expect(resident.page.locator("#text")).to_be_focused()
    expect(resident.page.locator("#text")).to_have_value("灯")
    with site.wiring.sessions.begin() as session:
        point = session.query(IntakePoint).filter_by(code=LONGCHI).one()
        point.closed_note, was = "今天停电，请明天再来。", point.state
        point.state = PointState.PAUSED
    try:
        resident.page.fill("#text", "灯坏了")
        resident.button("提交").tap()
        expect(resident.page.get_by_role("alert")).to_contain_text("今天停电，请明天再来。")
        expect(resident.page.locator("#text")).to_have_value("灯坏了")
    finally:
        with site.wiring.sessions.begin() as session:
            session.query(IntakePoint).filter_by(code=LONGCHI).one().state = was
    assert said() == []


def test_a_photo_that_fails_costs_no_words_and_is_sent_again(
    enter: Enter, said: Callable[[], list[str]], site: Site, album: list[Path]
) -> None:
    resident = opened(enter)
    resident.page.get_by_label("添加照片").set_input_files(album)
    resident.page.fill("#text", "照片传了两回")
    resident.context.route(PHOTOS, lambda route: route.abort("connectionreset"))
    resident.button("提交").tap()
    resident.sees("还有照片没有传上")
    assert said() == ["照片传了两回"]
    assert "没有传上" in waiting(resident)
    resident.context.unroute(PHOTOS)
    resident.page.get_by_role("button", name="去掉").last.tap()
    expect(resident.page.locator("#waiting .shot")).to_have_count(1)
    resident.page.locator("#waiting .tiles").get_by_role("button", name="再试一次").tap()
    resident.page.wait_for_function(
        "() => document.querySelector('#waiting').innerText.includes('已经提交') && !document.querySelector('.shot')"
    )
    assert photos_of(site, "照片传了两回") == 1


def test_a_photo_that_cannot_be_taken_is_named_beside_its_reason(enter: Enter, site: Site, album: list[Path], tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_bytes(files.PAGE)
    resident = opened(enter)
    resident.page.get_by_label("添加照片").set_input_files([tmp_path / "page.jpg", album[0]])
    resident.page.fill("#text", "一张不是照片")
    resident.button("提交").tap()
    resident.sees("下面的照片没有收下")
    assert "不是照片" in waiting(resident)
    assert photos_of(site, "一张不是照片") == 1


def test_a_form_once_seen_opens_without_signal_and_nothing_else_is_kept(enter: Enter, said: Callable[[], list[str]], site: Site) -> None:
    resident = opened(enter)
    resident.until(SEEN)
    receipt = resident.say(LONGCHI, "先写了一件")
    resident.sign_in("zhou")
    for path in (receipt, "/m", "/r", "/", "/d", f"{FORM}?c=x", "/p/nosuchcode"):
        resident.open(path)
    resident.open(FORM)
    kept = resident.page.evaluate(
        "async () => (await Promise.all((await caches.keys()).map(async name => (await (await caches.open(name)).keys()).map(one => one.url)))).flat()"
    )
    paths = [url.removeprefix(site.url) for url in kept]
    assert [path for path in paths if not path.startswith("/static/")] == [], "signed in, not even the form"
    assert len(paths) >= 4
    resident.context.clear_cookies()
    resident.open(FORM)
    resident.until(SEEN)
    resident.context.set_offline(True)
    resident.open(FORM)
    resident.sees("现在没有信号，这一页是上次存在手机上的")
    resident.open(f"{FORM}?care=1")
    resident.sees("现在没有信号，这一页是上次存在手机上的")
    resident.page.locator(".tiled").wait_for()
    resident.page.fill("#text", "没有信号也打开了")
    resident.button("提交").tap()
    resident.sees(NOT_YET)
    resident.context.set_offline(False)
    resident.sees("上次的已经提交")
    assert said() == ["先写了一件", "没有信号也打开了"]


def test_a_form_first_opened_in_large_print_is_kept_so(enter: Enter) -> None:
    resident = enter()
    resident.open(f"{FORM}?care=1")
    resident.until(SEEN)
    resident.context.set_offline(True)
    resident.page.reload()
    resident.sees("现在没有信号，这一页是上次存在手机上的")
    resident.sees("字小一点")
    resident.context.set_offline(False)


def test_the_worker_sends_when_no_page_is_open_and_the_next_page_says_so(enter: Enter, said: Callable[[], list[str]], site: Site) -> None:
    resident = opened(enter)
    resident.until(SEEN)
    console = resident.context.new_cdp_session(resident.page)
    versions: list[dict[str, str]] = []
    console.on("ServiceWorker.workerRegistrationUpdated", lambda event: versions.extend(event["registrations"]))
    console.send("ServiceWorker.enable")
    resident.context.set_offline(True)
    resident.page.fill("#text", "页面关掉以后送出的")
    resident.button("提交").tap()
    resident.sees(NOT_YET)
    resident.page.goto("about:blank")
    resident.context.set_offline(False)
    registration = next(one for one in versions if one["scopeURL"] == f"{site.url}/")
    helper = resident.context.new_cdp_session(resident.page)
    helper.send("ServiceWorker.enable")
    helper.send(
        "ServiceWorker.dispatchSyncEvent",
        {"origin": site.url, "registrationId": registration["registrationId"], "tag": "outbox", "lastChance": False},
    )
    for _ in range(1200):
        if said():
            break
        resident.page.wait_for_timeout(50)
    assert said() == ["页面关掉以后送出的"]
    resident.open(FORM)
    resident.sees("上次的已经提交")
    resident.button("知道了").tap()
    expect(resident.page.locator("#waiting")).to_be_hidden()


def test_switched_off_the_worker_takes_itself_away(enter: Enter, site: Site) -> None:
    resident = opened(enter)
    resident.until(SEEN)
    settings = site.wiring.settings
    site.wiring.settings = settings.__class__(**{**{name: getattr(settings, name) for name in settings.__slots__}, "service_worker": 0})
    try:
        resident.page.evaluate("() => navigator.serviceWorker.getRegistration().then(one => one.update())")
        resident.until("() => caches.keys().then(names => names.length === 0)")
        resident.open(FORM)
        resident.until("() => navigator.serviceWorker.getRegistrations().then(all => all.length === 0)")
    finally:
        site.wiring.settings = settings


def test_the_form_with_all_that_the_phone_keeps_keeps_every_rule(enter: Enter, site: Site, album: list[Path]) -> None:
    """Photos that wait, words that wait, a list of receipts and a draft with a photo, in every way of looking."""
    resident = enter()
    resident.context.route(PHOTOS, lambda route: route.abort())
    resident.open(FORM)
    for words, address in (("照片还没传上", ""), ("话也还没送到", f"**{FORM}")):
        if address:
            resident.context.route(address, lambda route: route.abort() if route.request.method == "POST" else route.fallback())
        resident.page.get_by_label("添加照片").set_input_files(album)
        resident.page.fill("#text", words)
        resident.button("提交").tap()
        resident.sees(NOT_YET if address else "还有照片没有传上")
    resident.page.fill("#text", "又写了一半")
    resident.page.get_by_label("添加照片").set_input_files(album)
    expect(resident.page.locator("form .tiles canvas")).to_have_count(2)

    def again(page: Page, _seen: object) -> None:
        at(FORM)(page, None)
        page.locator("#waiting .wait").nth(1).wait_for()
        page.locator("#draft-note").wait_for()
        page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")

    wrong = wrong_on_phone(resident, again, None, site)
    assert not wrong, "\n".join(wrong)
