"""通知模板: which template of the account carries which notice."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import InvalidInput, NotFound
from intake.domain.notification import NoticeChannel, NoticeKind
from intake.domain.wechat_template import channels_for, checked_template
from intake.models import WeChatAccount, WeChatTemplate
from intake.services.audit import record
from intake.services.wechat_setup import managed_account


def set_template(
    session: Session,
    *,
    actor: Actor,
    account_id: int,
    version: int,
    kind: NoticeKind,
    channel: NoticeChannel,
    template_id: str,
    fields: Iterable[tuple[str, str]],
    at: datetime,
) -> WeChatTemplate:
    """Let a template carry a notice by a channel, in place of the one before; Conflict when somebody was faster, InvalidInput names the field."""
    account = managed_account(session, actor, account_id, version=version)
    if channel not in channels_for(account.kind):
        raise InvalidInput("这类公众号不能发这种通知，请换一种，或在账号设置里改类型。", field="channel")
    template_id, filled = checked_template(template_id, fields)
    row = session.scalars(
        select(WeChatTemplate).where(
            WeChatTemplate.account_id == account.id, WeChatTemplate.kind == kind, WeChatTemplate.channel == channel
        )
    ).one_or_none()
    if row is None:
        row = WeChatTemplate(district_id=account.district_id, account_id=account.id, kind=kind, channel=channel)
        session.add(row)
    row.template_id, row.fields = template_id, filled
    account.version += 1
    session.flush()
    _record(session, actor, account, row, action="wechat.template", at=at)
    return row


def drop_template(session: Session, *, actor: Actor, account_id: int, version: int, template_id: int, at: datetime) -> None:
    """Take one away: its notice then goes another way; Conflict when somebody was faster, NotFound when it is gone already."""
    account = managed_account(session, actor, account_id, version=version)
    row = session.get(WeChatTemplate, template_id)
    if row is None or row.account_id != account.id:
        raise NotFound("没有这个模板，可能刚刚有人去掉了。请刷新后再看。")
    _record(session, actor, account, row, action="wechat.template_drop", at=at)
    session.delete(row)
    account.version += 1
    session.flush()


def _record(session: Session, actor: Actor, account: WeChatAccount, row: WeChatTemplate, *, action: str, at: datetime) -> None:
    record(
        session,
        actor=actor,
        district_id=account.district_id or account.area_id,
        action=action,
        noun="wechat_account",
        entity_id=account.id,
        at=at,
        kind=row.kind.value,
        channel=row.channel.value,
    )
