"""催办: the office or staff press a unit once a day; it stands on the unit's task and in the record, never on a receipt."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.models import AuditEntry, Referral
from intake.services import referral_department
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import receipt_path, told
from tests.factories.referrals import assigned, referred, signed, step
from tests.factories.town import Town
from tests.web.pages import Person, sign_in, words_of

URGED = "下周一到期，请说说办到哪一步。"


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    return told(wiring, town.longchi_code, "幸福里3号楼路灯坏了一个月")


@pytest.fixture
def task(wiring: Wiring, town: Town, lamp: Stored) -> int:
    """With 区城市管理局, which has signed it."""
    return signed(wiring, town, referred(wiring, town, lamp))


@pytest.fixture
def fang(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "fangmin")


def another(app: Flask, login: str) -> Person:
    return sign_in(app.test_client(), login)


def test_the_unit_reads_it_on_its_task_and_the_resident_never(
    app: Flask, client: FlaskClient, fang: Person, wiring: Wiring, lamp: Stored, task: int
) -> None:
    said = words_of(fang.press(f"/o/referrals/{task}", "/urge", words=URGED))
    assert "已催办" in said
    assert f"催办 {URGED}" in said, "in the record"
    seen = words_of(another(app, "gaoqiang").get(f"/dept/referrals/{task}"))
    assert f"催办： {URGED}" in seen
    assert "区政府办公室 · 方敏" in seen
    assert URGED not in words_of(app.test_client().get(receipt_path(wiring, lamp)))
    with wiring.sessions() as session:
        assert session.query(AuditEntry).filter_by(action="referral.urge", entity_id=task).count() == 1


def test_once_a_day_whoever_does_it(app: Flask, fang: Person, town: Town, clock: TestClock, task: int) -> None:
    fang.press(f"/o/referrals/{task}", "/urge", words=URGED)
    staff = another(app, "wangjing")
    again = staff.press(f"/d/referrals/{task}", "/urge", words="再催一次。")
    assert again.status_code == 409
    assert "今天已经催过一次" in words_of(again)
    assert "再催一次。" in words_of(again), "what was typed is there"
    clock.forward(days=1)
    later = another(app, "wangjing")
    assert "已催办" in words_of(later.press(f"/d/referrals/{task}", "/urge", words="再催一次。"))


def test_without_words_it_is_refused_at_its_field(fang: Person, task: int) -> None:
    refused = fang.press(f"/o/referrals/{task}", "/urge", words="  ")
    assert refused.status_code == 422
    assert 'aria-describedby="urge-words-error' in refused.get_data(as_text=True)


# Only where a unit has it, and only by who assigned it or follows it.
def test_not_before_a_unit_has_it_and_not_after_it_answered(app: Flask, fang: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    sent = referred(wiring, town, lamp)
    assert "/urge" not in fang.get(f"/o/referrals/{sent}").get_data(as_text=True)
    assigned(wiring, town, sent)
    assert "/urge" in fang.get(f"/o/referrals/{sent}").get_data(as_text=True)
    step(wiring, sent, town.gao_id, referral_department.sign)
    fang.press(f"/o/referrals/{sent}", "/urge", words=URGED)
    step(
        wiring, sent, town.gao_id, referral_department.reply,
        outcome="done", words="已修好。", reason="夜间施工，未拍照。", signed_name="高强",
    )  # fmt: skip
    assert "/urge" not in fang.get(f"/o/referrals/{sent}").get_data(as_text=True)
    assert "催办：" not in words_of(another(app, "gaoqiang").get(f"/dept/referrals/{sent}"))


def test_nobody_else_may(app: Flask, wiring: Wiring, town: Town, task: int) -> None:
    with wiring.sessions() as session:
        version = str(session.get_one(Referral, task).version)
    for login in ("gaoqiang", "zhou", "sunyi"):
        client = another(app, login).client
        token = client.get("/sign-in").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
        for path in (f"/o/referrals/{task}/urge", f"/d/referrals/{task}/urge"):
            answer = client.post(path, data={"csrf_token": token, "version": version, "words": URGED})
            assert answer.status_code in {403, 404}, (login, path)
