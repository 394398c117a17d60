"""Further people and places of the desk's tests."""

from intake.domain.actor import MACHINE
from intake.domain.permission import Role
from intake.models import Area, User
from intake.services.person import create_user, grant_role
from intake.wiring import Wiring


def person_with(wiring: Wiring, login: str, name: str, *roles: tuple[Role, int]) -> int:
    """Somebody of 云栖区 with `roles` in areas; signs in with the town's password."""
    with wiring.sessions.begin() as session:
        district = session.query(Area).filter_by(name="云栖区").one()
        encoded = session.query(User).filter_by(login="zhou").one().password_hash  # one slow hash serves all
        at = wiring.clock.now()
        user = create_user(session, district_id=district.id, login=login, name=name, password="", at=at, password_hash=encoded)
        for role, area_id in roles:
            grant_role(session, actor=MACHINE, user=user, role=role, area=session.get_one(Area, area_id), at=at)
        return user.id


def street_administrator(wiring: Wiring, street_id: int) -> int:
    """顾宁, 管理员 of one street; login `guning`."""
    return person_with(wiring, "guning", "顾宁", (Role.ADMIN, street_id))
