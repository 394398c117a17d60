"""协商场所 (三室一站) on the desk: the list, one venue with who serves there and its checks (六有), founding, changing and closing it."""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import Conflict, DomainError
from intake.domain.permission import Permission
from intake.domain.position import read_position
from intake.domain.venue import (
    ADDRESS_MAX,
    HOURS_MAX,
    NOTE_MAX,
    VENUE_KIND_NAMES,
    VENUE_NAME_MAX,
    VENUE_NEED_NAMES,
    VenueKind,
    VenueNeed,
)
from intake.domain.working_days import SHANGHAI
from intake.queries.area import area_choices
from intake.queries.entity_history import entity_history
from intake.queries.member_group import FOUND_SHOWN, group_choices, people_named
from intake.queries.venue import VenueDetail, VenueFilter, point_choices, venue_detail, venues_in
from intake.services.venue import VenueFacts, change_venue, check_venue, create_venue, end_venue, seat_members, unseat_member
from intake.web.asked import day_sent, id_asked, id_sent, ids_sent, needed, one_of, sent, typed, version_sent, words_asked
from intake.web.compared import compared
from intake.web.district.groups import NAMES_MAX
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

venues = Blueprint("venues", __name__, url_prefix="/d/venues")

Page = str | Response | tuple[str, int]
UNCHECKED = "unchecked"
"""In place of something missing: nobody has looked yet."""


@venues.get("")
@requires(Permission.GROUPS_VIEW)
def index() -> Page:
    """Venues of the district, narrowed by words, kind, area and what the newest check didn't find."""
    lacks = request.args.get("lacks", "")
    wanted = VenueFilter(
        words=words_asked(),
        kind=one_of(VenueKind, request.args.get("kind", "")),
        area_id=id_asked("area"),
        lacks=one_of(VenueNeed, lacks),
        unchecked=lacks == UNCHECKED,
        ended=request.args.get("ended") == "1",
    )
    after = request.args.get("after", "")
    return render_template(
        "venues/index.html",
        page=venues_in(db(), actor(), wanted, after=after),
        wanted=wanted,
        filters={
            "q": wanted.words or None,
            "kind": wanted.kind,
            "area": wanted.area_id,
            "lacks": UNCHECKED if wanted.unchecked else wanted.lacks,
            "ended": "1" if wanted.ended else None,
        },
        after=after,
        areas=area_choices(db(), actor(), Permission.GROUPS_VIEW),
        kinds=VENUE_KIND_NAMES,
        needs=VENUE_NEED_NAMES,
        unchecked=UNCHECKED,
    )


@venues.get("/new")
@requires(Permission.GROUPS_MANAGE)
def new() -> Page:
    """An empty form; `?area=` and `?group=` choose."""
    chosen = {"area": str(id_asked("area") or ""), "group": str(id_asked("group") or "")}
    return _form({"kind": VenueKind.STATION.value, **chosen})


