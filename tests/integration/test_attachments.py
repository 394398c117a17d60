"""The worker that makes evidence fit to be seen: killed, repeated, raced; and what retention takes away."""

from io import BytesIO
from pathlib import Path

import pytest

from intake.adapters import file_cleaning
from intake.domain.attachment import AttachmentKind, AttachmentState
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, RetryableError
from intake.models import AnswerDraft, Attachment, HistoryEntry
from intake.services import referral_check, referral_department, referral_office
from intake.services.answer_draft import AnswerWords, save_draft
from intake.services.attachment import Incoming, Upload, accept_cleaned, receive, received, refuse, remove
from intake.wiring import Wiring
from tests.factories import files
from tests.factories.matters import told
from tests.factories.referrals import referred, signed, step
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import apply_retention, clean_attachments


@pytest.fixture
def task(wiring: Wiring, town: Town) -> int:
    return signed(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "路灯不亮")))


def upload(wiring: Wiring, task: int, user_id: int, kind: AttachmentKind = AttachmentKind.EVIDENCE) -> Upload:
    with wiring.sessions() as session:
        return Upload(actor=actor(session, user_id), referral_id=task, at=wiring.clock.now(), kind=kind)


def put(wiring: Wiring, sent: Upload, *data: bytes) -> tuple[int, ...]:
    with wiring.sessions.begin() as session:
        return receive(session, sent, [Incoming(f"{n}.jpg", BytesIO(one)) for n, one in enumerate(data)], store=wiring.objects)


def only(wiring: Wiring) -> Attachment:
    with wiring.sessions() as session:
        return session.query(Attachment).one()


def work(wiring: Wiring) -> None:
    with jobs_in_this_process(wiring):
        clean_attachments.run()


def retain(wiring: Wiring) -> None:
    with jobs_in_this_process(wiring):
        apply_retention.run()


def in_store(wiring: Wiring) -> list[str]:
    root = Path(wiring.settings.object_folder)
    return sorted(str(one.relative_to(root)) for one in root.rglob("*") if one.is_file())


