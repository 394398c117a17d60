"""Residents' photos and voices: fetched from the platform, made anew, written down, forgotten; whatever goes wrong on the way."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy.orm import Session

from intake.adapters.file_cleaning import cleaned
from intake.domain.attachment import Unusable
from intake.domain.errors import PermanentError, RetryableError
from intake.domain.submission import Channel, SubmissionState, Urgency
from intake.domain.submission_file import FileKind, FileState
from intake.models import ChatDraft, ChatPart, Contributor, HistoryEntry, Submission, SubmissionFile, SubmissionGrams
from intake.queries.point import point_by_code
from intake.services import submission_file
from intake.services.submission_file import Quarantined, accept_cleaned, await_media, claim_awaited, claim_unheard, note_heard
from intake.services.submission_submit import Origin, Stored, read_sentence, submit
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories import files
from tests.factories.clock import TestClock
from tests.factories.matters import topic_of
from tests.factories.town import Town
from tests.factories.voices import voice
from tests.factories.wechat import ORIGINAL_ID, make_account
from tests.integration.jobs import jobs_in_this_process
from tests.wechat_platform.faults import Fault
from tests.wechat_platform.server import WeChatServer
from workers.jobs import apply_retention, clean_files, fetch_media, transcribe, triage_batch


@pytest.fixture
def server(with_platform: WeChatServer, wiring: Wiring, town: Town) -> WeChatServer:
    """The platform, with an account of 云栖区."""
    with wiring.sessions.begin() as session:
        make_account(session, wiring.vault, area_id=town.district_id)
    return with_platform


def awaited(
    wiring: Wiring, server: WeChatServer, content: bytes, kind: FileKind = FileKind.PHOTO, *, submission_id: int | None = None
) -> int:
    """A picture or voice that a resident sent."""
    media_id = server.account.keep_media(content, "image/jpeg" if kind is FileKind.PHOTO else "audio/amr")
    with wiring.sessions.begin() as session:
        return await_media(session, kind=kind, account=ORIGINAL_ID, media_id=media_id, submission_id=submission_id, at=wiring.clock.now())


def run(wiring: Wiring, *jobs: object) -> None:
    with jobs_in_this_process(wiring):
        for job in jobs:
            job.run()  # type: ignore[attr-defined]  # a module of workers.jobs


def only(wiring: Wiring) -> SubmissionFile:
    with wiring.sessions() as session:
        return session.query(SubmissionFile).one()


def in_store(wiring: Wiring) -> list[str]:
    root = Path(wiring.settings.object_folder)
    return sorted(str(one.relative_to(root)) for one in root.rglob("*") if one.is_file())


def spoken(wiring: Wiring, town: Town, text: str = "（语音）", channel: Channel = Channel.WECHAT_VOICE) -> Stored:
    """A submission that was nothing but a voice."""
    with wiring.sessions.begin() as session:
        point = point_by_code(session, town.longchi_code)
        assert point is not None
        return submit(
            session,
            vault=wiring.vault,
            point=point,
            key=f"{text}{channel}".encode(),
            sentence=read_sentence(text=text, place="", contact=""),
            origin=Origin(channel),
            at=wiring.clock.now(),
        )


def the(wiring: Wiring, submission_id: int) -> Submission:
    with wiring.sessions() as session:
        return session.get_one(Submission, submission_id)


# --- fetching ------------------------------------------------------------------------------------------------------------------------


def test_a_photo_is_fetched_made_anew_and_its_original_deleted(wiring: Wiring, server: WeChatServer) -> None:
    awaited(wiring, server, files.photo(3000, 2000, told=True))
    run(wiring, fetch_media)
    assert (only(wiring).state, only(wiring).media_id) == (FileState.RECEIVED, "")
    assert in_store(wiring) == [f"quarantine/said/{only(wiring).id}"]
    run(wiring, clean_files)
    one = only(wiring)
    assert (one.state, one.media_type) == (FileState.READY, "image/jpeg")
    assert in_store(wiring) == [f"said/{one.id}-small.jpg", f"said/{one.id}.jpg"]
    with wiring.objects.open(one.file_key) as file:
        raw = file.read()
    assert files.OWNER.encode() not in raw
    assert max(Image.open(BytesIO(raw)).size) == 2_400


def test_a_repeat_of_every_job_changes_nothing(wiring: Wiring, server: WeChatServer) -> None:
    awaited(wiring, server, files.photo())
    run(wiring, fetch_media, clean_files)
    before = only(wiring).version, in_store(wiring), server.world.asked["media/get"]
    run(wiring, fetch_media, clean_files, transcribe)
    assert (only(wiring).version, in_store(wiring), server.world.asked["media/get"]) == before


def test_what_the_platform_threw_away_is_refused_with_a_sentence(wiring: Wiring, server: WeChatServer, clock: TestClock) -> None:
    awaited(wiring, server, files.photo())
    clock.forward(days=4)
    run(wiring, fetch_media)
    assert only(wiring).state is FileState.REFUSED
    assert only(wiring).refused_because == "照片没有取到（微信只保留三天）。"


@pytest.mark.parametrize(("kind", "size"), [(FileKind.PHOTO, 10), (FileKind.VOICE, 2)])
def test_what_is_too_large_is_refused_before_it_is_kept(wiring: Wiring, server: WeChatServer, kind: FileKind, size: int) -> None:
    awaited(wiring, server, bytes(size * 1024 * 1024 + 1), kind)
    run(wiring, fetch_media)
    assert only(wiring).state is FileState.REFUSED
    assert f"超过 {size} MB" in only(wiring).refused_because
    assert in_store(wiring) == []


@pytest.mark.parametrize("content", [b"<html>a picture, honestly</html>", b"MZ" + bytes(200), b"#!SILK_V3" + bytes(100)])
def test_what_is_neither_picture_nor_voice_is_refused(wiring: Wiring, server: WeChatServer, content: bytes) -> None:
    for kind in FileKind:
        awaited(wiring, server, content, kind)
    run(wiring, fetch_media)
    with wiring.sessions() as session:
        assert {one.state for one in session.query(SubmissionFile)} == {FileState.REFUSED}
    assert in_store(wiring) == []


def test_a_platform_in_trouble_is_asked_again_later_and_later(wiring: Wiring, server: WeChatServer, clock: TestClock) -> None:
    awaited(wiring, server, files.photo())
    server.world.faults.order("media/get", Fault.STATUS, times=3, code=503)
    waits = []
    for _ in range(3):
        run(wiring, fetch_media)
        due = only(wiring).fetch_at
        assert due is not None
        waits.append(due - clock.now())
        run(wiring, fetch_media)  # not before its time
        clock.forward(seconds=waits[-1].total_seconds() + 1)
    assert waits == [timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=10)]
    run(wiring, fetch_media)
    assert only(wiring).state is FileState.RECEIVED


def test_a_platform_that_stays_away_ends_in_a_sentence(wiring: Wiring, server: WeChatServer, clock: TestClock) -> None:
    awaited(wiring, server, files.photo())
    server.world.faults.order("media/get", Fault.STATUS, times=100, code=503)
    for _ in range(40):
        run(wiring, fetch_media)
        clock.forward(hours=6)
    assert only(wiring).state is FileState.REFUSED
    assert "没有取到" in only(wiring).refused_because


def test_a_worker_killed_while_it_fetched_is_followed_by_another(
    wiring: Wiring, server: WeChatServer, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    awaited(wiring, server, files.photo())

    class Killed(BaseException):
        pass

    def die(*_a: object, **_k: object) -> bool:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(fetch_media, "take", die)
        with pytest.raises(Killed):
            run(wiring, fetch_media)
    assert only(wiring).state is FileState.AWAITED
    run(wiring, fetch_media)
    assert only(wiring).state is FileState.AWAITED, "the claim still holds"
    clock.forward(minutes=4)
    run(wiring, fetch_media)
    assert only(wiring).state is FileState.RECEIVED


def test_two_workers_never_fetch_the_same(wiring: Wiring, server: WeChatServer) -> None:
    awaited(wiring, server, files.photo())
    with wiring.sessions() as first, wiring.sessions() as second:
        assert len(claim_awaited(first, at=wiring.clock.now(), limit=5)) == 1
        assert claim_awaited(second, at=wiring.clock.now(), limit=5) == []


def test_an_account_without_a_secret_waits_for_one(wiring: Wiring, server: WeChatServer) -> None:
    awaited(wiring, server, files.photo())
    with wiring.sessions.begin() as session:
        session.query(SubmissionFile).one().account = "gh_ffffffffffff"
    run(wiring, fetch_media)
    assert only(wiring).state is FileState.AWAITED


# --- made anew -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("media_type", ["audio/amr", "audio/mpeg", "audio/webm", "audio/mp4", "audio/aac", "audio/wav"])
def test_a_voice_becomes_an_mp3_that_plays_as_long(wiring: Wiring, server: WeChatServer, media_type: str) -> None:
    awaited(wiring, server, voice(3, media_type=media_type), FileKind.VOICE)
    run(wiring, fetch_media, clean_files)
    one = only(wiring)
    assert (one.state, one.media_type) == (FileState.READY, "audio/mpeg")
    assert one.seconds == pytest.approx(3, abs=0.3)
    with wiring.objects.open(one.file_key) as file:
        assert file.read(2)[0] == 0xFF, "an MP3 frame, and no tags before it"
    assert one.transcribed_at == one.state_changed_at, "nobody is there to ask"


def test_a_minute_is_taken_and_more_is_not() -> None:
    with cleaned_of(voice(60)) as seconds:
        assert seconds == pytest.approx(60, abs=0.5)
    with pytest.raises(Unusable, match="60 秒"), cleaned_of(voice(70)):
        pass


def cleaned_of(content: bytes, media_type: str = "audio/amr") -> "_Cleaning":
    return _Cleaning(content, media_type)


class _Cleaning:
    def __init__(self, content: bytes, media_type: str) -> None:
        self.content, self.media_type = content, media_type

    def __enter__(self) -> float | None:
        import tempfile

        self.file = tempfile.TemporaryFile()
        self.file.write(self.content)
        self.file.seek(0)
        self.made = cleaned(self.file, media_type=self.media_type)
        return self.made.__enter__().seconds

    def __exit__(self, *error: object) -> None:
        self.made.__exit__(None, None, None)
        self.file.close()


# Bytes that begin as a voice and are none; each is refused by the process that looked, and takes nobody along.
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"#!AMR\n", "audio/amr"),
        (b"#!AMR\n" + bytes(2_000_000), "audio/amr"),
        (b"#!AMR\n" + bytes(range(256)) * 400, "audio/amr"),
        (b"#!AMR-WB\n" + b"\xff" * 5_000, "audio/amr-wb"),
        (b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(5_000), "audio/mpeg"),
        (b"\xff\xfb" + b"\x00" * 100_000, "audio/mpeg"),
        (b"OggS" + bytes(20_000), "audio/ogg"),
        (b"\x1aE\xdf\xa3" + b"\xff" * 20_000, "audio/webm"),
        (b"\x00\x00\x00\x20ftypM4A " + bytes(range(256)) * 80, "audio/mp4"),
        (b"\xff\xf1" + b"\x00" * 20_000, "audio/aac"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(64), "audio/wav"),
        (b"OggS" + b"\xff" * 20_000, "audio/ogg"),
        (b"ID3" + b"<html><script>alert(1)</script>", "audio/mpeg"),
    ],
)
def test_hostile_voices_are_refused(content: bytes, media_type: str) -> None:
    try:
        with cleaned_of(content, media_type) as seconds:
            assert seconds is not None, "a decoder that finds sound in noise gives noise"
            assert seconds <= 62
    except Unusable as error:
        assert "语音" in str(error)


def test_a_broken_photo_is_refused_in_words_for_who_looks_at_it(wiring: Wiring, server: WeChatServer) -> None:
    awaited(wiring, server, b"\xff\xd8\xff" + bytes(500))
    run(wiring, fetch_media, clean_files)
    assert only(wiring).refused_because == "照片打不开，不能显示。"
    run(wiring, apply_retention)
    assert in_store(wiring) == []


# --- written down ----------------------------------------------------------------------------------------------------------------------


class Ear:
    """A recogniser that hears what it is told."""

    is_on = True

    def __init__(self, *says: str | Exception) -> None:
        self.says = list(says)
        self.asked: list[bytes] = []

    def write_down(self, voice: bytes) -> str:
        self.asked.append(voice)
        said = self.says.pop(0)
        if isinstance(said, Exception):
            raise said
        return said


def test_what_was_heard_is_masked_for_screens(wiring: Wiring, server: WeChatServer, town: Town) -> None:
    wiring.recogniser = Ear("我是王桂芳，电话13800000021，幸福里的路灯坏了")
    awaited(wiring, server, voice(), FileKind.VOICE)
    run(wiring, fetch_media, clean_files, transcribe)
    one = only(wiring)
    assert "13800000021" in one.heard_written
    assert "13800000021" not in one.heard_masked
    assert "路灯坏了" in one.heard_masked
    run(wiring, transcribe)
    assert len(wiring.recogniser.asked) == 1


def test_a_voice_that_nobody_wrote_down_reaches_a_member_at_once(wiring: Wiring, server: WeChatServer, town: Town) -> None:
    stored = spoken(wiring, town)
    submission_id = stored.submission_id
    run(wiring, triage_batch)
    found = the(wiring, submission_id)
    assert (found.state, found.text_masked, found.urgency) == (SubmissionState.TRIAGED, "（语音）", Urgency.SOON)
    assert found.owner_id is not None
    with wiring.sessions() as session:
        assert session.query(Contributor).count() == 0, "two voices are never the same matter by their mark"


def test_many_voices_and_photos_without_words_are_not_taken_for_each_other(wiring: Wiring, server: WeChatServer, town: Town) -> None:
    ids = [spoken(wiring, town, text) for text in ("（语音）", "（语音）\n（语音）")] + [
        spoken(wiring, town, "（照片）", Channel.WECHAT_IMAGE)
    ]
    run(wiring, triage_batch)
    assert {the(wiring, one.submission_id).state for one in ids} == {SubmissionState.TRIAGED}
    with wiring.sessions() as session:
        assert session.query(Contributor).count() == 0


def test_what_is_heard_later_is_triaged_then(wiring: Wiring, server: WeChatServer, town: Town) -> None:
    wiring.recogniser = Ear("幸福里三号楼着火了，有人被困，电话13800000021")
    stored = spoken(wiring, town)
    submission_id = stored.submission_id
    run(wiring, triage_batch)
    awaited(wiring, server, voice(), FileKind.VOICE, submission_id=submission_id)
    run(wiring, fetch_media, clean_files, transcribe)
    assert the(wiring, submission_id).state is SubmissionState.RECEIVED
    run(wiring, triage_batch)
    found = the(wiring, submission_id)
    assert (found.state, found.urgency) == (SubmissionState.TRIAGED, Urgency.EMERGENCY)
    assert found.text_written == "（语音）", "what the resident sent is never rewritten"
    assert found.text_masked.startswith("（语音）幸福里三号楼着火了")
    assert "13800000021" not in found.text_masked
    with wiring.sessions() as session:
        steps = [one.action for one in session.query(HistoryEntry).filter_by(noun="submission").order_by(HistoryEntry.id)]
        assert steps == ["begin", "triage", "hear", "triage"]
        assert session.get_one(SubmissionGrams, submission_id).grams, "the index knows it by what was heard"


def test_what_is_heard_before_triage_is_triaged_with_it(wiring: Wiring, server: WeChatServer, town: Town) -> None:
    wiring.recogniser = Ear("幸福里的路灯坏了")
    stored = spoken(wiring, town)
    submission_id = stored.submission_id
    awaited(wiring, server, voice(), FileKind.VOICE, submission_id=submission_id)
    run(wiring, fetch_media, clean_files, transcribe, triage_batch)
    assert the(wiring, submission_id).text_masked == "（语音）幸福里的路灯坏了"


def test_a_member_who_decided_is_not_overtaken_by_what_is_heard_later(wiring: Wiring, server: WeChatServer, town: Town) -> None:
    wiring.recogniser = Ear("幸福里的路灯坏了")
    stored = spoken(wiring, town)
    submission_id = stored.submission_id
    run(wiring, triage_batch)
    topic_of(wiring, town.zhou_id, "幸福里路灯", stored)
    awaited(wiring, server, voice(), FileKind.VOICE, submission_id=submission_id)
    run(wiring, fetch_media, clean_files, transcribe)
    assert the(wiring, submission_id).state is SubmissionState.IN_TOPIC
    assert only(wiring).heard_masked == "幸福里的路灯坏了"


def test_what_is_heard_while_it_is_a_draft_stands_in_its_words(wiring: Wiring, server: WeChatServer, town: Town) -> None:
    from intake.domain.chat_draft import PartKind
    from intake.models import WeChatFollower
    from intake.services.chat_draft import NewPart, add_part, begin_draft

    wiring.recogniser = Ear("幸福里的路灯坏了")
    file_id = awaited(wiring, server, voice(), FileKind.VOICE)
    with wiring.sessions.begin() as session:
        follower = WeChatFollower(account=ORIGINAL_ID, openid_hash=b"h", openid_cipher=b"c", following=True, seen_at=wiring.clock.now())
        session.add(follower)
        session.flush()
        draft = begin_draft(session, follower_id=follower.id, point_id=None, district_id=None, at=wiring.clock.now())
        part = NewPart(kind=PartKind.VOICE, dedupe_key=b"1", sent_at=wiring.clock.now(), file_id=file_id)
        assert add_part(session, draft_id=draft.id, district_id=None, part=part, closes_at=None, is_placed=False)
    run(wiring, fetch_media, clean_files, transcribe)
    with wiring.sessions() as session:
        assert session.query(ChatPart).one().words == "幸福里的路灯坏了"


def test_a_recogniser_in_trouble_is_asked_again_and_given_up_in_the_end(wiring: Wiring, server: WeChatServer, clock: TestClock) -> None:
    wiring.recogniser = Ear(*[RetryableError("away")] * 5)
    awaited(wiring, server, voice(), FileKind.VOICE)
    run(wiring, fetch_media, clean_files)
    for _ in range(8):
        run(wiring, transcribe)
        clock.forward(hours=12)
    assert len(wiring.recogniser.asked) == 5
    assert only(wiring).transcribed_at is not None
    assert only(wiring).state is FileState.READY, "people can hear it"


def test_a_recogniser_that_refuses_is_not_asked_again(wiring: Wiring, server: WeChatServer) -> None:
    wiring.recogniser = Ear(PermanentError("401"))
    awaited(wiring, server, voice(), FileKind.VOICE)
    run(wiring, fetch_media, clean_files, transcribe, transcribe)
    assert len(wiring.recogniser.asked) == 1


def test_what_the_platform_heard_is_not_asked_again(wiring: Wiring, server: WeChatServer) -> None:
    wiring.recogniser = Ear()
    media_id = server.account.keep_media(voice(), "audio/amr")
    with wiring.sessions.begin() as session:
        await_media(
            session, kind=FileKind.VOICE, account=ORIGINAL_ID, media_id=media_id, heard="路灯坏了。13800000021", at=wiring.clock.now()
        )
    run(wiring, fetch_media, clean_files, transcribe)
    assert wiring.recogniser.asked == []
    assert "13800000021" not in only(wiring).heard_masked


# --- forgotten -------------------------------------------------------------------------------------------------------------------------


def test_withdrawing_takes_photos_and_voices_along(wiring: Wiring, server: WeChatServer, town: Town, clock: TestClock) -> None:
    wiring.recogniser = Ear("路灯坏了")
    stored = spoken(wiring, town)
    submission_id = stored.submission_id
    awaited(wiring, server, voice(), FileKind.VOICE, submission_id=submission_id)
    awaited(wiring, server, files.photo(), submission_id=submission_id)
    run(wiring, fetch_media, clean_files, transcribe, triage_batch)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=submission_id, at=clock.now())
    run(wiring, apply_retention)
    assert len(in_store(wiring)) == 3
    clock.forward(days=31)
    run(wiring, apply_retention)
    assert in_store(wiring) == []
    with wiring.sessions() as session:
        for one in session.query(SubmissionFile):
            assert (one.heard_written, one.heard_masked, one.file_key) == ("", "", "")
            assert one.removed_at is not None


def test_a_dropped_draft_is_forgotten_with_its_files(wiring: Wiring, server: WeChatServer, town: Town) -> None:
    from intake.domain.chat_draft import PartKind
    from intake.models import WeChatFollower
    from intake.services.chat_draft import NewPart, add_part, begin_draft, drop

    file_id = awaited(wiring, server, files.photo())
    run(wiring, fetch_media, clean_files)
    at = wiring.clock.now()
    with wiring.sessions.begin() as session:
        follower = WeChatFollower(account=ORIGINAL_ID, openid_hash=b"h", openid_cipher=b"c", following=True, seen_at=at)
        session.add(follower)
        session.flush()
        draft = begin_draft(session, follower_id=follower.id, point_id=None, district_id=None, at=at)
        for number, (kind, words) in enumerate(((PartKind.TEXT, "路灯坏了"), (PartKind.IMAGE, ""), (PartKind.LOCATION, "幸福路"))):
            part = NewPart(
                kind=kind,
                dedupe_key=bytes([number]),
                sent_at=at,
                words=words,
                latitude=31.2,
                file_id=file_id if kind is PartKind.IMAGE else None,
            )
            add_part(session, draft_id=draft.id, district_id=None, part=part, closes_at=None, is_placed=False)
        drop(session, draft_id=draft.id, at=at)
    run(wiring, apply_retention)
    assert in_store(wiring) == []
    with wiring.sessions() as session:
        assert {(one.words, one.latitude) for one in session.query(ChatPart)} == {("", None)}
        assert session.query(ChatDraft).one().erased_at is not None


class Killed(BaseException):
    """A worker that ends where it stands."""


def killed_at(wiring: Wiring, job: object, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a job whose worker is killed right before it notes what it has stored."""

    def die(*_a: object, **_k: object) -> bool:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(job, name, die)
        with pytest.raises(Killed):
            run(wiring, job)


