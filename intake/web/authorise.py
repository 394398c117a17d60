"""Asking the platform who opens a page: the way there, silently, and the check of whoever comes back.

The form is never worth less for it: nobody is sent twice within an hour, and whoever comes back unknown gets the page all the same.
"""

import hmac
import os
import struct
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.wechat_account import Capability
from intake.queries.wechat_account import AccountRow
from intake.services.wechat_account import keys_of
from intake.web.follower_cookie import set_cookie
from intake.web.unit_of_work import wiring
from intake.web.wechat_accounts import able, inside_wechat

STATE_COOKIE, TRIED_COOKIE = "zhibao_wx_state", "zhibao_wx_tried"
STATE_LASTS, TRIED_LASTS = timedelta(minutes=10), timedelta(hours=1)
UNKNOWN = "wx"
"""In the address of a page to which somebody came back unknown: a browser that keeps no cookies must not be sent again either."""
FAILURES = "5/minute"
"""So often the platform may leave us waiting; then nobody is sent there for the rest of the minute, and no thread waits for it."""
_PURPOSE = "oauth-state"
_STATE = struct.Struct(">8sI")


def may_ask(account: AccountRow | None) -> bool:
    """Whether this visitor is sent to the platform without having asked for it."""
    if request.method != "GET" or not inside_wechat() or not able(account, Capability.OAUTH):
        return False
    if TRIED_COOKIE in request.cookies or came_back_unknown() or request.headers.get("Sec-Purpose", ""):
        return False
    return account is not None and not is_down(account)


def came_back_unknown() -> bool:
    """Whether the platform has just been asked for this page, in vain."""
    return UNKNOWN in request.args


def is_down(account: AccountRow) -> bool:
    """Whether the platform has kept us waiting too often in this minute."""
    return wiring().limiter.spent(FAILURES, "oauth-failed", account.original_id)


def note_failure(account: AccountRow) -> None:
    """The platform didn't answer, or not in time."""
    wiring().limiter.hit(FAILURES, "oauth-failed", account.original_id)


def ask_platform(account: AccountRow, going: str) -> Response:
    """Send the browser to the platform, which sends it back to `going` by way of us; `going` is a path of ours.

    It counts as tried at once: where the platform shows a page of its own instead (its settings may not know our address), scanning again
    leads to the form.
    """
    wired = wiring()
    nonce = os.urandom(8)
    body = _STATE.pack(nonce, int(wired.clock.now().timestamp()))
    back = wired.settings.base_url + url_for("wechat.come_back", key=account.callback_key, next=going)
    state = (body + _mac(body, account, going)).hex()  # letters and digits alone, as the platform wants it
    answer = _onward(wired.wechat.authorize_address(keys_of(wired.vault, account), back, state))
    set_cookie(answer, STATE_COOKIE, nonce.hex(), lasts=STATE_LASTS)
    set_cookie(answer, TRIED_COOKIE, "1", lasts=TRIED_LASTS)
    return answer


def is_answer_to_us(account: AccountRow, going: str) -> bool:
    """Whether `state` is what this very browser was sent away with, a short while ago, for this page, and comes back for the first time."""
    wired = wiring()
    try:
        data = bytes.fromhex(request.args.get("state", ""))
        nonce, made = _STATE.unpack(data[: _STATE.size])
    except (ValueError, struct.error):
        return False
    ours = hmac.compare_digest(data[_STATE.size :], _mac(data[: _STATE.size], account, going))
    this_browser = hmac.compare_digest(request.cookies.get(STATE_COOKIE, "").encode(), nonce.hex().encode())
    young = wired.clock.now() - datetime.fromtimestamp(made, UTC) < STATE_LASTS
    return ours and this_browser and young and wired.limiter.hit("1/hour", "oauth-state", nonce.hex())


def unrecognised(going: str) -> Response:
    """On to the page, which says nothing of it and doesn't try again."""
    path, separator, fragment = going.partition("#")
    with_mark = f"{path}{'&' if urlsplit(path).query else '?'}{urlencode({UNKNOWN: '0'})}"
    answer = redirect(with_mark + separator + fragment, code=303)
    answer.delete_cookie(STATE_COOKIE)
    set_cookie(answer, TRIED_COOKIE, "1", lasts=TRIED_LASTS)
    return answer


def _onward(address: str) -> Response:
    """A redirect; from a page of ours a page that goes on by itself.

    Browsers hold `form-action 'self'` against every redirect that follows a form, so a form of ours could never end at the platform.
    """
    if (request.referrer or "").startswith(request.host_url):
        return make_response(render_template("_shell/onward.html", address=address))
    return redirect(address, code=302)


def _mac(body: bytes, account: AccountRow, going: str) -> bytes:
    return wiring().vault.derive(_PURPOSE, b"\n".join((body, account.callback_key.encode(), going.encode())))[:16]
