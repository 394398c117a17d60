"""A leader's words are followed to the end (row G3): registered, sent on to units and to the district below, reported by each, and looked at
again months later; through the pages alone.
"""

import re

from tests.factories.town import Town
from tests.journeys.test_answer_comes_back import ANSWER, answer, found_on, sent_by_a_member
from tests.journeys.test_one_sentence import House, house
from tests.web.pages import Person, words_of

__all__ = ["house"]

LEADER, EXTRACT = "分管副区长刘明", "请城管局牵头，把幸福里的路灯一次修好，举一反三。"


def registered(staff: Person, letter: str) -> str:
    """What stands on the paper, about the referral at `letter`; the address of the instruction."""
    number = re.search(r"ZB\d{4}-\d{5,}", words_of(staff.get(letter)))
    assert number is not None
    made = staff.press(
        f"/d/instructions/new?about={number[0]}", "/d/instructions/new",
        number="〔2026〕7号", given_on="2026-11-02", given_by=LEADER, extract=EXTRACT, subject=number[0], about="", due_on="2026-12-01",
    )  # fmt: skip
    assert "已登记" in words_of(made)
    return made.request.path


def report_of(page: str, unit: str) -> str:
    """Where staff enter what `unit` reported."""
    found = re.search(rf"{unit}.*?action=\"[^\"]*(/forwards/\d+/report)\"", page, re.DOTALL)
    assert found is not None, f"nothing is awaited from {unit}"
    return found.group(1)


def reports(officer: Person, words: str) -> None:
    """The unit's first open one."""
    asked = re.search(r'action="(/dept/instructions/\d+)"', officer.get("/dept/instructions").get_data(as_text=True))
    assert asked is not None, "nothing was sent on"
    assert "已反馈" in words_of(officer.press("/dept/instructions", asked.group(1), feedback=words))


def test_a_leaders_words_are_followed_until_each_unit_has_reported_and_somebody_looked_again(house: House, town: Town) -> None:
    aunt = sent_by_a_member(house, town)
    office = house.person("fangmin")
    office.press(found_on(office, "/o", "路灯", "/o/referrals"), "/assign", lead=str(town.lights_id), words="")
    # 王静 has the leader's words on paper: she registers them at the relay they are about.
    jing = house.person("wangjing")
    letter = found_on(jing, "/d/referrals", "路灯", "/d/referrals")
    instruction = registered(jing, letter)
    assert "〔2026〕7号" in words_of(jing.get(letter))
    # Two units of the district have it, and the district below, which has no account here.
    units = [str(town.lights_id), str(town.homes_id)]
    sent = jing.client.post(f"{instruction}/send-on", data=form(jing, instruction, units=units, outside="清河区政协", due_on="2026-11-20"))
    assert sent.status_code == 303, words_of(sent)
    # Each unit reads the extract and no name; the one that leads finds it on its task too.
    gao, wu = house.person("gaoqiang"), house.person("wujun")
    task = found_on(gao, "/dept", "路灯", "/dept/referrals")
    for read in (words_of(gao.get("/dept/instructions")), words_of(gao.get(task)), words_of(wu.get("/dept/instructions"))):
        assert EXTRACT in read
        assert LEADER not in read
    gao.press(task, "/sign")
    reports(gao, "12 盏灯已换，全区排查一遍。")
    # The day passes; what isn't reported stands first in the register, and the unit is pressed and reports.
    house.time_passes(days=20)
    jing = house.person("wangjing")
    assert "超期" in words_of(jing.get("/d/instructions"))
    reports(house.person("wujun"), "物业小区的灯由物业更换。")
    entered = jing.press(
        instruction, report_of(jing.get(instruction).get_data(as_text=True), "清河区政协"), feedback="已转告两个街道，均已排查。"
    )
    read = words_of(entered)
    assert all(one in read for one in ("12 盏灯已换，全区排查一遍。", "物业小区的灯由物业更换。", "已转告两个街道，均已排查。"))
    # The relay itself is answered and delivered; then the instruction is closed with what came of it.
    answer(house.person("gaoqiang"), task, ANSWER)
    jing.press(letter, "/deliver", words="")
    assert "已办结" in words_of(jing.press(instruction, "/close", reason="done", result="路灯全部修好，三家都已反馈。"))
    # 回头看: three months later somebody goes there. One lamp is out again, so it is followed anew.
    house.time_passes(days=91)
    jing = house.person("wangjing")
    assert found_on(jing, "/d/revisits", "路灯", "/d/referrals") == letter
    assert "三栋门口又灭了一盏。" in words_of(jing.press(letter, "/revisit", words="晚上去看，三栋门口又灭了一盏。"))
    assert "路灯" not in words_of(jing.get("/d/revisits"))
    assert "恢复落实" in words_of(jing.press(instruction, "/reopen", reason="unfinished"))
    again = jing.client.post(f"{instruction}/send-on", data=form(jing, instruction, units=units[:1], outside="", due_on=""))
    assert again.status_code == 303, words_of(again)
    reports(house.person("gaoqiang"), "当晚换好，已列入每月巡查。")
    assert "当晚换好，已列入每月巡查。" in words_of(jing.get(instruction))
    assert "已办结" in words_of(jing.press(instruction, "/close", reason="done", result="复查后全部亮灯。"))
    # Of all this the resident reads her answer, and nothing of what a leader said.
    told = aunt.reads()
    assert ANSWER in told
    assert all(one not in told for one in (LEADER, EXTRACT, "〔2026〕7号"))


def form(staff: Person, page: str, **fields: object) -> dict[str, object]:
    """What the page's forms hold, and the fields."""
    html = staff.get(page).get_data(as_text=True)
    held = dict(re.findall(r'<input type="hidden" name="(csrf_token|version)" value="([^"]*)"', html))
    return {**held, **fields}
