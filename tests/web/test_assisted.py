"""代填: a worker files for somebody who can't, from a paper slip or not, with consent; the stub finds the answer."""

from datetime import datetime
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from intake.domain.assisted import Consent, SpokenBy
from intake.domain.paper_slip import slip_number
from intake.domain.permission import Role
from intake.domain.submission import Channel
from intake.models import AssistedFiling, AuditEntry, IntakePoint, PaperSlip, Submission, SubmissionFile
from intake.services import submission_decide as decide
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories import files
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.matters import deciding, triage
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

SAID = "三号楼的扶手松了，我腿脚不好，不敢下楼"
AGREED = {"consent": "spoken", "spoken_by": "self"}


@pytest.fixture
def printed(worker: Person, wiring: Wiring, town: Town) -> list[PaperSlip]:
    """Three slips of 龙池社区, printed by 王姐."""
    page = worker.press("/worker/slips", "/worker/slips", count="3")
    assert page.status_code == 200
    return slips_of(wiring)


def slips_of(wiring: Wiring) -> list[PaperSlip]:
    with wiring.sessions() as session:
        return list(session.scalars(select(PaperSlip).order_by(PaperSlip.id)))


def filings(wiring: Wiring) -> list[AssistedFiling]:
    with wiring.sessions() as session:
        return list(session.scalars(select(AssistedFiling).order_by(AssistedFiling.id)))


def the_stored(wiring: Wiring) -> Stored:
    """The newest submission."""
    with wiring.sessions() as session:
        row = session.scalars(select(Submission).order_by(Submission.id.desc()).limit(1)).one()
        return Stored(row.id, row.receipt_number, row.receipt_salt, repeated=False)


def file(worker: Person, **fields: str):  # type: ignore[no-untyped-def]  # a response
    return worker.press("/worker/file", "/worker/file", **{"text": SAID, **AGREED, **fields})


def test_an_elders_slip_is_filed_triaged_answered_and_told_by_its_stub(
    worker: Person, wiring: Wiring, town: Town, printed: list[PaperSlip], clock: TestClock
) -> None:
    slip = printed[0]
    page = file(worker, slip=slip.number.lower().replace("-", " "), consent="written", place="三号楼一单元")
    words = words_of(page)
    assert "请打印这张回执交给本人" in words
    assert "由社区工作者王姐代填，纸条上签了名。" in words
    stored = the_stored(wiring)
    with wiring.sessions() as session:
        row = session.get_one(Submission, stored.submission_id)
        assert (row.channel, row.text_written, row.contact_cipher, row.device_hash) == (Channel.WORKER, SAID, None, None)
    (filing,) = filings(wiring)
    assert (filing.spoken_by, filing.consent, filing.is_child, filing.slip_id) == (SpokenBy.SELF, Consent.WRITTEN, False, slip.id)

    triage(wiring, stored)
    zhou = sign_in(worker.client.application.test_client(), "zhou")
    assert "王姐代填；说的人：本人；纸条上签了名" in words_of(zhou.get(f"/m/cards/{stored.submission_id}"))
    card = deciding(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="扶手已经请物业焊牢，您下楼试试。")
    clock.forward(minutes=2)

    mine = words_of(worker.get("/worker/filed"))
    assert "1 件有答复，本人没有留电话" in mine
    assert SAID not in mine, "a list that lies open on a desk holds no words"
    _erased(wiring, stored, at=clock.now())
    assert "1 件有答复" not in words_of(worker.get("/worker/filed")), "there may have been a contact"
    _erased(wiring, stored, at=None)
    by_stub = worker.press("/worker/receipt", "/worker/receipt", number=slip.number, checked="slip")
    assert "扶手已经请物业焊牢，您下楼试试。" in words_of(by_stub)
    assert worker.press("/worker/filed?tell=1", f"/worker/filed/{stored.submission_id}/told").status_code == 200
    assert "请转告" not in words_of(worker.get("/worker/filed"))
    with wiring.sessions() as session:
        written = session.execute(
            select(AuditEntry.action, AuditEntry.detail).where(AuditEntry.entity_id == stored.submission_id).order_by(AuditEntry.id)
        ).all()
    told = [action for action, _ in written if action in {"submission.file_for", "receipt.reprint", "outcome.told"}]
    assert told == ["submission.file_for", "receipt.reprint", "receipt.reprint", "outcome.told"]
    assert SAID not in str(written)


