"""Most matters need no consultation: a member relays them, an office assigns, a department answers, the resident hears it (rows Y5, Y2, H3,
G3, L8), through the pages alone.
"""

import io
import re

from intake.domain.topic import TopicAction
from intake.models import Area, Topic
from intake.services.transition import move
from tests.factories.files import photo
from tests.factories.town import Town, actor
from tests.journeys.test_one_sentence import House, Resident, card_on, house, in_this_order, topic_on
from tests.web.pages import Person, hidden, words_of

__all__ = ["house"]

LAMP = "幸福里3栋门口的路灯坏了半个月，晚上老人出门摔了。另外北门的垃圾桶三天没人清。"
ANSWER = "11 月 9 日更换了3栋门口路灯，当晚亮灯；北门垃圾桶改为每天清运两次，联系电话 0550-0000202。"


def says(resident: Resident, verdict: str, **fields: str) -> None:
    """One tap on the receipt."""
    page = resident.phone.get(resident.receipt).get_data(as_text=True)
    path = resident.receipt.split("?")[0]
    sent = resident.phone.post(f"{path}/verdict", data={"outcome": hidden(page, "outcome"), "verdict": verdict, **fields})
    assert sent.status_code == 303, words_of(sent)


def found_on(person: Person, page: str, words: str, under: str) -> str:
    """The address of the referral whose line holds `words`."""
    html = person.get(page).get_data(as_text=True)
    found = re.search(rf'<a[^>]*href="({re.escape(under)}/\d+)[^"]*"[^>]*>(?:(?!</a>).)*{re.escape(words)}', html, re.DOTALL)
    assert found is not None, f"{words} isn't on {page}"
    return found.group(1)


def answer(officer: Person, task: str, words: str, *, picture: bool = True, **fields: str) -> None:
    """Fill the answer's form and send it, past the remarks."""
    html = officer.get(task).get_data(as_text=True)
    data: dict[str, object] = {
        "csrf_token": hidden(html, "csrf_token"),
        "version": hidden(html, "version"),
        "do": "send",
        "outcome": "done",
        "words": words,
        "reason": "",
        "signed_name": "高强",
        **fields,
    }
    if picture:
        data["files"] = (io.BytesIO(photo()), "亮灯.jpg")
    sent = officer.client.post(f"{task}/answer", data=data, content_type="multipart/form-data", follow_redirects=True)
    page = sent.get_data(as_text=True)
    if 'name="checked"' in page:
        data |= {"checked": hidden(page, "checked"), "version": hidden(page, "version")}
        data.pop("files", None)
        sent = officer.client.post(f"{task}/answer", data=data, content_type="multipart/form-data", follow_redirects=True)
    assert "待核" in words_of(sent), words_of(sent)


def sent_by_a_member(house: House, town: Town, text: str = LAMP) -> Resident:
    """A resident says it, and 周明远 relays it."""
    aunt = house.resident()
    aunt.scans_and_says(town.longchi_code, text)
    house.time_passes(minutes=20)
    zhou = house.person("zhou")
    card = card_on(zhou.get("/m").get_data(as_text=True), text[:12])
    zhou.press(card, "/refer", words="请城管修灯、清桶。")
    house.time_passes(minutes=2)
    return aunt


def test_a_relay_goes_out_and_the_answer_comes_back(house: House, town: Town) -> None:
    aunt = sent_by_a_member(house, town)
    assert "请城管修灯、清桶。" in aunt.reads()
    # 区政府办公室 takes it in and names who is to do it; the resident reads a day.
    office = house.person("fangmin")
    letter = found_on(office, "/o", "路灯", "/o/referrals")
    office.press(letter, "/accept")
    office.press(letter, "/assign", lead=str(town.lights_id), words="两件事都要答到。")
    assert in_this_order(aunt.reads(), "区城市管理局", "11 月 10 日")
    # 高强 signs, says how far it is, and answers with a picture.
    house.time_passes(days=1)
    officer = house.person("gaoqiang")
    task = found_on(officer, "/dept", "路灯", "/dept/referrals")
    assert "两件事都要答到。" in words_of(officer.get(task))
    officer.press(task, "/sign")
    officer.press(task, "/progress", words="灯具已到货，明天更换。", for_resident="1")
    assert "灯具已到货，明天更换。" in aunt.reads()
    house.time_passes(days=5)
    answer(house.person("gaoqiang"), task, ANSWER)
    assert ANSWER not in aunt.reads()
    # 周明远 sees whether it answers, and lets it go to her.
    zhou = house.person("zhou")
    checking = found_on(zhou, "/m/referrals", "路灯", "/m/referrals")
    assert ANSWER in words_of(zhou.get(checking))
    zhou.press(checking, "/deliver", words="我去看过，灯亮了。")
    house.time_passes(minutes=5)
    read = aunt.reads()
    assert in_this_order(read, "区城市管理局", ANSWER)
    assert "我去看过，灯亮了。" in read
    says(aunt, "solved")
    assert "已办结" in aunt.reads()


