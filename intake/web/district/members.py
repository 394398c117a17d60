"""委员名册 on the desk: who is a member, at which level and in which groups; one member and the profile that staff keep."""

from collections.abc import Collection, Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.member_group import CONCERN_MAX, CONCERNS_MOST, EMPLOYER_MAX, GROUP_KIND_NAMES, LEVEL_NAMES, MemberLevel
from intake.domain.permission import Permission
from intake.queries.area import area_choices
from intake.queries.entity_history import entity_history
from intake.queries.member_group import group_choices
from intake.queries.roster import RosterFilter, member_detail, roster
from intake.services.member_profile import ProfileFacts, save_profile
from intake.web.asked import id_asked, needed, one_of, sent, typed, version_sent, words_asked
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.labels import category_name
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

members = Blueprint("roster", __name__, url_prefix="/d/members")

Page = str | Response | tuple[str, int]
UNWRITTEN = "none"
"""In place of a level: nobody wrote a profile yet."""


@members.get("")
@requires(Permission.GROUPS_VIEW)
def index() -> Page:
    """Members and convenors of the district, narrowed by words, level, group, area and speciality."""
    level, code = request.args.get("level", ""), request.args.get("category", "")
    categories = [(one.code, category_name(one.code)) for one in wiring().taxonomy.categories]
    wanted = RosterFilter(
        words=words_asked(),
        level=one_of(MemberLevel, level),
        group_id=id_asked("group"),
        area_id=id_asked("area"),
        category=code if code in dict(categories) else "",
        unwritten=level == UNWRITTEN,
    )
    after = request.args.get("after", "")
    return render_template(
        "roster/index.html",
        page=roster(db(), actor(), wanted, after=after),
        wanted=wanted,
        filters={
            "q": wanted.words or None,
            "level": UNWRITTEN if wanted.unwritten else wanted.level,
            "group": wanted.group_id,
            "area": wanted.area_id,
            "category": wanted.category or None,
        },
        after=after,
        areas=area_choices(db(), actor(), Permission.GROUPS_VIEW),
        groups=group_choices(db(), actor()),
        categories=categories,
        levels=LEVEL_NAMES,
        unwritten=UNWRITTEN,
    )


@members.get("/<int:user_id>")
@requires(Permission.GROUPS_VIEW)
def member(user_id: int) -> Page:
    """One member."""
    return _member(user_id)


@members.post("/<int:user_id>/profile")
@requires(Permission.GROUPS_MANAGE)
def save(user_id: int) -> Page:
    """Store the profile."""
    try:
        facts = ProfileFacts(
            level=needed(MemberLevel, "level"),
            employer=sent("employer"),
            concerns=sent("concerns"),
            categories=tuple(request.form.getlist("categories")),
        )
        save_profile(
            db(),
            actor=actor(),
            user_id=user_id,
            version=version_sent(),
            facts=facts,
            taxonomy=wiring().taxonomy,
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _member(user_id, error=error)
    return redirect(url_for("roster.member", user_id=user_id, done="saved"), code=303)


def _member(user_id: int, *, error: DomainError | None = None) -> Page:
    found = member_detail(db(), actor(), user_id)
    stored = {
        "level": found.level.value if found.level is not None else "",
        "employer": found.employer,
        "concerns": "\n".join(found.concerns),
    }
    values: Mapping[str, str] = typed() if error is not None else stored
    chosen: Collection[str] = request.form.getlist("categories") if error is not None else found.categories
    page = render_template(
        "roster/member.html",
        member=found,
        values=values,
        chosen=chosen,
        levels=LEVEL_NAMES,
        level_choices=[(level.value, _(words)) for level, words in LEVEL_NAMES.items()],
        kinds=GROUP_KIND_NAMES,
        subjects=wiring().taxonomy.groups,
        history=entity_history(db(), district_id=actor().district_id or 0, noun="member", entity_id=user_id),
        employer_max=EMPLOYER_MAX,
        concerns_most=CONCERNS_MOST,
        concern_max=CONCERN_MAX,
        error=error,
        done=_("已保存。") if request.args.get("done") == "saved" else "",
    )
    return (page, status_of(error)) if error is not None else page
