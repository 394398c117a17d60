"""What people do in a browser, so that tests read like prose."""

from dataclasses import dataclass

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

    def say(self, code: str, text: str) -> str:
        """Open the form, write, send; the receipt's path."""
        self.open(f"/p/{code}")
        self.page.fill("#text", text)
        self.button("提交").click()
        self.page.wait_for_url("**/r/**")
        return self.path.split("?")[0]
