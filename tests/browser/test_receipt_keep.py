"""The receipt to those who don't see it, to those who'd rather listen, and on paper."""

import unicodedata
from io import BytesIO

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from intake.services import submission_decide as decide
from tests.browser.conftest import Enter, Site
from tests.factories.matters import deciding, receipt_path, told

pytestmark = pytest.mark.browser

LONGCHI, ANSWER = "nvgch2345a", "已经请电工换了灯泡。您晚上看看亮不亮。"

_VOICES = """() => {
  const said = [];
  window.spoken = said;
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  const speech = { getVoices: () => %s, speak: one => { said.push([one.lang, one.text]); }, cancel: () => { said.push("stop"); },
    addEventListener: () => {} };
  Object.defineProperty(window, "speechSynthesis", { value: speech });
}"""
_FRENCH = '[{ lang: "fr-FR" }]'
_CHINESE = '[{ lang: "en-US" }, { lang: "zh-CN" }]'


@pytest.fixture(scope="module")
def path(site: Site) -> str:
    """An answered receipt."""
    wiring = site.wiring
    lamp = told(wiring, LONGCHI, "幸福里3号楼楼道灯坏了快一个月", contact="13800000021")
    card = deciding(wiring, site.users["zhou"], lamp)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words=ANSWER)
    wiring.clock.forward(minutes=2)  # type: ignore[attr-defined]  # the clock of tests
    return receipt_path(wiring, lamp)


# What a screen reader says, in its order: number and code first, then where it stands, the answer and what can be said to it, the story.
def test_the_receipt_is_read_in_the_order_that_matters(enter: Enter, path: str) -> None:
    person = enter()
    person.open(path)
    expect(person.page.locator("main")).to_match_aria_snapshot(
        """
        - main:
          - paragraph: 回执号
          - heading /ZB-\\d{4}-\\d+/ [level=1]
          - paragraph: /查询码 .{2}-.{2}-.{2}-.{2}-.{2}/
          - paragraph:
            - img "扫一扫，在别的手机上看这张回执"
          - paragraph: 已答复
          - paragraph: 已经答复您
          - link "存成图片"
          - button "打印"
          - group: 我的资料
          - region "给您的答复":
            - heading "给您的答复" [level=2]
            - heading "您看解决了吗？" [level=3]
            - button "解决了"
            - button "解决了一部分"
            - button "没有解决"
            - button "说不好"
          - region "经过":
            - list:
              - listitem:
                - paragraph: 已收到您的话。
              - listitem:
                - paragraph: 委员答复了您。
          - region "留言":
            - heading "留言" [level=2]
          - button "同意交给办理单位"
          - group: 删除我的联系方式
        """
    )


def test_it_is_read_aloud_where_there_is_a_voice_and_stops_when_told(enter: Enter, path: str) -> None:
    person = enter()
    person.page.add_init_script(f"({_VOICES % _CHINESE})()")
    person.open(path)
    person.button("念给我听").click()
    spoken = person.page.evaluate("window.spoken")
    assert spoken[0] == "stop", "whatever another page was saying"
    assert {language for language, _ in spoken[1:]} == {"zh-CN"}
    sentences = [text for _, text in spoken[1:]]
    assert sentences[:3] == ["已经答复您", "已经请电工换了灯泡。", "您晚上看看亮不亮。"]
    assert sentences[3].startswith("接下来：")
    person.button("停下").click()
    assert person.page.evaluate("window.spoken.at(-1)") == "stop"
    expect(person.button("念给我听")).to_be_visible()
    assert person.page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_without_a_voice_of_its_language_there_is_no_button(enter: Enter, path: str) -> None:
    person = enter()
    person.page.add_init_script(f"({_VOICES % _FRENCH})()")
    person.open(path)
    expect(person.page.locator("[data-print]")).to_be_visible()
    expect(person.page.locator("[data-read-aloud]")).to_be_hidden()


def test_it_prints_on_one_sheet_without_buttons(enter: Enter, path: str) -> None:
    person = enter(desk=True)
    person.open(path)
    pages = PdfReader(BytesIO(person.page.pdf(prefer_css_page_size=True))).pages
    assert len(pages) == 1
    text = unicodedata.normalize("NFKC", pages[0].extract_text()).replace("\n", "")
    assert unicodedata.normalize("NFKC", ANSWER) in text
    assert "查询码" in text
    for button in ("存成图片", "解决了一部分", "再说一件事", "发出"):
        assert button not in text
