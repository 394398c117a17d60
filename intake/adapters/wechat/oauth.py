"""网页授权: where a browser inside WeChat is sent, and whose openid comes back, on wechatpy's OAuth with its own session replaced."""

import re
from datetime import datetime

from requests import Session
from wechatpy.exceptions import WeChatOAuthException
from wechatpy.oauth import WeChatOAuth

from intake.adapters.wechat.errors import delivery_error
from intake.domain.errors import DeliveryUnknown, PermanentDeliveryError, RetryableDeliveryError
from intake.ports import WeChatKeys

EXCHANGE_SECONDS = 2.0
"""A person waits, and it is the one call made inside a web request."""

_STATE = re.compile(r"[0-9A-Za-z]{1,128}")
_CODE = re.compile(r"[0-9A-Za-z_-]{1,512}")


class _Authorisation(WeChatOAuth):  # type: ignore[misc]  # wechatpy ships no types
    """wechatpy's, without a session of its own and its addresses."""

    def __init__(
        self, keys: WeChatKeys, *, http: Session | None, api_url: str, connect_url: str, redirect: str = "", state: str = ""
    ) -> None:
        super().__init__(keys.app_id, keys.secret, redirect, state=state)
        self.API_BASE_URL = f"{api_url}/"
        self.OAUTH_BASE_URL = f"{connect_url}/connect/"
        self._http = http

    def _get(self, url: str, **options: object) -> object:
        return self._request("get", url, timeout=EXCHANGE_SECONDS, **options)


def authorize_address(keys: WeChatKeys, *, connect_url: str, redirect: str, state: str) -> str:
    """The platform's page that sends on to `redirect` with a code; ValueError for a state that the platform would cut or refuse."""
    if not _STATE.fullmatch(state):
        raise ValueError("state: 1 to 128 letters and digits")
    return str(_Authorisation(keys, http=None, api_url="", connect_url=connect_url, redirect=redirect, state=state).authorize_url)


def openid_of(keys: WeChatKeys, code: str, *, http: Session, api_url: str, at: datetime) -> str:
    """The openid behind `code`. A visitor who only previews the page (快照页) has a made-up one: permanent, `snapshot`."""
    if not _CODE.fullmatch(code):
        raise PermanentDeliveryError(code="40029")
    try:
        answer = _Authorisation(keys, http=http, api_url=api_url, connect_url="").fetch_access_token(code)
        openid, snapshot = str(answer["openid"]), answer.get("is_snapshotuser")
    except WeChatOAuthException as error:
        raise delivery_error(int(error.errcode), at=at) from None
    except DeliveryUnknown as error:
        raise RetryableDeliveryError(code=error.code) from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise RetryableDeliveryError(code="unreadable") from None
    if snapshot:
        raise PermanentDeliveryError(code="snapshot")
    return openid
