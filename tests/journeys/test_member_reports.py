"""委员随手报 (row L2): what a member hears at a visit goes the way of every other message, and both who said it and who wrote it down hear back."""

import re
from collections.abc import Iterator
from io import BytesIO

import pytest

from intake.domain.activity import ActivityKind
from intake.models import Activity, Submission
from intake.ports import NullJobQueue
from intake.wiring import Wiring
from tests.apps import lent
from tests.factories.clock import TestClock
from tests.factories.files import photo
from tests.factories.town import Town
from tests.factories.voices import voice
from tests.integration.jobs import jobs_in_this_process
from tests.journeys.test_one_sentence import House, card_on, in_this_order
from tests.web.conftest import ParsingClient
from tests.web.pages import Person, hidden, words_of

LEAK = "紫薇苑3栋502楼上漏水，墙都霉了，说了两个月没人管，我电话13812345678"


@pytest.fixture
def house(wiring: Wiring, clock: TestClock) -> Iterator[House]:
    wiring.queue = NullJobQueue()
    with jobs_in_this_process(wiring), lent(wiring, ParsingClient) as app:
        yield House(wiring, app, clock)


def reported(member: Person, place: str, **fields: object) -> str:
    """Fill the form in and send it; the address of the receipt to hand on."""
    form = member.get("/m/capture").get_data(as_text=True)
    point = re.search(rf'<option value="(\d+)"[^>]*>{place}</option>', form)
    assert point is not None
    data = {name: hidden(form, name) for name in ("csrf_token", "nonce", "day")}
    sent = member.client.post("/m/capture", data={**data, "point": point[1], "occasion": "", **fields})
    assert sent.status_code == 303, words_of(sent)
    return str(sent.location.split("?")[0])


def test_what_was_told_at_a_door_is_answered_to_both(house: House, town: Town) -> None:
    # 周明远 visits 紫薇苑. An old lady tells him; he reads aloud who handles it, she agrees, and he writes it down at the door, with a photo.
    zhou = house.person("zhou")
    handed_on = reported(
        zhou, "紫薇社区", text=LEAK, report_of="resident", consent="spoken", occasion="visit", photos=(BytesIO(photo()), "wall.jpg")
    )
    # She scans the code on his screen with her daughter's phone: it says who spoke for her, and what comes next.
    page = zhou.get(handed_on).get_data(as_text=True)
    link = re.search(r'href="(/r/[^"?]+)"', page)
    assert link is not None
    daughter = house.resident()
    daughter.receipt = link[1]
    assert "由委员周明远代您反映，当面口头同意。" in daughter.reads()
    # The visit stands on his record without another form.
    with house.wiring.sessions() as session:
        visit = session.query(Activity).one()
        assert (visit.user_id, visit.kind, visit.people, visit.words) == (town.zhou_id, ActivityKind.VISIT, 1, "")
    # The workers read it as they read every message, and somebody else has it: 李青, who knows 紫薇社区.
    house.time_passes(seconds=5)
    assert "现在由委员李青看。" in daughter.reads()
    assert "楼上漏水" not in words_of(zhou.get("/m"))
    qing = house.person("liqing")
    card = card_on(qing.get("/m").get_data(as_text=True), "楼上漏水")
    shown = words_of(qing.get(card))
    assert "周明远随手报；居民托他反映的；当面口头同意" in shown
    assert "13812345678" not in shown
    qing.press(card, "/answer", words="社区明天上午带维修师傅上门，费用走维修资金。")
    house.time_passes(minutes=2)
    # Both learn of it: she on the receipt; he in his list, which asks him to tell her as long as she has not looked.
    told = words_of(zhou.get("/m/captures"))
    assert "有答复，请转告" in told
    assert "13812345678" not in told
    assert "社区明天上午带维修师傅上门" in words_of(zhou.get(handed_on))
    assert in_this_order(daughter.reads(), "已答复", "社区明天上午带维修师傅上门", "您看解决了吗？")
    assert "请转告" not in words_of(zhou.get("/m/captures"))


def test_what_was_only_spoken_is_written_down_by_a_person(house: House, town: Town) -> None:
    # In the lift there is time for a voice and nothing else.
    zhou = house.person("zhou")
    handed_on = reported(zhou, "龙池社区", text="", report_of="own", voice=(BytesIO(voice()), "voice.amr"))
    house.time_passes(seconds=5)
    # Nobody has written a word of it down: it waits for a person, who hears it.
    laozhou = house.person("laozhou")
    card = card_on(laozhou.get("/m").get_data(as_text=True), "（语音）")
    heard = laozhou.get(card).get_data(as_text=True)
    source = re.search(r'<audio[^>]* src="([^"]+)"', heard)
    assert source is not None
    assert laozhou.get(source[1]).mimetype == "audio/mpeg"
    laozhou.press(card, "/open-topic", title="龙池社区南门路灯")
    assert "委员看过，立为议题。" in words_of(zhou.get(handed_on))
    with house.wiring.sessions() as session:
        assert session.query(Submission).one().text_written == "（语音）"
