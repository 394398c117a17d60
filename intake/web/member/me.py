"""我的: what a member finds beside the cards, and their account."""

from flask import render_template

from intake.domain.permission import Permission
from intake.web.guard import requires
from intake.web.member.views import member

__all__ = ["member"]


@member.get("/me")
@requires(Permission.TRIAGE_VIEW)
def me() -> str:
    """Links, grouped; each page says itself what waits there."""
    return render_template("member/me.html")
