"""The conversation: whatever is said in any order becomes one draft, and the draft one submission with a receipt."""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.actor import MACHINE
from intake.domain.chat_draft import MOST_LETTERS, MOST_PHOTOS, DraftState, SentBy
from intake.domain.notification import NoticeKind
from intake.domain.point import PointAction, PointKind
from intake.domain.submission import Channel
from intake.models import Area, Notification, SubmissionFile, WeChatFollower, WeChatMessage
from intake.services.chat_draft import send
from intake.services.place import create_point
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.chatting import AUNT, SITE, change, drafts, link_in, parts, pause, platform_before, scene_of, submissions
from tests.web.pages import words_of
from tests.web.test_query_counts import statements
from tests.wechat_platform.platform import Platform
from workers.jobs import apply_retention

UNCLE = "oUncle6_bIyUhqmFvNNa1VcJ2pXw"
"""李伯伯, who scanned nothing."""


@pytest.fixture
def platform(app: Flask, wiring: Wiring, clock: TestClock) -> Iterator[Platform]:
    with platform_before(app, wiring, clock, safe=True) as opened:
        yield opened


@pytest.fixture
def aunt(platform: Platform, town: Town) -> Platform:
    """王阿姨 has scanned 龙池社区."""
    platform.follow(AUNT, scene_of(town.longchi_code))
    return platform


def follower(wiring: Wiring) -> WeChatFollower:
    with wiring.sessions() as session:
        return session.query(WeChatFollower).one()


# --- saying and sending --------------------------------------------------------------------------------------------------------------


def test_what_is_said_piece_by_piece_is_one_submission_with_a_receipt_in_the_chat(
    aunt: Platform, client: FlaskClient, wiring: Wiring
) -> None:
    first = aunt.text(AUNT, "幸福里 3 号楼路灯坏了\n<晚上> & 很黑")
    assert "龙池社区" in first
    assert "“发送”" in first
    assert "3 分钟" in first
    assert re.search(rf"{SITE}/p/\w+\?draft=\d+\.[\w-]{{22}}", first)
    assert [aunt.image(AUNT), aunt.location(AUNT, 31.2, 118.3, "临江市云栖区幸福路 12 号"), aunt.text(AUNT, "三天了")] == ["", "", ""]
    receipt = aunt.text(AUNT, "发送。")
    (sent,) = submissions(wiring)
    assert sent.receipt_number in receipt
    assert sent.text_written == "幸福里 3 号楼路灯坏了\n<晚上> & 很黑\n三天了"
    assert sent.place == "临江市云栖区幸福路 12 号"
    assert sent.channel is Channel.WECHAT_TEXT
    assert sent.follower_id == follower(wiring).id
    assert sent.openid_hash == follower(wiring).openid_hash
    assert sent.device_hash is None
    page = client.get(link_in(receipt))
    assert sent.receipt_number in words_of(page)
    assert AUNT not in page.get_data(as_text=True)
    (draft,) = drafts(wiring)
    assert (draft.state, draft.sent_by, draft.submission_id) == (DraftState.SENT, SentBy.WORD, sent.id)
    with wiring.sessions() as session:
        assert session.query(SubmissionFile).one().submission_id == sent.id


def test_messages_out_of_order_stand_in_the_platforms_order(aunt: Platform, wiring: Wiring, clock: TestClock) -> None:
    said = [aunt.text_message(AUNT, f"第{number}句话") for number in "一二"]  # of one second: the number decides
    clock.forward(seconds=2)
    said.append(aunt.text_message(AUNT, "第三句话"))
    for message in reversed(said):
        aunt.deliver(message)
    aunt.text(AUNT, "发送")
    assert submissions(wiring)[0].text_written == "第一句话\n第二句话\n第三句话"


def test_a_link_stands_as_title_and_address(aunt: Platform, wiring: Wiring) -> None:
    aunt.text(AUNT, "这个通知不对")
    aunt.link(AUNT, "停水通知\n全天", "https://example.org/tongzhi")
    aunt.text(AUNT, "提交")
    assert submissions(wiring)[0].text_written == "这个通知不对\n停水通知 全天 https://example.org/tongzhi"


