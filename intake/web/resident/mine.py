"""我反映过的事: found again inside WeChat without a number, by the cookie alone; anybody else is told how receipts are found."""

from flask import redirect, render_template, request, url_for

from intake.domain.wechat_account import Capability
from intake.queries.own_items import SHOWN, own_items
from intake.web.authorise import ask_platform, came_back_unknown, may_ask
from intake.web.follower_cookie import forget
from intake.web.guard import anonymous_form, open_to_all
from intake.web.resident.blueprint import Page, resident
from intake.web.resident.known import known_follower
from intake.web.resident.receipt_link import link_to
from intake.web.unit_of_work import db, wiring
from intake.web.wechat_accounts import accounts_that, inside_wechat


@resident.get("/mine")
@open_to_all
def mine() -> Page:
    """What this browser's follower has said; the platform is asked where there is one account to ask for, of several one is chosen."""
    follower_id = known_follower()
    if follower_id is None:
        return _unknown()
    after = request.args.get("after", "")
    page = own_items(db(), follower_id, at=wiring().clock.now(), after=after, limit=SHOWN)
    return render_template("resident/mine.html", page=page, after=after, link_to=link_to)


def _unknown() -> Page:
    accounts = accounts_that(Capability.OAUTH) if inside_wechat() else ()
    sole = accounts[0] if len(accounts) == 1 else None
    if sole is not None and may_ask(sole):
        return ask_platform(sole, url_for("resident.mine"))
    return render_template(
        "resident/mine_unknown.html",
        inside=inside_wechat(),
        accounts=() if sole is not None or came_back_unknown() else accounts,
        # Their own tap asks again at once; by ourselves we ask once an hour.
        again=url_for("wechat.enter", key=sole.callback_key, next=url_for("resident.mine")) if sole is not None else "",
        forgotten="forgotten" in request.args,
    )


@resident.post("/mine/forget")
@anonymous_form
def forget_me() -> Page:
    """This browser isn't theirs, or they want to be asked no more here; what was said stays with its receipts."""
    answer = redirect(url_for("resident.mine", forgotten=1, wx=0), code=303)
    forget(answer)
    return answer
