"""Photos on the receipt with and without script, and parts of them covered at the desk by hand."""

from pathlib import Path

import pytest

from tests.browser.conftest import Enter, Site
from tests.browser.looking import at, unfolded, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories import files
from tests.integration.jobs import jobs_in_this_process
from tests.web.test_form_photos import rows
from workers.jobs import clean_files

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("album")
    for name, colour in (("a.jpg", "teal"), ("b.jpg", "navy")):
        (folder / name).write_bytes(files.photo(900, 600, colour=colour))
    return sorted(folder.iterdir())


def test_a_photo_is_added_and_taken_back_on_the_receipt_without_script(enter: Enter, people: People, site: Site, album: list[Path]) -> None:
    resident = enter(java_script_enabled=False)
    receipt = resident.say(LONGCHI, "井盖没了，照片随后补")
    resident.open(receipt)
    resident.page.set_input_files("#more-photos", album)
    resident.button("添加照片").tap()
    resident.sees("还可以加 4 张")
    with jobs_in_this_process(site.wiring):
        clean_files.run()
    resident.page.reload()
    assert resident.page.locator(".steps .saids img").count() == 2
    resident.page.get_by_text("移除照片", exact=True).tap()
    resident.button("移除照片 2").tap()
    resident.sees("还可以加 5 张")
    assert resident.page.locator(".steps .saids img").count() == 1
    wrong = wrong_on_phone(people.page_of("", desk=False), unfolded(receipt), None, site)
    assert not wrong, "\n".join(wrong)


def test_with_script_photos_are_sent_as_soon_as_they_are_chosen_and_wait_for_a_signal(enter: Enter, album: list[Path]) -> None:
    resident = enter()
    receipt = resident.say(LONGCHI, "路面塌了一块，照片在回执上补")
    resident.open(receipt)
    resident.page.get_by_text("补充情况，或给处理的同志留句话").tap()
    resident.page.fill("#message-words", "还没写完的话")
    resident.page.get_by_label("添加照片").set_input_files(album[:1])
    resident.sees("还可以加 5 张")
    assert not resident.button("添加照片").is_visible()
    resident.context.set_offline(True)
    resident.page.get_by_label("添加照片").set_input_files(album[1:])
    resident.sees("还有照片没有传上，有信号后自动接着传")
    resident.context.set_offline(False)
    resident.sees("还可以加 4 张")
    assert resident.page.locator("#waiting").is_hidden()
    assert resident.page.input_value("#message-words") == "还没写完的话"


def test_a_part_is_drawn_on_the_photo_and_covered(people: People, site: Site) -> None:
    one = rows(site.wiring)[0]
    staff = people.page_of("wangjing", desk=True)
    staff.open(f"/d/submissions/{one.submission_id}")
    staff.link("打码").click()
    staff.page.wait_for_load_state("load")  # the drawing begins with the script
    box = staff.page.locator(".covered svg").bounding_box()
    assert box is not None
    mouse = staff.page.mouse
    mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.75, steps=3)
    mouse.up()
    typed = [float(staff.page.locator(f"input[name={side}]").first.input_value()) for side in ("left", "top", "width", "height")]
    assert typed == pytest.approx([25, 50, 25, 25], abs=0.5)
    staff.page.locator("input[name=left]").nth(1).fill("80")
    for side in ("top", "width", "height"):
        staff.page.locator(f"input[name={side}]").nth(1).fill("10")
    assert staff.page.locator(".covered rect").count() == 2, "what is typed is seen too"
    staff.button("去掉第 2 块").click()
    assert staff.page.locator(".covered rect").count() == 1
    staff.button("保存").click()
    staff.page.wait_for_url("**/d/submissions/*")
    staff.sees("照片正在打码")
    with jobs_in_this_process(site.wiring):
        clean_files.run()
    staff.page.reload()
    assert staff.page.locator(".saids img").evaluate("image => image.complete && image.naturalWidth > 0")
    assert rows(site.wiring)[0].blur == [pytest.approx([0.25, 0.5, 0.25, 0.25], abs=0.005)]
    wrong = wrong_on_desk(staff, at(f"/d/photos/{one.id}"), None, site)
    assert not wrong, "\n".join(wrong)
