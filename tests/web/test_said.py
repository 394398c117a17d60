"""照片与语音 where people meet them: on a member's card, at the desk, on the resident's own receipt; and nowhere else."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.submission_file import FileState
from intake.models import AuditEntry, SubmissionFile
from intake.wiring import Wiring
from tests.factories import files
from tests.factories.clock import TestClock
from tests.factories.town import Town
from tests.factories.voices import voice
from tests.integration.jobs import jobs_in_this_process
from tests.web.chatting import AUNT, link_in, platform_before, scene_of, submissions
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_query_counts import statements
from tests.wechat_platform.platform import Platform
from tests.wechat_platform.server import WeChatServer
from workers.jobs import clean_files, fetch_media, triage_batch

PHOTO, VOICE, BROKEN = 0, 1, 2


@pytest.fixture
def aunt(with_platform: WeChatServer, app: Flask, wiring: Wiring, clock: TestClock, town: Town) -> Iterator[Platform]:
    """王阿姨 of 龙池社区, whose pictures can be fetched from the platform."""
    with platform_before(app, wiring, clock, safe=True) as platform:
        platform.simulated = with_platform.account
        platform.follow(AUNT, scene_of(town.longchi_code))
        yield platform


@pytest.fixture
def receipt(aunt: Platform, wiring: Wiring) -> str:
    """The path of a receipt with a photo, a voice of which the platform heard a telephone number, and a photo that can't be opened."""
    aunt.text(AUNT, "路灯坏了")
    aunt.image(AUNT, files.photo())
    aunt.voice(AUNT, voice(2), heard="我的电话是13800000021")
    aunt.image(AUNT)
    path = link_in(aunt.text(AUNT, "发送"))
    with jobs_in_this_process(wiring):
        for job in (fetch_media, clean_files, triage_batch):
            job.run()
    return path


def file_ids(wiring: Wiring) -> list[int]:
    with wiring.sessions() as session:
        return [one.id for one in session.query(SubmissionFile).order_by(SubmissionFile.id)]


@pytest.fixture
def zhou(app: Flask, town: Town) -> Person:
    return sign_in(app.test_client(), "zhou")


def test_a_member_sees_and_hears_what_was_sent(receipt: str, wiring: Wiring, zhou: Person) -> None:
    (sent,) = submissions(wiring)
    page = zhou.client.get(f"/m/cards/{sent.id}")
    html = page.get_data(as_text=True)
    photo, spoken, _ = file_ids(wiring)
    assert f'src="/said/{photo}?small=1"' in html
    assert f'<audio controls preload="none" src="/said/{spoken}"' in html
    assert "听出来是" in words_of(page)
    assert "13800000021" not in html
    assert "照片打不开，不能显示。" in words_of(page)
    assert zhou.client.get(f"/said/{photo}?small=1").mimetype == "image/jpeg"
    assert zhou.client.get(f"/said/{spoken}").mimetype == "audio/mpeg"


def test_a_telephone_may_ask_for_a_part_of_a_voice(receipt: str, wiring: Wiring, zhou: Person) -> None:
    path = f"/said/{file_ids(wiring)[VOICE]}"
    whole = zhou.client.get(path).data
    part = zhou.client.get(path, headers={"Range": "bytes=0-99"})
    assert (part.status_code, part.data) == (206, whole[:100])
    assert part.headers["Content-Range"] == f"bytes 0-99/{len(whole)}"
    assert "sandbox" in part.headers["Content-Security-Policy"]


def test_a_hearing_is_written_down_once_in_however_many_pieces_it_comes(receipt: str, wiring: Wiring, zhou: Person) -> None:
    path = f"/said/{file_ids(wiring)[VOICE]}"
    for wanted in ("bytes=0-1", "bytes=0-", "bytes=100-199", "bytes=200-"):  # as an iPhone asks
        assert zhou.client.get(path, headers={"Range": wanted}).status_code == 206
    with wiring.sessions() as session:
        assert [one.noun for one in session.query(AuditEntry).filter_by(action="voice.hear")] == ["submission_file"]


# Nobody gets round the row by what they ask for.
@pytest.mark.parametrize(
    ("which", "asked", "wanted"),
    [
        (VOICE, "?small=1", None),
        (VOICE, "", "bytes=1-"),
        (VOICE, "", "bytes=-50"),
        (PHOTO, "", "bytes=1-"),
        (PHOTO, "", "bytes=0-1"),
        (PHOTO, "", "bytes=-50"),
    ],
)
def test_no_piece_of_it_leaves_the_house_unnoted(
    receipt: str, wiring: Wiring, zhou: Person, which: int, asked: str, wanted: str | None
) -> None:
    headers = {"Range": wanted} if wanted else {}
    file_id = file_ids(wiring)[which]
    assert zhou.client.get(f"/said/{file_id}{asked}", headers=headers).status_code in {200, 206}
    with wiring.sessions() as session:
        noted = session.query(AuditEntry).filter(AuditEntry.action.in_(("voice.hear", "photo.view"))).one()
        assert (noted.entity_id, noted.actor_id is not None) == (file_id, True)


