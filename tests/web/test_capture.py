"""随手报: a member writes down what was seen or told, once, with photos and voice; somebody else decides on it."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from intake.domain.activity import ActivityKind
from intake.domain.assisted import Consent
from intake.domain.capture import ReportOf
from intake.domain.errors import Forbidden
from intake.domain.permission import Role
from intake.domain.point import PointState
from intake.domain.submission import Channel
from intake.domain.submission_file import FileKind, FileState
from intake.models import Activity, AuditEntry, IntakePoint, MemberReport, Outcome, RoleGrant, Submission, SubmissionFile
from intake.queries.receipt import receipt_view
from intake.services import submission_decide as decide
from intake.services.activity import note
from intake.services.own_data import as_json, own_data
from intake.services.submission_split import rejoin, split
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.files import PAGE, photo
from tests.factories.hands import looked_at
from tests.factories.matters import deciding, receipt_path, topic_of, topic_row, triage
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor
from tests.factories.voices import voice
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

SAW = "菜场后门的井盖松了，走上去会晃"
AGREED: dict[str, Any] = {"report_of": "resident", "consent": "spoken"}


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "zhou")


@pytest.fixture
def other(client: FlaskClient, town: Town) -> Any:
    """Signs somebody else in."""
    return lambda login: sign_in(client.application.test_client(), login)


def point_of(wiring: Wiring, code: str) -> int:
    with wiring.sessions() as session:
        return session.scalars(select(IntakePoint.id).where(IntakePoint.code == code)).one()


def send(member: Person, wiring: Wiring, code: str, /, *, json: bool = False, page: str | None = None, **fields: Any) -> TestResponse:
    """Fill the form in and send it; `page` is one opened before."""
    html = page or member.get("/m/capture").get_data(as_text=True)
    kept = {name: hidden(html, name) for name in ("csrf_token", "nonce", "day")}
    data = {**kept, "point": str(point_of(wiring, code)), "text": SAW, "report_of": "own", "occasion": "", **fields}
    return member.client.post(
        "/m/capture",
        data=data,
        headers={"Accept": "application/json"} if json else {},
        follow_redirects=not json,
        content_type="multipart/form-data",
    )


def reports(wiring: Wiring) -> list[tuple[MemberReport, Submission]]:
    with wiring.sessions() as session:
        rows = session.execute(select(MemberReport, Submission).join(Submission).order_by(Submission.id))
        return [(report, submission) for report, submission in rows]


def files_of(wiring: Wiring) -> list[tuple[FileKind, FileState, str]]:
    with wiring.sessions() as session:
        rows = session.execute(select(SubmissionFile.kind, SubmissionFile.state, SubmissionFile.media_type).order_by(SubmissionFile.id))
        return [(row.kind, row.state, row.media_type) for row in rows]


def the_stored(wiring: Wiring) -> Stored:
    submission = reports(wiring)[-1][1]
    return Stored(submission.id, submission.receipt_number, submission.receipt_salt, repeated=False)


def test_what_a_member_saw_is_stored_once_and_found_again(zhou: Person, wiring: Wiring, town: Town) -> None:
    page = zhou.get("/m/capture").get_data(as_text=True)
    first = send(
        zhou,
        wiring,
        town.longchi_code,
        page=page,
        contact="13800000021",
        photos=(BytesIO(photo()), "a.jpg"),
        voice=(BytesIO(voice()), "v.amr"),
    )
    assert "已收到，会由别的委员来看。" in words_of(first)
    again = send(
        zhou,
        wiring,
        town.longchi_code,
        page=page,
        contact="13800000021",
        photos=(BytesIO(photo()), "a.jpg"),
        voice=(BytesIO(voice()), "v.amr"),
    )
    assert again.status_code == 200
    ((report, submission),) = reports(wiring)
    assert (submission.channel, submission.text_written, submission.device_hash) == (Channel.MEMBER, SAW, None)
    assert submission.contact_cipher is None, "what one saw oneself has nobody's contact"
    assert (report.user_id, report.report_of, report.consent, report.activity_id) == (town.zhou_id, ReportOf.OWN, None, None)
    assert files_of(wiring) == [(FileKind.PHOTO, FileState.RECEIVED, "image/jpeg"), (FileKind.VOICE, FileState.RECEIVED, "audio/amr")]
    assert SAW in words_of(zhou.get("/m/captures"))
    # The next page has the community that was reported from.
    assert re.search(rf'value="{submission.point_id}"[^>]* selected', zhou.get("/m/capture").get_data(as_text=True))
    # Other words from the page that the Back button brought up are another report.
    send(zhou, wiring, town.longchi_code, page=page, text="旁边的护栏也断了")
    assert len(reports(wiring)) == 2


def test_for_a_resident_with_consent_from_a_visit(zhou: Person, wiring: Wiring, town: Town, client: FlaskClient) -> None:
    page = send(zhou, wiring, town.longchi_code, **AGREED, contact="13800000021", pass_on="1", occasion="visit")
    assert "请让本人扫下面的码" in words_of(page)
    ((report, submission),) = reports(wiring)
    assert (report.report_of, report.consent) == (ReportOf.RESIDENT, Consent.SPOKEN)
    assert (submission.contact_hint, submission.contact_consent_at is not None) == ("138••••0021", True)
    with wiring.sessions() as session:
        activity = session.scalars(select(Activity)).one()
        assert (activity.id, activity.user_id, activity.kind, activity.people) == (report.activity_id, town.zhou_id, ActivityKind.VISIT, 1)
        audit = session.scalars(select(AuditEntry).where(AuditEntry.action == "submission.report")).one()
        assert SAW not in str(audit.detail), "codes and ids only"
        assert audit.detail["consent"] == "spoken"
    receipt = re.search(r'href="(/r/[^"?]+)"', page.get_data(as_text=True))
    assert receipt is not None
    assert "由委员周明远代您反映，当面口头同意。" in words_of(client.application.test_client().get(receipt[1]))
    # The next one comes from the same visit: it is offered, and no second one is noted.
    form = zhou.get("/m/capture").get_data(as_text=True)
    assert "今天已记的：走访" in form
    send(zhou, wiring, town.longchi_code, text="楼道灯也坏了", occasion=str(activity.id))
    assert [one.activity_id for one, _ in reports(wiring)] == [activity.id, activity.id]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        # Nothing at all.
        ({"text": " "}, "请写一句话，或者录一段音、拍一张照片。"),
        # Without consent nothing is filed for anybody.
        ({"report_of": "resident"}, "没有同意，不能代填"),
        # For a child only a guardian may agree.
        ({**AGREED, "is_child": "1"}, "要监护人同意"),
        ({"report_of": "everybody"}, "请选是您看到的"),
        ({"point": ""}, "请选是哪个直报点"),
        ({"point": "999999"}, "请选是哪个直报点"),
        ({"text": "长" * 5001}, "多了 1 个"),
        # Nobody's activity, and nothing that could be one.
        ({"occasion": "999999"}, "没有这条履职记录"),
        ({"occasion": "x"}, "没有这条履职记录"),
    ],
)
def test_a_refusal_names_the_cure_and_keeps_what_was_typed(
    zhou: Person, wiring: Wiring, town: Town, fields: dict[str, Any], sentence: str
) -> None:
    page = send(zhou, wiring, town.longchi_code, place="菜场后门第三个", **fields)
    assert page.status_code == 422
    assert sentence in words_of(page)
    assert "菜场后门第三个" in page.get_data(as_text=True)
    assert reports(wiring) == []
    answer = send(zhou, wiring, town.longchi_code, json=True, **fields)
    assert answer.status_code == 422
    assert sentence in answer.get_json()["error"]


def test_another_persons_activity_is_not_taken(zhou: Person, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        theirs = note(
            session, actor=actor(session, town.qing_id), kind=ActivityKind.VISIT, day=date(2026, 11, 2), area_id=None, venue_id=None,
            people=0, words="", settled=None, nonce=b"n" * 16, at=wiring.clock.now(),
        ).id  # fmt: skip
    assert "没有这条履职记录" in words_of(send(zhou, wiring, town.longchi_code, occasion=str(theirs)))
    assert reports(wiring) == []


def test_a_point_outside_ones_areas_a_paused_one_and_a_role_that_was_taken(zhou: Person, wiring: Wiring, town: Town) -> None:
    page = zhou.get("/m/capture").get_data(as_text=True)
    assert send(zhou, wiring, town.shiqiao_code).status_code == 403
    stored = send(zhou, wiring, town.ziwei_code, page=page, json=True)
    with wiring.sessions.begin() as session:
        session.scalars(select(IntakePoint).where(IntakePoint.code == town.ziwei_code)).one().state = PointState.PAUSED
    fresh = send(zhou, wiring, town.ziwei_code, text="另一件")
    assert fresh.status_code == 422
    assert "现在不收件，请选别的" in words_of(fresh)
    # A send whose answer was lost gets its receipt all the same.
    again = send(zhou, wiring, town.ziwei_code, page=page, json=True)
    assert again.get_json() | {"again": False} == stored.get_json()
    with wiring.sessions.begin() as session:
        session.query(RoleGrant).filter_by(user_id=town.zhou_id).delete()
    assert send(zhou, wiring, town.longchi_code, page=page, json=True).status_code == 403
    assert len(reports(wiring)) == 1


def test_no_more_a_day_than_the_setting_says(zhou: Person, wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    object.__setattr__(wiring.settings, "capture_limit", "1/day")
    page = zhou.get("/m/capture").get_data(as_text=True)
    assert send(zhou, wiring, town.longchi_code, page=page).status_code == 200
    refused = send(zhou, wiring, town.longchi_code, text="第二件")
    assert refused.status_code == 429
    assert "请明天再报" in words_of(refused)
    held = send(zhou, wiring, town.longchi_code, text="第二件", json=True)
    assert held.status_code == 409, "what waits behind it on the phone goes on"
    assert send(zhou, wiring, town.longchi_code, page=page, json=True).get_json()["again"], "a repeat is none"


def test_a_report_that_lay_on_the_phone_counts_for_its_day(zhou: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    today = clock.now().date()
    # As the phone says; what can't be is today's.
    for number, (said, counts) in enumerate(
        ((today - timedelta(days=2), today - timedelta(days=2)), (today - timedelta(days=30), today), (today + timedelta(days=1), today))
    ):
        send(zhou, wiring, town.longchi_code, text=f"第 {number} 件事", occasion="reception", day=said.isoformat())
        with wiring.sessions() as session:
            assert session.scalars(select(Activity.day).order_by(Activity.id.desc()).limit(1)).one() == counts


def test_the_script_sends_words_first_and_files_after_them(zhou: Person, wiring: Wiring, town: Town) -> None:
    said = send(zhou, wiring, town.longchi_code, json=True, text="", has_voice="1").get_json()
    assert said["done"] is True
    assert not said["again"]
    ((_, submission),) = reports(wiring)
    assert submission.text_written == "（语音）"

    def add(**data: Any) -> TestResponse:
        token = hidden(zhou.get("/m/capture").get_data(as_text=True), "csrf_token")
        return zhou.client.post(said["files"], data={"csrf_token": token, **data}, headers={"Accept": "application/json"})

    spoken = voice(media_type="audio/mpeg")
    for _time in range(2):  # the answer was lost, it is sent again
        assert add(voice=(BytesIO(spoken), "v.mp3")).get_json() == {"done": True, "left": [], "error": None}
    assert files_of(wiring) == [(FileKind.VOICE, FileState.RECEIVED, "audio/mpeg")]
    # A page in place of a voice, nothing, and more than three.
    assert re.match("话已经收到。.*不是录音", add(voice=(BytesIO(PAGE), "v.mp3")).get_json()["error"])
    assert "是空的" in add(voice=(BytesIO(b""), "v.mp3")).get_json()["left"][0]
    assert add().status_code == 422
    for number in (2, 3):
        assert add(voice=(BytesIO(voice(seconds=number / 10)), "v.amr")).get_json()["left"] == []
    assert "最多 3 段" in add(voice=(BytesIO(voice(seconds=0.5)), "v.amr")).get_json()["left"][0]
    assert "不是照片" in add(photos=(BytesIO(PAGE), "a.jpg")).get_json()["left"][0]
    assert len(files_of(wiring)) == 3


def test_another_pair_of_eyes_decides(zhou: Person, other: Any, wiring: Wiring, town: Town) -> None:
    send(zhou, wiring, town.longchi_code)
    stored = the_stored(wiring)
    triage(wiring, stored)
    with wiring.sessions() as session:
        assert session.get_one(Submission, stored.submission_id).owner_id == town.laozhou_id, "the only other one there"
    assert SAW not in words_of(zhou.get("/m"))
    card = words_of(zhou.get(f"/m/cards/{stored.submission_id}"))
    assert "这一件是您自己报的，由别的委员来看。" in card
    own = deciding(wiring, town.zhou_id, stored)
    acts: tuple[Callable[[Session], object], ...] = (
        lambda s: decide.answer(s, own, words="已经修好了。"),
        lambda s: decide.decline(s, own, reason="already_done", words=""),
        lambda s: decide.open_topic(s, own, title="井盖"),
    )
    for act in acts:
        with wiring.sessions() as session, pytest.raises(Forbidden, match="您自己报的"):
            act(session)
    laozhou = other("laozhou")
    assert SAW in words_of(laozhou.get("/m"))
    assert "周明远随手报；自己看到的" in words_of(laozhou.get(f"/m/cards/{stored.submission_id}"))
    with wiring.sessions.begin() as session:
        decide.answer(session, deciding(wiring, town.laozhou_id, stored), words="井盖今天换了。")


def test_an_answer_is_read_by_whoever_saw_it_and_told_to_whoever_said_it(
    zhou: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    both: tuple[dict[str, Any], ...] = ({}, {**AGREED, "text": "楼上漏水到我家"})
    for fields in both:
        send(zhou, wiring, town.longchi_code, **fields)
        triage(wiring, the_stored(wiring))
        with wiring.sessions.begin() as session:
            decide.answer(session, deciding(wiring, town.laozhou_id, the_stored(wiring)), words="已经去看过。")
    clock.forward(minutes=2)
    assert "2 件有了答复" in words_of(zhou.get("/m/captures"))
    (_, own), (_, residents) = reports(wiring)
    assert "已经去看过。" in words_of(zhou.get(f"/m/captures/{own.id}"))
    shown = words_of(zhou.get("/m/captures?answered=1"))
    assert "有答复，请转告" in shown
    assert SAW not in shown, "it was read"
    zhou.get(f"/m/captures/{residents.id}")
    assert "1 件有了答复" in words_of(zhou.get("/m/captures")), "reading it tells the resident nothing"
    zhou.press("/m/captures", f"/m/captures/{residents.id}/told")
    assert "件有了答复" not in words_of(zhou.get("/m/captures"))
    with wiring.sessions() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.entity_id == residents.id)).all()
        assert {"submission.report", "report.open", "outcome.told"} <= set(actions)


def test_who_may_not(zhou: Person, other: Any, wiring: Wiring, town: Town, client: FlaskClient) -> None:
    send(zhou, wiring, town.longchi_code)
    submission_id = the_stored(wiring).submission_id
    pages = ("/m/capture", "/m/captures", f"/m/captures/{submission_id}")
    acts = (f"/m/captures/{submission_id}/files", f"/m/captures/{submission_id}/told")
    person_with(wiring, "wangjie", "王姐", (Role.WORKER, town.longchi_id))
    # Wrong role: staff, a worker, an official; a stranger of the neighbouring district is one of them.
    for login in ("wangjing", "wangjie", "fangmin", "sunyi"):
        one = other(login)
        assert {one.get(path).status_code for path in pages} == {403}
        token = hidden(client.application.test_client().get("/sign-in").get_data(as_text=True), "csrf_token")
        assert {one.client.post(path, data={"csrf_token": token}).status_code for path in (*acts, "/m/capture")} <= {400, 403}
    # Another member of the same area: not theirs. One who lost the area: no longer.
    qing = other("laozhou")
    assert qing.get(pages[2]).status_code == 404
    token = hidden(qing.get("/m/capture").get_data(as_text=True), "csrf_token")
    for path in acts:
        data = {"csrf_token": token, "voice": (BytesIO(voice()), "v.amr")}
        assert qing.client.post(path, data=data).status_code == 404
    with wiring.sessions.begin() as session:
        session.query(RoleGrant).filter_by(user_id=town.zhou_id).one().area_id = town.shiqiao_id
    assert zhou.get(pages[2]).status_code == 403
    # Nobody signed in: the way leads to signing in; a script is told.
    nobody = client.application.test_client()
    assert {nobody.get(path).status_code for path in pages} == {303}
    answer = nobody.post("/m/capture", headers={"Accept": "application/json"})
    assert (answer.status_code, "sign_in" in answer.get_json()) == (401, True)
    # A matter that is over takes no more voices.
    assert files_of(wiring) == []


def test_the_list_costs_the_same_for_one_and_for_twenty(zhou: Person, wiring: Wiring, town: Town) -> None:
    send(zhou, wiring, town.longchi_code, text="第 0 件事")
    one = cost(wiring, zhou, "/m/captures", "第 0 件事")
    form = cost(wiring, zhou, "/m/capture", "随手报")
    for number in range(1, 22):
        send(zhou, wiring, town.longchi_code, text=f"第 {number} 件事")
    assert cost(wiring, zhou, "/m/captures", "第 21 件事") == one
    assert cost(wiring, zhou, "/m/capture", "随手报") == form
    page = zhou.get("/m/captures").get_data(as_text=True)
    further = re.search(r'href="(/m/captures\?after=\d+)"', page)
    assert further is not None
    assert "第 0 件事" not in page
    assert "第 0 件事" in words_of(zhou.get(further[1]))


# A part of what a member reported is their report still: another decides on it, and its answer is told like the rest.
def test_a_part_of_ones_own_report_is_anothers_to_decide_and_ones_own_to_tell(
    zhou: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    send(zhou, wiring, town.longchi_code, **AGREED, text="菜场后门的井盖松了。楼道灯也不亮。")
    whole = the_stored(wiring)
    triage(wiring, whole)
    with wiring.sessions.begin() as session:
        split(session, deciding(wiring, town.laozhou_id, whole), choice={10: 1}, vault=wiring.vault)
    with wiring.sessions() as session:
        child = session.scalars(select(Submission).where(Submission.parent_id == whole.submission_id)).one()
    part = Stored(child.id, child.receipt_number, child.receipt_salt, repeated=False)
    triage(wiring, part)
    with wiring.sessions() as session:
        assert session.get_one(Submission, part.submission_id).owner_id == town.laozhou_id
    assert "楼道灯也不亮" not in words_of(zhou.get("/m"))
    assert looked_at(wiring, town.zhou_id, part) is None
    card = words_of(zhou.get(f"/m/cards/{part.submission_id}"))
    assert "周明远随手报；居民托他反映的" in card
    assert "这一件是您自己报的，由别的委员来看。" in card
    with wiring.sessions() as session, pytest.raises(Forbidden, match="您自己报的"):
        rejoin(
            session, actor=actor(session, town.zhou_id), submission_id=child.id, version=submission_of(wiring, part).version, at=clock.now()
        )
    with wiring.sessions.begin() as session:
        decide.answer(session, deciding(wiring, town.laozhou_id, part), words="灯今天换了。")
    clock.forward(minutes=2)
    assert "1 件有了答复" in words_of(zhou.get("/m/captures"))
    receipt = receipt_path(wiring, part)
    assert receipt in unescape(zhou.get(f"/m/captures/{whole.submission_id}").get_data(as_text=True))
    assert "由委员周明远代您反映" in words_of(zhou.client.application.test_client().get(receipt))
    with wiring.sessions.begin() as session:
        session.query(Outcome).update({Outcome.seen_at: None})
    zhou.press("/m/captures", f"/m/captures/{whole.submission_id}/told")
    assert "件有了答复" not in words_of(zhou.get("/m/captures"))


# The same member three times is one person; three residents who asked the member are three.
def test_what_one_member_saw_again_and_again_is_one_voice(zhou: Person, wiring: Wiring, town: Town) -> None:
    voices: dict[str, list[Stored]] = {"own": [], "resident": []}
    for of, fields in (("own", {}), ("resident", AGREED)):
        for number in range(3):
            send(zhou, wiring, town.longchi_code, **fields, text=f"井盖松了，第 {number} 次")
            triage(wiring, the_stored(wiring))
            voices[of].append(the_stored(wiring))
    topics = [topic_row(wiring, topic_of(wiring, town.laozhou_id, of, *stored)) for of, stored in voices.items()]
    assert [(one.confirmed_count, one.people_count) for one in topics] == [(3, 1), (3, 3)]


def test_what_one_may_take_along_says_who_reported_it(zhou: Person, wiring: Wiring, town: Town) -> None:
    send(zhou, wiring, town.longchi_code, **AGREED)
    with wiring.sessions.begin() as session:
        view = receipt_view(session, the_stored(wiring).submission_id, at=wiring.clock.now(), workflow=wiring.workflow)
        taken = as_json(own_data(session, view, vault=wiring.vault, at=wiring.clock.now()))
    assert taken["reported_by_member"] == {"of": "resident", "consent": "spoken", "name": "周明远"}
