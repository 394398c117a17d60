"""Default deny: every route says who may enter, and the fence stands where it says."""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, Rule

from intake.domain.permission import GRANTS, Permission, Role
from intake.web.guard import Access, access_of
from intake.wiring import Wiring
from tests.apps import lent
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in

PEOPLE = {Role.MEMBER: "zhou", Role.CONVENOR: "laozhou", Role.STAFF: "wangjing", Role.ADMIN: "chenli"}


@pytest.fixture
def app(wiring: Wiring) -> Iterator[Flask]:
    with lent(wiring) as made:
        yield made


def rules(app: Flask) -> list[Rule]:
    found = list(app.url_map.iter_rules())
    assert len(found) > 20
    return found


def methods(rule: Rule) -> set[str]:
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


def access(app: Flask, rule: Rule) -> Access:
    found = access_of(app, rule.endpoint)
    assert found is not None, rule.endpoint
    return found


def address(app: Flask, rule: Rule) -> str:
    """The rule's address with a 1 wherever a value is asked for, or the first of the words that it takes."""
    words = {name: min(taken.items) for name, taken in rule._converters.items() if isinstance(taken, AnyConverter)}
    return app.url_map.bind("localhost").build(rule.endpoint, {**dict.fromkeys(rule.arguments, 1), **words}, method=min(methods(rule)))


def permission_rules(app: Flask) -> list[tuple[Rule, str, Permission]]:
    found = [
        (rule, method, permission)
        for rule in rules(app)
        for method in methods(rule)
        if (permission := access(app, rule).permission) is not None
    ]
    assert len(found) > 15
    return found


def test_every_route_says_who_may_enter(app: Flask) -> None:
    assert [rule.endpoint for rule in rules(app) if access_of(app, rule.endpoint) is None] == []


def test_a_route_that_says_nothing_is_closed_to_everybody(app: Flask, town: Town) -> None:
    app.add_url_rule("/forgotten", view_func=lambda: "the secret", endpoint="forgotten", methods=["GET", "POST"])
    people = [app.test_client(), sign_in(app.test_client(), "wangjing").client, sign_in(app.test_client(), "chenli").client]
    for person in people:
        for answer in (person.get("/forgotten"), person.post("/forgotten")):
            assert answer.status_code == 403
            assert "the secret" not in answer.get_data(as_text=True)


def test_only_reading_is_open_without_any_check(app: Flask) -> None:
    assert [rule.rule for rule in rules(app) if access(app, rule).kind == "open" and methods(rule) != {"GET"}] == []


# Whoever sends without a session is checked in another way: by origin and signed key, by CSRF token, or by signature.
def test_what_strangers_may_send_is_this_and_no_more(app: Flask) -> None:
    sending = {
        (rule.rule, access(app, rule).kind) for rule in rules(app) if "POST" in methods(rule) and access(app, rule).permission is None
    }
    assert sending == {
        ("/", "anonymous_form"),
        ("/p/<code>", "anonymous_form"),
        ("/p/<code>/similar", "anonymous_form"),
        *((f"/t/<number>/{act}", "anonymous_form") for act in ("endorse", "endorse/withdraw")),
        ("/r", "anonymous_form"),
        *((f"/r/<number>/<token>/{act}", "anonymous_form") for act in ("withdraw", "verdict", "messages", "detail", "appeal", "contact")),
        ("/r/<number>/<token>/forget-contact", "anonymous_form"),
        *((f"/r/<number>/<token>/photos{act}", "anonymous_form") for act in ("", "/<int:file_id>/remove")),
        ("/mine/forget", "anonymous_form"),
        ("/n/<token>/<verdict>", "anonymous_form"),
        ("/sign-in", "sign_in"),
        ("/sign-in/wechat", "sign_in"),
        ("/sign-in/code", "sign_in"),
        ("/bind/<token>", "sign_in"),
        ("/invite/<token>", "sign_in"),
        ("/reset/<token>", "sign_in"),
        ("/sign-out", "sign_in"),
        ("/wechat/<key>", "signed"),
        ("/open311/v2/requests.<any(json, xml):form>", "keyed"),
    }


def test_every_form_for_strangers_refuses_another_sites_page(app: Flask, town: Town) -> None:
    client = app.test_client()
    for rule in rules(app):
        if access(app, rule).kind == "anonymous_form":
            path = address(app, rule)
            assert client.post(path, headers={"Origin": "https://evil.example"}).status_code == 403, path
            for own in ("http://localhost", "https://zhibao.example", "null"):
                assert client.post(path, headers={"Origin": own}).status_code != 403, path


def test_every_permission_fence_sends_a_stranger_to_sign_in(app: Flask, town: Town) -> None:
    client = app.test_client()
    for rule, method, _ in permission_rules(app):
        answer = client.open(address(app, rule), method=method)
        assert answer.status_code == 303, rule.rule
        assert answer.location.startswith("/sign-in"), rule.rule


def test_every_permission_fence_refuses_whoever_lacks_the_permission(app: Flask, town: Town) -> None:
    browsers: dict[Role, Person] = {role: sign_in(app.test_client(), login) for role, login in PEOPLE.items()}
    tokens = {role: hidden(person.client.get("/sign-in").get_data(as_text=True), "csrf_token") for role, person in browsers.items()}
    tried = 0
    for rule, method, permission in permission_rules(app):
        for role, person in browsers.items():
            if permission in GRANTS[role]:
                continue
            data = {"csrf_token": tokens[role]} if method == "POST" else None
            answer = person.client.open(address(app, rule), method=method, data=data)
            assert answer.status_code == 403, (rule.rule, role)
            assert "您没有打开这一页的权限" in answer.get_data(as_text=True)
            tried += 1
    assert tried > len(permission_rules(app))


def test_whoever_has_the_permission_passes_the_fence(app: Flask, town: Town) -> None:
    jing = sign_in(app.test_client(), "wangjing")
    for rule, method, permission in permission_rules(app):
        if method == "GET" and permission in GRANTS[Role.STAFF]:
            assert jing.client.get(address(app, rule)).status_code in {200, 303, 404}, rule.rule


def test_every_permission_form_refuses_a_send_without_a_token(app: Flask, town: Town) -> None:
    jing = sign_in(app.test_client(), "wangjing")
    for rule, method, _ in permission_rules(app):
        if method == "POST":
            assert jing.client.post(address(app, rule)).status_code == 400, rule.rule


def test_what_changes_something_is_never_a_get(app: Flask) -> None:
    for rule in rules(app):
        assert methods(rule) in ({"GET"}, {"POST"}), rule.rule


def test_addresses_are_lower_case_with_dashes_and_typed_numbers(app: Flask) -> None:
    for rule in rules(app):
        fixed = [part for part in rule.rule.split("/") if part and not part.startswith("<")]
        # /_style is for those who build it, and isn't there in production.
        assert all(part == part.lower() and ("_" not in part or part == "_style") for part in fixed), rule.rule
        for name in rule.arguments:
            if name.endswith("_id"):
                assert f"<int:{name}>" in rule.rule, rule.rule
