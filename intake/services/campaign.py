"""推广链接: made, ended, and counted without anybody waiting for anybody."""

import base64
import binascii
import hmac
import secrets
import struct
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.campaign import Step
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.granting import require
from intake.domain.permission import Permission
from intake.domain.point import PointState
from intake.domain.receipt import SHANGHAI
from intake.domain.text import clean, clean_line
from intake.models import Area, Base, Campaign, IntakePoint
from intake.ports import Vault
from intake.services.audit import record
from intake.services.place import new_code

NAME_MAX = 40
SHARDS = 16
"""Rows for each day and campaign, so that the taps of a mass push don't queue for one."""
_MAC = 16


@dataclass(frozen=True, slots=True)
class CampaignMark:
    """Which campaign somebody came by."""

    campaign_id: int
    district_id: int


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """What stands in the form."""

    name: str
    partner: str
    area_id: int
    point_code: str
    """Empty to let the resident pick a point of the area."""
    starts_on: date
    ends_on: date | None


def create_campaign(session: Session, *, actor: Actor, facts: CampaignFacts, at: datetime) -> Campaign:
    """A new link; InvalidInput names the field and its cure."""
    name = clean_line(facts.name, limit=NAME_MAX, field="name")
    partner = clean_line(facts.partner, limit=NAME_MAX, field="partner")
    if not name:
        raise InvalidInput("请给这次推广起个名字，只有工作人员看到。", field="name")
    if not partner:
        raise InvalidInput("请写放在谁的公众号或网页里，例如“应城通”。", field="partner")
    if facts.ends_on is not None and facts.ends_on < facts.starts_on:
        raise InvalidInput("最后一天比第一天还早，请改一下。", field="ends_on")
    if facts.ends_on is not None and facts.ends_on < at.astimezone(SHANGHAI).date():
        raise InvalidInput("最后一天已经过了，请改成今天以后；不定哪天结束就空着。", field="ends_on")
    area = session.get(Area, facts.area_id)
    if area is None or area.district_id is None or area.district_id != actor.district_id:
        raise InvalidInput("没有这个区域，请重新选择。", field="area")
    require(actor, Permission.CAMPAIGN_MANAGE, area_path=area.path)
    point = _point(session, area, facts.point_code)
    campaign = Campaign(
        district_id=area.district_id,
        area_id=point.area_id if point is not None else area.id,
        point_id=point.id if point is not None else None,
        name=name,
        partner=partner,
        # A letter first: a number under /c/ is an area's page.
        code=secrets.choice("abcdefghjkmnpqrstuvwxyz") + new_code(),
        starts_on=facts.starts_on,
        ends_on=facts.ends_on,
        created_by=actor.user_id,
        created_at=at,
        version=1,
    )
    session.add(campaign)
    session.flush()
    _note(session, campaign, actor=actor, action="campaign.create", at=at)
    return campaign


def end_campaign(session: Session, *, actor: Actor, campaign_id: int, version: int, at: datetime) -> Campaign:
    """The link says from now on that it is over; Conflict when somebody was faster."""
    campaign = session.scalars(
        select(Campaign).where(Campaign.id == campaign_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if campaign is None or campaign.district_id != actor.district_id:
        raise NotFound("没有这个推广链接，或者不在您的区。")
    require(actor, Permission.CAMPAIGN_MANAGE, area_path=session.get_one(Area, campaign.area_id).path)
    if campaign.version != version or campaign.ended_at is not None:
        raise Conflict("这个推广链接刚刚有人结束了，请先看看现在的情况。")
    campaign.ended_at = at
    campaign.version += 1
    _note(session, campaign, actor=actor, action="campaign.end", at=at)
    session.flush()
    return campaign


def campaign_mark(vault: Vault, mark: CampaignMark) -> str:
    """The signed parameter `c` that a form carries, 43 characters."""
    body = struct.pack(">QQ", mark.campaign_id, mark.district_id)
    return base64.urlsafe_b64encode(body + vault.derive("campaign", body)[:_MAC]).decode().rstrip("=")


def read_mark(vault: Vault, raw: str, *, district_id: int) -> CampaignMark | None:
    """What a mark says; None for none, for one that isn't ours, and for another district's: the form works all the same."""
    if not raw or len(raw) > 60:
        return None
    try:
        data = base64.b64decode(raw + "=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body, mac = data[:-_MAC], data[-_MAC:]
    if len(body) != 16 or not hmac.compare_digest(vault.derive("campaign", body)[:_MAC], mac):
        return None
    mark = CampaignMark(*struct.unpack(">QQ", body))
    return mark if mark.district_id == district_id else None


def count_step(session: Session, mark: CampaignMark, step: Step, *, at: datetime) -> None:
    """Count one, in one statement, on one of SHARDS rows of the day in Shanghai."""
    session.execute(
        _count(step),
        {
            "campaign_id": mark.campaign_id,
            "district_id": mark.district_id,
            "day": at.astimezone(SHANGHAI).date(),
            "shard": secrets.randbelow(SHARDS),
        },
    )


@cache
def _count(step: Step) -> Any:
    """The statement, built once."""
    table = Base.metadata.tables["campaign_counts"]  # the table, not the class: a tap is no object, and the ORM's way costs a third more
    counted = {one.value: 1 if one is step else 0 for one in Step}
    names = ("campaign_id", "district_id", "day", "shard")
    return (
        insert(table)
        .values(**{name: bindparam(name) for name in names}, **counted)
        .on_conflict_do_update(index_elements=["campaign_id", "day", "shard"], set_={step.value: table.c[step.value] + 1})
    )


def _point(session: Session, area: Area, code: str) -> IntakePoint | None:
    code = "".join(clean(code).text.split()).lower()
    if not code:
        return None
    point = session.scalars(select(IntakePoint).where(IntakePoint.code == code)).one_or_none()
    if point is None or not session.get_one(Area, point.area_id).path.startswith(area.path):
        raise InvalidInput(f"“{area.name}”下面没有这个编码的直报点，请对着海报再看一遍；空着就让居民自己选。", field="point_code")
    if point.state is not PointState.ACTIVE:
        raise InvalidInput("这个直报点现在不收件，请换一个，或者空着让居民自己选。", field="point_code")
    return point


def _note(session: Session, campaign: Campaign, *, actor: Actor, action: str, at: datetime) -> None:
    record(session, actor=actor, district_id=campaign.district_id, action=action, noun="campaign", entity_id=campaign.id, at=at)
