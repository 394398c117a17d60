"""A resident's telephone: an account of 云栖区 and the platform before our application, over real HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import make_server

from intake.domain.actor import MACHINE
from intake.domain.point import PointAction
from intake.domain.wechat_account import AccountKind
from intake.models import ChatDraft, ChatPart, IntakePoint, Submission
from intake.services.place import change_point
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.town import town_in
from tests.factories.wechat import AES_KEY, APP_ID, CALLBACK_KEY, TOKEN, make_account
from tests.integration.jobs import jobs_in_this_process
from tests.wechat_platform.platform import Platform
from workers.jobs import close_drafts

AUNT = "oAunt6_bIyUhqmFvNNa1VcJ2pXw"
"""The openid of 王阿姨 of 龙池社区."""
SITE = "https://zhibao.example"


@contextmanager
def platform_before(
    app: Flask, wiring: Wiring, clock: TestClock, *, safe: bool, kind: AccountKind = AccountKind.SERVICE
) -> Iterator[Platform]:
    """The platform with an account of the district, in safe or in plain mode."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with wiring.sessions.begin() as session:
        make_account(session, wiring.vault, area_id=town_in(session).district_id, kind=kind)
    try:
        yield Platform(
            f"http://127.0.0.1:{server.server_port}",
            TOKEN,
            APP_ID,
            AES_KEY if safe else None,
            path=f"/wechat/{CALLBACK_KEY}",
            seconds=lambda: clock.now().timestamp(),
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def submissions(wiring: Wiring) -> list[Submission]:
    """Everything that was sent."""
    with wiring.sessions() as session:
        return session.query(Submission).order_by(Submission.id).all()


def drafts(wiring: Wiring) -> list[ChatDraft]:
    """Everything that was begun."""
    with wiring.sessions() as session:
        return session.query(ChatDraft).order_by(ChatDraft.id).all()


def parts(wiring: Wiring) -> list[ChatPart]:
    """Everything that was said and kept."""
    with wiring.sessions() as session:
        return session.query(ChatPart).order_by(ChatPart.sent_at, ChatPart.message_id, ChatPart.id).all()


def pause(wiring: Wiring, clock: TestClock, *, minutes: int = 4) -> None:
    """Nothing is said for a while, and the job looks."""
    clock.forward(minutes=minutes)
    with jobs_in_this_process(wiring):
        close_drafts.run()


def scene_of(code: str) -> str:
    """The scene of a point of the town."""
    return f"scene-{code}"


def change(wiring: Wiring, code: str, action: PointAction, note: str) -> None:
    """Pause, resume or retire a point."""
    with wiring.sessions.begin() as session:
        point = session.query(IntakePoint).filter_by(code=code).one()
        change_point(session, actor=MACHINE, point_id=point.id, action=action, note=note, at=wiring.clock.now())


def link_in(words: str) -> str:
    """The path behind the first link of our own site."""
    return next(line.removeprefix(SITE) for line in words.splitlines() if line.startswith(SITE))