def forgotten(wiring: Wiring, submission_id: int, clock: TestClock) -> None:
    """Withdrawn, and its days are over."""
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=submission_id, at=clock.now())
    clock.forward(days=31)
    run(wiring, apply_retention)


@pytest.mark.parametrize("killed", ["fetching", "cleaning"])
def test_bytes_that_a_killed_worker_had_stored_go_with_what_is_withdrawn(
    killed: str, wiring: Wiring, server: WeChatServer, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission_id = spoken(wiring, town).submission_id
    awaited(wiring, server, files.photo(), submission_id=submission_id)
    if killed == "fetching":
        killed_at(wiring, fetch_media, "take", monkeypatch)
    else:
        run(wiring, fetch_media)
        killed_at(wiring, clean_files, "accept_cleaned", monkeypatch)
    assert in_store(wiring) != []
    forgotten(wiring, submission_id, clock)
    assert in_store(wiring) == []


def test_bytes_that_a_killed_worker_had_stored_go_when_the_platform_has_thrown_the_picture_away(
    wiring: Wiring, server: WeChatServer, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    awaited(wiring, server, files.photo())
    killed_at(wiring, fetch_media, "take", monkeypatch)
    clock.forward(days=4)
    run(wiring, fetch_media, apply_retention)
    assert only(wiring).state is FileState.REFUSED
    assert in_store(wiring) == []


def test_what_is_made_anew_while_the_sweep_deletes_is_swept_the_next_time(
    wiring: Wiring, server: WeChatServer, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission_id = spoken(wiring, town).submission_id
    awaited(wiring, server, files.photo(), submission_id=submission_id)
    run(wiring, fetch_media)
    with wiring.objects.open(f"quarantine/said/{only(wiring).id}") as file:
        original = BytesIO(file.read())
    noted = submission_file.forget_bytes

    def late(session: Session, swept: object) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(submission_file, "forget_bytes", noted)
            wiring.objects.put(f"quarantine/said/{only(wiring).id}", original)
            with wiring.sessions.begin() as other:
                one = Quarantined(only(wiring).id, FileKind.PHOTO, "image/jpeg")
                wiring.objects.put(one.result, BytesIO(b"made anew"))
                assert accept_cleaned(other, one, size=9, seconds=None, is_heard=False, at=clock.now())
        noted(session, swept)  # type: ignore[arg-type]  # whatever the job swept

    with monkeypatch.context() as patched:
        patched.setattr(submission_file, "forget_bytes", late)
        forgotten(wiring, submission_id, clock)
    run(wiring, apply_retention)
    assert in_store(wiring) == []


def test_what_is_heard_after_it_was_forgotten_is_kept_nowhere(wiring: Wiring, server: WeChatServer, town: Town, clock: TestClock) -> None:
    wiring.recogniser = Ear()
    submission_id = spoken(wiring, town).submission_id
    awaited(wiring, server, voice(), FileKind.VOICE, submission_id=submission_id)
    run(wiring, fetch_media, clean_files)
    with wiring.sessions.begin() as session:
        (asked,) = claim_unheard(session, at=clock.now(), limit=1)
    forgotten(wiring, submission_id, clock)
    with wiring.sessions.begin() as session:
        note_heard(session, asked.id, words="幸福里 3 号楼张阿姨说灯坏了", at=clock.now())
    assert (only(wiring).heard_written, only(wiring).heard_masked) == ("", "")
