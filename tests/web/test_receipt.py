"""The receipt: opened by number and five words or by its link, and what it tells."""

import pytest
from flask.testing import FlaskClient

from intake.domain.actor import MACHINE, RESIDENT
from intake.domain.errors import Forbidden
from intake.domain.point import PointAction
from intake.domain.receipt import receipt_number
from intake.domain.submission import SubmissionState
from intake.domain.topic import TopicAction
from intake.domain.triage_result import Verdict
from intake.models import IntakePoint, Submission
from intake.services.place import change_point
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import attach, decided, receipt_path, taken_up, told, topic_of, topic_row, triage, words_on_receipt
from tests.factories.sentences import say, submission_of
from tests.factories.town import Town
from tests.web.pages import hidden, send_sentence, words_of

WRONG = "红山-红山-红山-红山-红山"
MISMATCH = "回执号和查询码对不上"


def look_up(client: FlaskClient, number: str, code: str) -> tuple[int, str]:
    """Type both on the page that asks for them; status, and the page's words or the place it leads to."""
    answer = client.post("/r", data={"number": number, "code": code})
    return answer.status_code, answer.location if answer.status_code == 303 else words_of(answer)


def change(wiring: Wiring, code: str, action: PointAction, note: str) -> None:
    with wiring.sessions.begin() as session:
        point = session.query(IntakePoint).filter_by(code=code).one()
        change_point(session, actor=MACHINE, point_id=point.id, action=action, note=note, at=wiring.clock.now())


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    """幸福里的路灯, told at 龙池社区 and not triaged yet."""
    return say(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了", contact="13800000021")


def test_number_and_words_open_the_receipt(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    status, leads_to = look_up(client, lamp.receipt_number, words_on_receipt(wiring, lamp))
    assert (status, leads_to) == (303, receipt_path(wiring, lamp))
    assert "幸福里 3 号楼路灯坏了" in words_of(client.get(leads_to))


# Whatever a thumb or an input method makes of number and words, they still open the receipt.
@pytest.mark.parametrize("dress", ["full-width", "blanks", "lower case", "no dashes", "no letters", "punctuation between the words"])
def test_typing_habits_do_not_matter(client: FlaskClient, wiring: Wiring, lamp: Stored, dress: str) -> None:
    number, code = lamp.receipt_number, words_on_receipt(wiring, lamp)
    number, code = {
        "full-width": ("".join(chr(ord(c) + 0xFEE0) for c in number), code.replace("-", "－")),
        "blanks": (f"  {number.replace('-', ' ')}\u3000", f" {code.replace('-', '　')} "),
        "lower case": (number.lower(), code),
        "no dashes": (number.replace("-", ""), code.replace("-", "")),
        "no letters": (number.removeprefix("ZB-"), code),
        "punctuation between the words": (number, code.replace("-", "，")),
    }[dress]
    assert look_up(client, number, code)[0] == 303


def test_a_slip_in_the_number_is_told_from_a_number_that_fits_nothing(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    code = words_on_receipt(wiring, lamp)
    last = lamp.receipt_number[-1]
    slip = lamp.receipt_number[:-1] + str((int(last) + 1) % 10)
    assert look_up(client, slip, code)[0] == 422
    assert "可能抄错了一位" in look_up(client, slip, code)[1]
    assert "ZB 开头的一串数字" in look_up(client, "我的回执", code)[1]
    assert "ZB 开头的一串数字" in look_up(client, "", code)[1]


def test_the_answer_does_not_tell_whether_number_or_words_are_wrong(client: FlaskClient, wiring: Wiring, lamp: Stored, town: Town) -> None:
    other = say(wiring, town.ziwei_code, "垃圾没人收")
    valid_but_unknown = receipt_number(99_999, wiring.clock.now())
    unknown_number = client.post("/r", data={"number": valid_but_unknown, "code": words_on_receipt(wiring, lamp)})
    wrong_words = client.post("/r", data={"number": lamp.receipt_number, "code": WRONG})
    anothers_words = client.post("/r", data={"number": lamp.receipt_number, "code": words_on_receipt(wiring, other)})
    assert unknown_number.status_code == wrong_words.status_code == anothers_words.status_code == 422
    assert MISMATCH in words_of(unknown_number)
    assert len({words_of(answer) for answer in (unknown_number, wrong_words, anothers_words)}) == 1


def test_what_was_typed_stays_in_both_boxes(client: FlaskClient, lamp: Stored) -> None:
    page = client.post("/r", data={"number": lamp.receipt_number, "code": WRONG}).get_data(as_text=True)
    assert f'value="{lamp.receipt_number}"' in page
    assert f'value="{WRONG}"' in page


def test_guessing_words_ends_after_ten_tries_even_with_the_right_ones(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    for _ in range(10):
        assert look_up(client, lamp.receipt_number, WRONG)[0] == 422
    status, words = look_up(client, lamp.receipt_number, words_on_receipt(wiring, lamp))
    assert status == 429
    assert "一小时后再试" in words
    assert "社区服务台" in words


def test_guessing_from_many_devices_ends_as_well_because_the_number_is_counted(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    for phone in range(10):
        client.post("/r", data={"number": lamp.receipt_number, "code": WRONG}, headers={"User-Agent": f"phone {phone}"})
    answer = client.post("/r", data={"number": lamp.receipt_number, "code": WRONG}, headers={"User-Agent": "phone 11"})
    assert answer.status_code == 429


def test_guessing_many_numbers_from_one_device_ends_as_well(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    for number in range(10):
        stored = say(wiring, town.longchi_code, f"第 {number} 件事")
        assert look_up(client, stored.receipt_number, WRONG)[0] == 422
    last = say(wiring, town.longchi_code, "再一件事")
    assert look_up(client, last.receipt_number, WRONG)[0] == 429


def test_opening_ones_own_receipt_often_is_no_guessing(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    for _ in range(25):
        assert look_up(client, lamp.receipt_number, words_on_receipt(wiring, lamp))[0] == 303


def test_spent_tries_do_not_close_the_residents_own_link(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    for _ in range(12):
        look_up(client, lamp.receipt_number, WRONG)
    assert client.get(receipt_path(wiring, lamp)).status_code == 200


def test_a_link_with_another_secret_part_is_not_found(client: FlaskClient, wiring: Wiring, lamp: Stored, town: Town) -> None:
    other = say(wiring, town.ziwei_code, "垃圾没人收")
    borrowed = receipt_path(wiring, other).rsplit("/", 1)[1]
    for token in ("x", "A" * 22, borrowed, "灯" * 22, receipt_path(wiring, lamp).rsplit("/", 1)[1][:-1]):
        for path in (f"/r/{lamp.receipt_number}/{token}", f"/r/{lamp.receipt_number}/{token}/withdraw"):
            answer = client.get(path)
            assert answer.status_code == 404
            assert "路灯" not in words_of(answer)
        assert client.post(f"/r/{lamp.receipt_number}/{token}/withdraw").status_code == 404
    assert submission_of(wiring, lamp).state is SubmissionState.RECEIVED


def test_the_address_on_a_printed_receipt_asks_for_the_words(client: FlaskClient, lamp: Stored) -> None:
    page = client.get(f"/r/{lamp.receipt_number}")
    assert f'value="{lamp.receipt_number}"' in page.get_data(as_text=True)
    assert "路灯" not in words_of(page)


def test_the_timeline_grows_in_plain_words(client: FlaskClient, wiring: Wiring, lamp: Stored, town: Town, clock: TestClock) -> None:
    def now() -> str:
        return words_of(client.get(receipt_path(wiring, lamp)))

    assert "已收到您的话。" in now()
    assert "11 月 3 日 09:00" in now()
    clock.forward(hours=1)
    triage(wiring, lamp)
    assert "已初步整理，等委员看。" in now()
    assert "现在由委员周明远看。" in now()
    clock.forward(hours=1)
    topic = topic_of(wiring, town.zhou_id, "幸福里路灯不亮", lamp)
    assert "委员看过，立为议题。“幸福里路灯不亮”" in now()
    assert "现在由" not in now()
    clock.forward(hours=1)
    taken_up(wiring, town.jing_id, topic)
    decided(wiring, town.jing_id, topic, TopicAction.APPROVE, "路灯是民生小事，列入议题库。")
    steps = [
        "已收到您的话。",
        "已初步整理",
        "立为议题",
        "区政协开始筛选这个议题。",
        "区政协筛选通过，进入议题库。",
        "路灯是民生小事，列入议题库。",
    ]
    assert [now().index(step) for step in steps] == sorted(now().index(step) for step in steps)
    assert "王静" in now()


def test_what_was_decided_on_the_topic_before_one_joined_is_not_ones_own_story(
    client: FlaskClient, wiring: Wiring, lamp: Stored, town: Town, clock: TestClock
) -> None:
    triage(wiring, lamp)
    topic = topic_of(wiring, town.zhou_id, "幸福里路灯不亮", lamp)
    taken_up(wiring, town.jing_id, topic)
    decided(wiring, town.jing_id, topic, TopicAction.RETURN, "请补上楼号。")
    clock.forward(days=1)
    late = told(wiring, town.ziwei_code, "紫薇路的灯也不亮")
    attach(wiring, town.zhou_id, late, topic)
    assert "请补上楼号。" in words_of(client.get(receipt_path(wiring, lamp)))
    assert "请补上楼号。" not in words_of(client.get(receipt_path(wiring, late)))


def test_replaced_characters_are_counted_on_the_receipt(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    stored = say(wiring, town.longchi_code, "路灯\x00坏了\u202e\x07很久")
    page = words_of(client.get(receipt_path(wiring, stored)))
    assert "路灯\ufffd坏了\ufffd\ufffd很久" in page
    assert "有 3 个无法显示的字符" in page
    clean = say(wiring, town.longchi_code, "路灯坏了很久")
    assert "无法显示" not in words_of(client.get(receipt_path(wiring, clean)))


def test_withdrawing_says_what_it_means_before_it_is_done(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    asked = client.get(receipt_path(wiring, lamp) + "/withdraw")
    assert "撤回后委员不再处理，30 天后内容会清除" in words_of(asked)
    assert submission_of(wiring, lamp).state is SubmissionState.RECEIVED


def test_withdrawing_twice_is_as_good_as_once(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    path = receipt_path(wiring, lamp)
    for _ in range(2):
        assert client.post(f"{path}/withdraw").location == path
    page = words_of(client.get(path))
    assert page.count("您撤回了。") == 1
    assert "撤回这件来件" not in page
    assert "不用再撤回了" in words_of(client.get(f"{path}/withdraw"))


def test_withdrawing_leaves_the_topic_but_not_the_others_in_it(client: FlaskClient, wiring: Wiring, lamp: Stored, town: Town) -> None:
    triage(wiring, lamp)
    other = told(wiring, town.ziwei_code, "紫薇路的灯也不亮")
    topic = topic_of(wiring, town.zhou_id, "路灯不亮", lamp, other)
    client.post(receipt_path(wiring, lamp) + "/withdraw")
    assert topic_row(wiring, topic).confirmed_count == 1
    assert submission_of(wiring, other).state is SubmissionState.IN_TOPIC
    assert "您说的事在议题里： 路灯不亮" in words_of(client.get(receipt_path(wiring, other)))
    assert "您说的事在议题" not in words_of(client.get(receipt_path(wiring, lamp)))


def test_the_last_one_to_withdraw_dissolves_the_candidate(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    topic = triage(wiring, lamp, verdict=Verdict.OPEN)
    assert topic is not None
    client.post(receipt_path(wiring, lamp) + "/withdraw")
    assert topic_row(wiring, topic).state.value == "dissolved"


def test_an_outcome_that_was_told_can_no_longer_be_withdrawn(client: FlaskClient, wiring: Wiring, lamp: Stored, town: Town) -> None:
    triage(wiring, lamp)
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯不亮", lamp))
    decided(wiring, town.jing_id, topic, TopicAction.REJECT, "已经有人在修。")
    path = receipt_path(wiring, lamp)
    assert "撤回这件来件" not in words_of(client.get(path))
    assert client.post(f"{path}/withdraw").status_code == 409
    assert submission_of(wiring, lamp).state is SubmissionState.REPORTED_BACK


# A closed point's page says so in its own sentence; for good is for good, and says that with its status too.
@pytest.mark.parametrize(("action", "status", "words"), [(PointAction.PAUSE, 200, "这里暂时不收件"), (PointAction.RETIRE, 410, "已经停用")])
def test_a_closed_points_page_says_where_to_go(
    client: FlaskClient, wiring: Wiring, town: Town, action: PointAction, status: int, words: str
) -> None:
    change(wiring, town.longchi_code, action, "装修到月底，请到紫薇社区说。")
    page = client.get(f"/p/{town.longchi_code}")
    assert page.status_code == status
    assert words in words_of(page)
    assert "装修到月底，请到紫薇社区说。" in words_of(page)
    assert "<textarea" not in page.get_data(as_text=True)


def test_a_point_paused_while_the_form_was_open_keeps_the_text(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    change(wiring, town.longchi_code, PointAction.PAUSE, "停电，明天再来。")
    answer = send_sentence(client, town.longchi_code, "路灯坏了", key=key, place="幸福里", contact="13800000021")
    assert answer.status_code == 409
    assert "停电，明天再来。" in words_of(answer)
    for typed in ("路灯坏了", "幸福里", "13800000021"):
        assert typed in answer.get_data(as_text=True)
    with wiring.sessions() as session:
        assert session.query(Submission).count() == 0
    change(wiring, town.longchi_code, PointAction.RESUME, "")
    assert send_sentence(client, town.longchi_code, "路灯坏了", key=key).status_code == 303


def test_a_send_that_was_stored_finds_its_receipt_although_the_point_closed_since(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    stored = send_sentence(client, town.longchi_code, "路灯坏了", key=key)
    change(wiring, town.longchi_code, PointAction.PAUSE, "停电。")
    assert send_sentence(client, town.longchi_code, "路灯坏了", key=key).location == stored.location


def test_a_resident_cannot_pause_a_point(wiring: Wiring, town: Town) -> None:
    with wiring.sessions() as session:
        point = session.query(IntakePoint).filter_by(code=town.longchi_code).one()
        with pytest.raises(Forbidden):
            change_point(session, actor=RESIDENT, point_id=point.id, action=PointAction.PAUSE, note="x", at=wiring.clock.now())
