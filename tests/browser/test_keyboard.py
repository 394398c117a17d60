"""Without mouse or finger: signing in and deciding by keyboard alone, and the focus can always be seen."""

import pytest

from tests.browser.conftest import Enter, Site
from tests.browser.people import Person
from tests.factories.matters import told, topic_of
from tests.factories.town import PASSWORD

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"
MOST_STOPS = 60

_FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  const on = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return {
    words: (one.textContent || one.name || '').trim(), name: one.name || (one.matches('.more > summary') ? 'more' : ''), id: one.id,
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    seen: on !== null && (one.contains(on) || on.contains(one)),
  };
}"""


class Keyboard:
    """Tab, Enter and letters; every stop must show where one is."""

    def __init__(self, person: Person) -> None:
        self.page = person.page

    def tab_to(self, *, words: str = "", name: str = "", key: str = "Tab") -> None:
        """Go on until the control with these words or this name has the focus."""
        passed: list[str] = []
        for _ in range(MOST_STOPS):
            self.page.keyboard.press(key)
            at = self.page.evaluate(_FOCUS)
            if at is None:
                continue
            passed.append(at["words"] or at["name"])
            assert at["ring"], f"no ring around “{passed[-1]}”"
            assert at["seen"], f"“{passed[-1]}” has the focus and lies hidden"
            if (words and at["words"] == words) or (name and at["name"] == name):
                return
        raise AssertionError(f"{words or name} was never reached: {passed}")

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def enter(self) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")


@pytest.mark.parametrize("desk", [True, False], ids=["desk", "phone"])
def test_signing_in_and_deciding_by_keyboard(enter: Enter, site: Site, desk: bool) -> None:
    told(site.wiring, LONGCHI, "幸福里3号楼楼道灯坏了快一个月，晚上老人下楼看不见。", place="幸福里3号楼")
    person = enter(desk=desk)
    keys = Keyboard(person)
    person.open("/sign-in")
    keys.tab_to(name="login")
    keys.type("zhou")
    keys.tab_to(name="password")
    keys.type(PASSWORD)
    keys.enter()
    assert person.path == "/m"
    keys.tab_to(words="一件一件看")
    keys.enter()
    person.sees("幸福里3号楼楼道灯坏了快一个月")
    card = person.path
    keys.tab_to(name="more")
    person.page.keyboard.press("Enter")  # the drawer
    keys.tab_to(words="另立议题")
    person.page.keyboard.press("Enter")  # unfolds, and the focus goes in
    keys.tab_to(name="title")
    person.page.keyboard.press("ControlOrMeta+A")
    keys.type("楼道照明")
    keys.tab_to(words="立为议题")
    person.page.keyboard.press("Enter")
    person.sees("上一件已立为“楼道照明”")
    keys.tab_to(words="撤销")
    person.page.keyboard.press("Enter")
    person.page.wait_for_url(f"**{card}")
    person.sees("幸福里3号楼楼道灯坏了快一个月")
    keys.tab_to(name="more")
    person.page.keyboard.press("Enter")
    keys.tab_to(words="先跳过", key="Shift+Tab")
    keys.tab_to(words="不采用", key="Shift+Tab")
    person.page.keyboard.press("Enter")
    keys.tab_to(name="reason")
    keys.type("重")
    keys.tab_to(name="words")


def test_screening_by_keyboard(enter: Enter, site: Site) -> None:
    zhou = site.users["zhou"]
    topic_of(site.wiring, zhou, "河边栏杆松动", told(site.wiring, LONGCHI, "河边栏杆松了，一推就倒"))
    staff = enter(desk=True)
    keys = Keyboard(staff)
    staff.is_signed_in("wangjing")
    staff.open("/d")
    keys.tab_to(words="跳到正文")
    staff.page.keyboard.press("Enter")
    staff.open("/d/topics")
    keys.tab_to(name="q")
    keys.type("河边栏杆")
    keys.enter()
    card = staff.page.locator("a.topic").first
    assert "河边栏杆松动" in card.inner_text()
    keys.tab_to(words=card.evaluate("one => one.textContent.trim()"))
    staff.page.keyboard.press("Enter")  # it is in the pane already
    keys.tab_to(words="提请筛选A")
    staff.page.keyboard.press("Enter")
    staff.sees("已提请筛选")
    keys.tab_to(name="words")
    keys.type("属实，列入协商。")
    keys.tab_to(words="入库A")
    staff.page.keyboard.press("Enter")
    staff.sees("已记下，每位反映过的居民都能在回执上看到。")
