"""An old phone: no script, no cookies. Form, receipt, finding it again and withdrawing all work."""

from pathlib import Path

import pytest

from intake.domain.triage_result import Verdict
from tests.browser.conftest import Enter, Site
from tests.factories import files
from tests.factories.matters import told
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import clean_files

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"


def test_form_receipt_and_withdrawal_without_script_and_cookies(enter: Enter) -> None:
    resident = enter(java_script_enabled=False)
    with_cookies: list[str] = []
    resident.page.on("request", lambda request: with_cookies.append(request.url) if "cookie" in request.all_headers() else None)
    resident.open(f"/p/{LONGCHI}")
    resident.button("提交").tap()
    resident.page.get_by_role("alert").wait_for()
    resident.page.fill("#text", "幸福里3号楼楼道灯坏了快一个月")
    for fold in resident.page.locator("form summary").all():
        fold.tap()
    resident.page.fill("#place", "幸福里3号楼")
    resident.page.fill("#contact", "13800000021")
    resident.button("提交").tap()
    resident.sees("已收到")
    receipt = resident.path.split("?")[0]
    number, words = (resident.page.locator(what).inner_text() for what in (".number", ".code"))

    resident.open("/r")
    resident.page.fill("#number", number)
    resident.page.fill("#code", words)
    resident.button("查看").tap()
    resident.page.wait_for_url(f"**{receipt}")
    assert "幸福里3号楼楼道灯坏了快一个月" in resident.words
    assert "138••••0021" in resident.words
    assert "13800000021" not in resident.words

    resident.link("撤回").tap()
    resident.button("确定撤回").tap()
    resident.page.wait_for_url(f"**{receipt}")
    assert resident.link("撤回").count() == 0
    assert resident.page.locator(".chip.act").inner_text() == "已撤回"
    assert resident.context.cookies() == [], "nothing was to be remembered"
    assert with_cookies == []


def test_a_photo_is_sent_without_script_and_one_that_cannot_be_taken_is_named(enter: Enter, site: Site, tmp_path: Path) -> None:
    """Photos from the telephone's own album; the receipt shows the good one once it was made anew."""
    (tmp_path / "a.jpg").write_bytes(files.photo(600, 400))
    (tmp_path / "b.heic").write_bytes(files.AVIF)
    resident = enter(java_script_enabled=False)
    resident.open(f"/p/{LONGCHI}")
    resident.page.get_by_label("照片").set_input_files([tmp_path / "a.jpg", tmp_path / "b.heic"])
    resident.button("提交").tap()
    resident.sees("照片没有留下来，请再选一次")
    resident.page.fill("#text", "井盖没了，看照片")
    resident.page.get_by_label("照片").set_input_files([tmp_path / "a.jpg", tmp_path / "b.heic"])
    resident.button("提交").tap()
    resident.sees("您写的话已经收到")
    assert "第 2 张不是照片，或是这里打不开的格式" in resident.words
    with jobs_in_this_process(site.wiring):
        clean_files.run()
    resident.page.reload()
    assert resident.page.locator(".steps .saids img").count() == 1
    assert resident.page.locator(".steps .saids img").evaluate("image => image.complete && image.naturalWidth > 0")


def test_a_member_can_work_without_script(enter: Enter, site: Site) -> None:
    """Cookies are needed here: somebody is signed in."""
    lamp = told(site.wiring, LONGCHI, "幸福里的路灯坏了", verdict=Verdict.OPEN)
    member = enter(java_script_enabled=False)
    member.sign_in("zhou")
    assert member.path == "/m"
    member.link("一件一件看").tap()
    member.link("并入别的").tap()
    member.page.wait_for_url("**?panel=attach")
    member.page.fill("[name=q]", "没有这个议题")
    member.button("找").tap()
    member.sees("没有找到，可以另立议题。")
    member.page.locator("#way-decline > summary").tap()
    member.page.fill("#decline", "昨晚修好了。")
    member.button("不采用").tap()
    member.page.get_by_role("alert").wait_for()
    assert member.page.input_value("#decline") == "昨晚修好了。"
    member.page.select_option("#reason", "already_done")
    member.button("不采用").tap()
    member.sees("上一件已记为不采用")
    member.button("撤销").tap()
    member.page.wait_for_url(f"**/m/cards/{lamp.submission_id}")
    member.page.get_by_label("更多处理方式").tap()
    member.link("先跳过").tap()
    member.page.wait_for_url("**/m")
    member.open("/m/me")
    member.button("退出登录").tap()
    member.page.wait_for_url("**/sign-in")
    member.open("/m")
    assert member.path.startswith("/sign-in")