def test_a_worker_killed_before_it_settled_is_followed_by_another(
    wiring: Wiring, town: Town, task: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(wiring, upload(wiring, task, town.gao_id), files.photo())

    class Killed(BaseException):
        pass

    def die(*_a: object, **_k: object) -> bool:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("intake.services.attachment.accept_cleaned", die)
        with pytest.raises(Killed):
            work(wiring)
    assert only(wiring).state is AttachmentState.RECEIVED
    assert any(key.startswith("quarantine/") for key in in_store(wiring)), "the original stays until its row is settled"
    work(wiring)
    assert only(wiring).state is AttachmentState.READY
    assert not any(key.startswith("quarantine/") for key in in_store(wiring))


def test_a_repeat_changes_nothing(wiring: Wiring, town: Town, task: int) -> None:
    put(wiring, upload(wiring, task, town.gao_id), files.photo())
    work(wiring)
    before = (only(wiring).version, in_store(wiring))
    work(wiring)
    assert (only(wiring).version, in_store(wiring)) == before
    with wiring.sessions() as session:
        steps = [one.to_state for one in session.query(HistoryEntry).filter_by(noun="attachment").order_by(HistoryEntry.id)]
    assert steps == ["received", "ready"]


def test_of_two_workers_one_settles(wiring: Wiring, town: Town, task: int) -> None:
    put(wiring, upload(wiring, task, town.gao_id), files.photo())
    with wiring.sessions() as session:
        (one,) = received(session, after=0, limit=10)
    with wiring.sessions.begin() as session:
        assert accept_cleaned(session, one, size=5, at=wiring.clock.now())
    with wiring.sessions.begin() as session:
        assert not accept_cleaned(session, one, size=5, at=wiring.clock.now())
        assert not refuse(session, one, because="x", at=wiring.clock.now())


def test_one_that_was_ended_from_outside_is_taken_again(wiring: Wiring, town: Town, task: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder killed by somebody else is not the file's fault; the sweep comes back for it."""
    put(wiring, upload(wiring, task, town.gao_id), files.photo())

    def ended(*_a: object, **_k: object) -> None:
        raise RetryableError("cleaning a file was interrupted")

    with monkeypatch.context() as patched:
        patched.setattr(file_cleaning, "_run", ended)
        work(wiring)
    assert only(wiring).state is AttachmentState.RECEIVED
    work(wiring)
    assert only(wiring).state is AttachmentState.READY


def test_one_bad_file_does_not_hold_up_the_others(wiring: Wiring, town: Town, task: int) -> None:
    put(wiring, upload(wiring, task, town.gao_id), files.png_that_says(60_000, 60_000), files.photo(), b"\xff\xd8\xff" + bytes(40))
    work(wiring)
    with wiring.sessions() as session:
        found = [(one.state, bool(one.refused_because)) for one in session.query(Attachment).order_by(Attachment.id)]
    assert found == [(AttachmentState.REFUSED, True), (AttachmentState.READY, False), (AttachmentState.REFUSED, True)]


def test_an_original_that_is_gone_is_said(wiring: Wiring, town: Town, task: int) -> None:
    put(wiring, upload(wiring, task, town.gao_id), files.photo())
    wiring.objects.delete(in_store(wiring)[0])
    work(wiring)
    assert "重新上传" in only(wiring).refused_because


def test_a_refused_upload_leaves_no_bytes(wiring: Wiring, town: Town, task: int) -> None:
    with pytest.raises(InvalidInput):
        put(wiring, upload(wiring, task, town.gao_id), files.photo(), files.SVG)
    assert in_store(wiring) == []


def test_a_store_that_is_full_leaves_nothing_behind(wiring: Wiring, town: Town, task: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = wiring.objects.put

    def second_fails(key: str, source: BytesIO) -> int:
        if in_store(wiring):
            raise OSError(28, "No space left on device")
        return whole(key, source)

    with monkeypatch.context() as patched:
        patched.setattr(wiring.objects, "put", second_fails)
        with pytest.raises(OSError, match="No space"):
            put(wiring, upload(wiring, task, town.gao_id), files.photo(), files.png())
    assert in_store(wiring) == []
    with wiring.sessions() as session:
        assert session.query(Attachment).count() == 0


def test_only_whose_it_is_may_send_and_take_out(wiring: Wiring, town: Town, task: int) -> None:
    for user_id, kind, refusal in (
        (town.wu_id, AttachmentKind.EVIDENCE, Forbidden),  # another unit
        (town.jing_id, AttachmentKind.EVIDENCE, Forbidden),  # staff send scans, not evidence
        (town.gao_id, AttachmentKind.SCAN, Forbidden),  # and a unit no scans
        (town.stranger_id, AttachmentKind.SCAN, NotFound),  # another district
    ):
        with pytest.raises(refusal):
            put(wiring, upload(wiring, task, user_id, kind), files.photo())
    (attachment_id,) = put(wiring, upload(wiring, task, town.jing_id, AttachmentKind.SCAN), files.pdf())
    with pytest.raises(NotFound), wiring.sessions.begin() as session:
        remove(session, upload(wiring, task, town.gao_id), attachment_id=attachment_id)
    with wiring.sessions.begin() as session:
        remove(session, upload(wiring, task, town.jing_id, AttachmentKind.SCAN), attachment_id=attachment_id)
    assert only(wiring).removed_at is not None


def test_a_unit_that_lost_the_task_sends_nothing_more(wiring: Wiring, town: Town, task: int) -> None:
    step(wiring, task, town.fang_id, referral_office.reassign, lead_id=town.homes_id, words="属住建局职责。")
    with pytest.raises(Forbidden):
        put(wiring, upload(wiring, task, town.gao_id), files.photo())
    assert in_store(wiring) == []


def test_retention_takes_away_what_is_removed_or_refused(wiring: Wiring, town: Town, task: int) -> None:
    sent = upload(wiring, task, town.gao_id)
    kept, removed = put(wiring, sent, files.photo(), files.png())
    work(wiring)
    with wiring.sessions.begin() as session:
        remove(session, sent, attachment_id=removed)
    wiring.clock.forward(minutes=1)  # type: ignore[attr-defined]  # the tests' clock
    retain(wiring)
    assert in_store(wiring) == [f"evidence/{town.district_id}/{kept}-small.jpg", f"evidence/{town.district_id}/{kept}.jpg"]
    with wiring.sessions() as session:
        assert session.get_one(Attachment, removed).file_key == ""
        assert session.get_one(Attachment, kept).file_key != ""
    retain(wiring)


def test_what_a_dead_worker_left_in_quarantine_is_swept(wiring: Wiring, town: Town, task: int) -> None:
    (attachment_id,) = put(wiring, upload(wiring, task, town.gao_id), files.photo())
    work(wiring)
    left = f"quarantine/{town.district_id}/{attachment_id}"
    wiring.objects.put(left, BytesIO(files.photo()))
    retain(wiring)
    assert left not in in_store(wiring)


def test_one_removed_before_it_was_looked_at_is_not_cleaned(wiring: Wiring, town: Town, task: int) -> None:
    sent = upload(wiring, task, town.gao_id)
    (attachment_id,) = put(wiring, sent, files.photo())
    with wiring.sessions.begin() as session:
        remove(session, sent, attachment_id=attachment_id)
    work(wiring)
    assert only(wiring).state is AttachmentState.RECEIVED
    assert put(wiring, sent, files.photo()) != (attachment_id,), "sent again, it is a new one"


def test_a_conflict_after_the_answer(wiring: Wiring, town: Town, task: int) -> None:
    step(
        wiring, task, town.gao_id, referral_department.reply,
        outcome="planned", words="明年三月更换，列入年度计划。", reason="配件要招标，明年三月到货。", signed_name="高强",
    )  # fmt: skip
    with pytest.raises(Conflict):
        put(wiring, upload(wiring, task, town.gao_id), files.photo())


def test_drafts_of_ended_referrals_are_forgotten(wiring: Wiring, town: Town, task: int) -> None:
    with wiring.sessions.begin() as session:
        typed = AnswerWords("done", "写到一半", "", "")
        save_draft(session, actor=actor(session, town.gao_id), referral_id=task, typed=typed, at=wiring.clock.now())
        save_draft(session, actor=actor(session, town.wu_id), referral_id=task, typed=typed, at=wiring.clock.now())
    retain(wiring)
    with wiring.sessions() as session:
        assert [one.user_id for one in session.query(AnswerDraft)] == [town.gao_id]
    ending = {"outcome": "planned", "words": "明年三月更换，列入年度计划。", "reason": "配件明年三月到货。", "signed_name": "高强"}
    step(wiring, task, town.sun_id, referral_department.reply, **ending)
    step(wiring, task, town.zhou_id, referral_check.check_and_deliver)
    retain(wiring)
    with wiring.sessions() as session:
        assert session.query(AnswerDraft).count() == 0
