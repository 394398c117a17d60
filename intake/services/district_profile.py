"""本区设置: who operates the service, its filing numbers, telephone, colour and emblem."""

import io
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput
from intake.domain.granting import require
from intake.domain.permission import Permission
from intake.domain.text import clean_line
from intake.models import Area, DistrictProfile
from intake.services.audit import record
from qr_assets.code import check_colour
from qr_assets.emblem import emblem_picture
from qr_assets.spec import LIMITS

EMBLEM_BYTES = 512 * 1024
NUMBER_MAX = 60


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """What stands in the form; everything may be empty."""

    operator: str
    phone: str
    phone_hours: str
    icp_number: str
    police_number: str
    poster_title: str
    colour: str


def save_profile(
    session: Session,
    *,
    actor: Actor,
    version: int,
    facts: ProfileFacts,
    emblem: bytes | None,
    remove_emblem: bool,
    at: datetime,
) -> DistrictProfile:
    """Write the district's only row; `version` 0 where there is none yet, `emblem` None to keep what is there.

    Raises Forbidden unless the actor manages the whole district, Conflict when somebody was faster, InvalidInput naming the field.
    """
    area = session.scalars(select(Area).where(Area.id == actor.district_id).with_for_update(key_share=True)).one()
    require(actor, Permission.DISTRICT_MANAGE, area_path=area.path)
    profile = session.scalars(
        select(DistrictProfile).where(DistrictProfile.district_id == area.id).execution_options(populate_existing=True)
    ).one_or_none()
    if (profile.version if profile is not None else 0) != version:
        raise Conflict("本区设置刚刚有人改过。您写的还在框里，请先看看现在的情况；徽标要重新选一次。")
    values = asdict(_checked(facts))
    picture = safe_emblem(emblem) if emblem else None
    if profile is None:
        profile = DistrictProfile(district_id=area.id, version=0, updated_at=at)
        session.add(profile)
    for field, value in values.items():
        setattr(profile, field, value)
    if picture is not None or remove_emblem:
        profile.emblem = picture
    profile.version += 1
    profile.updated_at = at
    session.flush()
    record(session, actor=actor, district_id=area.id, action="profile.change", noun="district_profile", entity_id=profile.id, at=at)
    return profile


def safe_emblem(raw: bytes) -> bytes:
    """The uploaded picture drawn anew as PNG: nothing of the file itself is kept; InvalidInput (field `emblem`) says what is wrong."""
    if len(raw) > EMBLEM_BYTES:
        raise InvalidInput(f"徽标文件最大 {EMBLEM_BYTES // 1024} kB，请缩小后再传。", field="emblem")
    try:
        picture = emblem_picture(raw)  # reads the size from the file's head before it decodes anything
    except ValueError as error:
        raise InvalidInput(str(error), field="emblem") from error
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _checked(facts: ProfileFacts) -> ProfileFacts:
    phone = clean_line(facts.phone, limit=LIMITS["phone"], field="phone")
    hours = clean_line(facts.phone_hours, limit=LIMITS["phone_hours"], field="phone_hours")
    if phone and not hours:
        raise InvalidInput("写了电话，也请写明什么时候有人接。", field="phone_hours")
    colour = clean_line(facts.colour, limit=7, field="colour").upper()
    if colour:
        try:
            check_colour(colour)
        except ValueError as error:
            raise InvalidInput(str(error), field="colour") from error
    return ProfileFacts(
        operator=clean_line(facts.operator, limit=LIMITS["controller"], field="operator"),
        phone=phone,
        phone_hours=hours,
        icp_number=clean_line(facts.icp_number, limit=NUMBER_MAX, field="icp_number"),
        police_number=clean_line(facts.police_number, limit=NUMBER_MAX, field="police_number"),
        poster_title=clean_line(facts.poster_title, limit=LIMITS["title"], field="poster_title"),
        colour=colour,
    )
