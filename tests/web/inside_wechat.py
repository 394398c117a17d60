"""A telephone with WeChat's own browser: it goes to the platform when it is sent there, and comes back."""

import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.pages import hidden
from tests.wechat_platform.server import WeChatServer

SITE = "https://zhibao.example"
WECHAT = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36 MicroMessenger/8.0.50.2701"}
AUNT = "oAunt6_bIyUhqmFvNNa1VcJ2pXw"
"""The openid of 王阿姨 of 龙池社区."""
UNCLE = "oUncle_7cJzVirnGwOObcWdK3qYx"
"""Her neighbour's."""


@dataclass(slots=True)
class Telephone:
    """WeChat on somebody's telephone; `client` keeps its cookies."""

    client: FlaskClient
    platform: WeChatServer
    openid: str

    def get(self, path: str) -> TestResponse:
        """One request, followed nowhere."""
        return self.client.get(path, headers=WECHAT)

    def post(self, path: str, **fields: str) -> TestResponse:
        """Send a form, with the page's token where it has one."""
        return self.client.post(path, data=fields, headers=WECHAT)

    def open(self, path: str) -> TestResponse:
        """The page to which `path` leads in the end, by way of the platform where we send there."""
        answer = self.get(path)
        for _ in range(6):
            if answer.status_code not in {302, 303}:
                return answer
            answer = self.get(self.on(answer))
        raise AssertionError(f"{path} leads nowhere: {answer.location}")

    def on(self, answer: TestResponse) -> str:
        """The path of ours that comes next: the platform answers in between where it is asked."""
        return self.from_platform(answer.location) if answer.location.startswith(self.platform.url) else answer.location

    def from_platform(self, address: str) -> str:
        """What the platform's page sends the browser back to."""
        self.platform.account.visitor = self.openid
        parts = urlsplit(address)
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        connection.request("GET", f"{parts.path}?{parts.query}")
        back = connection.getresponse().getheader("Location") or ""
        connection.close()
        assert back.startswith(SITE), back
        return back.removeprefix(SITE)

    def press(self, path: str, action: str, **fields: str) -> TestResponse:
        """Open `path` and send its form to `action` with the page's CSRF token."""
        token = hidden(self.get(path).get_data(as_text=True), "csrf_token")
        return self.post(action, csrf_token=token, **fields)


def telephone(app: Flask, platform: WeChatServer, openid: str = AUNT) -> Telephone:
    """A telephone with nothing remembered."""
    return Telephone(app.test_client(), platform, openid)
