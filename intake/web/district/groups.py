"""委员组织 on the desk: the list by kind, one group with its members now and before, founding, changing and ending it."""

from collections.abc import Collection, Iterable, Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import Conflict, DomainError, NotFound
from intake.domain.member_group import GROUP_KIND_NAMES, GROUP_NAME_MAX, GroupKind
from intake.domain.permission import Permission
from intake.domain.working_days import SHANGHAI
from intake.queries.area import area_choices
from intake.queries.entity_history import entity_history
from intake.queries.member_group import (
    FOUND_SHOWN,
    Belonging,
    GroupDetail,
    GroupFilter,
    group_detail,
    groups_by_kind,
    groups_in,
    people_named,
)
from intake.services.member_group import GroupFacts, add_members, change_group, create_group, end_group, end_membership
from intake.web.asked import day_sent, id_asked, id_sent, ids_sent, needed, one_of, sent, typed, version_sent, words_asked
from intake.web.compared import Compared, compared
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.labels import category_name, listed
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

groups = Blueprint("groups", __name__, url_prefix="/d/groups")

Page = str | Response | tuple[str, int]
NAMES_MAX = 300
"""Characters of the names that one search takes."""


@groups.get("")
@requires(Permission.GROUPS_VIEW)
def index() -> Page:
    """Groups of the district, all or of one kind, narrowed by words and area; those that ended apart."""
    wanted = GroupFilter(
        words=words_asked(),
        kind=one_of(GroupKind, request.args.get("kind", "")),
        area_id=id_asked("area"),
        ended=request.args.get("ended") == "1",
    )
    after = request.args.get("after", "")
    return render_template(
        "groups/index.html",
        page=groups_in(db(), actor(), wanted, after=after),
        counts=groups_by_kind(db(), actor(), wanted),
        wanted=wanted,
        filters={"q": wanted.words or None, "area": wanted.area_id, "ended": "1" if wanted.ended else None},
        after=after,
        areas=area_choices(db(), actor(), Permission.GROUPS_VIEW),
        kinds=GROUP_KIND_NAMES,
    )


@groups.get("/new")
@requires(Permission.GROUPS_MANAGE)
def new() -> Page:
    """An empty form; `?kind=` and `?area=` choose."""
    kind = one_of(GroupKind, request.args.get("kind", "")) or GroupKind.LIAISON
    return _form({"kind": kind.value, "area": str(id_asked("area") or "")}, chosen=())


