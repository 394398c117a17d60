"""网页授权: to the platform and back, silently (snsapi_base); what stays is a cookie with our own number of the follower.

The account's row is remembered for a minute, so that coming back asks the database nothing before the platform is asked; where it must be
asked, the connection is given back first. Two seconds of waiting then hold a thread, but neither a connection nor a transaction, and after
five failures in a minute nobody waits any more (`authorise.FAILURES`).
"""

import re

import structlog
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import PermanentDeliveryError, RetryableDeliveryError
from intake.domain.wechat_account import Capability
from intake.queries.wechat_account import AccountRow
from intake.services.wechat_account import keys_of
from intake.services.wechat_follower import recognise
from intake.web.authorise import STATE_COOKIE, ask_platform, is_answer_to_us, is_down, note_failure, unrecognised
from intake.web.follower_cookie import remember
from intake.web.guard import open_to_all
from intake.web.own_path import own_path
from intake.web.unit_of_work import db, wiring
from intake.web.wechat.views import wechat
from intake.web.wechat_accounts import able, account_at, inside_wechat

__all__ = ["wechat"]

log = structlog.get_logger(__name__)
ADDRESS_LIMIT = "3000/hour"
"""Exchanges by address: an estate, or half a mobile network, shares one."""
_CODE = re.compile(r"[0-9A-Za-z_-]{1,128}")


@wechat.get("/wechat/<key>/enter")
@open_to_all
def enter(key: str) -> Response:
    """Off to the platform, to come back to `next`; straight there where the platform can't be asked."""
    going, account = _going(), account_at(key)
    inside = inside_wechat() or wiring().settings.plays_wechat
    if account is None or not able(account, Capability.OAUTH) or not inside or is_down(account):
        return unrecognised(going)
    return ask_platform(account, going)


@wechat.get("/wechat/<key>/back")
@open_to_all
def come_back(key: str) -> Response:
    """Back with a code: known from now on, or not; on to the page in both cases."""
    going, account = _going(), account_at(key)
    if account is None or not able(account, Capability.OAUTH) or not is_answer_to_us(account, going):
        return unrecognised(going)
    db().close()  # the connection goes back before the platform is asked
    openid = _openid(account)
    if not openid:
        return unrecognised(going)
    wired = wiring()
    follower_id = recognise(db(), vault=wired.vault, account=account.original_id, openid=openid, at=wired.clock.now())
    answer = redirect(going, code=303)
    answer.delete_cookie(STATE_COOKIE)
    remember(answer, follower_id=follower_id, account=account.original_id)
    return answer


def _openid(account: AccountRow) -> str:
    """Whom the platform names; empty when it refuses, is slow or away, or was asked too often from this address."""
    wired, code = wiring(), request.args.get("code", "")
    within = wired.limiter.hit(ADDRESS_LIMIT, "oauth-address", request.remote_addr or "")
    if not within or not _CODE.fullmatch(code) or is_down(account):
        return ""
    try:
        return wired.wechat.exchange_code(keys_of(wired.vault, account), code)
    except PermanentDeliveryError as error:  # a code that was used, or is nobody's: no fault of the platform
        log.warning("oauth_refused", code=error.code)
    except RetryableDeliveryError as error:
        note_failure(account)
        log.warning("oauth_failed", code=error.code)
    return ""


def _going() -> str:
    return own_path(request.args.get("next", "")) or url_for("resident.mine")
