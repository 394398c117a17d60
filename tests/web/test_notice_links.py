"""Links in notices: opening one leads to the receipt and counts as reached; one tap says whether it is solved, and a GET never does."""

from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from intake.domain.outcome import Verdict
from intake.domain.submission import SubmissionState
from intake.models import Notification, Outcome, Submission
from intake.ports import NullJobQueue
from intake.services.notice_link import LINK_DAYS, token_of
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import receipt_path
from tests.factories.notices import answered, follower, outward, said_by
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import words_of
from workers.jobs import send_notices


@dataclass(frozen=True, slots=True)
class Told:
    """A resident who got an answer, and the notice of it."""

    stored: Stored
    notice_id: int
    link: str


@pytest.fixture
def told(wiring: Wiring, town: Town, clock: TestClock, session: Session) -> Told:
    """A lamp that was answered; the notice lies in the chat (here: nowhere, since no account is open)."""
    wiring.queue = NullJobQueue()
    stored = said_by(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了", follower(wiring, "o-an", wrote_at=clock.now()))
    answered(wiring, town, stored)
    clock.forward(seconds=61)
    with jobs_in_this_process(wiring):
        send_notices.run()
    (notice,) = outward(session)
    return Told(stored, notice.id, f"/n/{token_of(wiring.vault, notice.id)}")


def verdict_of(session: Session, told: Told) -> Verdict | None:
    session.rollback()
    return session.query(Outcome).filter_by(submission_id=told.stored.submission_id).one().verdict


def test_a_link_leads_to_the_receipt_and_is_counted_once(
    client: FlaskClient, wiring: Wiring, told: Told, session: Session, clock: TestClock
) -> None:
    first = clock.now()
    for _ in range(2):
        answer = client.get(told.link)
        assert (answer.status_code, answer.location) == (302, receipt_path(wiring, told.stored))
        clock.forward(hours=1)
    notice = session.get_one(Notification, told.notice_id)
    assert notice.reached_at == first
    assert session.query(Outcome).one().seen_at == first


@pytest.mark.parametrize("headers", [{"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}])
def test_fetching_ahead_reaches_nobody(client: FlaskClient, told: Told, session: Session, headers: dict[str, str]) -> None:
    for path in (told.link, f"{told.link}/solved"):
        client.get(path, headers=headers)
        client.head(path)
    assert session.get_one(Notification, told.notice_id).reached_at is None


@pytest.mark.parametrize("verdict", Verdict)
def test_one_tap_is_taken_down_by_a_post_alone(client: FlaskClient, told: Told, session: Session, verdict: Verdict) -> None:
    page = client.get(f"{told.link}/{verdict.value}")
    assert page.status_code == 200
    html = page.get_data(as_text=True)
    assert f'method="post" action="{told.link}/{verdict.value}"' in html
    assert "data-autopost" in html
    assert verdict_of(session, told) is None
    said = client.post(f"{told.link}/{verdict.value}", follow_redirects=True)
    assert "已记下" in words_of(said)
    assert "点错了，改一下" in words_of(said)
    assert "data-autopost" not in said.get_data(as_text=True)
    assert verdict_of(session, told) is verdict


def test_not_solved_comes_back_to_whoever_had_it(client: FlaskClient, told: Told, session: Session) -> None:
    client.post(f"{told.link}/not_solved")
    assert session.get_one(Submission, told.stored.submission_id).state is SubmissionState.REOPENED


# An old link in the chat must not turn over what was said since.
def test_another_link_asks_before_it_changes_a_verdict(client: FlaskClient, told: Told, session: Session) -> None:
    client.post(f"{told.link}/solved")
    page = client.get(f"{told.link}/partly")
    assert "您之前说的是：解决了" in words_of(page)
    assert "data-autopost" not in page.get_data(as_text=True)
    assert verdict_of(session, told) is Verdict.SOLVED
    client.post(f"{told.link}/partly")
    assert verdict_of(session, told) is Verdict.PARTLY


def test_a_result_that_was_overtaken_says_so_and_leads_to_the_new_one(
    client: FlaskClient, wiring: Wiring, told: Told, session: Session, clock: TestClock
) -> None:
    with wiring.sessions.begin() as other:
        other.query(Outcome).one().superseded_at = clock.now()
    answer = client.post(f"{told.link}/solved")
    assert answer.status_code == 409
    assert "这件事有了更新的答复" in words_of(answer)
    assert f'href="{receipt_path(wiring, told.stored)}#answer"' in answer.get_data(as_text=True)
    assert verdict_of(session, told) is None


def test_a_link_that_is_not_ours_opens_nothing(client: FlaskClient, wiring: Wiring, told: Told) -> None:
    own = told.link.removeprefix("/n/")
    number, _, mac = own.partition("-")
    other = token_of(wiring.vault, told.notice_id + 1)
    for token in (
        own[:-1],
        own + "A",
        f"{int(number, 16) + 1:x}-{mac}",
        f"0{own}",
        f"{number}-{'A' * len(mac)}",
        "x",
        "-",
        "ffffffffffffffffffff-a",
        other,
    ):
        for path in (f"/n/{token}", f"/n/{token}/solved"):
            answer = client.get(path)
            assert (answer.status_code, "回执号和查询码" in words_of(answer)) == (404, True), path
    assert client.get(f"{told.link}/anything").status_code == 404
    assert client.post(f"/n/{other}/solved").status_code == 404


def test_a_link_ends_after_half_a_year(client: FlaskClient, told: Told, clock: TestClock) -> None:
    clock.forward(days=LINK_DAYS, minutes=5)
    answer = client.get(told.link)
    assert answer.status_code == 410
    assert "已经过期" in words_of(answer)


def test_another_site_cannot_send_a_verdict(client: FlaskClient, told: Told, session: Session) -> None:
    assert client.post(f"{told.link}/solved", headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert verdict_of(session, told) is None


def test_a_notice_that_asks_nothing_takes_no_verdict(client: FlaskClient, wiring: Wiring, told: Told) -> None:
    with wiring.sessions.begin() as other:
        other.get_one(Notification, told.notice_id).decision_id = None
    assert client.get(told.link).status_code == 302
    assert client.get(f"{told.link}/solved").status_code == 404


def test_the_page_speaks_english(client: FlaskClient, told: Told) -> None:
    assert "您说" not in words_of(client.get(f"{told.link}/solved?lang=en"))
