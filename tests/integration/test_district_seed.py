"""The demo district written into an empty database, once and again."""

from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, update

from intake.cli.district_seed import PASSWORD, SeededDistrict, read_district, seed_district
from intake.domain.actor import MACHINE
from intake.domain.errors import Conflict
from intake.domain.permission import Role
from intake.domain.point import AreaKind, PointAction
from intake.models import Area, AuditEntry, IntakePoint, RoleGrant, User
from intake.queries.actor import actor_of_user
from intake.queries.point import point_by_code
from intake.services.password import verify_password
from intake.services.place import CODE_ALPHABET, CODE_LENGTH, change_point, create_area
from intake.wiring import Wiring
from tests.database import give_back, reused


@pytest.fixture
def database() -> Iterator[str]:
    """A migrated database without any rows, in place of the seeded one."""
    held = reused()
    held.clear()
    yield held.name
    give_back(held)


def seed(wiring: Wiring) -> SeededDistrict:
    with wiring.sessions.begin() as session:
        return seed_district(session, read_district(), at=wiring.clock.now())


def counts(wiring: Wiring) -> dict[str, int]:
    with wiring.sessions() as session:
        return {
            model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Area, IntakePoint, User, RoleGrant, AuditEntry)
        }


def test_the_district_has_8_streets_35_communities_and_60_members(wiring: Wiring) -> None:
    seeded = seed(wiring)
    with wiring.sessions() as session:
        kinds = Counter(session.scalars(select(Area.kind)))
        members = session.scalar(select(func.count(RoleGrant.user_id.distinct())).where(RoleGrant.role == Role.MEMBER))
        roles = Counter(session.scalars(select(RoleGrant.role)))
    assert kinds == {AreaKind.CITY: 1, AreaKind.DISTRICT: 1, AreaKind.STREET: 8, AreaKind.COMMUNITY: 35}
    assert members == 60
    assert roles[Role.CONVENOR] == 19
    assert (roles[Role.STAFF], roles[Role.ADMIN]) == (5, 1)
    assert len(seeded.codes) == 35


def test_seeding_again_changes_nothing(wiring: Wiring) -> None:
    first = seed(wiring)
    before = counts(wiring)
    second = seed(wiring)
    assert counts(wiring) == before
    assert second.codes == first.codes
    assert (first.added > 0, second.added) == (True, 0)


def test_what_is_missing_is_made_good_and_what_was_changed_is_kept(wiring: Wiring) -> None:
    first = seed(wiring)
    with wiring.sessions.begin() as session:
        session.execute(update(User).where(User.login == "zhou").values(password_hash="changed"))
        old = point_by_code(session, first.codes["龙池社区"])
        assert old is not None
        change_point(session, actor=MACHINE, point_id=old.id, action=PointAction.RETIRE, note="换了新的二维码", at=wiring.clock.now())
    second = seed(wiring)
    assert second.added == 1
    assert second.codes["龙池社区"] != first.codes["龙池社区"]
    with wiring.sessions() as session:
        assert session.scalar(select(User.password_hash).where(User.login == "zhou")) == "changed"


def test_codes_are_random_and_helpers_invented(wiring: Wiring) -> None:
    seeded = seed(wiring)
    assert len(set(seeded.codes.values())) == 35
    assert all(len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET) for code in seeded.codes.values())
    with wiring.sessions() as session:
        for point in session.scalars(select(IntakePoint)):
            assert point.helper_name
            assert point.helper_hours
            assert point.helper_phone.startswith("0550-0000")


def test_those_whom_a_visitor_tries_first_can_sign_in_and_see_longchi(wiring: Wiring) -> None:
    seeded = seed(wiring)
    visitors = [("zhou", Role.MEMBER), ("convenor", Role.CONVENOR), ("staff", Role.STAFF), ("admin", Role.ADMIN)]
    with wiring.sessions() as session:
        point = point_by_code(session, seeded.codes["龙池社区"])
        assert point is not None
        for login, role in visitors:
            user = session.scalars(select(User).where(User.login == login)).one()
            assert verify_password(user.password_hash, PASSWORD), login
            actor = actor_of_user(session, user.id)
            assert actor is not None
            assert any(grant.role is role and point.area_path.startswith(grant.area_path) for grant in actor.grants), login


def test_every_community_has_a_member_of_its_own_and_a_convenor_above(wiring: Wiring) -> None:
    seed(wiring)
    with wiring.sessions() as session:
        communities = session.execute(select(Area.id, Area.parent_id).where(Area.kind == AreaKind.COMMUNITY)).all()
        granted = {role: set(session.scalars(select(RoleGrant.area_id).where(RoleGrant.role == role))) for role in Role}
    assert all(community in granted[Role.MEMBER] and street in granted[Role.CONVENOR] for community, street in communities)


def test_accounts_with_a_public_password_are_not_put_beside_a_real_district(wiring: Wiring) -> None:
    with wiring.sessions.begin() as session:
        city = create_area(session, kind=AreaKind.CITY, name="某市", parent=None)
        create_area(session, kind=AreaKind.DISTRICT, name="某区", parent=city)
    with pytest.raises(Conflict, match="某区"):
        seed(wiring)
    assert counts(wiring)["users"] == 0
