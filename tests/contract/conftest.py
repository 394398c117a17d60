"""A client of WeChat's platform, in front of the simulated one."""

from collections.abc import Iterator

import pytest
from redis import Redis

from config.settings import Settings
from intake.adapters.redis_queue import web_redis
from intake.adapters.wechat.client import WeChatClient
from tests.contract.wechat_calls import AUNT
from tests.factories.clock import TestClock
from tests.wechat_platform.server import WeChatServer


@pytest.fixture
def redis(settings: Settings) -> Iterator[Redis]:
    """The run's Valkey, empty."""
    opened = web_redis(settings.redis_url)
    opened.flushdb()
    yield opened
    opened.close()


@pytest.fixture
def platform(with_platform: WeChatServer) -> WeChatServer:
    """王阿姨 follows, wrote just now, and allowed one notice."""
    with_platform.account.people.write(AUNT)
    with_platform.account.people.subscribe(AUNT, "ONCE-progress")
    return with_platform


@pytest.fixture
def client(platform: WeChatServer, redis: Redis, clock: TestClock) -> WeChatClient:
    """A client in front of the simulated platform."""
    return client_of(platform, redis, clock)


def client_of(platform: WeChatServer, redis: Redis, clock: TestClock) -> WeChatClient:
    """Another, as another process has it."""
    return WeChatClient(redis, api_url=platform.url, connect_url=platform.url, clock=clock)