def test_not_solved_brings_it_back_to_whoever_handled_it(house: House, town: Town) -> None:
    aunt = sent_by_a_member(house, town)
    office = house.person("fangmin")
    letter = found_on(office, "/o", "路灯", "/o/referrals")
    office.press(letter, "/assign", lead=str(town.lights_id), words="")
    officer = house.person("gaoqiang")
    task = found_on(officer, "/dept", "路灯", "/dept/referrals")
    officer.press(task, "/sign")
    answer(officer, task, ANSWER)
    zhou = house.person("zhou")
    checking = found_on(zhou, "/m/referrals", "路灯", "/m/referrals")
    zhou.press(checking, "/send-back", words="请写明谁负责清运。")
    assert "请写明谁负责清运。" in words_of(house.person("gaoqiang").get(task))
    answer(house.person("gaoqiang"), task, f"{ANSWER}由环卫所老蒋负责。", picture=False)
    zhou = house.person("zhou")
    zhou.press(checking, "/deliver", words="")
    house.time_passes(days=2)
    says(aunt, "not_solved", words="灯亮了两天又灭了。")
    assert "已重新受理" in aunt.reads()
    # The member who sent it has it again, with what was answered and what she says to it.
    zhou = house.person("zhou")
    card = card_on(zhou.get("/m").get_data(as_text=True), LAMP[:12])
    shown = words_of(zhou.get(card))
    assert "灯亮了两天又灭了。" in shown
    zhou.press(card, "/reopen", words="现场看过，确实又灭了。")
    officer = house.person("gaoqiang")
    assert "现场看过，确实又灭了。" in words_of(officer.get(task))
    officer.press(task, "/sign")
    answer(officer, task, "更换了整段线路，质保两年。", picture=False, reason="夜间施工，没有拍照。")
    zhou = house.person("zhou")
    zhou.press(checking, "/deliver", words="")
    house.time_passes(minutes=5)
    assert "更换了整段线路，质保两年。" in aunt.reads()
    says(aunt, "solved")
    assert "已办结" in aunt.reads()


def test_a_unit_says_that_it_isnt_theirs_and_the_office_decides(house: House, town: Town) -> None:
    aunt = sent_by_a_member(house, town)
    office = house.person("fangmin")
    letter = found_on(office, "/o", "路灯", "/o/referrals")
    office.press(letter, "/assign", lead=str(town.lights_id), words="")
    officer = house.person("gaoqiang")
    task = found_on(officer, "/dept", "路灯", "/dept/referrals")
    officer.press(task, "/dispute", proposed=str(town.homes_id), words="小区内的灯归住建管。")
    office = house.person("fangmin")
    assert "小区内的灯归住建管。" in words_of(office.get(letter))
    office.press(letter, "/dispute", decision="reassign", lead=str(town.homes_id), words="请住建局牵头。")
    assert "区住房和建设局" in aunt.reads()
    assert officer.client.post(f"{task}/sign", data={}).status_code in {400, 403, 404}
    wu = house.person("wujun")
    other = found_on(wu, "/dept", "路灯", "/dept/referrals")
    wu.press(other, "/sign")
    wu.press(other, "/extension", days="5", words="要等配件。")
    office = house.person("fangmin")
    office.press(letter, "/extension", decision="grant", words="")
    assert "11 月 17 日" in aunt.reads()


