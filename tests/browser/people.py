"""What people do in a browser, so that tests read like prose."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from playwright.sync_api import BrowserContext, Locator, Page

from tests.factories.town import PASSWORD


@dataclass(slots=True)
class Person:
    """One browser with one page open."""

    context: BrowserContext
    page: Page

    def open(self, path: str) -> None:
        """Go to a page of ours."""
        self.page.goto(path)

    @property
    def path(self) -> str:
        """Where the person is, without the host."""
        return "/" + self.page.url.split("/", 3)[3]

    def button(self, words: str) -> Locator:
        """The button with exactly these words."""
        return self.page.get_by_role("button", name=words, exact=True)

    def link(self, words: str) -> Locator:
        """The link with exactly these words."""
        return self.page.get_by_role("link", name=words, exact=True)

    def sees(self, words: str) -> None:
        """Wait until the words stand on the page."""
        self.page.get_by_text(words).first.wait_for()

    def until(self, promise: str) -> None:
        """Wait until what this promise comes to is true; `wait_for_function` takes the promise itself for a yes."""
        for _ in range(600):
            if self.page.evaluate(promise):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(promise)

    @property
    def words(self) -> str:
        """All that can be read."""
        return self.page.locator("body").inner_text()

    def sign_in(self, login: str) -> None:
        """Through the page."""
        self.open("/sign-in")
        self.page.fill("#login", login)
        self.page.fill("#password", PASSWORD)
        self.button("登录").click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def is_signed_in(self, login: str) -> None:
        """As after `sign_in`, without the pages: no page is open then."""
        signing = self.context.request
        token = re.search(r'name="csrf_token" value="([^"]+)"', signing.get("/sign-in").text())
        assert token is not None
        form = {"csrf_token": token[1], "login": login, "password": PASSWORD, "next": ""}
        assert signing.post("/sign-in", form=form, max_redirects=0).status == 303

    def say(self, code: str, text: str) -> str:
        """Open the form, write, send; the receipt's path."""
        self.open(f"/p/{code}")
        self.page.fill("#text", text)
        self.button("提交").click()
        self.page.wait_for_url("**/r/**")
        return self.path.split("?")[0]


class Hand(Protocol):
    """Hands out a phone or a desk."""

    def __call__(self, *, desk: bool) -> BrowserContext: ...


class People:
    """The browsers of a module: one for each person on a phone or at a desk, each with one page that goes from address to address."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
        self._made: dict[str, Person] = {}

    def page_of(self, login: str, *, desk: bool) -> Person:
        """Of whoever signs in so; of somebody without an account for an empty `login`."""
        name = f"{login}{desk}"
        if name not in self._made:
            context = self._hand(desk=desk)
            person = self._made[name] = Person(context, context.new_page())
            if login:
                person.is_signed_in(login)
        return self._made[name]

    def all(self) -> Iterable[Person]:
        """Whoever came."""
        return self._made.values()
