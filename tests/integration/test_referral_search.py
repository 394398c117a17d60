"""Looking for a referral: a number is found however old it is, words among the newest, page by page."""

import pytest

from intake.models import Referral
from intake.queries import referral_list
from intake.queries.pages import Page
from intake.queries.referral_list import ReferralFilter, ReferralRow, referrals
from intake.services import referral_check
from intake.wiring import Wiring
from tests.factories.matters import told
from tests.factories.referrals import delivered, referred, signed, step
from tests.factories.town import Town, actor


@pytest.fixture
def sent(wiring: Wiring, town: Town) -> list[int]:
    """Three of 幸福里, the oldest first."""
    return [referred(wiring, town, told(wiring, town.longchi_code, f"幸福里{one}栋路灯不亮")) for one in (1, 2, 3)]


def found(wiring: Wiring, user_id: int, wanted: ReferralFilter, *, after: str = "", limit: int = 30) -> Page[ReferralRow]:
    with wiring.sessions() as session:
        return referrals(session, actor(session, user_id), wanted, at=wiring.clock.now(), after=after, limit=limit)


def ids(page: Page[ReferralRow]) -> list[int]:
    return [one.id for one in page.rows]


def number_of(wiring: Wiring, referral_id: int) -> str:
    with wiring.sessions() as session:
        return session.get_one(Referral, referral_id).number


def test_words_are_walked_page_by_page(wiring: Wiring, town: Town, sent: list[int]) -> None:
    wanted = ReferralFilter(states=(), words="幸福里 路灯")
    first = found(wiring, town.jing_id, wanted, limit=2)
    assert ids(first) == sent[:0:-1]
    assert first.total == 3
    second = found(wiring, town.jing_id, wanted, after=first.next_key, limit=2)
    assert ids(second) == sent[:1]
    assert (second.total, second.next_key) == (3, "")


def test_a_number_is_found_however_old(wiring: Wiring, town: Town, sent: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(referral_list, "SEARCHED", 1)
    oldest = sent[0]
    assert ids(found(wiring, town.jing_id, ReferralFilter(states=(), words="路灯"))) == sent[2:], "words are looked for in the newest"
    assert ids(found(wiring, town.jing_id, ReferralFilter(states=(), words=number_of(wiring, oldest).lower()))) == [oldest]
    with wiring.sessions.begin() as session:
        session.get_one(Referral, oldest).external_number = "12345-88a"
    assert ids(found(wiring, town.jing_id, ReferralFilter(states=(), words=" 12345-88a "))) == [oldest]


def test_the_number_of_a_paper_answer_is_found_in_its_district(wiring: Wiring, town: Town, sent: list[int]) -> None:
    signed(wiring, town, sent[0])
    step(
        wiring, sent[0], town.jing_id, referral_check.paper_reply, outcome="done", words="已换灯。", reason="纸质答复未附照片。", signed_name="高强",
        paper_number="云城管函〔2026〕15号", paper_date=wiring.clock.now().date(),
    )  # fmt: skip
    wanted = ReferralFilter(states=(), words=" 云城管函〔2026〕15号 ")
    assert ids(found(wiring, town.jing_id, wanted)) == sent[:1]
    assert not ids(found(wiring, town.stranger_id, wanted)), "another district's"


def test_a_number_is_found_alone(wiring: Wiring, town: Town, sent: list[int]) -> None:
    number = number_of(wiring, sent[0])
    with wiring.sessions.begin() as session:
        session.get_one(Referral, sent[1]).title = f"接 {number}：路灯"
    assert ids(found(wiring, town.jing_id, ReferralFilter(states=(), words=number))) == sent[:1]
    part = number.rpartition("-")[0]
    assert ids(found(wiring, town.jing_id, ReferralFilter(states=(), words=part))) == sent[::-1], (
        "a part of a number is looked for as a word"
    )


# What narrows the list narrows what is found in it.
def test_neither_another_office_nor_another_state(wiring: Wiring, town: Town, sent: list[int]) -> None:
    number = number_of(wiring, sent[0])
    delivered(wiring, town, sent[0])
    for words in (number, "1栋"):
        assert ids(found(wiring, town.jing_id, ReferralFilter(states=(), words=words))) == sent[:1]
        assert not ids(found(wiring, town.jing_id, ReferralFilter(words=words))), "delivered"
        assert not ids(found(wiring, town.fang_id, ReferralFilter(states=(), office_id=town.lights_id, words=words))), "not its office"
