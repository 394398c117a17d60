"""Who hasn't been seen in WeChat for a year, and of whom nothing is left to do, is forgotten."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.orm import Session

from intake.domain.chat_draft import DraftState, PartKind
from intake.domain.notification import NoticeChannel, NoticeKind, NoticeState
from intake.domain.submission import SubmissionState
from intake.models import ChatDraft, ChatPart, Notification, Submission, WeChatBinding, WeChatFollower, WeChatRight
from intake.ports import NullJobQueue
from intake.services.wechat_follower import recognise
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.sentences import say
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import apply_retention

GH = "gh_10f6c3c3ac5a"


@pytest.fixture(autouse=True)
def in_process(wiring: Wiring) -> Iterator[None]:
    wiring.queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield


def seen(wiring: Wiring, openid: str = "oAunt") -> int:
    with wiring.sessions.begin() as session:
        return recognise(session, vault=wiring.vault, account=GH, openid=openid, at=wiring.clock.now())


def left(wiring: Wiring) -> list[int]:
    with wiring.sessions() as session:
        return [row.id for row in session.query(WeChatFollower).order_by(WeChatFollower.id)]


def test_a_year_without_a_visit_is_the_end_of_it(wiring: Wiring, town: Town, clock: TestClock) -> None:
    gone = seen(wiring)
    clock.forward(days=wiring.workflow.retention.follower_days - 1)
    back = seen(wiring, "oUncle")
    apply_retention.run()
    assert left(wiring) == [gone, back]
    clock.forward(days=1, seconds=1)
    apply_retention.run()
    apply_retention.run()
    assert left(wiring) == [back]


def has_said_something(session: Session, follower: WeChatFollower, submission_id: int) -> None:
    session.get_one(Submission, submission_id).follower_id = follower.id


def is_to_be_told(session: Session, follower: WeChatFollower, submission_id: int) -> None:
    session.add(notice(follower, submission_id, NoticeState.PENDING))


def writes(session: Session, follower: WeChatFollower, _submission_id: int) -> None:
    session.add(draft(follower, DraftState.OPEN))


def is_a_member(session: Session, follower: WeChatFollower, _submission_id: int) -> None:
    session.add(binding(follower))


def notice(follower: WeChatFollower, submission_id: int, state: NoticeState) -> Notification:
    return Notification(
        district_id=2,
        submission_id=submission_id,
        once_key=f"{state.value}:out",
        follower_id=follower.id,
        kind=NoticeKind.RECEIVED,
        channel=NoticeChannel.CUSTOMER,
        state=state,
        state_changed_at=follower.seen_at,
        due_at=follower.seen_at,
        created_at=follower.seen_at,
    )


def draft(follower: WeChatFollower, state: DraftState) -> ChatDraft:
    return ChatDraft(
        follower_id=follower.id, state=state, state_changed_at=follower.seen_at, link_salt=b"x" * 16, created_at=follower.seen_at
    )


def binding(follower: WeChatFollower) -> WeChatBinding:
    return WeChatBinding(
        district_id=2,
        user_id=1,
        account=follower.account,
        openid_hash=follower.openid_hash,
        openid_cipher=follower.openid_cipher,
        created_at=follower.seen_at,
    )


# While there is something to do, nobody is forgotten.
@pytest.mark.parametrize("still", [has_said_something, is_to_be_told, writes, is_a_member])
def test_whoever_something_is_left_of_is_kept(
    wiring: Wiring, town: Town, clock: TestClock, still: Callable[[Session, WeChatFollower, int], None]
) -> None:
    kept = seen(wiring)
    stored = say(wiring, town.longchi_code, "路灯坏了")
    with wiring.sessions.begin() as session:
        still(session, session.get_one(WeChatFollower, kept), stored.submission_id)
    clock.forward(days=800)
    with wiring.sessions.begin() as session:  # the submission itself is not the question here
        session.query(ChatDraft).update({"state_changed_at": clock.now()})
    apply_retention.run()
    assert left(wiring) == [kept]


def test_what_hangs_on_them_goes_and_sent_notices_name_nobody(wiring: Wiring, town: Town, clock: TestClock) -> None:
    gone = seen(wiring)
    stored = say(wiring, town.longchi_code, "路灯坏了")
    with wiring.sessions.begin() as session:
        follower = session.get_one(WeChatFollower, gone)
        ended = binding(follower)
        ended.ended_at = clock.now()
        dropped = draft(follower, DraftState.DROPPED)
        right = WeChatRight(follower_id=gone, template_id="LONG", channel=NoticeChannel.LONG, remaining=1, changed_at=clock.now())
        session.add_all([notice(follower, stored.submission_id, NoticeState.SENT), ended, dropped, right])
        session.flush()
        session.add(ChatPart(draft_id=dropped.id, dedupe_key=b"k", kind=PartKind.TEXT, sent_at=clock.now(), words="没发出去的话"))
    clock.forward(days=800)
    apply_retention.run()
    with wiring.sessions() as session:
        assert left(wiring) == []
        assert session.query(Notification).filter_by(once_key="sent:out").one().follower_id is None
        assert session.query(ChatDraft).count() + session.query(ChatPart).count() + session.query(WeChatRight).count() == 0
        assert session.query(WeChatBinding).count() == 1  # the record of who was bound stays


def test_a_submission_whose_time_is_over_names_its_follower_no_more(wiring: Wiring, town: Town, clock: TestClock) -> None:
    gone = seen(wiring)
    stored = say(wiring, town.longchi_code, "路灯坏了")
    with wiring.sessions.begin() as session:
        said = session.get_one(Submission, stored.submission_id)
        said.follower_id, said.openid_hash = gone, b"h" * 32
        session.execute(  # as if it had been declined then: what leads there is other tests' matter
            Submission.__table__.update()  # type: ignore[attr-defined]  # a table
            .where(Submission.id == stored.submission_id)
            .values(state=SubmissionState.DECLINED, state_changed_at=clock.now())
        )
    clock.forward(days=wiring.workflow.retention.contact_days + 1)
    apply_retention.run()
    with wiring.sessions() as session:
        said = session.get_one(Submission, stored.submission_id)
        assert (said.follower_id, said.openid_hash) == (None, None)
    assert left(wiring) == [gone]
    clock.forward(days=200)
    apply_retention.run()
    assert left(wiring) == []


def test_more_than_one_batch_goes_in_one_run(wiring: Wiring, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply_retention, "BATCH", 2)
    for number in range(5):
        seen(wiring, f"o{number}")
    clock.forward(days=400)
    apply_retention.run()
    assert left(wiring) == []
