"""微信登录: without a password, for whoever has bound their WeChat; the platform must have named them just before."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, TooMany
from intake.services.wechat_sign_in import bound_person, sign_in_by_wechat
from intake.web.account.binding import account
from intake.web.account.known_browser import spared
from intake.web.account.tries import one_try
from intake.web.account.views import device_here, go_in
from intake.web.errors import status_of
from intake.web.follower_cookie import Known, known
from intake.web.guard import open_to_all, sign_in_form
from intake.web.own_path import own_path
from intake.web.unit_of_work import db, wiring

__all__ = ["account"]

Page = str | Response | tuple[str, int]


@account.get("/sign-in/wechat")
@open_to_all
def wechat_sign_in() -> Page:
    """As whom one would sign in, with one button; or why not, and what to do."""
    target = own_path(request.args.get("next", ""))
    person = _named()
    if person is None:
        return render_template("account/wechat_sign_in.html", name="", error=None, next=target)
    try:
        return render_template("account/wechat_sign_in.html", name=bound_person(db(), person.follower_id).name, error=None, next=target)
    except DomainError as error:
        return _refused(error, target)


@account.post("/sign-in/wechat")
@sign_in_form
def send_wechat_sign_in() -> Page:
    """Open a session as after a password, with the same limits."""
    wired, target, person = wiring(), own_path(request.form.get("next", "")), _named()
    if person is None:
        return redirect(url_for("account.wechat_sign_in", next=target or None), code=303)
    with one_try(f"wechat {person.follower_id}") as this:
        if not this.may:
            return _refused(TooMany("尝试太多次了，请一小时后再来。"), target)
        try:
            tried = sign_in_by_wechat(
                db(),
                vault=wired.vault,
                follower_id=person.follower_id,
                hours=wired.settings.session_hours,
                device=device_here(),
                spared=spared(),
                at=wired.clock.now(),
            )
        except DomainError as error:
            this.failed = True
            return _refused(error, target)
    return go_in(tried, target, way="wechat")


def _named() -> Known | None:
    found = known()
    return found if found is not None and found.is_fresh(wiring().clock.now()) else None


def _refused(error: DomainError, target: str) -> Page:
    db().rollback()
    return render_template("account/wechat_sign_in.html", name="", error=error, next=target), status_of(error)
