"""A unit's pages in every mode, as in test_accessible: its tasks, one at each step, and the answer while it is written."""

from dataclasses import dataclass
from io import BytesIO

import pytest
from playwright.sync_api import Page, expect

from intake.models import Attachment
from intake.services import referral_check, referral_department, referral_office
from intake.services.answer_draft import AnswerWords, save_draft
from intake.services.attachment import Incoming, Upload, accept_cleaned, receive, received, refuse, small_key
from intake.wiring import Wiring
from tests.browser.conftest import Enter, Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk
from tests.browser.people import People
from tests.factories import files
from tests.factories.matters import taken_up, told, topic_of
from tests.factories.referrals import assigned, delivered, referred, referred_topic, replied, signed, step
from tests.factories.town import Town, actor, town_in

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Unit:
    """A task at each step."""

    waiting: int
    writing: int
    sent_back: int
    disputed: int
    replied: int
    delivered: int
    helping: int


@pytest.fixture(scope="module")
def seen(site: Site) -> Unit:
    """What 区城市管理局 has before it."""
    wiring = site.wiring
    with wiring.sessions() as session:
        town = town_in(session)

    def task(text: str) -> int:
        return referred(wiring, town, told(wiring, town.longchi_code, text))

    sent_back = replied(wiring, town, task("井盖破了，车一压就响"))
    step(wiring, sent_back, town.zhou_id, referral_check.send_back, words="没有说什么时候换新的。")
    disputed = signed(wiring, town, task("小区围墙裂了，怕倒下来"))
    step(wiring, disputed, town.gao_id, referral_department.dispute, proposed_id=town.homes_id, words="围墙属小区共有部分，归住建局管。")
    helping = task("公厕门口积水")
    step(wiring, helping, town.fang_id, referral_office.assign, lead_id=town.homes_id, helper_ids=(town.lights_id,), words="请配合。")
    return Unit(
        waiting=assigned(wiring, town, task("广告牌松了，风一吹就晃")),
        writing=written(wiring, town),
        sent_back=sent_back,
        disputed=disputed,
        replied=replied(wiring, town, task("垃圾三天没有人收")),
        delivered=delivered(wiring, town, task("公园的凳子坏了")),
        helping=helping,
    )


def written(wiring: Wiring, town: Town) -> int:
    """A topic's task with a half-written answer and a file in each state."""
    voices = [
        told(wiring, town.longchi_code, "3 号楼到菜场的路灯不亮，晚上看不见"),
        told(wiring, town.longchi_code, "楼下垃圾桶满了没有人收，臭得很"),
        told(wiring, town.ziwei_code, "路灯都坏了，天黑看不见"),
    ]
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "修复幸福里片区路灯，明确日常养护责任", *voices))
    referral_id = referred_topic(wiring, town, topic)
    step(
        wiring, referral_id, town.fang_id, referral_office.assign,
        lead_id=town.lights_id, helper_ids=(town.homes_id,), words="请城管牵头，两周内见效。",
    )  # fmt: skip
    step(wiring, referral_id, town.gao_id, referral_department.sign)
    step(wiring, referral_id, town.gao_id, referral_department.report_progress, words="配件到了，周五装。", for_resident=True)
    with wiring.sessions.begin() as session:
        gao = actor(session, town.gao_id)
        words = "11 月 14 日已更换 9 盏损坏路灯并检修线路，当晚全部亮灯。今后由照明所每月巡查一次，报修电话 0550-0000001。"
        save_draft(
            session, actor=gao, referral_id=referral_id, typed=AnswerWords("done", words, "", "高强"), at=wiring.clock.now()
        )  # fmt: skip
        sent_in = [("亮灯前后.jpg", files.photo(800, 600)), ("派工单.pdf", files.pdf()), ("大图.jpg", files.photo(90, 60))]
        upload = Upload(actor=gao, referral_id=referral_id, at=wiring.clock.now())
        receive(session, upload, [Incoming(name, BytesIO(data)) for name, data in sent_in], store=wiring.objects)
    with wiring.sessions.begin() as session:
        first, _, last = received(session, after=0, limit=3)
        for key in (first.result, small_key(first.result)):
            wiring.objects.put(key, BytesIO(files.photo(480, 360)))
        accept_cleaned(session, first, size=len(files.photo(480, 360)), at=wiring.clock.now())
        refuse(session, last, because="照片超过 50 兆像素，请缩小后再上传。", at=wiring.clock.now())
    return referral_id


