"""What administrators asked of the platform, as a worker takes it up, and what came of it.

Nothing is claimed: each errand may be done twice without harm, and what came of it is noted only while it is still asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from intake.domain.errors import NotFound
from intake.domain.notification import NoticeKind
from intake.domain.wechat_account import CAPABILITIES, Capability
from intake.domain.wechat_facts import OWN_KINDS
from intake.domain.wechat_finding import OwnCheck, matters
from intake.models import DistrictProfile, WeChatAccount, WeChatTemplate
from intake.ports import AccountCheck, Vault, Wake, WeChatKeys
from intake.queries.wechat_account import account_by_id
from intake.queries.wechat_desk import last_heard
from intake.services.wake import wake_after_commit
from intake.services.wechat_account import keys_of, opened


@dataclass(frozen=True, slots=True)
class MenuErrand:
    """A menu to be sent."""

    account_id: int
    asked_at: datetime
    keys: WeChatKeys
    buttons: tuple[tuple[str, str], ...]
    """(name, path)."""


@dataclass(frozen=True, slots=True)
class CheckErrand:
    """An account to be looked at."""

    account_id: int
    version: int
    """Of the settings that are looked at."""
    keys: WeChatKeys | None
    """None for an account that isn't ours, or has no AppID or AppSecret yet: there is nothing to ask the platform with."""
    own: bool
    """Whether it is of a kind with keys of its own."""
    callback_path: str
    """Empty where nothing comes back from the platform."""
    token: str


def menus_waiting(session: Session, *, vault: Vault, limit: int) -> tuple[MenuErrand, ...]:
    """Menus that somebody asked to be sent and that weren't yet."""
    rows = session.scalars(_asked(WeChatAccount.menu_asked_at).limit(limit)).all()
    return tuple(
        MenuErrand(
            account_id=row.id,
            asked_at=row.menu_asked_at,
            keys=_keys(session, vault, row),
            buttons=tuple((one["name"], one["path"]) for one in row.menu),
        )
        for row in rows
        if row.menu_asked_at is not None
    )


def note_menu(session: Session, *, account_id: int, asked_at: datetime, refused: str | None, at: datetime) -> None:
    """The menu was sent, or refused with a code; one that was asked for again meanwhile stays asked for."""
    account = _locked(session, account_id)
    if account.menu_asked_at == asked_at:
        account.menu_asked_at = None
    sent = AccountCheck(code=OwnCheck.MENU, ok=refused is None, detail=refused or "")
    account.check_result = [*_but(account.check_result, OwnCheck.MENU), _stored(sent, at)]
    session.flush()


def checks_waiting(session: Session, *, vault: Vault, limit: int) -> tuple[CheckErrand, ...]:
    """Accounts that somebody asked to be checked since they last were."""
    waiting = WeChatAccount.checked_at.is_(None) | (WeChatAccount.checked_at < WeChatAccount.check_asked_at)
    rows = session.scalars(_asked(WeChatAccount.check_asked_at).where(waiting).limit(limit)).all()
    return tuple(check_errand(session, vault=vault, account_id=row.id) for row in rows)


def check_errand(session: Session, *, vault: Vault, account_id: int) -> CheckErrand:
    """What there is to look at about one account, asked for or not; NotFound when there is none."""
    account = account_by_id(session, account_id)
    if account is None:
        raise NotFound("没有这个公众号。")
    own = account.kind in OWN_KINDS
    keys = keys_of(vault, account)
    chats = account.can(Capability.CHAT)  # not in use, it answers nobody
    return CheckErrand(
        account_id=account.id,
        version=account.version,
        keys=keys if own and keys.app_id and keys.secret else None,
        own=own,
        callback_path=f"/wechat/{account.callback_key}" if chats else "",
        token=opened(vault, account, "token") if chats else "",
    )


def note_check(
    session: Session,
    *,
    errand: CheckErrand,
    found: Sequence[AccountCheck],
    reached: bool | None,
    base_url: str,
    at: datetime,
) -> None:
    """Write down what the platform said and what we see ourselves; `reached` None where there is no callback to reach.

    What was found about settings that were changed meanwhile says nothing: a check that was asked for stays asked for.
    """
    account = _locked(session, errand.account_id)
    if account.version != errand.version:
        wake_after_commit(session, Wake.WECHAT)
        return
    own = _own_findings(session, account, base_url=base_url)
    if reached is not None:
        own.append(AccountCheck(OwnCheck.CALLBACK, reached))
    if errand.own and errand.keys is None:
        own.append(AccountCheck(OwnCheck.KEYS, ok=False))
    menu = [one for one in account.check_result if one["code"] == OwnCheck.MENU]
    known = [one for one in found if matters(one.code, account.kind)]
    account.check_result = [*(_stored(one, at) for one in (*own, *known)), *menu]
    account.checked_at = at
    session.flush()


def _own_findings(session: Session, account: WeChatAccount, *, base_url: str) -> list[AccountCheck]:
    capabilities = CAPABILITIES[account.kind]
    found = [AccountCheck(OwnCheck.HTTPS, base_url.startswith("https://"))]
    if account.district_id is not None:
        number = session.scalar(select(DistrictProfile.icp_number).where(DistrictProfile.district_id == account.district_id))
        found.append(AccountCheck(OwnCheck.ICP, bool(number)))
    if Capability.CHAT in capabilities:
        found.append(AccountCheck(OwnCheck.HEARD, last_heard(session, account.original_id) is not None))
    if capabilities & {Capability.SUBSCRIPTION_NOTICE, Capability.TEMPLATE_MESSAGE}:
        mapped = set(session.scalars(select(WeChatTemplate.kind).where(WeChatTemplate.account_id == account.id)))
        missing = [kind.value for kind in NoticeKind if kind not in mapped]
        found.append(AccountCheck(OwnCheck.TEMPLATES, not missing, ",".join(missing)))
    if capabilities & {Capability.OAUTH, Capability.JS_SDK}:
        found.append(AccountCheck(OwnCheck.VERIFICATION, bool(account.verify_name)))
    return found


def accounts_with_tickets(session: Session, *, vault: Vault) -> tuple[WeChatKeys, ...]:
    """Keys of the accounts in use whose pages use the JS-SDK."""
    kinds = [kind for kind, capabilities in CAPABILITIES.items() if Capability.JS_SDK in capabilities]
    rows = session.scalars(select(WeChatAccount).where(WeChatAccount.active, WeChatAccount.kind.in_(kinds)).order_by(WeChatAccount.id))
    return tuple(keys for row in rows if (keys := _keys(session, vault, row)).app_id and keys.secret)


def _asked(column: Any) -> Select[Any]:
    return select(WeChatAccount).where(column.is_not(None)).order_by(column, WeChatAccount.id)


def _keys(session: Session, vault: Vault, row: WeChatAccount) -> WeChatKeys:
    account = account_by_id(session, row.id)
    assert account is not None
    return keys_of(vault, account)


def _locked(session: Session, account_id: int) -> WeChatAccount:
    return session.scalars(
        select(WeChatAccount).where(WeChatAccount.id == account_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def _but(stored: Sequence[dict[str, Any]], code: str) -> list[dict[str, Any]]:
    return [one for one in stored if one["code"] != code]


def _stored(one: AccountCheck, at: datetime) -> dict[str, Any]:
    return {"code": str(one.code), "ok": one.ok, "detail": one.detail, "at": at.isoformat()}
