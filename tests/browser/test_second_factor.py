"""两步登录 on a phone: switched on, asked for at the door, and readable all the way."""

import pytest

from tests.browser.conftest import Enter, Site
from tests.browser.measures import Rules, small_targets, too_wide, violations
from tests.browser.people import Person
from tests.factories.clock import TestClock
from tests.factories.town import PASSWORD
from tests.web.test_second_factor import Authenticator

pytestmark = pytest.mark.browser


def is_fine(person: Person) -> None:
    """axe finds nothing, fingers hit, nothing scrolls sideways."""
    wrong = [*violations(person.page, Rules.ALL), *small_targets(person.page, 44), *too_wide(person.page)]
    assert not wrong, "\n".join(map(str, wrong))


def test_it_is_switched_on_and_asked_for_at_the_next_sign_in(enter: Enter, site: Site) -> None:
    clock = site.wiring.clock
    assert isinstance(clock, TestClock)
    zhou = enter()
    zhou.sign_in("zhou")
    zhou.open("/account")
    is_fine(zhou)
    zhou.page.get_by_role("link", name="两步登录").click()
    zhou.page.fill("#current", PASSWORD)
    zhou.button("开始").click()
    zhou.sees("一、放进身份验证器")
    is_fine(zhou)
    own = Authenticator(zhou.page.locator(".secret code").inner_text().replace(" ", ""), clock)
    zhou.page.fill("#code", own.now())
    zhou.button("打开").click()
    zhou.sees("请现在就记下这十个恢复码")
    is_fine(zhou)
    codes = zhou.page.locator("#codes").input_value().splitlines()
    assert len(codes) == 10
    assert zhou.button("打印").is_visible()
    zhou.link("记好了").click()

    clock.forward(minutes=1)
    phone = enter()
    phone.open("/sign-in?next=/account/devices")
    phone.page.fill("#login", "zhou")
    phone.page.fill("#password", PASSWORD)
    phone.button("登录").click()
    phone.sees("再写一个验证码")
    assert phone.page.locator("#code").evaluate("one => [one.inputMode, one.autocomplete]") == ["numeric", "one-time-code"]
    is_fine(phone)
    phone.page.fill("#code", "000000")
    phone.button("登录").click()
    phone.sees("验证码不对")
    is_fine(phone)
    phone.page.fill("#code", own.now())
    phone.button("登录").click()
    phone.page.wait_for_url("**/account/devices")
    phone.sees("Chrome")
    is_fine(phone)
    phone.open("/account/second-factor")
    phone.sees("恢复码还剩 10 个")
    is_fine(phone)
