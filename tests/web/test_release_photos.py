"""Before and after: chosen by staff, read with the released text by everybody, and gone with it."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from intake.models import AuditEntry, ReleasePhoto, Submission, SubmissionFile
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import taken_up, told, topic_of, topic_row
from tests.factories.photos import kept, photo_of_answer, photo_said, withdrawn_at
from tests.factories.referrals import referred_topic, replied
from tests.factories.releases import drafted, let_out, pooled_topic, release_row, street_staff, taken_down
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def chosen(jing: Person, release_id: int, **fields: str) -> str:
    """What the desk says to a choice; names such as `side_said_7` stand for the form's `side-said-7`."""
    sent = {name.replace("_", "-"): value for name, value in fields.items()}
    return words_of(jing.press(f"/d/releases/{release_id}/photos", "/photos", **sent))


def shown(wiring: Wiring) -> list[tuple[int, str, str]]:
    with wiring.sessions() as session:
        rows = session.scalars(select(ReleasePhoto).order_by(ReleasePhoto.position)).all()
        return [(row.submission_file_id or row.attachment_id or 0, row.side.value, row.caption) for row in rows]


def test_photos_are_chosen_released_seen_and_withdrawn(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    topic_id = topic_of(wiring, town.zhou_id, "幸福里路灯不亮", told(wiring, town.longchi_code, "幸福里路灯不亮"))
    before = photo_said(wiring, topic_id, colour="navy")
    after = photo_of_answer(wiring, town, replied(wiring, town, referred_topic(wiring, town, taken_up(wiring, town.jing_id, topic_id))))
    release_id = drafted(wiring, town, topic_id)
    offer = jing.get(f"/d/releases/{release_id}/photos").get_data(as_text=True)
    assert f"/said/{before}?small=1" in offer
    assert f"/files/{after}?small=1" in offer
    assert jing.client.get(f"/said/{before}?small=1").status_code == jing.client.get(f"/files/{after}?small=1").status_code == 200
    captions = {f"caption_said_{before}": "3栋北面，晚上", f"caption_answer_{after}": "同一个地方，换灯以后"}
    sides = {f"side_said_{before}": "before", f"side_answer_{after}": "after"}
    assert "审核公开以前，居民看不到" in chosen(jing, release_id, **sides, **captions, nobody="1")
    desk = jing.get(f"/d/releases/{release_id}").get_data(as_text=True)
    assert desk.index("办之前") < desk.index("3栋北面") < desk.index("办之后") < desk.index("换灯以后")

    number = topic_row(wiring, topic_id).number
    with wiring.sessions() as session:
        ids = {row.side.value: row.id for row in session.scalars(select(ReleasePhoto))}
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "release.photos")).one()
    assert (noted.detail["residents"], noted.detail["answers"]) == ([before], [after])
    paths = [f"/t/{number}/photos/{one}" for one in ids.values()]
    stranger = stranger_beside(jing)
    assert [stranger.get(path).status_code for path in paths] == [404, 404], "a draft's photos were shown"
    let_out(wiring, town.jing_id, release_id)
    assert chosen_of_released(jing, wiring, release_id) == (f"/d/releases/{release_id}", 409)
    picture = stranger.get(f"/t/{number.lower()}/photos/{ids['before']}")
    assert Image.open(BytesIO(picture.data)).getpixel((2, 2))[2] > 100  # type: ignore[index]  # RGB
    for name, value in (("Content-Type", "image/jpeg"), ("Cache-Control", "public, max-age=60"), ("X-Content-Type-Options", "nosniff")):
        assert picture.headers[name] == value
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    assert len(stranger.get(f"{paths[0]}?small=1").data) < len(picture.data) + 400
    assert stranger.get(paths[0], headers={"If-None-Match": picture.headers["ETag"]}).status_code == 304
    for page in (f"/t/{number}", "/cases"):
        html = stranger.get(page).get_data(as_text=True).partition("<main")[2]
        assert html.index("办之前") < html.index("3栋北面") < html.index("办之后") < html.index("换灯以后"), page
        assert 'alt="办之前：3栋北面，晚上"' in html
    other = topic_row(wiring, pooled_topic(wiring, town)).number
    assert stranger.get(f"/t/{other}/photos/{ids['before']}").status_code == 404, "another topic's number opened it"
    taken_down(wiring, town.jing_id, release_id)
    assert [stranger.get(path).status_code for path in paths] == [404, 404]


def stranger_beside(person: Person) -> FlaskClient:
    """A browser of somebody who isn't signed in."""
    client: FlaskClient = person.client.application.test_client()
    return client


def chosen_of_released(jing: Person, wiring: Wiring, release_id: int) -> tuple[str | None, int]:
    """Where the choosing leads for a released text, and what sending an old page of it answers."""
    page = jing.client.get(f"/d/releases/{release_id}/photos")
    token = hidden(jing.get("/sign-in").get_data(as_text=True), "csrf_token")
    version = str(release_row(wiring, release_id).version)
    answer = jing.client.post(f"/d/releases/{release_id}/photos", data={"csrf_token": token, "version": version})
    return page.location, answer.status_code


