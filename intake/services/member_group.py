"""委员组织: founded, described, joined, left and ended; whoever left stays on record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.taxonomy import Taxonomy
from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.granting import reaches, require
from intake.domain.member_group import GROUP_KIND_NAMES, GROUP_NAME_MAX, GroupKind
from intake.domain.permission import Permission
from intake.domain.text import clean_line
from intake.domain.topic import TopicState
from intake.domain.working_days import SHANGHAI
from intake.models import Area, GroupMembership, MemberGroup, Topic, TopicProposer, User, Venue
from intake.queries.area import district_path
from intake.queries.member_group import serves
from intake.services.audit import record

OPEN_PROPOSALS = (TopicState.CANDIDATE, TopicState.PROPOSED)
"""Topics whose proposers may still be asked something."""


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """What stands in its form; `categories` are codes of the taxonomy."""

    kind: GroupKind
    name: str
    area_id: int | None
    convenor_id: int | None
    """One of its members; a new group has none yet."""
    categories: tuple[str, ...]


def create_group(session: Session, *, actor: Actor, facts: GroupFacts, taxonomy: Taxonomy, at: datetime) -> MemberGroup:
    """A group without members; InvalidInput names the field, Forbidden outside the actor's areas."""
    district_id = _hold_district(session, actor)
    facts = _checked(session, actor, facts, taxonomy, but=None)
    if facts.convenor_id is not None:
        raise InvalidInput("先建组、加人，再从组员里选召集人。", field="convenor")
    group = MemberGroup(
        district_id=district_id,
        kind=facts.kind,
        name=facts.name,
        area_id=facts.area_id,
        convenor_id=None,
        categories=list(facts.categories),
        version=1,
        created_at=at,
    )
    session.add(group)
    session.flush()
    _note(session, actor, group, "create", at=at)
    return group


def change_group(
    session: Session, *, actor: Actor, group_id: int, version: int, facts: GroupFacts, taxonomy: Taxonomy, at: datetime
) -> MemberGroup:
    """Name, kind, area, convenor and categories of a group that hasn't ended; Conflict when somebody was faster."""
    _hold_district(session, actor)
    group = _locked(session, actor, group_id, version=version)
    facts = _checked(session, actor, facts, taxonomy, but=group.id)
    if facts.convenor_id is not None and facts.convenor_id != group.convenor_id and facts.convenor_id not in _members(session, group):
        raise InvalidInput("召集人要是现在的组员，账号也在用。请先把他加进来，再选。", field="convenor")
    group.kind, group.name, group.area_id, group.convenor_id = facts.kind, facts.name, facts.area_id, facts.convenor_id
    group.categories = list(facts.categories)
    group.version += 1
    _note(session, actor, group, "change", at=at)
    session.flush()
    return group


def add_members(session: Session, *, actor: Actor, group_id: int, user_ids: Sequence[int], since: date | None, at: datetime) -> int:
    """Several people at once, from a day that isn't to come; who is in it already stays as they are. How many joined.

    Raises InvalidInput (field `people` or `since`).
    """
    group = _locked(session, actor, group_id)
    if not user_ids:
        raise InvalidInput("请至少勾选一个人。", field="people")
    if since is None or since > _today(at):
        raise InvalidInput("从哪天起请选今天或以前的日子。", field="since")
    able = set(session.scalars(select(User.id).where(User.id.in_(user_ids), User.district_id == group.district_id, serves())))
    if able != set(user_ids):
        raise InvalidInput("勾选的人里有人不再是委员，请重新找一遍再选。", field="people")
    rows = [{"district_id": group.district_id, "group_id": group.id, "user_id": one, "since": since} for one in sorted(able)]
    joined = session.scalars(insert(GroupMembership).values(rows).on_conflict_do_nothing().returning(GroupMembership.user_id)).all()
    if joined:
        _note(session, actor, group, "join", at=at, users=sorted(joined))
    session.flush()
    return len(joined)


def end_membership(session: Session, *, actor: Actor, group_id: int, membership_id: int, until: date | None, at: datetime) -> MemberGroup:
    """Somebody leaves on a day; their time stays on record, and a convenor who leaves leaves the group without one.

    Raises InvalidInput (field `until`), Conflict where they had left already.
    """
    group = _locked(session, actor, group_id)
    membership = session.get(GroupMembership, membership_id, with_for_update=True)
    if membership is None or membership.group_id != group.id:
        raise NotFound("没有这位组员，请刷新后再看。")
    if membership.until is not None:
        raise Conflict("他已经不在这个组里了，请刷新后再看。")
    if until is None or not membership.since <= until <= _today(at):
        raise InvalidInput(f"最后一天请选 {membership.since} 到今天之间的日子。", field="until")
    membership.until = until
    if group.convenor_id == membership.user_id:
        group.convenor_id = None
        group.version += 1
    _note(session, actor, group, "leave", at=at, user=membership.user_id)
    session.flush()
    return group


