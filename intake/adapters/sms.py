"""短信 by any gateway that takes JSON over HTTPS: one message, one bounded answer, no second try.

`POST <url>` with `{"mobile": "13800000021", "sign": "云栖政协", "content": "…"}` and `Authorization: Bearer <key>`; taken when the answer is
2xx, whose JSON may hold the gateway's number of the message as `id`. A provider that speaks otherwise needs a few lines in between, or an
adapter beside this one.
"""

import json

from intake.adapters.wechat.transport import Answer, Transport
from intake.domain.errors import DeliveryUnknown, PermanentDeliveryError, RetryableDeliveryError

SECONDS = 8.0
MOST_ANSWER = 16 * 1024
_LATER = frozenset({408, 425, 429, 503})
"""The gateway says that it did nothing, and may later."""


class HttpSms:
    """One gateway; one instance serves all threads."""

    on = True

    def __init__(self, *, url: str, key: str, sign: str) -> None:
        self._transport = Transport()
        self._url = url
        self._key = key
        self._sign = sign

    def send(self, number: str, words: str) -> str:
        """Hand it over; only statuses and codes of ours are kept of a refusal."""
        body = json.dumps({"mobile": number, "sign": self._sign, "content": words}, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        with self._transport.exchange("POST", self._url, body=body, headers=headers, seconds=SECONDS) as answer:
            _check(answer)
            return _number(answer.whole(MOST_ANSWER))

    def close(self) -> None:
        """Give connections back."""
        self._transport.close()


def _check(answer: Answer) -> None:
    """A 5xx may have been sent all the same, so it is never sent twice by itself."""
    status = answer.status
    if 200 <= status < 300:
        return
    code = f"http_{status}"
    if status in _LATER:
        raise RetryableDeliveryError(code=code)
    if status >= 500:
        raise DeliveryUnknown(code=code)
    raise PermanentDeliveryError(code=code)


def _number(raw: bytes) -> str:
    """The gateway took it: an answer that can't be read takes nothing back."""
    try:
        found = json.loads(raw)
    except ValueError:
        return ""
    value = found.get("id", "") if isinstance(found, dict) else ""
    return str(value)[:100] if isinstance(value, str | int) else ""