@venues.post("/new")
@requires(Permission.GROUPS_MANAGE)
def create() -> Page:
    """Found it and lead to its page."""
    try:
        made = create_venue(db(), actor=actor(), facts=_facts(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _form(typed(), error=error)
    return _done(made.id, "created")


@venues.get("/<int:venue_id>")
@requires(Permission.GROUPS_VIEW)
def venue(venue_id: int) -> Page:
    """One venue; `?find=` looks for people who are to serve there."""
    return _venue(venue_id)


@venues.get("/<int:venue_id>/facts")
@requires(Permission.GROUPS_MANAGE)
def edit(venue_id: int) -> Page:
    """The form with what stands there now."""
    return _edit(venue_id)


@venues.post("/<int:venue_id>/facts")
@requires(Permission.GROUPS_MANAGE)
def change(venue_id: int) -> Page:
    """Save it."""
    try:
        change_venue(db(), actor=actor(), venue_id=venue_id, version=version_sent(), facts=_facts(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _edit(venue_id, error=error)
    return _done(venue_id, "changed")


@venues.post("/<int:venue_id>/people")
@requires(Permission.GROUPS_MANAGE)
def seat(venue_id: int) -> Page:
    """Everybody who was ticked serves there."""
    try:
        seat_members(db(), actor=actor(), venue_id=venue_id, user_ids=ids_sent("people"), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _venue(venue_id, error=error)
    return _done(venue_id, "seated")


@venues.post("/<int:venue_id>/people/<int:user_id>/remove")
@requires(Permission.GROUPS_MANAGE)
def unseat(venue_id: int, user_id: int) -> Page:
    """Somebody serves there no more."""
    try:
        unseat_member(db(), actor=actor(), venue_id=venue_id, user_id=user_id, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _venue(venue_id, error=error)
    return _done(venue_id, "unseated")


@venues.get("/<int:venue_id>/check")
@requires(Permission.GROUPS_MANAGE)
def ask_check(venue_id: int) -> Page:
    """Six ticks and a note, with what was found last time."""
    return _check(venue_id)


@venues.post("/<int:venue_id>/check")
@requires(Permission.GROUPS_MANAGE)
def check(venue_id: int) -> Page:
    """Store what was found; a refusal keeps the ticks."""
    try:
        check_venue(
            db(),
            actor=actor(),
            venue_id=venue_id,
            checked_on=day_sent("checked_on"),
            has=_ticked(),
            note=sent("note"),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _check(venue_id, error=error)
    return _done(venue_id, "checked")


@venues.post("/<int:venue_id>/end")
@requires(Permission.GROUPS_MANAGE)
def end(venue_id: int) -> Page:
    """Close it."""
    try:
        end_venue(db(), actor=actor(), venue_id=venue_id, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _venue(venue_id, error=error)
    return _done(venue_id, "ended")


def _facts() -> VenueFacts:
    position = read_position(sent("position"), field="position")
    return VenueFacts(
        kind=needed(VenueKind, "kind"),
        name=sent("name"),
        area_id=id_sent("area"),
        group_id=id_sent("group"),
        point_id=id_sent("point"),
        address=sent("address"),
        hours=sent("hours"),
        latitude=position.latitude if position else None,
        longitude=position.longitude if position else None,
    )


def _ticked() -> tuple[VenueNeed, ...]:
    return tuple(need for need in VenueNeed if need.value in request.form.getlist("has"))


def _today() -> str:
    return wiring().clock.now().astimezone(SHANGHAI).date().isoformat()


def _done(venue_id: int, what: str) -> Response:
    return redirect(url_for("venues.venue", venue_id=venue_id, done=what), code=303)


def _venue(venue_id: int, *, error: DomainError | None = None) -> Page:
    found = venue_detail(db(), actor(), venue_id)
    names = request.values.get("find", "")[:NAMES_MAX].replace("\x00", "").strip()
    done = {
        "created": _("已建好。接着看看谁在这里服务，再记一次六有检查。"),
        "changed": _("已保存。"),
        "seated": _("已加进来。"),
        "unseated": _("他不再在这里服务。"),
        "checked": _("已记下。"),
        "ended": _("已停用。以前的检查和履职记录都留着。"),
    }.get(request.args.get("done", ""), "")
    page = render_template(
        "venues/venue.html",
        venue=found,
        find=names,
        most=FOUND_SHOWN,
        people=people_named(db(), actor(), names, but=[user_id for user_id, _name, _can in found.people]) if found.manageable else (),
        ticked=request.form.getlist("people"),
        kinds=VENUE_KIND_NAMES,
        needs=VENUE_NEED_NAMES,
        history=entity_history(db(), district_id=actor().district_id or 0, noun="venue", entity_id=venue_id),
        error=error,
        done=done,
    )
    return (page, status_of(error)) if error is not None else page


def _check(venue_id: int, *, error: DomainError | None = None) -> Page:
    found = venue_detail(db(), actor(), venue_id)
    newest = found.checks[0] if found.checks else None
    page = render_template(
        "venues/check.html",
        venue=found,
        newest=newest,
        chosen=_ticked() if error is not None else newest.has if newest is not None else (),
        checked_on=request.form.get("checked_on") or _today(),
        note=typed().get("note", ""),
        today=_today(),
        needs=VENUE_NEED_NAMES,
        note_max=NOTE_MAX,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _edit(venue_id: int, *, error: DomainError | None = None) -> Page:
    found = venue_detail(db(), actor(), venue_id)
    stored = {
        "kind": found.kind.value,
        "name": found.name,
        "area": str(found.area_id),
        "group": str(found.group_id or ""),
        "point": str(found.point_id or ""),
        "address": found.address,
        "hours": found.hours,
        "position": str(found.position or ""),
    }
    return _form(typed() if error is not None else stored, error=error, found=found, stored=stored)


def _form(
    values: Mapping[str, str],
    *,
    error: DomainError | None = None,
    found: VenueDetail | None = None,
    stored: Mapping[str, str] | None = None,
) -> Page:
    is_late = isinstance(error, Conflict) and found is not None and found.ended_at is None and stored is not None
    choices = {
        "kind": [(kind.value, _(words)) for kind, words in VENUE_KIND_NAMES.items()],
        "area": area_choices(db(), actor(), Permission.GROUPS_MANAGE),
        "group": group_choices(db(), actor(), kept=found.group_id if found is not None else None),
        "point": point_choices(db(), actor(), kept=found.point_id if found is not None else None),
    }
    page = render_template(
        "venues/form.html",
        values=values,
        error=error,
        found=found,
        compared=compared(_labels(), stored or {}, values, choices=choices) if is_late else (),
        history=entity_history(db(), district_id=actor().district_id or 0, noun="venue", entity_id=found.id) if is_late and found else (),
        kinds=choices["kind"],
        areas=choices["area"],
        groups=choices["group"],
        points=choices["point"],
        name_max=VENUE_NAME_MAX,
        address_max=ADDRESS_MAX,
        hours_max=HOURS_MAX,
    )
    return (page, status_of(error)) if error is not None else page


def _labels() -> dict[str, str]:
    """The form's fields in its words."""
    return {
        "kind": _("类型"),
        "name": _("名称"),
        "area": _("在哪个区域"),
        "group": _("哪个组的"),
        "address": _("地址"),
        "hours": _("什么时候有人"),
        "point": _("墙上的直报点"),
        "position": _("在地图上的位置"),
    }