def test_an_emergency_calls_everyone_and_each_receipt_of_it_is_timed(house: House, town: Town) -> None:
    aunt = house.resident()
    aunt.scans_and_says(town.longchi_code, "幸福里5栋楼道电线掉下来冒火花，有老人被困在屋里")
    house.time_passes(minutes=1)
    assert "/alarms" in house.person("zhou").get("/m").get_data(as_text=True)
    jing = house.person("wangjing")
    page = words_of(jing.get("/alarms"))
    assert "电线掉下来冒火花" in page
    assert "没有人接" in page
    jing.press("/alarms", "/take")
    assert "王静" in words_of(house.person("zhou").get("/alarms"))
    jing.press("/alarms", "/close", reason="handled", words="消防已到场断电，老人平安。")
    assert "消防已到场断电，老人平安。" in aunt.reads()


def test_the_measures_of_a_topic_make_two_lists_and_a_result_for_everyone(house: House, town: Town) -> None:
    voices = [house.resident() for _ in range(2)]
    for voice, text in zip(voices, ("幸福里3栋门口的路灯坏了半个月", "幸福里3栋楼下路灯坏了没人修"), strict=True):
        voice.scans_and_says(town.longchi_code, text)
        house.time_passes(minutes=10)
    zhou = house.person("zhou")
    zhou.press(card_on(zhou.get("/m").get_data(as_text=True), "坏了半个月"), "/open-topic", title="幸福里路灯不亮")
    topic = topic_on(zhou.get("/m/topics").get_data(as_text=True), "幸福里路灯不亮")
    zhou.press(card_on(zhou.get("/m").get_data(as_text=True), "楼下路灯坏了"), "/attach", topic=topic.rsplit("/", 1)[1])
    house.time_passes(minutes=2)
    delivering(house, town, int(topic.rsplit("/", 1)[1]))
    desk = topic.replace("/m/", "/d/")
    jing = house.person("wangjing")
    jing.press(desk, "/responsibilities", title="换三盏路灯", words="协商意见第一条。")
    letter = found_on(house.person("fangmin"), "/o", "换三盏路灯", "/o/referrals")
    # The responsibility list can't be issued while nobody leads.
    jing = house.person("wangjing")
    first = list_of(jing, "responsibility", topic)
    refused = jing.press(first, "/issue")
    assert "主办" in words_of(refused)
    house.person("fangmin").press(letter, "/assign", lead=str(town.lights_id), words="")
    jing = house.person("wangjing")
    assert "已印发" in words_of(jing.press(first, "/issue"))
    assert jing.get(f"{first}/paper.docx").status_code == 200
    # The unit answers, staff verify the measure, and then the topic: only now both residents are told.
    officer = house.person("gaoqiang")
    task = found_on(officer, "/dept", "换三盏路灯", "/dept/referrals")
    officer.press(task, "/sign")
    answer(officer, task, "三盏灯已换好。")
    jing = house.person("wangjing")
    follow = found_on(jing, "/d/referrals", "换三盏路灯", "/d/referrals")
    jing.press(follow, "/deliver", words="")
    assert "给您的答复" not in voices[0].reads()
    jing.press(desk, "/verify", words="三盏灯都换好了，当晚一起看过。")
    house.time_passes(minutes=5)
    for voice in voices:
        assert "三盏灯都换好了，当晚一起看过。" in voice.reads()
    says(voices[0], "solved")
    result = list_of(jing, "result", topic)
    assert "已印发" in words_of(jing.press(result, "/issue"))


def list_of(staff: Person, kind: str, topic: str) -> str:
    """The draft of one of the lists of a topic; its address."""
    path = f"/d/lists/new?kind={kind}&topic={topic.rsplit('/', 1)[1]}"
    token = hidden(staff.get(path).get_data(as_text=True), "csrf_token")
    made = staff.client.post(path, data={"csrf_token": token, "title": "幸福里路灯"})
    assert made.status_code == 303, words_of(made)
    return made.location.split("?")[0]


def delivering(house: House, town: Town, topic_id: int) -> None:
    """Screening, planning and consulting, which have pages in later parts, are written by their table."""
    with house.wiring.sessions.begin() as session:
        topic = session.get_one(Topic, topic_id)
        staff, path = actor(session, town.jing_id), session.get_one(Area, topic.area_id).path
        for action in (TopicAction.TAKE_UP, TopicAction.APPROVE, TopicAction.START_MICRO, TopicAction.DELIVER_REPORT):
            move(session, topic, action, actor=staff, at=house.clock.now(), area_path=path, reason_code="test")
