"""公众号: added, changed, given another callback address, its menu and verification file; what is asked of a worker."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.granting import require
from intake.domain.permission import Permission
from intake.domain.wechat_account import AccountKind, Capability, can
from intake.domain.wechat_facts import AccountFacts, checked_facts
from intake.domain.wechat_menu import checked_buttons
from intake.domain.wechat_verification import checked_verification
from intake.models import Area, WeChatAccount
from intake.ports import Vault, Wake
from intake.services.audit import record
from intake.services.wake import wake_after_commit
from intake.services.wechat_account import SECRETS, secret_context

PLAIN = ("kind", "name", "app_id", "original_id", "active")
TAKEN = "这个公众号已经接在别处了（本区、别的区或市里），一个公众号只能接一处。请先在那边停用并清空原始 ID。"
KEY_BYTES = 15
"""Of a callback address: 20 characters that nobody meets by chance."""


def add_account(
    session: Session, *, vault: Vault, actor: Actor, area_id: int, facts: AccountFacts, production: bool, at: datetime
) -> WeChatAccount:
    """A new account of an area that the actor manages; InvalidInput names the wrong field and its cure."""
    area = session.scalars(select(Area).where(Area.id == area_id).with_for_update(key_share=True)).one_or_none()
    if area is None:
        raise NotFound("没有这个区域，请刷新后再试。")
    require(actor, Permission.WECHAT_MANAGE, area_path=area.path)
    checked = checked_facts(facts, stored=frozenset(), production=production)
    _check_is_free(session, checked.original_id, but=0)
    account = WeChatAccount(
        district_id=area.district_id,
        area_id=area.id,
        callback_key=new_callback_key(),
        created_at=at,
        menu=[],
        check_result=[],
        **{field: getattr(checked, field) for field in PLAIN},
    )
    session.add(account)
    _flush(session)
    fields = _seal(vault, account, checked)
    _note(session, account, actor=actor, action="wechat.add", at=at, kind=checked.kind.value, fields=fields)
    session.flush()
    return account


def change_account(
    session: Session, *, vault: Vault, actor: Actor, account_id: int, version: int, facts: AccountFacts, production: bool, at: datetime
) -> WeChatAccount:
    """Write what was changed; a secret left empty stays. Conflict when somebody was faster, InvalidInput as in `add_account`."""
    account = _locked(session, actor, account_id, version=version)
    stored = frozenset(name for name in SECRETS if getattr(account, f"{name}_cipher") is not None)
    checked = checked_facts(facts, stored=stored, production=production)
    _check_is_free(session, checked.original_id, but=account.id)
    fields = [field for field in PLAIN if getattr(account, field) != getattr(checked, field)]
    for field in fields:
        setattr(account, field, getattr(checked, field))
    fields += _seal(vault, account, checked)
    if fields:
        account.version += 1
        _flush(session)
        _note(session, account, actor=actor, action="wechat.change", at=at, fields=fields)
    session.flush()
    return account


def rotate_callback(session: Session, *, actor: Actor, account_id: int, version: int, at: datetime) -> WeChatAccount:
    """Another callback address; the old one answers nobody from now on."""
    account = _locked(session, actor, account_id, version=version)
    account.callback_key = new_callback_key()
    account.version += 1
    _note(session, account, actor=actor, action="wechat.rotate", at=at)
    session.flush()
    return account


def set_verification(session: Session, *, actor: Actor, account_id: int, version: int, name: str, text: str, at: datetime) -> WeChatAccount:
    """The domain-verification file, or none where both are empty; InvalidInput (`verify_name`, `verify_text`)."""
    account = _locked(session, actor, account_id, version=version)
    account.verify_name, account.verify_text = checked_verification(name, text)
    account.version += 1
    _note(session, account, actor=actor, action="wechat.verification", at=at)
    session.flush()
    return account


def set_menu(
    session: Session, *, actor: Actor, account_id: int, version: int, buttons: Sequence[tuple[str, str]], at: datetime
) -> WeChatAccount:
    """Keep the buttons (name, path) and ask a worker to send them; InvalidInput (`name-1`, `path-1` …), Conflict."""
    account = _locked(session, actor, account_id, version=version)
    _check_can(account, Capability.MENU, "这类公众号不能设菜单，请把链接放在推文和自动回复里。")
    checked = checked_buttons(buttons)
    if not checked:
        raise InvalidInput("请至少写一个菜单。", field="name-1")
    account.menu = [{"name": button.name, "path": button.path} for button in checked]
    account.menu_asked_at = at
    account.version += 1
    _note(session, account, actor=actor, action="wechat.menu", at=at, buttons=len(checked))
    wake_after_commit(session, Wake.WECHAT)
    session.flush()
    return account


def ask_check(session: Session, *, actor: Actor, account_id: int, at: datetime) -> WeChatAccount:
    """Ask a worker to check the account; asking again while it is at it changes nothing."""
    account = _locked(session, actor, account_id, version=None)
    waiting = account.check_asked_at is not None and (account.checked_at is None or account.checked_at < account.check_asked_at)
    if not waiting:
        account.check_asked_at = at
        _note(session, account, actor=actor, action="wechat.check", at=at)
    wake_after_commit(session, Wake.WECHAT)
    session.flush()
    return account


def new_callback_key() -> str:
    """A fresh unguessable part of a callback address."""
    return secrets.token_urlsafe(KEY_BYTES)


def managed_account(session: Session, actor: Actor, account_id: int, *, version: int | None) -> WeChatAccount:
    """The account, locked, for whoever manages its area; NotFound, Forbidden, or Conflict when its version is another."""
    return _locked(session, actor, account_id, version=version)


def _locked(session: Session, actor: Actor, account_id: int, *, version: int | None) -> WeChatAccount:
    account = session.scalars(
        select(WeChatAccount)
        .where(WeChatAccount.id == account_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if account is None:
        raise NotFound("没有这个公众号，或者不归您的区。")
    require(actor, Permission.WECHAT_MANAGE, area_path=session.get_one(Area, account.area_id).path)
    if version is not None and account.version != version:
        raise Conflict("这个公众号的设置刚刚有人改过。您写的还在框里，密钥要重新填；请先看看现在的设置。")
    return account


def _check_is_free(session: Session, original_id: str, *, but: int) -> None:
    taken = select(WeChatAccount.id).where(WeChatAccount.original_id == original_id, WeChatAccount.id != but)
    if original_id and session.scalar(taken.limit(1)) is not None:
        raise InvalidInput(TAKEN, field="original_id")


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:  # two at once: the slower one learns it here
        raise InvalidInput(TAKEN, field="original_id") from error


def _check_can(account: WeChatAccount, capability: Capability, sentence: str) -> None:
    if not can(AccountKind(account.kind), capability):
        raise InvalidInput(sentence, field="kind")


def _seal(vault: Vault, account: WeChatAccount, facts: AccountFacts) -> list[str]:
    """Seal what was entered; the names of what is new."""
    entered = [name for name in SECRETS if getattr(facts, name)]
    for name in entered:
        setattr(account, f"{name}_cipher", vault.seal(getattr(facts, name), context=secret_context(account.id, name)))
    return entered


def _note(session: Session, account: WeChatAccount, *, actor: Actor, action: str, at: datetime, **detail: object) -> None:
    """Codes and names of fields only; a city's account is recorded under the city."""
    record(
        session,
        actor=actor,
        district_id=account.district_id or account.area_id,
        action=action,
        noun="wechat_account",
        entity_id=account.id,
        at=at,
        **detail,
    )
