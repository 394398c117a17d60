"""What a message of each community stands for: kept with the community, so that counting a topic reads no other message."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.point import AreaKind
from intake.models import Area
from intake.queries.communities_heard import communities_heard


def weigh_communities(session: Session, *, district_id: int, at: datetime) -> int:
    """Write the factors of the district's communities anew; how many changed. Topics follow when their heat is counted next."""
    found = communities_heard(session, district_id=district_id, at=at).corrections
    changed = 0
    communities = select(Area).where(Area.district_id == district_id, Area.kind == AreaKind.COMMUNITY).order_by(Area.id)
    for area in session.scalars(communities):
        factor = found[area.id].factor if area.id in found else 1.0
        if area.factor != factor:
            area.factor = factor
            changed += 1
    session.flush()
    return changed