@groups.post("/new")
@requires(Permission.GROUPS_MANAGE)
def create() -> Page:
    """Found it and lead to its page, where people are added."""
    try:
        made = create_group(db(), actor=actor(), facts=_facts(), taxonomy=wiring().taxonomy, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _form(typed(), chosen=request.form.getlist("categories"), error=error)
    return _done(made.id, "created")


@groups.get("/<int:group_id>")
@requires(Permission.GROUPS_VIEW)
def group(group_id: int) -> Page:
    """One group; `?find=` looks for people to add."""
    return _group(group_id)


@groups.get("/<int:group_id>/facts")
@requires(Permission.GROUPS_MANAGE)
def edit(group_id: int) -> Page:
    """The form with what stands there now."""
    return _edit(group_id)


@groups.post("/<int:group_id>/facts")
@requires(Permission.GROUPS_MANAGE)
def change(group_id: int) -> Page:
    """Save it."""
    try:
        change_group(
            db(),
            actor=actor(),
            group_id=group_id,
            version=version_sent(),
            facts=_facts(),
            taxonomy=wiring().taxonomy,
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _edit(group_id, error=error)
    return _done(group_id, "changed")


@groups.post("/<int:group_id>/members")
@requires(Permission.GROUPS_MANAGE)
def join(group_id: int) -> Page:
    """Add everybody who was ticked."""
    try:
        add_members(db(), actor=actor(), group_id=group_id, user_ids=ids_sent("people"), since=day_sent("since"), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _group(group_id, error=error)
    return _done(group_id, "joined")


@groups.get("/<int:group_id>/members/<int:membership_id>/end")
@requires(Permission.GROUPS_MANAGE)
def ask_leave(group_id: int, membership_id: int) -> Page:
    """Says what leaving means and asks for the last day."""
    return _leaving(group_id, membership_id)


@groups.post("/<int:group_id>/members/<int:membership_id>/end")
@requires(Permission.GROUPS_MANAGE)
def leave(group_id: int, membership_id: int) -> Page:
    """Somebody leaves."""
    try:
        end_membership(
            db(), actor=actor(), group_id=group_id, membership_id=membership_id, until=day_sent("until"), at=wiring().clock.now()
        )
    except DomainError as error:
        db().rollback()
        return _leaving(group_id, membership_id, error=error)
    return _done(group_id, "left")


@groups.post("/<int:group_id>/end")
@requires(Permission.GROUPS_MANAGE)
def end(group_id: int) -> Page:
    """The group is over."""
    try:
        end_group(db(), actor=actor(), group_id=group_id, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _group(group_id, error=error)
    return _done(group_id, "ended")


def _facts() -> GroupFacts:
    return GroupFacts(
        kind=needed(GroupKind, "kind"),
        name=sent("name"),
        area_id=id_sent("area"),
        convenor_id=id_sent("convenor"),
        categories=tuple(request.form.getlist("categories")),
    )


def _done(group_id: int, what: str) -> Response:
    return redirect(url_for("groups.group", group_id=group_id, done=what), code=303)


def _group(group_id: int, *, error: DomainError | None = None) -> Page:
    found = group_detail(db(), actor(), group_id)
    names = request.values.get("find", "")[:NAMES_MAX].replace("\x00", "").strip()
    done = {
        "created": _("已建好。接着加组员，再选召集人。"),
        "changed": _("已保存。"),
        "joined": _("已加进来。"),
        "left": _("已退出，他在组里的时间留在“以前的组员”里。"),
        "ended": _("已结束。组员的时间都留着，名称可以再用。"),
    }.get(request.args.get("done", ""), "")
    page = render_template(
        "groups/group.html",
        group=found,
        find=names,
        most=FOUND_SHOWN,
        people=people_named(db(), actor(), names, but=[one.user_id for one in found.members]) if found.manageable else (),
        ticked=request.form.getlist("people"),
        since=request.form.get("since") or _today(),
        kinds=GROUP_KIND_NAMES,
        history=entity_history(db(), district_id=actor().district_id or 0, noun="group", entity_id=group_id),
        error=error,
        done=done,
    )
    return (page, status_of(error)) if error is not None else page


def _leaving(group_id: int, membership_id: int, *, error: DomainError | None = None) -> Page:
    found = group_detail(db(), actor(), group_id)
    page = render_template(
        "groups/leave.html",
        group=found,
        one=_belonging(found, membership_id),
        until=request.form.get("until") or _today(),
        today=_today(),
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _belonging(found: GroupDetail, membership_id: int) -> Belonging:
    one = next((one for one in (*found.members, *found.before) if one.id == membership_id), None)
    if one is None:
        raise NotFound("没有这位组员，请刷新后再看。")
    return one


def _today() -> str:
    return wiring().clock.now().astimezone(SHANGHAI).date().isoformat()


def _edit(group_id: int, *, error: DomainError | None = None) -> Page:
    found = group_detail(db(), actor(), group_id)
    stored = {
        "kind": found.kind.value,
        "name": found.name,
        "area": str(found.area_id or ""),
        "convenor": str(found.convenor_id or ""),
    }
    values: Mapping[str, str] = typed() if error is not None else stored
    chosen = request.form.getlist("categories") if error is not None else found.categories
    return _form(values, chosen=chosen, error=error, found=found, stored=stored)


def _form(
    values: Mapping[str, str],
    *,
    chosen: Collection[str],
    error: DomainError | None = None,
    found: GroupDetail | None = None,
    stored: Mapping[str, str] | None = None,
) -> Page:
    kinds = [(kind.value, _(words)) for kind, words in GROUP_KIND_NAMES.items()]
    areas = area_choices(db(), actor(), Permission.GROUPS_MANAGE)
    members = found.members if found is not None else ()
    convenors = [(one.user_id, one.name) for one in members if found is not None and (one.serves or one.user_id == found.convenor_id)]
    is_late = isinstance(error, Conflict) and found is not None and found.ended_at is None and stored is not None
    page = render_template(
        "groups/form.html",
        values=values,
        chosen=chosen,
        error=error,
        found=found,
        compared=_compared(values, stored or {}, chosen, found, kinds=kinds, areas=areas, convenors=convenors) if is_late and found else (),
        history=entity_history(db(), district_id=actor().district_id or 0, noun="group", entity_id=found.id) if is_late and found else (),
        kinds=kinds,
        areas=areas,
        convenors=convenors,
        subjects=wiring().taxonomy.groups,
        name_max=GROUP_NAME_MAX,
    )
    return (page, status_of(error)) if error is not None else page


def _compared(
    values: Mapping[str, str],
    stored: Mapping[str, str],
    chosen: Collection[str],
    found: GroupDetail,
    **offered: Iterable[tuple[object, str]],
) -> Compared:
    """What stands there now beside what was typed."""
    labels = {"kind": _("种类"), "name": _("名称"), "area": _("负责的区域"), "convenor": _("召集人"), "categories": _("关注的类别")}
    choices = {
        "kind": offered["kinds"],
        "area": [("", _("全区")), *offered["areas"]],
        "convenor": [("", _("暂时没有")), *offered["convenors"]],
    }

    def named(codes: Collection[str]) -> str:
        return listed(category_name(one.code) for one in wiring().taxonomy.categories if one.code in codes)

    return compared(labels, {**stored, "categories": named(found.categories)}, {**values, "categories": named(chosen)}, choices=choices)
