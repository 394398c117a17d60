"""邀请 on the desk: the list, a new one whose link is shown once, taking one back, a new link for one that expired."""

from collections.abc import Mapping

from flask import redirect, render_template, request, url_for

from intake.domain.errors import DomainError
from intake.domain.invitation import InvitationState
from intake.domain.permission import ROLE_NAMES, Permission, Role
from intake.models import Invitation
from intake.queries.invitations import invitations_in_reach
from intake.services.invitation import DAYS_DEFAULT, DAYS_LONGEST, create_invitation, invite_again, revoke_invitation
from intake.services.person import NAME_MAX
from intake.web.asked import id_sent, needed, one_of, sent, typed
from intake.web.district.people import Page, area_sent, granting_choices, link_page, people
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import moment
from intake.web.language import translate as _
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring

__all__ = ["people"]


@people.get("/invitations")
@requires(Permission.PEOPLE_MANAGE)
def invitations() -> Page:
    """The newest first, all or those in one state."""
    return _invitations()


@people.get("/invitations/new")
@requires(Permission.PEOPLE_MANAGE)
def invite() -> Page:
    """An empty form."""
    return _invite({"days": str(DAYS_DEFAULT)})


@people.post("/invitations/new")
@requires(Permission.PEOPLE_MANAGE)
def send_invitation() -> Page:
    """Make it and show its link, which this answer alone can show: only the hash is stored."""
    try:
        made, token = create_invitation(
            db(),
            actor=actor(),
            name=sent("name"),
            role=needed(Role, "role"),
            area_id=area_sent(),
            department_id=id_sent("department"),
            days=whole_number(sent("days", longest=10), field="days"),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _invite(typed(), error=error)
    return _link(made, token)


@people.post("/invitations/<int:invitation_id>/again")
@requires(Permission.PEOPLE_MANAGE)
def invite_once_more(invitation_id: int) -> Page:
    """A new link in place of one that expired; shown once, as the first was."""
    try:
        made, token = invite_again(db(), actor=actor(), invitation_id=invitation_id, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _invitations(error=error)
    return _link(made, token)


@people.post("/invitations/<int:invitation_id>/revoke")
@requires(Permission.PEOPLE_MANAGE)
def revoke_sent(invitation_id: int) -> Page:
    """Take one back."""
    try:
        revoke_invitation(db(), actor=actor(), invitation_id=invitation_id, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _invitations(error=error)
    return redirect(url_for("people.invitations", done="revoked"), code=303)


def _link(made: Invitation, token: str) -> str:
    return link_page(
        title=_("邀请已建好"),
        name=made.name,
        about=_("%(role)s。链接到 %(at)s 有效，只能用一次。", role=_(ROLE_NAMES[made.role]), at=moment(made.expires_at)),
        path=url_for("account.invitation", token=token),
        back=url_for("people.invitations"),
    )


def _invitations(*, error: DomainError | None = None) -> Page:
    state, after = one_of(InvitationState, request.args.get("state", "")), request.args.get("after", "")
    page = render_template(
        "people/invitations.html",
        page=invitations_in_reach(db(), actor(), state=state, after=after),
        after=after,
        state=state,
        states=tuple(InvitationState),
        now=wiring().clock.now(),
        error=error,
        done=_("已收回，链接不能再用。") if request.args.get("done") == "revoked" else "",
    )
    return (page, status_of(error)) if error is not None else page


def _invite(values: Mapping[str, str], *, error: DomainError | None = None) -> Page:
    page = render_template(
        "people/invite.html", values=values, error=error, name_max=NAME_MAX, days_longest=DAYS_LONGEST, **granting_choices()
    )
    return (page, status_of(error)) if error is not None else page