def test_the_same_words_twice_are_said_twice(aunt: Platform, wiring: Wiring) -> None:
    for _ in range(2):
        aunt.text(AUNT, "路灯坏了")
    assert len(parts(wiring)) == 2


# Whatever stands around the word, it sends; a word within a sentence doesn't.
@pytest.mark.parametrize(
    ("word", "sends"), [("发送", True), (" “发送”！", True), ("好了", True), ("好了没有人管", False), ("请发送给委员", False)]
)
def test_the_word_that_sends(aunt: Platform, wiring: Wiring, word: str, sends: bool) -> None:
    aunt.text(AUNT, "路灯坏了")
    aunt.text(AUNT, word)
    assert bool(submissions(wiring)) is sends


def test_sending_nothing_says_so_and_sending_again_gives_the_same_receipt(aunt: Platform, wiring: Wiring) -> None:
    assert "还没有说什么" in aunt.text(AUNT, "发送")
    aunt.text(AUNT, "路灯坏了")
    aunt.text(AUNT, "发送")
    again = aunt.text(AUNT, "发送")
    assert "刚才已经送出" in again
    assert submissions(wiring)[0].receipt_number in again
    assert len(submissions(wiring)) == 1


def test_after_it_was_sent_a_new_draft_begins(aunt: Platform, wiring: Wiring) -> None:
    for words in ("路灯坏了", "垃圾没人收"):
        assert "记下了" in aunt.text(AUNT, words)
        aunt.text(AUNT, "发送")
    assert [one.text_written for one in submissions(wiring)] == ["路灯坏了", "垃圾没人收"]


def test_what_is_taken_back_is_not_sent(aunt: Platform, wiring: Wiring, clock: TestClock) -> None:
    aunt.text(AUNT, "路灯坏了")
    assert "没有送出" in aunt.text(AUNT, "不发了")
    assert "还没有说什么" in aunt.text(AUNT, "取消")
    pause(wiring, clock)
    assert submissions(wiring) == []
    assert drafts(wiring)[0].state is DraftState.DROPPED


def test_the_chat_says_how_it_works_and_where_ones_own_items_are(aunt: Platform, wiring: Wiring) -> None:
    assert "“不发了”" in aunt.text(AUNT, "帮助")
    assert f"{SITE}/mine" in aunt.text(AUNT, "我的")
    assert f"{SITE}/mine" in aunt.tap(AUNT, "mine")
    assert "龙池社区" in aunt.tap(AUNT, "unknown-button")
    assert drafts(wiring) == []


def test_words_of_danger_are_answered_with_who_helps_at_once(aunt: Platform) -> None:
    aunt.text(AUNT, "楼道里堆了东西")
    assert "119" in aunt.text(AUNT, "现在着火了，烟很大")


# --- the pause -----------------------------------------------------------------------------------------------------------------------


def test_a_pause_sends_it_and_the_receipt_follows_as_a_notice(aunt: Platform, wiring: Wiring, clock: TestClock) -> None:
    aunt.text(AUNT, "路灯坏了")
    pause(wiring, clock, minutes=2)
    assert submissions(wiring) == []
    aunt.text(AUNT, "三天了")
    pause(wiring, clock, minutes=2)
    assert submissions(wiring) == [], "each word begins the pause anew"
    pause(wiring, clock, minutes=2)
    (sent,) = submissions(wiring)
    assert sent.text_written == "路灯坏了\n三天了"
    assert drafts(wiring)[0].sent_by is SentBy.PAUSE
    pause(wiring, clock)
    with wiring.sessions() as session:
        (notice,) = session.query(Notification).filter_by(kind=NoticeKind.RECEIVED)
    assert (notice.submission_id, notice.follower_id) == (sent.id, sent.follower_id)
    assert len(submissions(wiring)) == 1