def _erased(wiring: Wiring, stored: Stored, *, at: datetime | None) -> None:
    with wiring.sessions.begin() as session:
        session.get_one(Submission, stored.submission_id).erased_at = at


# A child's consent is the guardian's; nobody's consent is nobody's; each refusal names the field, says what to do and keeps the words.
@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"consent": ""}, "consent", "没有同意，不能代填"),
        ({"spoken_by": ""}, "spoken_by", "请选这件事是谁说的"),
        ({"is_child": "1"}, "consent", "要监护人同意"),
        ({"slip": "Z482-173-658"}, "slip", "抄错了一位"),
        ({"slip": slip_number(1)}, "slip", "没有这个纸条号"),
        ({"text": "。"}, "text", "看不出是什么事"),
        ({"contact": "1" * 61}, "contact", "最多 60 个字"),
    ],
)
def test_what_cannot_be_filed_is_refused_at_its_field(
    worker: Person, wiring: Wiring, fields: dict[str, str], field: str, sentence: str
) -> None:
    page = file(worker, **{"place": "三号楼", **fields})
    assert page.status_code == 422
    html = page.get_data(as_text=True)
    assert sentence in words_of(page)
    assert f'id="{field}"' in html
    assert html.split(f'id="{field}"')[1].split(">")[0].count('aria-invalid="true"') == 1
    assert 'value="三号楼"' in html
    assert fields.get("text", SAID) in html
    assert filings(wiring) == []


def test_a_child_is_filed_for_once_the_guardian_agrees(worker: Person, wiring: Wiring) -> None:
    assert file(worker, is_child="1", consent="guardian", spoken_by="guardian").status_code == 200
    (filing,) = filings(wiring)
    assert (filing.is_child, filing.consent) == (True, Consent.GUARDIAN)


def test_a_slip_is_filed_once_and_only_for_its_own_point(worker: Person, wiring: Wiring, town: Town, printed: list[PaperSlip]) -> None:
    first, second, third = printed
    assert file(worker, slip=first.number).status_code == 200
    assert "已经代填过了" in words_of(file(worker, slip=first.number, text="另一件事"))
    assert worker.press(f"/worker/slips/{first.id}", f"/void/{second.id}").status_code == 200
    assert "已经作废" in words_of(file(worker, slip=second.number))
    jing = sign_in(worker.client.application.test_client(), "wangjing")
    with wiring.sessions() as session:
        ziwei = session.scalars(select(IntakePoint).where(IntakePoint.code == town.ziwei_code)).one()
    assert "另一个直报点" in words_of(file(jing, slip=third.number, point=str(ziwei.id)))
    assert len(filings(wiring)) == 1
    for number, sentence in ((second.number, "已经作废"), (third.number, "还没有代填")):
        assert sentence in words_of(worker.press("/worker/receipt", "/worker/receipt", number=number, checked="slip"))
    page = worker.get(f"/worker/slips/{first.id}").get_data(as_text=True)
    assert f"/void/{third.id}" in page
    assert f"/void/{first.id}" not in page
    token = hidden(page, "csrf_token")
    refused = worker.client.post(f"/worker/slips/{first.id}/void/{first.id}", data={"csrf_token": token})
    assert refused.status_code == 409


def test_pressing_twice_makes_one_and_leads_to_the_same_receipt(worker: Person, wiring: Wiring, printed: list[PaperSlip]) -> None:
    html = worker.get("/worker/file").get_data(as_text=True)
    data = {name: hidden(html, name) for name in ("csrf_token", "once", "point")}
    for slip in (printed[0].number, ""):
        answers = [worker.client.post("/worker/file", data={**data, "text": SAID, "slip": slip, **AGREED}) for _ in range(2)]
        assert answers[0].location == answers[1].location
        assert answers[0].status_code == 303
    assert len(filings(wiring)) == 2


