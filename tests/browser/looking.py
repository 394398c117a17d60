"""Looking at a page in every way it can be asked for: language, size of letters, light and dark; what is wrong with it, line by line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import Site
from tests.browser.measures import Rules, shape, small_letters, small_targets, too_wide, violations
from tests.browser.people import Person

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


@dataclass(frozen=True, slots=True)
class Look:
    """One way of looking at a page that is open."""

    english: bool
    care: bool
    known: bool
    """Whether only the words differ from a page that was held against all rules."""

    def __str__(self) -> str:
        return f"{'en' if self.english else 'zh'}{' care' if self.care else ''}"

    @property
    def target(self) -> int:
        """How large what is pressed has to be, in CSS pixels."""
        return 60 if self.care else 44


def looks(person: Person, open_page: Open, seen: Any, site: Site) -> Iterator[Look]:
    """The page in Chinese and in English, each in both sizes, always light.

    A language is loaded once: Chinese comes small from the server and English large. The other size is the same page with the attribute of the
    root turned, for that is all that the server does.
    """
    chinese = ""
    for english in (False, True):
        ways(person, site, care=english, english=english)
        person.page.emulate_media(color_scheme="light")
        open_page(person.page, seen)
        served = person.page.evaluate("() => [document.documentElement.lang, document.documentElement.hasAttribute('data-care')]")
        assert served == (["en", True] if english else ["zh-CN", False])
        found = shape(person.page)
        yield Look(english=english, care=english, known=found == chinese)
        person.page.emulate_media(color_scheme="light")
        person.page.evaluate("() => document.documentElement.toggleAttribute('data-care')")
        yield Look(english=english, care=not english, known=found == chinese)
        chinese = found


def _rules(page: Page, look: Look) -> Iterator[tuple[str, list[str]]]:
    """What axe-core finds; leaves a Chinese page dark.

    Each rule where its answer can be another: all on the Chinese page, those of place again where letters are large, those of colour again in the
    dark (large letters have no colours of their own: tests/unit/test_tokens.py), those of words again in English where the page has another shape.
    """
    if look.english:
        yield "axe", [] if look.known else violations(page, Rules.ALL_BUT_COLOURS)
    elif look.care:
        yield "axe", violations(page, Rules.PLACE)
    else:
        yield "axe", violations(page, Rules.ALL)
        page.emulate_media(color_scheme="dark")
        yield "dark", violations(page, Rules.COLOURS)


def wrong_on_phone(person: Person, open_page: Open, seen: Any, site: Site) -> list[str]:
    """Everything found on a page of the phone: axe's rules, targets, letters and width, in Chinese and English, light, dark and care."""
    page = person.page
    found: list[tuple[str, list[str]]] = []
    for look in looks(person, open_page, seen, site):
        found += [(f"{look}: too wide", too_wide(page)), (f"{look}: targets", small_targets(page, look.target))]
        if look.care:
            found.append((f"{look}: letters", small_letters(page, 24)))
        if not (look.english and look.care):  # each was looked at already
            found += [(f"{look}: {what}", lines) for what, lines in _rules(page, look)]
    return [f"{what}: {line}" for what, lines in found for line in lines]


def wrong_on_desk(person: Person, open_page: Open, seen: Any, site: Site) -> list[str]:
    """The same for a page of the desk, at 1440 and at 360 px."""
    page = person.page
    found: list[tuple[str, list[str]]] = []
    for look in looks(person, open_page, seen, site):
        if look.english and look.care:  # each was looked at already
            continue
        found.append((f"{look}: targets", small_targets(page, look.target)))
        if look.care:
            found.append((f"{look}: letters", small_letters(page, 24)))
        found += [(f"{look}: {what}", lines) for what, lines in _rules(page, look)]
        page.set_viewport_size({"width": 360, "height": 740})
        found.append((f"{look}: too wide", too_wide(page)))
        page.set_viewport_size({"width": 1440, "height": 900})
    return [f"{what}: {line}" for what, lines in found for line in lines]
