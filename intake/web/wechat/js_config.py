"""JS-SDK: the signature by which WeChat lets a page of ours open the album, tell the place and scan.

The ticket was left in Redis by a worker; without one the answer is empty and the page stays plain.
"""

import hashlib
import secrets

from flask import jsonify, request
from werkzeug.wrappers import Response

from intake.domain.wechat_account import Capability
from intake.services.wechat_account import keys_of
from intake.web.guard import open_to_all
from intake.web.unit_of_work import wiring
from intake.web.wechat.oauth import wechat
from intake.web.wechat_accounts import able, account_at

__all__ = ["wechat"]

ADDRESS_LIMIT = "6000/hour"
"""By address: each opening of the form inside WeChat asks once, and an estate shares one."""
LONGEST = 1_000


@wechat.get("/wechat/<key>/js-config")
@open_to_all
def js_config(key: str) -> Response:
    """JSON for `wx.config`, for the page of ours at `?url=`; empty (204) where the account can't, and for any other page."""
    account, address, wired = account_at(key), request.args.get("url", ""), wiring()
    ours = address.startswith(f"{wired.settings.base_url}/") and address.isprintable() and len(address) <= LONGEST
    if account is None or not able(account, Capability.JS_SDK) or not ours:
        return Response(status=204)
    if not wired.limiter.hit(ADDRESS_LIMIT, "js-config", request.remote_addr or ""):
        return Response(status=204)
    ticket = wired.wechat.ticket(keys_of(wired.vault, account))
    if not ticket:
        return Response(status=204)
    nonce, at = secrets.token_hex(8), int(wired.clock.now().timestamp())
    signature = signature_of(ticket=ticket, nonce=nonce, timestamp=at, address=address.partition("#")[0])
    return jsonify({"appId": account.app_id, "timestamp": at, "nonceStr": nonce, "signature": signature})


def signature_of(*, ticket: str, nonce: str, timestamp: int, address: str) -> str:
    """SHA-1 in hex over the four, by the order of their names, as the platform computes it (JS-SDK 使用权限签名算法)."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={address}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
