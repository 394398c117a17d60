"""A resident's contact reaches the unit in charge only with consent, for a reason, and it is written down."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from intake.models import AuditEntry
from intake.services.contact_consent import agree, take_back
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.matters import told
from tests.factories.referrals import delivered, referred, signed
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_office import LAMP

PHONE = "13800000021"


@pytest.fixture
def gao(client: FlaskClient, town: Town) -> Person:
    """高强 of 区城市管理局."""
    return sign_in(client, "gaoqiang")


@pytest.fixture
def stored(wiring: Wiring, town: Town) -> Stored:
    return told(wiring, town.longchi_code, LAMP, contact=PHONE)


def agreed(wiring: Wiring, stored: Stored) -> None:
    with wiring.sessions.begin() as session:
        agree(session, submission_id=stored.submission_id, at=wiring.clock.now())


def ask(person: Person, referral_id: int, stored: Stored, reason: str = "agree_time") -> tuple[int, str]:
    token = hidden(person.get("/start").get_data(as_text=True), "csrf_token")
    path = f"/dept/referrals/{referral_id}/contacts/{stored.submission_id}"
    answer = person.client.post(path, data={"csrf_token": token, "reason": reason})
    return answer.status_code, words_of(answer)


def test_with_consent_and_a_reason_the_lead_sees_it_and_it_is_written_down(gao: Person, wiring: Wiring, town: Town, stored: Stored) -> None:
    referral = signed(wiring, town, referred(wiring, town, stored))
    agreed(wiring, stored)
    assert "联系居民" in words_of(gao.get(f"/dept/referrals/{referral}"))
    page = gao.get(f"/dept/referrals/{referral}/contacts")
    assert PHONE not in page.get_data(as_text=True)
    seen = gao.press(f"/dept/referrals/{referral}/contacts", f"/contacts/{stored.submission_id}", reason="agree_time")
    assert PHONE in words_of(seen)
    with wiring.sessions() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "contact.reveal")).one()
        assert entry.actor_id == town.gao_id
        assert entry.detail == {"reason": "agree_time", "referral": referral, "unit": town.lights_id}


# Without each of these the contact stays closed: consent, a reason, the lead's part, an open referral.
def test_without_consent_it_stays_closed(gao: Person, wiring: Wiring, town: Town, stored: Stored) -> None:
    referral = signed(wiring, town, referred(wiring, town, stored))
    assert "没有可以联系的居民" in words_of(gao.get(f"/dept/referrals/{referral}/contacts"))
    status, words = ask(gao, referral, stored)
    assert status == 403
    assert "居民没有同意" in words
    agreed(wiring, stored)
    assert ask(gao, referral, stored)[0] == 200
    with wiring.sessions.begin() as session:
        take_back(session, submission_id=stored.submission_id, at=wiring.clock.now())
    assert ask(gao, referral, stored)[0] == 403


def test_without_a_listed_reason_it_stays_closed(gao: Person, wiring: Wiring, town: Town, stored: Stored) -> None:
    referral = signed(wiring, town, referred(wiring, town, stored))
    agreed(wiring, stored)
    for reason in ("", "curious", "emergency"):
        status, words = ask(gao, referral, stored, reason)
        assert status == 422
        assert "请选择查看联系方式的理由" in words
        assert PHONE not in words


@pytest.mark.parametrize("login", ["wujun", "fangmin", "zhou"])
def test_others_than_the_lead_do_not_see_it(client: FlaskClient, wiring: Wiring, town: Town, stored: Stored, login: str) -> None:
    referral = signed(wiring, town, referred(wiring, town, stored))
    agreed(wiring, stored)
    status, words = ask(sign_in(client, login), referral, stored)
    assert status == 403
    assert PHONE not in words


def test_when_it_is_done_it_stays_closed(gao: Person, wiring: Wiring, town: Town, stored: Stored) -> None:
    referral = delivered(wiring, town, referred(wiring, town, stored))
    agreed(wiring, stored)
    status, words = ask(gao, referral, stored)
    assert status == 403
    assert "已经办完" in words


def test_somebody_who_is_not_behind_it_is_not_found(gao: Person, wiring: Wiring, town: Town, stored: Stored) -> None:
    referral = signed(wiring, town, referred(wiring, town, stored))
    other = told(wiring, town.longchi_code, "别的事", contact="13800000022")
    agreed(wiring, other)
    assert ask(gao, referral, other)[0] == 404
