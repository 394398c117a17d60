"""What a district has set: operator, numbers, colour, emblem."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.models import DistrictProfile


@dataclass(frozen=True, slots=True)
class ProfileView:
    """The settings without the picture itself; an unset district has empty words and version 0."""

    id: int
    operator: str
    phone: str
    phone_hours: str
    icp_number: str
    police_number: str
    poster_title: str
    colour: str
    emblem_bytes: int
    """0 where there is no emblem."""
    version: int


UNSET = ProfileView(
    id=0, operator="", phone="", phone_hours="", icp_number="", police_number="", poster_title="", colour="", emblem_bytes=0, version=0
)


def district_profile(session: Session, district_id: int) -> ProfileView:
    """The district's settings in one query."""
    row = session.execute(
        select(
            DistrictProfile.id,
            DistrictProfile.operator,
            DistrictProfile.phone,
            DistrictProfile.phone_hours,
            DistrictProfile.icp_number,
            DistrictProfile.police_number,
            DistrictProfile.poster_title,
            DistrictProfile.colour,
            func.coalesce(func.octet_length(DistrictProfile.emblem), 0),
            DistrictProfile.version,
        ).where(DistrictProfile.district_id == district_id)
    ).one_or_none()
    return ProfileView(*row) if row is not None else UNSET


def district_emblem(session: Session, district_id: int) -> bytes | None:
    """The emblem as PNG, None where there is none."""
    return session.scalar(select(DistrictProfile.emblem).where(DistrictProfile.district_id == district_id))
