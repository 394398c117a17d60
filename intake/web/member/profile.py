"""我的档案 on the phone: one's specialities, with whom one steps back, and where one belongs; and what the district reaches (覆盖)."""

from collections.abc import Collection

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.coverage import MEANS_NAMES, gaps_of
from intake.domain.errors import DomainError
from intake.domain.map_layout import BOX
from intake.domain.member_group import CONCERNS_MOST, GROUP_KIND_NAMES, LEVEL_NAMES
from intake.domain.permission import Permission
from intake.queries.coverage import coverage as communities_of
from intake.queries.roster import member_detail
from intake.services.member_profile import OwnFacts, save_own
from intake.web.asked import id_asked, sent, typed, version_sent
from intake.web.coverage_map import drawn, streets_of
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.member.views import member
from intake.web.unit_of_work import db, wiring

__all__ = ["member"]

Page = str | Response | tuple[str, int]


@member.get("/profile")
@requires(Permission.LEDGER_KEEP)
def profile() -> Page:
    """What stands there now."""
    return _profile()


@member.post("/profile")
@requires(Permission.LEDGER_KEEP)
def save_profile() -> Page:
    """Store one's own specialities and concerns."""
    try:
        facts = OwnFacts(concerns=sent("concerns"), categories=tuple(request.form.getlist("categories")))
        save_own(db(), actor=actor(), version=version_sent(), facts=facts, taxonomy=wiring().taxonomy, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _profile(error=error)
    return redirect(url_for("member.profile", done="1"), code=303)


@member.get("/coverage")
@requires(Permission.GROUPS_VIEW)
def coverage() -> Page:
    """The whole district or one street (`?street=`)."""
    found, street_id = communities_of(db(), actor(), at=wiring().clock.now()), id_asked("street")
    shown = tuple(one for one in found if street_id is None or one.street_id == street_id)
    streets = streets_of(found)
    return render_template(
        "member/coverage.html",
        communities=shown,
        gaps=gaps_of(shown),
        drawing=drawn(shown, within=street_id),
        street=next((one for one in streets if one.id == street_id), None),
        streets=streets,
        names=MEANS_NAMES,
        box=BOX,
    )


def _profile(*, error: DomainError | None = None) -> Page:
    found = member_detail(db(), actor(), actor().user_id or 0)
    chosen: Collection[str] = request.form.getlist("categories") if error is not None else found.categories
    page = render_template(
        "member/profile.html",
        member=found,
        concerns=typed().get("concerns", "") if error is not None else "\n".join(found.concerns),
        chosen=chosen,
        subjects=wiring().taxonomy.groups,
        levels=LEVEL_NAMES,
        kinds=GROUP_KIND_NAMES,
        concerns_most=CONCERNS_MOST,
        error=error,
        done=_("已保存。以后来件按新的来排。") if request.args.get("done") else "",
    )
    return (page, status_of(error)) if error is not None else page