def pressed(button: str, *, words: str) -> Open:
    """Write an answer, choose a file that can't be taken, and press the button."""

    def open_page(page: Page, seen: Unit) -> None:
        page.goto(f"/dept/referrals/{seen.sent_back}")
        page.fill("#answer-words", words)
        if button == "添加佐证":
            page.set_input_files("#files", {"name": "图.svg", "mimeType": "image/jpeg", "buffer": files.SVG})
        place = "[formaction]" if button == "添加佐证" else "button[value=send]"
        page.locator(place).click()
        page.locator("[role=alert]").first.wait_for()  # it is refused

    return open_page


DESK_PAGES: dict[str, tuple[str, Open]] = {
    "tasks of a unit": ("gaoqiang", at("/dept?tab=working")),
    "nothing to help with": ("wujun", at("/dept?tab=delivered")),
    "answered tasks": ("gaoqiang", at("/dept?tab=delivered")),
    "task to sign": ("gaoqiang", unfolded(lambda seen: f"/dept/referrals/{seen.waiting}")),
    "task with an answer half written": ("gaoqiang", unfolded(lambda seen: f"/dept/referrals/{seen.writing}")),
    "task sent back": ("gaoqiang", unfolded(lambda seen: f"/dept/referrals/{seen.sent_back}")),
    "answer with remarks": ("gaoqiang", pressed("提交答复", words="我们会尽快处理。")),
    "answer with an error": ("gaoqiang", pressed("添加佐证", words="井盖已换新，养护队每月检查一次。")),
    "progress with an error": ("gaoqiang", sent(lambda seen: f"/dept/referrals/{seen.writing}", "/progress", words="")),
    "disputed task": ("gaoqiang", unfolded(lambda seen: f"/dept/referrals/{seen.disputed}")),
    "answered task": ("gaoqiang", unfolded(lambda seen: f"/dept/referrals/{seen.replied}")),
    "delivered task": ("gaoqiang", unfolded(lambda seen: f"/dept/referrals/{seen.delivered}")),
    "task to help with": ("gaoqiang", unfolded(lambda seen: f"/dept/referrals/{seen.helping}")),
}
"""Name → who looks, and how to get there."""


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Unit, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)


def ticks(page: Page) -> list[str]:
    return [one.inner_text().split("·")[-1].strip() for one in page.locator("#demands .demands li").all()]


def test_ticks_follow_what_is_written(enter: Enter, seen: Unit) -> None:
    gao = enter(desk=True)
    gao.is_signed_in("gaoqiang")
    gao.open(f"/dept/referrals/{seen.writing}")
    assert ticks(gao.page) == ["答到了", "还没答到"]
    gao.page.locator("#answer-words").press_sequentially("垃圾桶已增加一个，每天清运。", delay=5)
    expect(gao.page.locator("#demands")).to_contain_text("每件都说到了")
    assert ticks(gao.page) == ["答到了", "答到了"]
    assert "垃圾桶已增加一个" in gao.page.locator("#answer-words").input_value(), "what is being written stays as it is"
    gao.page.reload()
    assert "垃圾桶已增加一个" in gao.page.locator("#answer-words").input_value(), "and it was kept meanwhile"


def test_a_file_is_added_and_the_answer_sent_without_script(enter: Enter, site: Site, seen: Unit) -> None:
    gao = enter(desk=True, java_script_enabled=False)
    gao.is_signed_in("gaoqiang")
    page = gao.page
    page.goto(f"/dept/referrals/{seen.sent_back}")
    page.fill("#answer-words", "井盖 11 月 20 日前换成新的，由养护队办，有事打 0550-0000001。")
    page.set_input_files("#files", {"name": "井盖.jpg", "mimeType": "image/jpeg", "buffer": files.photo()})
    page.get_by_role("button", name="添加佐证").click()
    assert "井盖.jpg" in page.inner_text("#answer")
    assert "养护队" in page.input_value("#answer-words")
    page.get_by_label("已列入计划").check()
    page.fill("#answer-reason", "11 月 20 日前完成。")
    page.fill("#answer-name", "高强")
    page.get_by_role("button", name="提交答复").click()
    if page.locator("[name=checked]").count():
        page.get_by_role("button", name="提交答复").click()
    assert "已提交" in page.inner_text("main")
    with site.wiring.sessions() as session:
        assert session.query(Attachment).filter_by(referral_id=seen.sent_back).one().answer_id is not None
