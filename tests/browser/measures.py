"""What is measured on a page: axe-core's rules, sizes of targets and letters, and whether it fits."""

from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"

_RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations'], preload: {assets: ['media']}, ...%s});
  return found.violations.map(v => `${v.id}: ` + v.nodes.map(n => n.target.join(' ') + ' – ' + (n.any[0] || n.all[0] || n.none[0] || {}).message).join('; '));
}"""

_SMALL_TARGETS = """(least) => {
  const letters = text => (text.match(/\\p{L}/gu) || []).length;
  // WCAG 2.5.8 exempts links inside a sentence: what stands around them, links aside, has words of its own.
  const inSentence = link => {
    if (getComputedStyle(link).display !== 'inline') return false;
    const around = link.parentElement.cloneNode(true);
    around.querySelectorAll('a').forEach(one => one.remove());
    return letters(around.textContent) > 1;
  };
  return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
    .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.matches('.skip') && !(one.matches('a') && inSentence(one)))
    // A box to tick is hit through the label that holds it.
    .map(one => [one, (one.matches('[type=checkbox], [type=radio]') && one.closest('label') || one).getBoundingClientRect()])
    .filter(([, box]) => box.height < least - 0.5 || box.width < least - 0.5)
    .map(([one, box]) => `${one.tagName} “${(one.textContent || one.name).trim().slice(0, 20)}” ${Math.round(box.width)}×${Math.round(box.height)}`);
}"""

_SMALL_LETTERS = """(least) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Set();
  while (walker.nextNode()) {
    const holder = walker.currentNode.parentElement;
    const size = parseFloat(getComputedStyle(holder).fontSize);
    if (walker.currentNode.textContent.trim() && holder.checkVisibility() && size < least)
      found.add(`${size}px “${walker.currentNode.textContent.trim().slice(0, 20)}”`);
  }
  return [...found];
}"""

_TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll('body *')].filter(one => one.checkVisibility({visibilityProperty: true}) && one.getBoundingClientRect().right > width + 0.5)
    .map(one => `${one.tagName}.${one.className} to ${Math.round(one.getBoundingClientRect().right)}`);
}"""


_SHAPE = """() => {
  const worded = new Set(['alt', 'aria-description', 'aria-label', 'aria-roledescription', 'aria-valuetext', 'placeholder', 'title', 'value']);
  const told = new Set(['autocomplete', 'for', 'href', 'id', 'name', 'role', 'tabindex', 'type']);
  const seen = {};
  const number = (name, words) => {
    const known = seen[name] ??= new Map();
    if (!known.has(words)) known.set(words, known.size);
    return words.trim() ? known.get(words) : '';
  };
  const address = text => text.split('?')[0];
  const attribute = ({name, value}) => worded.has(name) ? `${name}~${number(name, value)}`
    : told.has(name) || name.startsWith('aria-') ? `${name}=${address(value)}` : name;
  const own = one => [...one.childNodes].some(child => child.nodeType === Node.TEXT_NODE && child.data.trim());
  return [...document.querySelectorAll('*')].slice(1).filter(one => !one.closest('head'))
    .map(one => `${one.parentElement.tagName}>${one.tagName} ${[...one.attributes].map(attribute).sort().join(' ')}${own(one) ? ' …' : ''}`).join('\\n');
}"""


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


class Rules(Enum):
    """Which of axe-core's rules a page is held against."""

    ALL = "{}"
    COLOURS = "{runOnly: {type: 'rule', values: ['color-contrast']}}"
    """For a page that was looked at in other colours."""
    PLACE = "{runOnly: {type: 'rule', values: ['color-contrast', 'scrollable-region-focusable']}}"
    """For a page that was looked at with smaller letters: what lies upon what, and what scrolls."""
    ALL_BUT_COLOURS = "{rules: {'color-contrast': {enabled: false}}}"
    """For a page that was looked at in other words: the half of the work that words cannot change is left out."""


def violations(page: Page, rules: Rules) -> list[str]:
    """What axe-core finds.

    Evaluated through the browser's own console, which our Content-Security-Policy doesn't concern.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    return _lines(page.evaluate(_RUN % rules.value))


def shape(page: Page) -> str:
    """All of a page but what its words say: elements, roles, names and bonds between them, where words stand, and which of them are the same."""
    return str(page.evaluate(_SHAPE))


def small_targets(page: Page, least: int) -> list[str]:
    """Controls and links of their own below `least` CSS pixels in either direction."""
    return _lines(page.evaluate(_SMALL_TARGETS, least))


def small_letters(page: Page, least: int) -> list[str]:
    """Visible text below `least` CSS pixels."""
    return _lines(page.evaluate(_SMALL_LETTERS, least))


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways."""
    return _lines(page.evaluate(_TOO_WIDE))


def _lines(found: Any) -> list[str]:
    return [str(line) for line in found]