def test_a_voice_alone_is_sent_by_the_pause(aunt: Platform, wiring: Wiring, clock: TestClock) -> None:
    assert "记下了" in aunt.voice(AUNT)
    pause(wiring, clock)
    (sent,) = submissions(wiring)
    assert (sent.text_written, sent.channel) == ("（语音）", Channel.WECHAT_VOICE)


def test_what_the_platform_heard_stands_in_the_text(aunt: Platform, wiring: Wiring, clock: TestClock) -> None:
    aunt.voice(AUNT, heard="幸福里的路灯坏了。")
    pause(wiring, clock)
    assert submissions(wiring)[0].text_written == "（语音）幸福里的路灯坏了。"


def test_a_picture_alone_waits_for_words_and_says_so(aunt: Platform, wiring: Wiring, clock: TestClock) -> None:
    answer = aunt.image(AUNT)
    assert "照片收到了。请再说一句" in answer
    assert "7 天" in answer
    pause(wiring, clock)
    assert submissions(wiring) == []
    assert "都记下了" in aunt.text(AUNT, "这里的路灯坏了")
    pause(wiring, clock)
    assert submissions(wiring)[0].text_written == "这里的路灯坏了"


def test_a_place_alone_waits_for_words_and_cannot_be_sent(aunt: Platform, wiring: Wiring) -> None:
    assert "位置收到了" in aunt.location(AUNT, 31.2, 118.3)
    assert "请先写一句话" in aunt.text(AUNT, "发送")
    aunt.text(AUNT, "这里的路灯坏了")
    aunt.text(AUNT, "发送")
    assert submissions(wiring)[0].place == "31.20000, 118.30000"


def test_a_picture_is_sent_without_words_if_the_resident_insists(aunt: Platform, wiring: Wiring) -> None:
    aunt.image(AUNT)
    aunt.text(AUNT, "发送")
    assert (submissions(wiring)[0].text_written, submissions(wiring)[0].channel) == ("（照片）", Channel.WECHAT_IMAGE)


def test_a_draft_that_nobody_ends_is_dropped_after_its_days(aunt: Platform, wiring: Wiring, clock: TestClock) -> None:
    aunt.image(AUNT)
    pause(wiring, clock, minutes=60 * 24 * 7 - 10)
    assert drafts(wiring)[0].state is DraftState.OPEN
    pause(wiring, clock, minutes=20)
    assert drafts(wiring)[0].state is DraftState.DROPPED


def test_who_leaves_in_the_middle_is_heard_all_the_same(aunt: Platform, wiring: Wiring, clock: TestClock) -> None:
    aunt.text(AUNT, "路灯坏了")
    aunt.unfollow(AUNT)
    pause(wiring, clock)
    assert len(submissions(wiring)) == 1


# --- what isn't kept, and says so ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "cure"), [("😀", "只有表情或符号"), ("灯", "只有一个字"), ("   ", "请先写一句话"), ("。。。", "只有表情或符号")]
)
def test_a_text_that_says_nothing_gets_a_cure(aunt: Platform, wiring: Wiring, said: str, cure: str) -> None:
    assert cure in aunt.text(AUNT, said)
    assert parts(wiring) == []


def test_short_words_belong_to_what_was_said_before(aunt: Platform, wiring: Wiring) -> None:
    for words in ("路灯坏了", "嗯", "3"):
        aunt.text(AUNT, words)
    aunt.text(AUNT, "发送")
    assert submissions(wiring)[0].text_written == "路灯坏了\n嗯\n3"


