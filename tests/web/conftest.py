"""The real application on the real servers; every HTML answer is parsed strictly."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.permission import Role
from intake.wiring import Wiring
from tests.apps import lent
from tests.factories.administrators import person_with
from tests.factories.town import Town
from tests.factories.wechat import make_account
from tests.web.pages import Person, sign_in
from tests.web.well_formed import read_strictly
from tests.wechat_platform.server import WeChatServer


class ParsingClient(FlaskClient):
    """A test client that fails on a page a browser would have to repair."""

    def open(self, *args: object, **kwargs: object) -> TestResponse:
        response = super().open(*args, **kwargs)  # type: ignore[arg-type]  # as above
        if response.mimetype == "text/html" and response.data and not response.is_streamed:
            read_strictly(response.get_data(as_text=True))
        return response


@pytest.fixture
def app(wiring: Wiring) -> Iterator[Flask]:
    """The application under test, which remembers nothing of the test before."""
    with lent(wiring, ParsingClient) as made:
        yield made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies yet."""
    return app.test_client()


@pytest.fixture
def served(with_platform: WeChatServer, wiring: Wiring, town: Town) -> WeChatServer:
    """云栖区 has a verified service account."""
    with wiring.sessions.begin() as session:
        make_account(session, wiring.vault, area_id=town.district_id)
    return with_platform


@pytest.fixture
def worker(client: FlaskClient, wiring: Wiring, town: Town) -> Person:
    """王姐, 社区工作者 of 龙池社区."""
    person_with(wiring, "wangjie", "王姐", (Role.WORKER, town.longchi_id))
    return sign_in(client.application.test_client(), "wangjie")
