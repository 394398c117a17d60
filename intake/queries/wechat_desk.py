"""公众号 on the desk: which accounts a person may see, and everything about one but its secrets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.notification import NoticeChannel, NoticeKind
from intake.domain.permission import Permission
from intake.domain.wechat_account import AccountKind, Capability, can
from intake.domain.wechat_finding import PATIENCE
from intake.domain.wechat_menu import Button
from intake.models import Area, WeChatAccount, WeChatFollower, WeChatTemplate
from intake.queries.wechat_account import account_of_area


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A line of the list."""

    id: int
    name: str
    kind: AccountKind
    active: bool
    area_name: str
    serves_here: bool
    """Whether it is the one that the person's district works with."""
    manageable: bool


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a check found."""

    code: str
    ok: bool
    detail: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """Everything on an account's page; of its secrets, only which are there."""

    id: int
    district_id: int | None
    area_id: int
    area_name: str
    area_path: str
    kind: AccountKind
    name: str
    callback_key: str
    app_id: str
    original_id: str
    stored: frozenset[str]
    """Which of token, aes_key and secret are set."""
    verify_name: str
    verify_text: str
    menu: tuple[Button, ...]
    active: bool
    version: int
    check_asked_at: datetime | None
    checked_at: datetime | None
    menu_asked_at: datetime | None
    findings: tuple[Found, ...]
    manageable: bool

    def can(self, capability: Capability) -> bool:
        """Whether its kind has the capability, in use or not."""
        return can(self.kind, capability)

    def checking(self) -> bool:
        """Whether a check was asked for and hasn't answered."""
        return self.check_asked_at is not None and (self.checked_at is None or self.checked_at < self.check_asked_at)

    def overdue(self, at: datetime) -> bool:
        """Whether what was asked for should have been answered long ago."""
        asked = [one for one in (self.check_asked_at if self.checking() else None, self.menu_asked_at) if one is not None]
        return any(at - one > PATIENCE for one in asked)


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """Which template carries which notice."""

    id: int
    kind: NoticeKind
    channel: NoticeChannel
    template_id: str
    fields: dict[str, str]


def accounts_of(session: Session, actor: Actor) -> tuple[AccountLine, ...]:
    """The accounts of the actor's district, its areas, and what lies above it; nearest first, in three queries."""
    path = session.scalar(select(Area.path).where(Area.id == actor.district_id)) or "/"
    used = account_of_area(session, actor.district_id or 0)
    rows = session.execute(
        select(WeChatAccount.id, WeChatAccount.name, WeChatAccount.kind, WeChatAccount.active, Area.name, Area.path)
        .join(Area, Area.id == WeChatAccount.area_id)
        .where((WeChatAccount.district_id == actor.district_id) | func.starts_with(path, Area.path))
        .order_by(Area.path.desc(), WeChatAccount.id)
    )
    return tuple(
        AccountLine(
            id=account_id,
            name=name,
            kind=kind,
            active=active,
            area_name=area_name,
            serves_here=used is not None and used.id == account_id,
            manageable=actor.may(Permission.WECHAT_MANAGE, area_path=area_path),
        )
        for account_id, name, kind, active, area_name, area_path in rows
    )


def account_view(session: Session, actor: Actor, account_id: int) -> AccountView:
    """One account in two queries; NotFound for one that doesn't serve the actor's district."""
    path = session.scalar(select(Area.path).where(Area.id == actor.district_id)) or "/"
    found = session.execute(
        _one().where(
            WeChatAccount.id == account_id,
            (WeChatAccount.district_id == actor.district_id) | func.starts_with(path, Area.path),
        )
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个公众号，或者不归您的区。")
    account, area_name, area_path = found
    return AccountView(
        id=account.id,
        district_id=account.district_id,
        area_id=account.area_id,
        area_name=area_name,
        area_path=area_path,
        kind=account.kind,
        name=account.name,
        callback_key=account.callback_key,
        app_id=account.app_id,
        original_id=account.original_id,
        stored=frozenset(name for name in ("token", "aes_key", "secret") if getattr(account, f"{name}_cipher") is not None),
        verify_name=account.verify_name,
        verify_text=account.verify_text,
        menu=tuple(Button(one["name"], one["path"]) for one in account.menu),
        active=account.active,
        version=account.version,
        check_asked_at=account.check_asked_at,
        checked_at=account.checked_at,
        menu_asked_at=account.menu_asked_at,
        findings=tuple(_found(one) for one in account.check_result),
        manageable=actor.may(Permission.WECHAT_MANAGE, area_path=area_path),
    )


def _one() -> Select[WeChatAccount, str, str]:
    return select(WeChatAccount, Area.name, Area.path).join(Area, Area.id == WeChatAccount.area_id)


def _found(stored: dict[str, Any]) -> Found:
    at = stored.get("at")
    return Found(
        code=str(stored["code"]),
        ok=bool(stored["ok"]),
        detail=str(stored.get("detail", "")),
        at=datetime.fromisoformat(at) if at else None,
    )


def templates_of(session: Session, account_id: int) -> tuple[TemplateLine, ...]:
    """The account's templates, by notice and channel."""
    rows = session.scalars(
        select(WeChatTemplate).where(WeChatTemplate.account_id == account_id).order_by(WeChatTemplate.kind, WeChatTemplate.channel)
    )
    return tuple(TemplateLine(row.id, row.kind, row.channel, row.template_id, dict(row.fields)) for row in rows)


def last_heard(session: Session, original_id: str) -> datetime | None:
    """When somebody last wrote to the account or touched it; None when the platform never called: opening a page isn't that."""
    if not original_id:
        return None
    heard = func.max(func.greatest(WeChatFollower.wrote_at, WeChatFollower.touched_at))
    found: datetime | None = session.scalar(select(heard).where(WeChatFollower.account == original_id))
    return found


def verification_text(session: Session, name: str) -> str | None:
    """The text of the domain-verification file of this name, from any account in use; None where there is none."""
    return session.scalar(
        select(WeChatAccount.verify_text)
        .where(WeChatAccount.verify_name == name, WeChatAccount.verify_name != "", WeChatAccount.active)
        .order_by(WeChatAccount.id)
        .limit(1)
    )
