"""委员档案: what the committee writes down of a member, and what members say of themselves."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.taxonomy import Taxonomy
from intake.domain.actor import Actor
from intake.domain.errors import Conflict, NotFound
from intake.domain.granting import reaches, require
from intake.domain.member_group import EMPLOYER_MAX, MemberLevel, concerns_in
from intake.domain.permission import Permission
from intake.domain.text import clean_line
from intake.models import Area, MemberProfile, RoleGrant, User
from intake.queries.area import district_path
from intake.queries.member_group import serves
from intake.queries.point import LISTENING
from intake.services.audit import record
from intake.services.member_group import chosen_categories


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """What staff write; `concerns` as typed, `categories` codes of the taxonomy."""

    level: MemberLevel
    employer: str
    concerns: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnFacts:
    """What members say of themselves."""

    concerns: str
    categories: tuple[str, ...]


def save_profile(
    session: Session, *, actor: Actor, user_id: int, version: int, facts: ProfileFacts, taxonomy: Taxonomy, at: datetime
) -> MemberProfile:
    """The whole profile of a member within the actor's areas; `version` is 0 where there was none yet. Conflict when somebody was faster."""
    user = _member(session, actor, user_id)
    _require_reach(session, actor, user)
    employer = clean_line(facts.employer, limit=EMPLOYER_MAX, field="employer")
    own = OwnFacts(facts.concerns, facts.categories)
    return _store(session, actor, user, own, {"level": facts.level, "employer": employer}, version=version, taxonomy=taxonomy, at=at)


def save_own(session: Session, *, actor: Actor, version: int, facts: OwnFacts, taxonomy: Taxonomy, at: datetime) -> MemberProfile:
    """One's own specialities, and with whom one steps back; level and employer stay as staff wrote them."""
    assert actor.user_id is not None, "only a person has a profile"
    user = _member(session, actor, actor.user_id)
    return _store(session, actor, user, facts, {}, version=version, taxonomy=taxonomy, at=at)


def _store(
    session: Session,
    actor: Actor,
    user: User,
    own: OwnFacts,
    theirs: dict[str, object],
    *,
    version: int,
    taxonomy: Taxonomy,
    at: datetime,
) -> MemberProfile:
    profile = session.get(MemberProfile, user.id, populate_existing=True)
    if (profile.version if profile is not None else 0) != version:
        raise Conflict("这份档案刚刚有人改过。您写的还在框里，请先看看现在的情况。")
    values = {**theirs, "concerns": list(concerns_in(own.concerns)), "categories": list(chosen_categories(own.categories, taxonomy))}
    if profile is None:
        profile = MemberProfile(
            user_id=user.id,
            district_id=user.district_id,
            level=MemberLevel.DISTRICT,
            employer="",
            concerns=[],
            categories=[],
            version=0,
            updated_at=at,
        )
        session.add(profile)
    fields = [field for field, value in values.items() if getattr(profile, field) != value]
    for field in fields:
        setattr(profile, field, values[field])
    profile.version += 1
    profile.updated_at = at
    record(
        session, actor=actor, district_id=user.district_id, action="member.profile", noun="member", entity_id=user.id, at=at, fields=fields
    )
    session.flush()
    return profile


def _member(session: Session, actor: Actor, user_id: int) -> User:
    """A member of the actor's district, held so that one at a time writes their profile."""
    user = session.get(User, user_id, populate_existing=True, with_for_update={"key_share": True})
    if user is None or user.district_id != actor.district_id or not session.scalar(select(serves()).where(User.id == user_id)):
        raise NotFound("没有这位委员，或者不在您的区。")
    return user


def _require_reach(session: Session, actor: Actor, user: User) -> None:
    """Staff of one street write of whoever serves there; staff of the district of everybody."""
    above = district_path(session, user.district_id)
    served = session.scalars(
        select(Area.path).join(RoleGrant, RoleGrant.area_id == Area.id).where(RoleGrant.user_id == user.id, RoleGrant.role.in_(LISTENING))
    )
    reached = next((path for path in served if reaches(actor, Permission.GROUPS_MANAGE, area_path=path)), above)
    require(actor, Permission.GROUPS_MANAGE, area_path=reached)
