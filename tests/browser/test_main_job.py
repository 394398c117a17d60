"""The main job in a browser: a sentence from a phone, a member's tap, the staff's decision, and the answer on the receipt."""

import re

import pytest

from tests.browser.conftest import Enter, Site
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import triage_batch

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"


def test_from_a_sentence_to_a_decision_on_the_receipt(enter: Enter, site: Site) -> None:
    resident = enter()
    receipt = resident.say(LONGCHI, "幸福里3号楼楼道灯坏了快一个月，晚上老人下楼看不见。")
    resident.sees("已收到")
    number = resident.page.locator(".number").inner_text()
    assert re.fullmatch(r"ZB-\d{4}-\d{6,}", number)
    assert number in receipt
    with jobs_in_this_process(site.wiring):
        triage_batch.run()

    member = enter()
    member.sign_in("zhou")
    member.sees("待研判 1 件")
    member.link("一件一件看").tap()
    member.sees("幸福里3号楼楼道灯坏了快一个月")
    card = member.path.split("?")[0]
    suggestion = member.page.locator(".bar .weui-btn_primary").first
    suggestion.tap()
    member.sees("上一件已立为")
    member.button("撤销").tap()
    member.page.wait_for_url(f"**{card}")
    member.sees("幸福里3号楼楼道灯坏了快一个月")
    suggestion.tap()
    member.sees("上一件已立为")
    member.sees("都看完了")
    member.link("议题").tap()
    member.page.locator(".waiting a").first.tap()
    member.link("看简报，改好提交").tap()
    assert "1件来件反映同一件事" in member.page.input_value("#basis")
    member.page.fill("#request", "请物业和城管定谁来修、多久修好。")
    member.page.fill("#words", "好几栋都有，适合一起商量。")
    member.button("提交筛选").tap()
    member.sees("好几栋都有，适合一起商量。")
    assert member.button("提交筛选").count() == 0

    staff = enter(desk=True)
    staff.sign_in("wangjing")
    staff.sees("待筛选 1")
    staff.link("议题筛选").click()
    staff.page.locator("a.card").first.click()
    staff.sees("好几栋都有，适合一起商量。")
    staff.page.fill("#words", "涉及多栋楼，列入本季度协商。")
    staff.button("入库").click()
    staff.sees("已记下，每位反映过的居民都能在回执上看到。")

    resident.open(receipt)
    resident.sees("涉及多栋楼，列入本季度协商。")
    assert "您说的事在议题里" in resident.words