def end_group(session: Session, *, actor: Actor, group_id: int, version: int, at: datetime) -> MemberGroup:
    """The group is over, and with it everybody's time in it; Conflict while a venue is its own or a proposal in its name is open."""
    group = _locked(session, actor, group_id, version=version)
    _check_nothing_hangs_on_it(session, group)
    session.execute(
        update(GroupMembership)
        .where(GroupMembership.group_id == group.id, GroupMembership.until.is_(None))
        .values(until=func.greatest(GroupMembership.since, _today(at)))
    )
    group.convenor_id, group.ended_at = None, at
    group.version += 1
    _note(session, actor, group, "end", at=at)
    session.flush()
    return group


def _check_nothing_hangs_on_it(session: Session, group: MemberGroup) -> None:
    venue = session.scalar(select(Venue.name).where(Venue.group_id == group.id, Venue.ended_at.is_(None)).order_by(Venue.id).limit(1))
    if venue is not None:
        raise Conflict(f"“{venue}”还是它的场所。请先到那个场所改由别的组负责，再来结束。")
    proposal = session.scalar(
        select(Topic.title)
        .join(TopicProposer, TopicProposer.topic_id == Topic.id)
        .where(TopicProposer.group_id == group.id, TopicProposer.declined_at.is_(None), Topic.state.in_(OPEN_PROPOSALS))
        .order_by(Topic.id)
        .limit(1)
    )
    if proposal is not None:
        raise Conflict(f"议题“{proposal}”是以它的名义提的，还没有结论。等有了结论，或改了提出人，再来结束。")


def _hold_district(session: Session, actor: Actor) -> int:
    """The actor's district, held so that one at a time names a group."""
    assert actor.district_id is not None, "groups belong to a district"
    session.execute(select(Area.id).where(Area.id == actor.district_id).with_for_update(key_share=True))
    return actor.district_id


def _locked(session: Session, actor: Actor, group_id: int, *, version: int | None = None) -> MemberGroup:
    group = session.get(MemberGroup, group_id, populate_existing=True, with_for_update={"key_share": True})
    if group is None or group.district_id != actor.district_id:
        raise NotFound("没有这个组织，或者不在您的区。")
    require(actor, Permission.GROUPS_MANAGE, area_path=_path(session, group.district_id, group.area_id))
    if group.ended_at is not None:
        raise Conflict("这个组织已经结束了，不能再改。要接着用，请新建一个。")
    if version is not None and group.version != version:
        raise Conflict("这个组织刚刚有人改过。您写的还在框里，请先看看现在的情况。")
    return group


def _path(session: Session, district_id: int, area_id: int | None) -> str:
    """Of its area; what is of none is the whole district's."""
    return session.get_one(Area, area_id).path if area_id is not None else district_path(session, district_id)


def _members(session: Session, group: MemberGroup) -> set[int]:
    """Who is in it now and can sign in."""
    live = (GroupMembership.group_id == group.id, GroupMembership.until.is_(None), serves())
    return set(session.scalars(select(User.id).join(GroupMembership, GroupMembership.user_id == User.id).where(*live)))


def _checked(session: Session, actor: Actor, facts: GroupFacts, taxonomy: Taxonomy, *, but: int | None) -> GroupFacts:
    assert actor.district_id is not None, "groups belong to a district"
    name = clean_line(facts.name, limit=GROUP_NAME_MAX, field="name")
    if not name:
        raise InvalidInput("请填写名称，例如：丰山街道联络组。", field="name")
    _check_area(session, actor, facts)
    same = select(MemberGroup.id).where(
        MemberGroup.district_id == actor.district_id,
        MemberGroup.kind == facts.kind,
        MemberGroup.name == name,
        MemberGroup.ended_at.is_(None),
        MemberGroup.id != (but or 0),
    )
    if session.scalar(same.limit(1)) is not None:
        raise InvalidInput(f"{GROUP_KIND_NAMES[facts.kind]}里已经有“{name}”了，请换一个名称。", field="name")
    return replace(facts, name=name, categories=chosen_categories(facts.categories, taxonomy))


def _check_area(session: Session, actor: Actor, facts: GroupFacts) -> None:
    if facts.area_id is None and facts.kind is GroupKind.LIAISON:
        raise InvalidInput("联络组要选负责的区域。", field="area")
    area = session.get(Area, facts.area_id) if facts.area_id is not None else None
    if facts.area_id is not None and (area is None or area.district_id != actor.district_id):
        raise InvalidInput("没有这个区域，请重新选择。", field="area")
    assert actor.district_id is not None, "groups belong to a district"
    path = area.path if area is not None else district_path(session, actor.district_id)
    if not reaches(actor, Permission.GROUPS_MANAGE, area_path=path):
        raise InvalidInput("这个区域不在您负责的范围，请重新选择。", field="area")


def chosen_categories(codes: Sequence[str], taxonomy: Taxonomy) -> tuple[str, ...]:
    """Codes of the taxonomy in its order, each once; InvalidInput (field `categories`) for one that it doesn't know."""
    known = tuple(category.code for category in taxonomy.categories)
    if not set(codes) <= set(known):
        raise InvalidInput("选中的类别里有系统不认识的，请刷新后再选。", field="categories")
    return tuple(code for code in known if code in codes)


def _today(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _note(session: Session, actor: Actor, group: MemberGroup, what: str, *, at: datetime, **detail: object) -> None:
    record(session, actor=actor, district_id=group.district_id, action=f"group.{what}", noun="group", entity_id=group.id, at=at, **detail)