def test_another_hearing_is_written_down_again(receipt: str, wiring: Wiring, zhou: Person, clock: TestClock) -> None:
    path = f"/said/{file_ids(wiring)[VOICE]}"
    for _ in range(2):
        assert zhou.client.get(path, headers={"Range": "bytes=100-199"}).status_code == 206
    clock.forward(minutes=61)
    zhou.client.get(path, headers={"Range": "bytes=100-199"})
    with wiring.sessions() as session:
        assert session.query(AuditEntry).filter_by(action="voice.hear").count() == 2


def test_staff_see_it_on_the_submissions_page(receipt: str, app: Flask, wiring: Wiring) -> None:
    staff = sign_in(app.test_client(), "wangjing")
    html = staff.client.get(f"/d/submissions/{submissions(wiring)[0].id}").get_data(as_text=True)
    assert f'src="/said/{file_ids(wiring)[VOICE]}"' in html


# Who may not: a member of another community, staff of another district, who isn't signed in, roles that look at no card.
@pytest.mark.parametrize("login", ["hemiao", "sunyi", "chenli", "gaoqiang", None])
def test_nobody_else_gets_the_bytes(receipt: str, app: Flask, wiring: Wiring, login: str | None) -> None:
    client = app.test_client()
    if login is not None:
        sign_in(client, login)
    for file_id in file_ids(wiring):
        assert client.get(f"/said/{file_id}").status_code in {303, 403, 404}


def test_the_receipt_shows_ones_own(receipt: str, client: FlaskClient, wiring: Wiring) -> None:
    html = client.get(receipt).get_data(as_text=True)
    for file_id in file_ids(wiring)[:2]:
        assert f"{receipt}/said/{file_id}" in html
        assert client.get(f"{receipt}/said/{file_id}").status_code == 200
    assert client.get(f"{receipt}/said/{file_ids(wiring)[BROKEN]}").status_code == 404


def test_another_receipt_opens_none_of_it(receipt: str, aunt: Platform, client: FlaskClient, wiring: Wiring) -> None:
    aunt.text(AUNT, "垃圾没人收")
    other = link_in(aunt.text(AUNT, "发送"))
    assert client.get(f"{other}/said/{file_ids(wiring)[PHOTO]}").status_code == 404


def test_the_draft_on_the_form_shows_its_photos(aunt: Platform, client: FlaskClient, wiring: Wiring, town: Town) -> None:
    path = link_in(aunt.text(AUNT, "路灯坏了"))
    aunt.image(AUNT, files.photo())
    with jobs_in_this_process(wiring):
        fetch_media.run()
        clean_files.run()
    token, file_id = path.partition("draft=")[2], file_ids(wiring)[0]
    address = f"/p/{town.longchi_code}/draft/{token}/{file_id}"
    assert address in client.get(path).get_data(as_text=True)
    assert client.get(address).mimetype == "image/jpeg"
    assert client.get(address.replace(token, "1.aaaaaaaaaaaaaaaaaaaaaa")).status_code == 404
    aunt.text(AUNT, "发送")
    assert client.get(address).status_code == 404, "what was sent is on the receipt"


def test_what_the_store_has_lost_says_so(receipt: str, wiring: Wiring, zhou: Person) -> None:
    with wiring.sessions() as session:
        wiring.objects.delete(session.get_one(SubmissionFile, file_ids(wiring)[VOICE]).file_key)
    assert zhou.client.get(f"/said/{file_ids(wiring)[VOICE]}").status_code == 410


def test_a_card_costs_the_same_with_one_photo_and_with_nine(aunt: Platform, wiring: Wiring, zhou: Person) -> None:
    counts = []
    for photos, words in ((1, "幸福里的路灯坏了"), (9, "菜市场门口垃圾没人收")):
        aunt.text(AUNT, words)
        for _ in range(photos):
            aunt.image(AUNT, files.photo())
        aunt.text(AUNT, "发送")
        with jobs_in_this_process(wiring):
            for job in (fetch_media, clean_files, triage_batch):
                job.run()
        path = f"/m/cards/{submissions(wiring)[-1].id}"
        zhou.client.get(path)
        with statements(wiring) as sent:
            assert zhou.client.get(path).get_data(as_text=True).count("/said/") == 2 * photos
        counts.append(len(sent))
    assert counts[0] == counts[1]


def test_all_of_it_was_made_anew(receipt: str, wiring: Wiring) -> None:
    with wiring.sessions() as session:
        states = [one.state for one in session.query(SubmissionFile).order_by(SubmissionFile.id)]
    assert states == [FileState.READY, FileState.READY, FileState.REFUSED]
