"""wechatpy's client with the cures of its faults: tokens, endless retries, answers that aren't JSON."""

from datetime import datetime
from typing import Any

from requests import Session
from wechatpy.client import WeChatClient
from wechatpy.exceptions import WeChatClientException

from intake.adapters.wechat.errors import ACCOUNT_PAUSE_SECONDS, STALE_TOKEN, delivery_error
from intake.adapters.wechat.token import FETCH_SECONDS, Tokens
from intake.adapters.wechat.transport import SECONDS
from intake.domain.errors import DeliveryUnknown, RetryableDeliveryError
from intake.ports import Clock, WeChatKeys


class Platform(WeChatClient):  # type: ignore[misc]  # wechatpy ships no types
    """One account's API: every answer is a dict with errcode 0 or a delivery error; one instance serves all threads."""

    def __init__(self, keys: WeChatKeys, *, http: Session, tokens: Tokens, api_url: str, clock: Clock) -> None:
        super().__init__(keys.app_id, keys.secret, timeout=SECONDS, auto_retry=False)
        self.API_BASE_URL = f"{api_url}/cgi-bin/"
        self._http = http
        self._keys = keys
        self._tokens = tokens
        self._clock = clock

    @property
    def access_token(self) -> str:
        """The account's shared token, instead of wechatpy's own."""
        return self._tokens.current(self._keys)

    def replaced(self, token: str) -> str:
        """Another token than `token`, which was refused."""
        return self._tokens.replacement(self._keys, token)

    def fetch_access_token(self) -> None:
        """Never: wechatpy would fetch without a lock, without a time limit and by the call that withdraws everybody else's token."""
        raise NotImplementedError

    def _request(self, method: str, url_or_endpoint: str, **options: Any) -> dict[str, Any]:
        # wechatpy asks again for ever when the token is refused for ever; here it is once, with another token, whoever fetched it.
        token = self.access_token
        try:
            return self._once(method, url_or_endpoint, token, options)
        except WeChatClientException as error:
            if error.errcode not in STALE_TOKEN:
                raise delivery_error(error.errcode, at=self._clock.now()) from None
        try:
            return self._once(method, url_or_endpoint, self.replaced(token), options)
        except WeChatClientException as error:
            raise delivery_error(error.errcode, at=self._clock.now()) from None

    def _once(self, method: str, url_or_endpoint: str, token: str, options: dict[str, Any]) -> dict[str, Any]:
        params = {**options.get("params", {}), "access_token": token}  # wechatpy writes into what it is given
        try:
            answer = super()._request(method, url_or_endpoint, **{**options, "params": params})
        except WeChatClientException as error:
            if not isinstance(error.errcode, int):
                raise DeliveryUnknown(code="unreadable") from None
            raise
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise DeliveryUnknown(code="unreadable") from None
        if not isinstance(answer, dict):  # wechatpy gives the response itself where it isn't JSON
            raise DeliveryUnknown(code="unreadable")
        return answer


def fetch_token(keys: WeChatKeys, *, force: bool, http: Session, api_url: str, at: datetime) -> tuple[str, int]:
    """A token and its seconds from stable_token, which wechatpy doesn't know; the secret goes in the body, never in an address."""
    asked: dict[str, Any] = {"grant_type": "client_credential", "appid": keys.app_id, "secret": keys.secret, "force_refresh": force}
    try:
        answer = http.post(f"{api_url}/cgi-bin/stable_token", json=asked, timeout=FETCH_SECONDS).json()
        code = int(answer.get("errcode", 0))
        if code == 0:
            return str(answer["access_token"]), int(answer["expires_in"])
    except DeliveryUnknown as error:
        raise RetryableDeliveryError(code=error.code) from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise RetryableDeliveryError(code="unreadable") from None
    # 40001 here speaks of the secret, not of a token
    said = str(answer.get("errmsg", ""))[:200]
    refusal = delivery_error(40125 if code == 40001 else code, at=at, said=said)
    if isinstance(refusal, RetryableDeliveryError):
        raise refusal
    # Whatever it is that keeps the account from a token (a frozen AppSecret, say), the message that needed one is none the worse for it.
    raise RetryableDeliveryError(said, code=str(code), after_seconds=ACCOUNT_PAUSE_SECONDS)
