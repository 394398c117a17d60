"""After the answer (rows D6, D7): one tap says whether it is solved; what isn't comes back to whoever answered, and is looked at again."""

import re

from intake.queries.outcome import outcome_counts
from tests.factories.town import BORN, Town
from tests.journeys.test_one_sentence import House, Resident, card_on, house, in_this_order
from tests.web.pages import hidden

__all__ = ["house"]


def taps(resident: Resident, verdict: str, words: str = "") -> None:
    """One of the four buttons on the receipt."""
    path = resident.receipt.split("?")[0]
    page = resident.phone.get(path).get_data(as_text=True)
    answer = resident.phone.post(f"{path}/verdict", data={"outcome": hidden(page, "outcome"), "verdict": verdict, "words": words})
    assert answer.status_code == 303


def test_not_solved_is_looked_at_again_until_it_is(house: House, town: Town) -> None:
    aunt = house.resident()
    aunt.scans_and_says(town.longchi_code, "幸福里3栋门口的路灯坏了半个月")
    house.time_passes(hours=1)
    zhou = house.person("zhou")
    zhou.press(card_on(zhou.get("/m").get_data(as_text=True), "路灯坏了半个月"), "/answer", words="物业说明天换灯，换好请告诉我。")
    assert "您看解决了吗？" not in aunt.reads()  # he may still take it back
    house.time_passes(minutes=2)
    assert "您看解决了吗？" in aunt.reads()
    # A week later it is still dark: one tap, then a word.
    house.time_passes(days=7)
    taps(aunt, "not_solved")
    assert "已经重新受理" in aunt.reads()
    assert "现在由委员周明远看。" in aunt.reads()
    taps(aunt, "not_solved", "明天换，换了一个礼拜也没换。")
    # He finds it in his queue, reads what she says, and writes what is true now.
    zhou = house.person("zhou")
    card = card_on(zhou.get("/m").get_data(as_text=True), "路灯坏了半个月")
    assert "明天换，换了一个礼拜也没换。" in zhou.get(card).get_data(as_text=True)
    zhou.press(card, "/explain", words="物业没有配件，供电所 20 日来换。")
    house.time_passes(minutes=2)
    assert in_this_order(aunt.reads(), "物业没有配件，供电所 20 日来换。", "您看解决了吗？", "物业说明天换灯", "您说没有解决，已重新受理。")
    house.time_passes(days=12)
    taps(aunt, "solved")
    assert "已办结" in aunt.reads()
    assert re.search(r"您说：解决了。 ?谢谢您告诉我们。", aunt.reads())
    with house.wiring.sessions() as session:
        counted = outcome_counts(session, town.district_id, BORN, house.clock.now())
        assert (counted.asked, counted.reached, counted.answered) == (2, 2, 2)
        assert (counted.solved, counted.not_solved, counted.explained) == (1, 1, 1)
