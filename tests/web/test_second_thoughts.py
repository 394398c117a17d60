"""Second thoughts: taking a submission out of its topic, and writing on while the session ends."""

from flask.testing import FlaskClient

from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import told
from tests.factories.sentences import submission_of
from tests.factories.town import Town
from tests.web.pages import sign_in, words_of


def test_a_member_takes_a_submission_out_of_its_topic_with_a_reason(
    client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:

    stored = told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了快一个月")
    zhou = sign_in(client, "zhou")
    zhou.press(f"/m/cards/{stored.submission_id}", "/open-topic", title="幸福里路灯不亮")
    clock.forward(hours=1)
    card = f"/m/cards/{stored.submission_id}"
    refused = zhou.press(card, "/detach", words="")
    assert refused.status_code == 422
    assert "请写明理由" in words_of(refused)
    zhou.press(card, "/detach", words="说的是另一条路")
    assert submission_of(wiring, stored).state.value == "triaged"
    assert submission_of(wiring, stored).escalate_at is not None


def test_words_written_while_the_session_ran_out_are_kept(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了快一个月")
    sign_in(client, "zhou")
    clock.forward(days=1)
    answer = client.post(f"/m/cards/{stored.submission_id}/answer", data={"words": "供电公司周三来修", "version": "2"})
    assert answer.status_code == 401
    assert "供电公司周三来修" in words_of(answer)
    assert submission_of(wiring, stored).state.value == "triaged"