def test_what_is_wrong_is_said_at_its_place_and_nothing_typed_is_lost(jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    ids = [photo_said(wiring, topic_id) for _ in range(7)]
    release_id = drafted(wiring, town, topic_id)
    one = {f"side_said_{ids[0]}": "before", f"caption_said_{ids[0]}": "幸福里3栋北面"}
    seven = {f"side_said_{each}": "after" for each in ids} | {f"caption_said_{each}": "灯" for each in ids}
    for fields, said in (
        (one, "没有人脸、车牌和门牌，再勾选"),
        ({**one, "nobody": "1", f"caption_said_{ids[0]}": ""}, "请给每张选中的照片写一句说明"),
        ({**one, "nobody": "1", f"caption_said_{ids[0]}": "打13800550021问"}, "手机号 138••••0021"),
        ({**one, "nobody": "1", f"caption_said_{ids[0]}": "长" * 41}, "40"),
        ({**seven, "nobody": "1"}, "最多放 6 张照片，多了 1 张"),
    ):
        assert said in chosen(jing, release_id, **fields)
        assert shown(wiring) == []
    kept_page = jing.press(
        f"/d/releases/{release_id}/photos", "/photos", **{f"side-said-{ids[0]}": "before", f"caption-said-{ids[0]}": "幸福里3栋北面"}
    )
    assert 'value="幸福里3栋北面"' in kept_page.get_data(as_text=True)
    # The order within a side is the one that was asked for, and choosing again replaces what was chosen.
    two = {f"side_said_{ids[1]}": "before", f"caption_said_{ids[1]}": "南面", f"order_said_{ids[1]}": "1", f"order_said_{ids[0]}": "2"}
    chosen(jing, release_id, **one, nobody="1")
    chosen(jing, release_id, **one, **two, nobody="1")
    assert shown(wiring) == [(ids[1], "before", "南面"), (ids[0], "before", "幸福里3栋北面")]
    chosen(jing, release_id)
    assert shown(wiring) == [], "none is a choice too"


def test_the_public_never_sees_more_than_it_may(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    """Parts blurred later, a photo that was taken back, a submission that was: each is decided when the photo is asked for."""
    topic_id = pooled_topic(wiring, town, voices=2)
    file_id = photo_said(wiring, topic_id, colour="red")
    release_id = drafted(wiring, town, topic_id)
    chosen(jing, release_id, nobody="1", **{f"side_said_{file_id}": "after", f"caption_said_{file_id}": "路口"})
    let_out(wiring, town.jing_id, release_id)
    number, stranger = topic_row(wiring, topic_id).number, stranger_beside(jing)
    with wiring.sessions() as session:
        path = f"/t/{number}/photos/{session.scalars(select(ReleasePhoto.id)).one()}"
    clear = stranger.get(path).data
    with wiring.sessions.begin() as session:
        session.get_one(SubmissionFile, file_id).blur = [[0, 0, 0.5, 1]]
    assert stranger.get(path).status_code == 404, "shown clear while its parts wait to be blurred"
    assert "路口" not in words_of(stranger.get(f"/t/{number}"))
    with wiring.sessions.begin() as session:
        session.get_one(SubmissionFile, file_id).blurred_key = f"said/{file_id}-blurred.jpg"
    kept(wiring, f"said/{file_id}-blurred.jpg", "black")
    blurred = stranger.get(path)
    assert (blurred.status_code, blurred.data == clear) == (200, False)
    with wiring.sessions.begin() as session:
        submission_id = session.get_one(SubmissionFile, file_id).submission_id or 0
        withdraw(session, submission_id=submission_id, at=clock.now())
        assert session.get_one(Submission, submission_id)
    assert stranger.get(path).status_code == 404
    assert "选照片" not in words_of(jing.get(f"/d/releases/{release_id}"))
    withdrawn_at(wiring, file_id, clock.now())
    assert stranger.get("/cases").status_code == 200


def test_others_may_not_choose(client: FlaskClient, jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    photo_said(wiring, topic_id)
    release_id = drafted(wiring, town, topic_id)
    street_staff(wiring, "清河街道", "qinghe")
    assert sign_in(client, "qinghe").get(f"/d/releases/{release_id}/photos").status_code == 403
    assert sign_in(client, "sunyi").get(f"/d/releases/{release_id}/photos").status_code == 404


def test_choosing_and_cases_cost_the_same_for_one_and_for_twenty(jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    release_id = drafted(wiring, town, topic_id)

    def with_photo(release: int) -> None:
        file_id = photo_said(wiring, topic_id)
        chosen(jing, release, nobody="1", **{f"side_said_{file_id}": "after", f"caption_said_{file_id}": "路口"})

    with_photo(release_id)
    let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, title="亮了"))
    stranger = stranger_beside(jing)
    one = cost(wiring, jing, f"/d/releases/{release_id}/photos", "路口"), cost(wiring, stranger, "/cases", "亮了")
    for number in range(8):
        other = drafted(wiring, town, topic_id, title=f"第{number}处亮了")
        with_photo(other)
        let_out(wiring, town.jing_id, other)
    with_photo(release_id)
    assert (cost(wiring, jing, f"/d/releases/{release_id}/photos", "路口"), cost(wiring, stranger, "/cases", "第7处亮了")) == one
    assert one[1] <= 5
