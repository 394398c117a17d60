"""Does what administrators asked of the platform: codes, menus, checks; and keeps the tickets of the JS-SDK fresh."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, TypeVar

import structlog

from intake.domain.errors import PermanentDeliveryError, RetryableDeliveryError
from intake.domain.wechat_refusal import SILENT
from intake.ports import Wake
from intake.services.scene_code import note_scene, scenes_waiting
from intake.services.wechat_errand import accounts_with_tickets, checks_waiting, menus_waiting, note_check, note_menu
from intake.wiring import Wiring
from workers.runtime import describe, job, job_session, process_wiring, stopping

log = structlog.get_logger(__name__)

BATCH = 20
SECONDS = 40.0
GIVE_UP = timedelta(minutes=10)
"""How long something is tried before the page says that the platform doesn't answer."""
SOON = 120
"""Seconds that the platform may ask us to wait; told to come back later than that, we tell the administrator instead."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Answer(Generic[Value]):
    """What the platform said: a value, a refusal's code, or (done False) nothing yet."""

    done: bool
    value: Value | None = None
    refused: str | None = None


@job(Wake.WECHAT)
def run() -> None:
    """Look at what was asked for, ask the platform between two transactions, write down what came of it.

    A repeat is harmless: the platform gives the same code for the same scene, takes the same menu again, and a check only looks; what came
    of an errand is noted only while it is still asked for, and a ticket that lasts is left alone.
    """
    wiring = process_wiring()
    end = time.monotonic() + SECONDS
    _check_accounts(wiring)
    _send_menus(wiring)
    _renew_tickets(wiring)
    if not _make_scenes(wiring, end):
        wiring.queue.wake(Wake.WECHAT)


def _check_accounts(wiring: Wiring) -> None:
    with job_session() as session:
        errands = checks_waiting(session, vault=wiring.vault, limit=BATCH)
    base_url = wiring.settings.base_url
    for errand in errands:
        reached = wiring.probe.answers(base_url + errand.callback_path, errand.token) if errand.callback_path else None
        found = wiring.wechat.check(errand.keys) if errand.keys is not None else ()
        with job_session() as session:
            note_check(session, errand=errand, found=found, reached=reached, base_url=base_url, at=wiring.clock.now())


def _send_menus(wiring: Wiring) -> None:
    with job_session() as session:
        errands = menus_waiting(session, vault=wiring.vault, limit=BATCH)
    for errand in errands:
        buttons = [(name, wiring.settings.base_url + path) for name, path in errand.buttons]
        answer = _ask("menu", partial(wiring.wechat.put_menu, errand.keys, buttons), asked_at=errand.asked_at, at=wiring.clock.now())
        if answer.done:
            with job_session() as session:
                note_menu(session, account_id=errand.account_id, asked_at=errand.asked_at, refused=answer.refused, at=wiring.clock.now())


def _make_scenes(wiring: Wiring, end: float) -> bool:
    """Make the codes that wait; False when time was over before all had been tried."""
    last = 0
    while True:
        with job_session() as session:
            errands = scenes_waiting(session, vault=wiring.vault, after=last, limit=BATCH)
        if not errands:
            return True
        for errand in errands:
            last = errand.id
            answer = _ask(
                "scene", partial(wiring.wechat.make_scene, errand.keys, errand.scene), asked_at=errand.asked_at, at=wiring.clock.now()
            )
            if answer.done:
                with job_session() as session:
                    note_scene(session, scene_id=errand.id, address=answer.value or "", refused=answer.refused or "", at=wiring.clock.now())
            if stopping() or time.monotonic() > end:
                return False


def _renew_tickets(wiring: Wiring) -> None:
    """One account's trouble is its own: its pages stay plain HTML meanwhile."""
    with job_session() as session:
        accounts = accounts_with_tickets(session, vault=wiring.vault)
    for keys in accounts:
        try:
            wiring.wechat.renew_ticket(keys)
        except (PermanentDeliveryError, RetryableDeliveryError) as error:
            log.warning("ticket_not_renewed", account=keys.account, errcode=error.code)


def _ask(what: str, call: Callable[[], Value], *, asked_at: datetime, at: datetime) -> Answer[Value]:
    """Ask the platform once; what may pass soon is left for the next sweep, until it has been tried for GIVE_UP."""
    try:
        return Answer(done=True, value=call())
    except PermanentDeliveryError as error:
        log.warning("wechat_refused_errand", errand=what, errcode=error.code)
        return Answer(done=True, refused=error.code)
    except RetryableDeliveryError as error:
        log.warning("wechat_put_off_errand", errand=what, errcode=error.code, **describe(error))
        if (error.after_seconds or 0) > SOON:
            return Answer(done=True, refused=error.code)
        return Answer(done=at - asked_at > GIVE_UP, refused=SILENT)