def test_photos_go_with_it_and_one_that_cannot_be_taken_costs_nothing_else(worker: Person, wiring: Wiring) -> None:
    html = worker.get("/worker/file").get_data(as_text=True)
    data = {name: hidden(html, name) for name in ("csrf_token", "once", "point")}
    photos = [(BytesIO(files.photo()), "a.jpg"), (BytesIO(files.PAGE), "b.jpg")]
    answer = worker.client.post("/worker/file", data={**data, "text": SAID, **AGREED, "photos": photos}, follow_redirects=True)
    assert "有 1 张照片没有收下" in words_of(answer)
    with wiring.sessions() as session:
        assert len(session.scalars(select(SubmissionFile)).all()) == 1


def test_each_files_and_prints_for_the_own_communities_alone(worker: Person, client: FlaskClient, wiring: Wiring, town: Town) -> None:
    file(worker)
    stored = the_stored(wiring)
    with wiring.sessions() as session:
        ziwei = session.scalars(select(IntakePoint).where(IntakePoint.code == town.ziwei_code)).one()
    for path in ("/worker/file", "/worker/slips"):
        assert worker.press(path, path, text=SAID, count="1", **AGREED, point=str(ziwei.id)).status_code == 403
    person_with(wiring, "liujie", "刘姐", (Role.WORKER, town.longchi_id))
    other = sign_in(client.application.test_client(), "liujie")
    assert other.get(f"/worker/filed/{stored.submission_id}").status_code == 404, "whoever didn't file it checks who asks, and reprints"
    for login in ("zhou", "chenli"):
        stranger = sign_in(client.application.test_client(), login)
        assert [stranger.get(path).status_code for path in ("/worker/file", "/worker/filed", "/worker/slips")] == [403] * 3
    elsewhere = sign_in(client.application.test_client(), "sunyi")
    assert "没有可以代填的直报点" in words_of(elsewhere.get("/worker/file"))
    assert len(filings(wiring)) == 1


def test_slips_are_printed_found_again_and_never_outside_the_own_areas(
    worker: Person, client: FlaskClient, wiring: Wiring, printed: list[PaperSlip]
) -> None:
    assert len({slip.number for slip in printed}) == 3
    first = min(slip.id for slip in printed)
    sheets = worker.get(f"/worker/slips/{first}.pdf")
    assert sheets.mimetype == "application/pdf"
    assert sheets.data == worker.get(f"/worker/slips/{first}.pdf").data
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(sheets.data)).pages)
    assert all(text.count(slip.number) == 2 for slip in printed)
    assert "3 张，已代填 0" in words_of(worker.get("/worker/slips"))
    for count in ("0", "41", "十", ""):
        refused = worker.press("/worker/slips", "/worker/slips", count=count)
        assert refused.status_code == 422
        assert "一次印 1 到 40 张" in words_of(refused)
    elsewhere = sign_in(client.application.test_client(), "sunyi")
    assert [elsewhere.get(f"/worker/slips/{first}{end}").status_code for end in ("", ".pdf")] == [404, 404]
    assert len(slips_of(wiring)) == 3


def test_work_begins_at_the_form_with_the_point_of_last_time(worker: Person, client: FlaskClient, wiring: Wiring, town: Town) -> None:
    assert "先念给本人听" in words_of(worker.get("/start"))
    jing = sign_in(client.application.test_client(), "wangjing")
    assert "selected" not in jing.get("/worker/file").get_data(as_text=True)
    with wiring.sessions() as session:
        ziwei = session.scalars(select(IntakePoint).where(IntakePoint.code == town.ziwei_code)).one()
    assert file(jing, point=str(ziwei.id)).status_code == 200
    assert f'value="{ziwei.id}" selected' in jing.get("/worker/file").get_data(as_text=True)


def test_lists_cost_the_same_for_one_and_for_many(worker: Person, wiring: Wiring, printed: list[PaperSlip], clock: TestClock) -> None:
    def costs() -> list[int]:
        return [cost(wiring, worker, path, shows) for path, shows in (("/worker/filed", "ZB-"), ("/worker/slips", "已代填"))]

    file(worker)
    one = costs()
    for number in range(1, 6):
        clock.forward(seconds=1)
        file(worker, text=f"第 {number} 件事", slip=printed[number].number if number < 3 else "")
        worker.press("/worker/slips", "/worker/slips", count="2")
    assert costs() == one
