"""Looking at a page in every way it can be asked for: language, size of letters, light and dark; what is wrong with it, line by line."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import DESK, PHONE, Site
from tests.browser.measures import small_letters, small_targets, too_wide, violations
from tests.browser.people import Person


class People:
    """Three browsers for the module: nobody in particular, a member and staff on phones, and staff at a desk."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self._browser, self._site = browser, site
        self._made: dict[str, BrowserContext] = {}

    def page_of(self, login: str, *, desk: bool) -> Person:
        name = f"{login}{desk}"
        if name not in self._made:
            options = DESK if desk else PHONE
            context = self._browser.new_context(base_url=self._site.url, locale="zh-CN", color_scheme="light", **options)
            context.set_default_timeout(30_000)
            self._made[name] = context
            if login:
                person = Person(context, context.new_page())
                person.sign_in(login)
                person.page.close()
        context = self._made[name]
        return Person(context, context.new_page())


Open = Callable[[Page, Any], None]
"""Opens a page with what the module has prepared."""
Path = str | Callable[[Any], str]


def at(path: Path) -> Open:
    """Go there."""
    return lambda page, seen: _go(page, path if isinstance(path, str) else path(seen))


def sent(path: Path, form: str, **fields: str) -> Open:
    """Fill the form whose action ends with `form` and send it."""

    def open_page(page: Page, seen: Any) -> None:
        at(path)(page, seen)
        _unfold(page)
        where = page.locator(f'form[action$="{form}"]' if form else "form[method=post]").first
        for name, value in fields.items():
            where.locator(f'[name="{name}"]').evaluate("(one, value) => { one.value = value }", value)
        with page.expect_navigation():
            where.evaluate("one => one.submit()")
        assert page.locator("[role=alert]").count() == 1, "it was to be refused"

    return open_page


def unfolded(path: Path) -> Open:
    """Go there and open all that is folded."""

    def open_page(page: Page, seen: Any) -> None:
        at(path)(page, seen)
        _unfold(page)

    return open_page


def _go(page: Page, path: str) -> None:
    page.goto(path)


def _unfold(page: Page) -> None:
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")


def ways(person: Person, site: Site, *, care: bool, english: bool) -> None:
    """Set how this browser likes its pages."""
    wishes = {"care": "1" if care else "0", "lang": "en" if english else "zh"}
    person.context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in wishes.items()])


def wrong_on_phone(person: Person, open_page: Open, seen: Any, site: Site) -> list[str]:
    """Everything found on a page of the phone: axe's rules, targets, letters and width, in Chinese and English, light, dark and care."""
    page = person.page
    found: dict[str, list[str]] = {}
    for english, care in ((False, False), (False, True), (True, False), (True, True)):
        mode = f"{'en' if english else 'zh'}{' care' if care else ''}"
        ways(person, site, care=care, english=english)
        page.emulate_media(color_scheme="light")
        open_page(page, seen)
        found[f"{mode}: too wide"] = too_wide(page)
        found[f"{mode}: targets"] = small_targets(page, 60 if care else 44)
        if care:
            found[f"{mode}: letters"] = small_letters(page, 24)
        if not (english and care):  # each was looked at already
            found[f"{mode}: axe"] = violations(page)
        if not english:  # a language has no colours
            page.emulate_media(color_scheme="dark")
            found[f"{mode}: dark"] = violations(page, "color-contrast")
    page.close()
    return [f"{what}: {line}" for what, lines in found.items() for line in lines]


def wrong_on_desk(person: Person, open_page: Open, seen: Any, site: Site) -> list[str]:
    """The same for a page of the desk, at 1440 and at 360 px."""
    page = person.page
    found: dict[str, list[str]] = {}
    for english, care in ((False, False), (False, True), (True, False)):
        mode = f"{'en' if english else 'zh'}{' care' if care else ''}"
        ways(person, site, care=care, english=english)
        page.emulate_media(color_scheme="light")
        open_page(page, seen)
        found[f"{mode}: axe"] = violations(page)
        found[f"{mode}: targets"] = small_targets(page, 60 if care else 44)
        if care:
            found[f"{mode}: letters"] = small_letters(page, 24)
        elif not english:
            page.emulate_media(color_scheme="dark")
            found[f"{mode}: dark"] = violations(page, "color-contrast")
        page.set_viewport_size({"width": 360, "height": 740})
        found[f"{mode}: too wide"] = too_wide(page)
        page.set_viewport_size({"width": 1440, "height": 900})
    page.close()
    return [f"{what}: {line}" for what, lines in found.items() for line in lines]
