"""公众号: which account a district, a callback or a page has to do with."""

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, select
from sqlalchemy.orm import Session, aliased

from intake.domain.wechat_account import AccountKind, Capability, can
from intake.models import Area, WeChatAccount


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account; the ciphers are opened by services/wechat_account only."""

    id: int
    district_id: int | None
    area_id: int
    kind: AccountKind
    name: str
    callback_key: str
    app_id: str
    original_id: str
    token_cipher: bytes | None
    aes_key_cipher: bytes | None
    secret_cipher: bytes | None
    active: bool
    version: int

    def can(self, capability: Capability) -> bool:
        """Whether it is in use and of a kind that can."""
        return self.active and can(self.kind, capability)


_COLUMNS = tuple(getattr(WeChatAccount, name) for name in AccountRow.__slots__)


def _rows() -> Select[Any]:
    return select(*_COLUMNS)


def _one(session: Session, statement: Select[Any]) -> AccountRow | None:
    row = session.execute(statement.limit(1)).one_or_none()
    return AccountRow(*row) if row else None


def account_by_key(session: Session, callback_key: str) -> AccountRow | None:
    """The account whose callback lies at `/wechat/<callback_key>`, in use or not."""
    row = session.execute(_by_key(), {"key": callback_key}).one_or_none()
    return AccountRow(*row) if row else None


@cache
def _by_key() -> Any:
    """The statement, built once: every callback asks it."""
    table = cast("Table", WeChatAccount.__table__)
    return select(*(table.c[name] for name in AccountRow.__slots__)).where(table.c.callback_key == bindparam("key"))


def account_by_original_id(session: Session, original_id: str) -> AccountRow | None:
    """The account that a follower or a message names."""
    return _one(session, _rows().where(WeChatAccount.original_id == original_id, WeChatAccount.original_id != ""))


def account_by_id(session: Session, account_id: int) -> AccountRow | None:
    """By its own id."""
    return _one(session, _rows().where(WeChatAccount.id == account_id))


_HERE = aliased(Area)


def account_of_area(session: Session, area_id: int) -> AccountRow | None:
    """The account in use that serves an area: its district's own, else its city's; None where there is none."""
    return _one(
        session,
        _rows()
        .join(Area, Area.id == WeChatAccount.area_id)
        .join(_HERE, _HERE.path.startswith(Area.path))
        .where(_HERE.id == area_id, WeChatAccount.active, WeChatAccount.kind != AccountKind.NONE)
        .order_by(Area.path.desc(), WeChatAccount.id),
    )


def accounts_in_use(session: Session) -> tuple[AccountRow, ...]:
    """Every account in use here, by id; they are few."""
    return tuple(AccountRow(*row) for row in session.execute(_rows().where(WeChatAccount.active).order_by(WeChatAccount.id)))
