"""Pictures and voices of the platform, streamed: wechatpy would hold them in memory and try to read them as JSON."""

import json
from datetime import datetime
from typing import BinaryIO
from urllib.parse import urlencode

from intake.adapters.wechat.errors import STALE_TOKEN, delivery_error
from intake.adapters.wechat.platform import Platform
from intake.adapters.wechat.transport import MAX_ANSWER, Answer, Transport, check_status
from intake.domain.errors import PermanentDeliveryError, RetryableDeliveryError

MEDIA_SECONDS = 30.0
PIECE = 64 * 1024
_WORDS = frozenset({"application/json", "text/plain", "text/json"})
"""What the platform calls its refusals."""


def fetch_media(platform: Platform, transport: Transport, media_id: str, target: BinaryIO, *, most_bytes: int, at: datetime) -> str:
    """Write it to `target`; its media type. Permanent `too_large` and 40007 (unknown, or older than three days)."""
    token = platform.access_token
    answered = _fetched(transport, _address(platform, token, media_id), target, most_bytes)
    if answered in STALE_TOKEN:
        answered = _fetched(transport, _address(platform, platform.replaced(token), media_id), target, most_bytes)
    if isinstance(answered, int):
        raise delivery_error(answered, at=at)
    return answered


def _address(platform: Platform, token: str, media_id: str) -> str:
    return f"{platform.API_BASE_URL}media/get?{urlencode({'access_token': token, 'media_id': media_id})}"


def _fetched(transport: Transport, address: str, target: BinaryIO, most_bytes: int) -> str | int:
    """The media type of what was written, or the code of the refusal."""
    with transport.exchange("GET", address, seconds=MEDIA_SECONDS) as answer:
        check_status(answer)
        if answer.media_type in _WORDS:
            return _code(answer.whole(MAX_ANSWER))
        if answer.media_type.startswith("text/"):
            raise RetryableDeliveryError(code="unreadable")
        _copy(answer, target, most_bytes)
        return answer.media_type


def _copy(answer: Answer, target: BinaryIO, most_bytes: int) -> None:
    if answer.length is not None and answer.length > most_bytes:
        raise PermanentDeliveryError(code="too_large")
    size = 0
    while piece := answer.read(PIECE):
        size += len(piece)
        if size > most_bytes:
            raise PermanentDeliveryError(code="too_large")
        target.write(piece)
    if size == 0:
        raise RetryableDeliveryError(code="empty")


def _code(raw: bytes) -> int:
    try:
        return int(json.loads(raw)["errcode"])
    except (ValueError, LookupError, TypeError, RecursionError):
        raise RetryableDeliveryError(code="unreadable") from None