def test_what_is_too_long_is_not_kept_and_says_what_to_do(aunt: Platform, wiring: Wiring) -> None:
    half = "路灯坏了" * (MOST_LETTERS // 8 - 10)
    for _ in range(2):
        assert "没有收进去" not in aunt.text(AUNT, half)
    answer = aunt.text(AUNT, half)
    assert "没有收进去" in answer
    assert "“发送”" in answer
    aunt.text(AUNT, "发送")
    assert submissions(wiring)[0].text_written == f"{half}\n{half}"


def test_more_pictures_than_fit_are_not_kept(aunt: Platform, wiring: Wiring) -> None:
    for _ in range(MOST_PHOTOS):
        aunt.image(AUNT)
    assert f"最多 {MOST_PHOTOS} 张" in aunt.image(AUNT)
    assert len(parts(wiring)) == MOST_PHOTOS
    assert "都记下了" in aunt.text(AUNT, "都是路灯坏了")


def test_a_follower_may_begin_so_many_an_hour(app: Flask, wiring: Wiring, clock: TestClock, town: Town) -> None:
    wiring.settings = replace(wiring.settings, device_limit="2/hour")
    with platform_before(app, wiring, clock, safe=True) as platform:
        platform.follow(AUNT, scene_of(town.longchi_code))
        for _ in range(2):
            for words in ("路灯坏了", "三天了", "没人管", "发送"):
                platform.text(AUNT, words)
        assert "过一小时" in platform.text(AUNT, "还有垃圾没人收")
        assert len(submissions(wiring)) == 2
        assert len(drafts(wiring)) == 2


# --- picking a point -------------------------------------------------------------------------------------------------------------------


def test_without_a_point_the_resident_picks_one_and_nothing_said_is_lost(
    platform: Platform, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    asked = platform.text(UNCLE, "路灯坏了")
    numbers = dict(re.findall(r"(\d)\. (\S+社区)", asked))
    assert set(numbers.values()) == {"龙池社区", "紫薇社区", "石桥社区"}
    assert platform.text(UNCLE, "三天了") == ""
    pause(wiring, clock)
    assert submissions(wiring) == [], "nobody knows where it should go"
    assert "1 到 3" in platform.text(UNCLE, "9")
    wanted = next(number for number, name in numbers.items() if name == "紫薇社区")
    assert "送到紫薇社区" in platform.text(UNCLE, wanted)
    pause(wiring, clock)
    (sent,) = submissions(wiring)
    assert (sent.text_written, sent.area_id) == ("路灯坏了\n三天了", town.ziwei_id)
    assert "记下了" in platform.text(UNCLE, "垃圾没人收"), "the point is known from now on"


def test_a_point_is_picked_by_its_name_too(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.text(UNCLE, "路灯坏了")
    assert "送到石桥社区" in platform.text(UNCLE, "石桥社区")
    platform.text(UNCLE, "发送")
    assert submissions(wiring)[0].area_id == town.shiqiao_id


def test_the_community_on_the_map_comes_first(platform: Platform, town: Town) -> None:
    platform.text(UNCLE, "路灯坏了")
    assert "1. 石桥社区" in platform.location(UNCLE, 31.2, 118.3, "临江市云栖区清河街道石桥社区幸福路")
    assert "1. 龙池社区" in platform.location(UNCLE, 31.2, 118.3, "临江市云栖区丰山街道龙池社区")


def test_sending_without_a_point_asks_for_one(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.text(UNCLE, "路灯坏了")
    assert "1. " in platform.text(UNCLE, "发送")
    assert submissions(wiring) == []


def test_scanning_places_what_was_said_before(platform: Platform, wiring: Wiring, town: Town, clock: TestClock) -> None:
    platform.image(UNCLE)
    platform.text(UNCLE, "路灯坏了")
    assert "送到龙池社区" in platform.scan(UNCLE, scene_of(town.longchi_code))
    pause(wiring, clock)
    assert submissions(wiring)[0].area_id == town.longchi_id
    with wiring.sessions() as session:
        assert session.query(SubmissionFile).one().district_id == town.district_id


def test_more_points_than_a_page_are_turned_over(platform: Platform, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        area = session.get_one(Area, town.longchi_id)
        for number in range(10):
            create_point(session, area=area, kind=PointKind.COMMUNITY, name=f"龙池 {number} 号点", actor=MACHINE, at=wiring.clock.now())
    first = platform.text(UNCLE, "路灯坏了")
    second = platform.text(UNCLE, "换一批")
    assert "8. " in first
    assert "换一批" in first
    assert "5. " in second
    assert "6. " not in second
    names = re.findall(r"\d\. (.+)", first + second)
    assert len(set(names)) == 13
    assert platform.text(UNCLE, "换一批") == first, "behind the last comes the first again"
    platform.text(UNCLE, "换一批")
    assert "送到" in platform.text(UNCLE, "5")


def test_scanning_another_point_leaves_the_first_draft_to_its_pause(aunt: Platform, wiring: Wiring, town: Town, clock: TestClock) -> None:
    aunt.text(AUNT, "路灯坏了")
    greeting = aunt.scan(AUNT, scene_of(town.ziwei_code))
    assert "您在龙池社区说的还没送出" in greeting
    aunt.text(AUNT, "垃圾没人收")
    pause(wiring, clock)
    assert [(one.text_written, one.area_id) for one in submissions(wiring)] == [
        ("路灯坏了", town.longchi_id),
        ("垃圾没人收", town.ziwei_id),
    ]


def test_what_is_said_to_a_paused_point_is_kept_and_goes_elsewhere(aunt: Platform, wiring: Wiring, town: Town, clock: TestClock) -> None:
    change(wiring, town.longchi_code, PointAction.PAUSE, "装修到月底。")
    answer = aunt.text(AUNT, "路灯坏了")
    assert answer.startswith("装修到月底。")
    assert "龙池社区" not in answer
    pause(wiring, clock)
    assert submissions(wiring) == []
    assert "1. " in aunt.text(AUNT, "发送")
    assert "送到紫薇社区" in aunt.text(AUNT, "紫薇社区")
    pause(wiring, clock)
    assert submissions(wiring)[0].area_id == town.ziwei_id


def test_a_point_that_opens_again_takes_what_was_kept(aunt: Platform, wiring: Wiring, town: Town) -> None:
    change(wiring, town.longchi_code, PointAction.PAUSE, "停电。")
    aunt.text(AUNT, "路灯坏了")
    change(wiring, town.longchi_code, PointAction.RESUME, "")
    assert "回执号" in aunt.text(AUNT, "发送")


def test_what_was_said_while_the_point_was_open_is_sent_by_the_pause(aunt: Platform, wiring: Wiring, town: Town, clock: TestClock) -> None:
    aunt.text(AUNT, "路灯坏了")
    change(wiring, town.longchi_code, PointAction.RETIRE, "请到紫薇社区说。")
    pause(wiring, clock)
    assert len(submissions(wiring)) == 1


def test_who_wants_another_point_gets_the_list_and_keeps_what_was_said(aunt: Platform, wiring: Wiring, town: Town) -> None:
    aunt.text(AUNT, "路灯坏了")
    assert "1. " in aunt.text(AUNT, "换社区")
    aunt.text(AUNT, "石桥社区")
    aunt.text(AUNT, "发送")
    assert submissions(wiring)[0].area_id == town.shiqiao_id


def test_who_talks_on_instead_of_picking_stays(aunt: Platform, wiring: Wiring, town: Town) -> None:
    aunt.text(AUNT, "路灯坏了")
    aunt.text(AUNT, "换社区")
    aunt.text(AUNT, "算了，就在这里")
    aunt.text(AUNT, "2")
    aunt.text(AUNT, "发送")
    assert submissions(wiring)[0].text_written == "路灯坏了\n算了，就在这里\n2"


# --- what is forgotten ---------------------------------------------------------------------------------------------------------------


def test_what_was_withdrawn_is_forgotten_with_what_it_was_made_of(aunt: Platform, wiring: Wiring, clock: TestClock) -> None:
    aunt.text(AUNT, "路灯坏了")
    aunt.location(AUNT, 31.2, 118.3, "幸福路 12 号")
    aunt.text(AUNT, "发送")
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=submissions(wiring)[0].id, at=clock.now())
    clock.forward(days=31)
    with jobs_in_this_process(wiring):
        apply_retention.run()
    assert {(part.words, part.latitude) for part in parts(wiring)} == {("", None)}
    assert (submissions(wiring)[0].follower_id, drafts(wiring)[0].submission_id) == (None, None)
    with wiring.sessions() as session:
        assert session.query(WeChatMessage).count() == 0, "no repeat comes after days"
    assert "还没有说什么" in aunt.text(AUNT, "发送")


# --- what it costs ---------------------------------------------------------------------------------------------------------------------


def test_a_word_into_an_open_draft_costs_three_statements(aunt: Platform, wiring: Wiring) -> None:
    aunt.text(AUNT, "路灯坏了")
    counts = []
    for words in ("三天了", "没人管" * 100):
        with statements(wiring) as sent:
            aunt.text(AUNT, words)
        counts.append(len(sent))
    assert counts == [3, 3]


def test_a_repeat_costs_two_statements(aunt: Platform, wiring: Wiring) -> None:
    message = aunt.text_message(AUNT, "路灯坏了")
    aunt.deliver(message)
    with statements(wiring) as sent:
        aunt.deliver(message)
    assert len(sent) == 2


# --- at the same moment ------------------------------------------------------------------------------------------------------------------


def meanwhile_sent(wiring: Wiring, act: Callable[[], str]) -> str:
    """What is answered to somebody who writes while the pause is sending their draft."""
    (draft,) = drafts(wiring)
    answers: list[str] = []
    writing = threading.Thread(target=lambda: answers.append(act()))
    with wiring.sessions.begin() as session:
        send(session, vault=wiring.vault, draft_id=draft.id, by=SentBy.PAUSE, at=wiring.clock.now())
        writing.start()
        writing.join(0.5)
        assert writing.is_alive(), "it waits for the draft's row"
    writing.join()
    return answers[0]


def test_who_takes_it_back_while_it_is_being_sent_learns_that_it_was_sent(aunt: Platform, wiring: Wiring) -> None:
    aunt.text(AUNT, "路灯坏了")
    answer = meanwhile_sent(wiring, lambda: aunt.text(AUNT, "不发了"))
    assert "已经送出" in answer
    assert submissions(wiring)[0].receipt_number in answer


def test_who_picks_a_point_while_it_is_being_sent_learns_that_it_was_sent(aunt: Platform, wiring: Wiring) -> None:
    aunt.text(AUNT, "路灯坏了")
    aunt.text(AUNT, "换社区")
    at = follower(wiring).point_id
    answer = meanwhile_sent(wiring, lambda: aunt.text(AUNT, "1"))
    assert submissions(wiring)[0].receipt_number in answer
    assert follower(wiring).point_id == at


def test_who_takes_it_back_after_the_pause_is_led_to_where_that_is_done(aunt: Platform, wiring: Wiring, clock: TestClock) -> None:
    aunt.text(AUNT, "路灯坏了")
    pause(wiring, clock)
    answer = aunt.text(AUNT, "不发了")
    assert submissions(wiring)[0].receipt_number in answer
    assert "撤回" in answer


def test_a_link_that_no_longer_fits_is_not_kept_and_holds_up_nothing(aunt: Platform, wiring: Wiring, clock: TestClock) -> None:
    aunt.text(AUNT, "灯" * (MOST_LETTERS - 2))
    answer = aunt.link(AUNT, "昨晚的事" * 100, "https://example.com/" + "a" * 400)
    assert "没有收进去" in answer
    pause(wiring, clock)
    assert len(submissions(wiring)) == 1


def test_a_goodbye_that_comes_again_does_not_undo_a_new_beginning(aunt: Platform, wiring: Wiring, clock: TestClock, town: Town) -> None:
    goodbye = aunt.event(AUNT, "unsubscribe", None)
    aunt.deliver(goodbye)
    clock.forward(seconds=5)
    aunt.follow(AUNT, scene_of(town.longchi_code))
    aunt.deliver(goodbye)
    assert follower(wiring).following


def test_more_points_can_be_asked_for_after_something_else_was_said(aunt: Platform, wiring: Wiring) -> None:
    aunt.text(AUNT, "路灯坏了")
    aunt.text(AUNT, "换社区")
    aunt.text(AUNT, "就是楼下那盏")
    assert "请选" in aunt.text(AUNT, "换一批")
    assert [part.words for part in parts(wiring)] == ["路灯坏了", "就是楼下那盏"]
