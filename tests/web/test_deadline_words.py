"""How a deadline is said, on both shells."""

import pytest
from flask.testing import FlaskClient

from tests.web.pages import words_of


# A state is a word, never a colour alone; a date that may move says so.
@pytest.mark.parametrize("path", ["/_style", "/_style/desk"])
def test_a_deadline_says_what_is_left_and_when_it_is_due(client: FlaskClient, path: str) -> None:
    page = words_of(client.get(path))
    for words in (
        "还剩 4 个工作日",
        "11 月 12 日签收 · 11 月 20 日到期",
        "今天到期",
        "超期 3 个工作日",
        "暂停计时",
        "11 月 20 日到期（放假安排还没有公布，按周一至周五估算）",
    ):
        assert words in page, words
    assert page.count("按周一至周五估算") == 1
