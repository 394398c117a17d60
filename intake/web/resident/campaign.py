"""推广链接 on the form: which campaign somebody came by, carried in a signed field."""

from flask import request

from intake.domain.campaign import Step
from intake.queries.point import PointView
from intake.services.campaign import CampaignMark, count_step, read_mark
from intake.web.counted import is_a_tap
from intake.web.unit_of_work import db, wiring

PARAMETER = "c"


def came_by(point: PointView) -> CampaignMark | None:
    """The campaign of this request; None for a forged mark or another district's, which the form simply forgets."""
    return read_mark(wiring().vault, request.values.get(PARAMETER, ""), district_id=point.district_id)


def campaign_carried(point: PointView) -> str:
    """What the form carries on, empty for none; opening the form is counted."""
    mark = came_by(point)
    if mark is None:
        return ""
    if is_a_tap():
        count_step(db(), mark, Step.FORMED, at=wiring().clock.now())
    return request.values[PARAMETER]
