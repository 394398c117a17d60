"""Of which place a public page tells: the one in its address, else the only district there is, else all."""

from dataclasses import dataclass

from intake.queries.public_page import Crumb, PublicArea, districts, public_area
from intake.web.asked import id_asked
from intake.web.footer import belongs_to
from intake.web.unit_of_work import db


@dataclass(frozen=True, slots=True)
class Scope:
    """What was asked for, and what there is to choose from."""

    area: PublicArea | None
    """None where several districts are told of at once."""
    whole: PublicArea | None
    """The district of `area`, whose places a page offers; the same where nothing narrower was asked for."""
    districts: tuple[Crumb, ...]


def scope_asked() -> Scope:
    """From `?area=`, in three questions at most; NotFound for a place that has no public page."""
    found = districts(db())
    asked = id_asked("area") or (found[0].id if len(found) == 1 else None)
    if asked is None:
        return Scope(None, None, found)
    area = public_area(db(), asked)
    belongs_to(area.district_id)
    return Scope(area, area if area.id == area.district_id else public_area(db(), area.district_id), found)
