"""What we ask of the platform, on wechatpy's client with the cures of its faults."""

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from redis import Redis

from intake.domain.errors import RetryableDeliveryError
from intake.ports import AccountCheck, Clock, WeChatKeys


class WeChatClient:
    """Every call with a shared token, a time limit and the platform's errors as ours; see `WeChatApi`."""

    def __init__(self, redis: Redis, *, api_url: str, connect_url: str, clock: Clock) -> None:
        self._redis = redis
        self._api_url = api_url
        self._connect_url = connect_url
        self._clock = clock

    def send_text(self, keys: WeChatKeys, openid: str, words: str) -> None:
        raise RetryableDeliveryError(code="not_yet")

    def send_template(self, keys: WeChatKeys, openid: str, *, template_id: str, fields: Mapping[str, str], link: str) -> str:
        raise RetryableDeliveryError(code="not_yet")

    def send_subscription(self, keys: WeChatKeys, openid: str, *, template_id: str, fields: Mapping[str, str], link: str) -> str:
        raise RetryableDeliveryError(code="not_yet")

    def fetch_media(self, keys: WeChatKeys, media_id: str, target: BinaryIO, *, most_bytes: int) -> str:
        raise RetryableDeliveryError(code="not_yet")

    def make_scene(self, keys: WeChatKeys, scene: str) -> str:
        raise RetryableDeliveryError(code="not_yet")

    def put_menu(self, keys: WeChatKeys, buttons: Sequence[tuple[str, str]]) -> None:
        raise RetryableDeliveryError(code="not_yet")

    def check(self, keys: WeChatKeys) -> tuple[AccountCheck, ...]:
        return ()

    def exchange_code(self, keys: WeChatKeys, code: str) -> str:
        raise RetryableDeliveryError(code="not_yet")

    def ticket(self, keys: WeChatKeys) -> str | None:
        return None

    def renew_ticket(self, keys: WeChatKeys) -> None:
        raise RetryableDeliveryError(code="not_yet")
