"""Residents whom an account knows, with something to tell them; both our side and, where it runs, the simulated platform's know the same."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE
from intake.domain.notification import NoticeAction, NoticeChannel, NoticeKind, NoticeState
from intake.models import Notification, Submission, WeChatAccount, WeChatFollower, WeChatRight, WeChatTemplate
from intake.services.notice_tried import add_tried
from intake.services.notify import claim_due, settle_all, write_out
from intake.services.submission_decide import Deciding, answer
from intake.services.submission_submit import Stored
from intake.services.transition import move
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import told
from tests.factories.town import Town, actor
from tests.factories.wechat import ORIGINAL_ID, make_account
from tests.wechat_platform.server import WeChatServer

TEMPLATES = {NoticeChannel.LONG: "LONG-progress", NoticeChannel.ONCE: "ONCE-progress", NoticeChannel.TEMPLATE: "TM-progress"}
"""Those of the simulated account."""
FIELDS = {
    NoticeChannel.LONG: {"character_string1": "number", "thing2": "what", "time3": "when"},
    NoticeChannel.ONCE: {"character_string1": "number", "thing2": "what", "time3": "when"},
    NoticeChannel.TEMPLATE: {"character_string1": "number", "thing2": "what", "phrase3": "state", "time4": "when"},
}


def open_account(wiring: Wiring, town: Town) -> int:
    """The district's account, with a template of each channel for every kind of notice; its id."""
    with wiring.sessions.begin() as session:
        account_id = make_account(session, wiring.vault, area_id=town.district_id)
        for channel, template_id in TEMPLATES.items():
            for kind in NoticeKind:
                session.add(
                    WeChatTemplate(
                        district_id=town.district_id,
                        account_id=account_id,
                        kind=kind,
                        channel=channel,
                        template_id=template_id,
                        fields=FIELDS[channel],
                    )
                )
    return account_id


def follower(
    wiring: Wiring,
    openid: str,
    *,
    platform: WeChatServer | None = None,
    account: str = ORIGINAL_ID,
    following: bool = True,
    wrote_at: datetime | None = None,
    once: int = 0,
    long: bool = False,
) -> int:
    """Somebody the account knows; the platform knows of them what we do."""
    if platform is not None:
        people = platform.account.people
        people.known(openid).following = following
        if wrote_at is not None:
            people.write(openid)
        if once:
            people.subscribe(openid, TEMPLATES[NoticeChannel.ONCE], once)
        if long:
            people.subscribe(openid, TEMPLATES[NoticeChannel.LONG], -1)
    with wiring.sessions.begin() as session:
        one = WeChatFollower(
            account=account,
            openid_hash=wiring.vault.derive("openid", f"{account}:{openid}".encode()),
            openid_cipher=wiring.vault.seal(openid, context=f"openid:{account}"),
            following=following,
            seen_at=wiring.clock.now(),
            wrote_at=wrote_at,
        )
        session.add(one)
        session.flush()
        for channel, remaining in ((NoticeChannel.ONCE, once), (NoticeChannel.LONG, int(long))):
            if remaining:
                session.add(
                    WeChatRight(
                        follower_id=one.id,
                        template_id=TEMPLATES[channel],
                        channel=channel,
                        remaining=remaining,
                        changed_at=wiring.clock.now(),
                    )
                )
        return one.id


def said_by(wiring: Wiring, code: str, text: str, follower_id: int | None, *, contact: str = "") -> Stored:
    """A sentence of somebody the account knows, which waits for a member."""
    stored = told(wiring, code, text, contact=contact)
    with wiring.sessions.begin() as session:
        session.execute(update(Submission).where(Submission.id == stored.submission_id).values(follower_id=follower_id))
    return stored


def answered(wiring: Wiring, town: Town, stored: Stored, words: str = "已报修，三天内来修。") -> None:
    """周明远 answers it; its notice is due when the minute to undo is over."""
    with wiring.sessions.begin() as session:
        deciding = Deciding(
            actor=actor(session, town.zhou_id),
            submission_id=stored.submission_id,
            version=session.get_one(Submission, stored.submission_id).version,
            at=wiring.clock.now(),
            undo_seconds=60,
        )
        answer(session, deciding, words=words)


def outward(session: Session) -> list[Notification]:
    """What goes, or went, to residents, as it stands now."""
    session.rollback()
    found = select(Notification).where(Notification.channel != NoticeChannel.RECEIPT).order_by(Notification.id)
    return list(session.scalars(found.execution_options(populate_existing=True)))


def account_row(session: Session) -> WeChatAccount:
    """The district's account."""
    return session.scalars(select(WeChatAccount)).one()


def ended(wiring: Wiring, town: Town, clock: TestClock, *fates: tuple[NoticeChannel, NoticeAction]) -> list[int]:
    """A resident was answered and written to for each of `fates`: by which channel, and what became of it; the notices' ids."""
    for number, _ in enumerate(fates):
        stored = said_by(wiring, town.longchi_code, f"路灯坏了 {number}", follower(wiring, f"o-{number}-{clock.now()}"))
        answered(wiring, town, stored)
    clock.forward(seconds=61)
    at = clock.now()
    with wiring.sessions.begin() as session:
        notices = claim_due(session, at=at, limit=100)
        write_out(session, notices, sms=False, at=at)
        settle_all(session, {notice.id: NoticeAction.DELIVER for notice in notices}, at=at)
    with wiring.sessions.begin() as session:
        waiting = session.query(Notification).filter_by(state=NoticeState.PENDING).order_by(Notification.id).all()
        for notice, (channel, action) in zip(waiting, fates, strict=True):
            notice.channel = channel
            move(session, notice, NoticeAction.CLAIM, actor=MACHINE, at=at)
            if action is NoticeAction.FAIL and channel is not NoticeChannel.BOARD:
                add_tried([notice], channel, "45015", at=at)
            move(session, notice, action, actor=MACHINE, at=at)
        return [notice.id for notice in waiting]
