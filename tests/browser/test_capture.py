"""随手报 on a phone: a photo, a minute of speech, a few words, in four taps; and once, whatever the signal does."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from intake.adapters.file_cleaning import cleaned
from intake.domain.point import PointState
from intake.domain.submission_file import FileKind
from intake.models import IntakePoint, MemberReport, Submission, SubmissionFile
from tests.browser.conftest import Enter, Site
from tests.browser.people import Person
from tests.factories import files

pytestmark = pytest.mark.browser

LONGCHI, ZIWEI = "nvgch2345a", "ziwei23456"
KEPT = "已存在这台手机上，有信号就发出"

NOTHING_WAITS = """() => new Promise((tell, fail) => {
  const asked = indexedDB.open("zhibao-member");
  asked.onerror = fail;
  asked.onsuccess = () => {
    const all = asked.result.transaction("waiting").objectStore("waiting").count();
    all.onsuccess = () => { asked.result.close(); tell(!all.result); };
  };
})"""


@pytest.fixture
def member(enter: Enter) -> Iterator[Person]:
    """周明远 before the form, whose script is ready; he has a signal again when he goes."""
    person = enter(permissions=["microphone"])
    person.is_signed_in("zhou")
    opened(person)
    yield person
    person.context.set_offline(False)


@pytest.fixture
def said(site: Site) -> Iterator[Callable[[], list[str]]]:
    """The words that arrived since the test began."""

    def since() -> list[str]:
        with site.wiring.sessions() as session:
            rows = session.query(Submission).join(MemberReport).filter(Submission.id > last).order_by(Submission.id)
            return [one.text_written for one in rows]

    with site.wiring.sessions() as session:
        last = session.query(Submission.id).order_by(Submission.id.desc()).limit(1).scalar() or 0
    yield since
    site.wiring.redis.flushdb()


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo on the telephone."""
    path = tmp_path_factory.mktemp("album") / "a.jpg"
    path.write_bytes(files.photo(600, 400))
    return path


def opened(member: Person) -> None:
    member.open("/m/capture")
    member.page.locator("form[data-ready]").wait_for()


def takes_and_speaks(member: Person, snapshot: Path) -> None:
    """A photo and a second of speech: three taps."""
    with member.page.expect_file_chooser() as chooser:
        member.page.locator("label.add").tap()
    chooser.value.set_files(snapshot)
    expect(member.page.locator(".tiles canvas")).to_have_count(1)
    member.button("录音").tap()
    member.page.get_by_role("button", name="停止，已录 0:01").tap()
    expect(member.page.locator(".take")).to_have_count(1)


def nothing_waits(member: Person) -> None:
    """Until all has left the phone."""
    for _ in range(1200):
        if member.page.evaluate(NOTHING_WAITS):
            return
        member.page.wait_for_timeout(50)
    raise AssertionError("something still waits")


def files_of(site: Site, words: str) -> list[SubmissionFile]:
    with site.wiring.sessions() as session:
        rows = session.query(SubmissionFile).join(Submission, Submission.id == SubmissionFile.submission_id)
        return rows.filter(Submission.text_written == words).order_by(SubmissionFile.id).all()


def test_a_photo_speech_and_words_in_four_taps(member: Person, site: Site, said: Callable[[], list[str]], snapshot: Path) -> None:
    page = member.page
    page.evaluate("() => { window.taps = 0; addEventListener('pointerdown', () => { window.taps++; }, true); }")
    page.keyboard.press("Tab")
    page.locator("#text").focus()
    page.keyboard.type("井盖松了")
    takes_and_speaks(member, snapshot)
    page.get_by_role("button", name="听一遍").focus()
    page.keyboard.press("Enter")
    member.sees("停下")
    page.evaluate("() => sessionStorage.setItem('taps', window.taps + 1)")
    member.button("报上去").tap()
    page.wait_for_url("**/m/captures/*?new=1")
    assert int(page.evaluate("() => sessionStorage.getItem('taps')")) <= 4
    member.sees("已收到，会由别的委员来看。")
    assert said() == ["井盖松了"]
    photo, voice = files_of(site, "井盖松了")
    assert (photo.kind, voice.kind, voice.media_type) == (FileKind.PHOTO, FileKind.VOICE, "audio/webm")
    # What the browser recorded is what the worker can make anew.
    with site.wiring.objects.open(voice.file_key) as source, cleaned(source, media_type=voice.media_type) as made:
        assert made.seconds is not None
        assert made.seconds > 0.5


def test_without_signal_it_waits_and_is_sent_once(member: Person, site: Site, said: Callable[[], list[str]], snapshot: Path) -> None:
    member.context.set_offline(True)
    member.page.get_by_label("居民托我反映的").tap()
    member.page.select_option("#consent", "spoken")
    takes_and_speaks(member, snapshot)
    member.button("报上去").tap()
    member.sees(KEPT)
    expect(member.page.locator("#on-phone")).to_contain_text("等信号：1 件")
    expect(member.page.locator(".take, .tiles li")).to_have_count(0)
    assert said() == []
    # The first answer is lost on its way: it is sent again, and makes nothing twice.
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST" or lost:
            return route.fallback()
        lost.append(route.request.url)
        route.fetch()
        return route.abort("internetdisconnected")

    member.context.route("**/m/capture", lose)
    with member.page.expect_event("requestfailed", lambda one: one.method == "POST"):
        member.context.set_offline(False)
    member.page.reload()  # a page that is opened tries at once
    nothing_waits(member)
    assert lost
    assert said() == ["（语音）\n（照片）"]
    assert [one.kind for one in files_of(site, "（语音）\n（照片）")] == [FileKind.PHOTO, FileKind.VOICE]


def test_what_is_refused_later_comes_back_with_its_words(member: Person, site: Site, said: Callable[[], list[str]]) -> None:
    def point(code: str) -> IntakePoint:
        return session.query(IntakePoint).filter_by(code=code).one()

    with site.wiring.sessions.begin() as session:
        longchi, ziwei = str(point(LONGCHI).id), str(session.query(IntakePoint).filter_by(name="紫薇社区").one().id)
    member.page.select_option("#point", longchi)
    member.page.fill("#text", "楼道灯坏了")
    member.context.set_offline(True)
    member.button("报上去").tap()
    member.sees(KEPT)
    with site.wiring.sessions.begin() as session:
        point(LONGCHI).state = PointState.PAUSED
    try:
        member.context.set_offline(False)
        member.page.get_by_text("1 件还没有记下，请再看一看").click()
        member.sees("这个直报点现在不收件，请选别的。")
        member.button("再看这一件").tap()
        expect(member.page.locator("#text")).to_have_value("楼道灯坏了")
        expect(member.page.get_by_role("alert")).to_contain_text("请选别的")
        assert member.page.locator("[name=point]").input_value() == ziwei, "the only one that is open"
        member.button("报上去").tap()
        member.page.wait_for_url("**/m/captures/*?new=1")
        assert said() == ["楼道灯坏了"]
    finally:
        with site.wiring.sessions.begin() as session:
            point(LONGCHI).state = PointState.ACTIVE
