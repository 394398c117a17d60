"""Choosing a person: from a short list by its button, from a long one by writing the name; both work without a script."""

from collections import Counter
from collections.abc import Iterable, Sequence

from flask import request

from intake.domain.errors import InvalidInput

LIST_MOST = 20
"""More are not scrolled through on a phone: the name is written, and the browser offers those that fit."""
NAME_MAX = 60

People = Sequence[tuple[int, str]]
"""(id, name) of whom one may choose."""


def apart(people: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """The same, each name once: those written alike carry a number."""
    people = list(people)
    times, seen = Counter(name for _, name in people), Counter[str]()
    found = []
    for user_id, name in people:
        seen[name] += 1
        found.append((user_id, name if times[name] == 1 else f"{name}（{seen[name]}）"))
    return found


def person_chosen(raw: str, people: People, *, field: str) -> int | None:
    """The id of whom a form names: an id of the list, or a name as it is offered there, or without its place where that is enough.

    None where nothing was written; InvalidInput (that field) for nobody, or for more than one.
    """
    words = "".join(raw[:NAME_MAX].replace("\x00", "").split())
    if not words:
        return None
    offered = apart(people)
    if words.isascii() and words.isdecimal() and len(words) < 19:
        return int(words)  # as a list sends it; whether it may be, the service says
    exact = [user_id for user_id, name in offered if "".join(name.split()) == words]
    alike = exact or [user_id for user_id, name in offered if "".join(name.split("（")[0].split()) == words]
    if len(alike) == 1:
        return alike[0]
    if count := len(alike):
        raise InvalidInput(f"有 {count} 位叫“{words}”，请从列出的里选写明地方的那一位。", field=field)
    example = next((name for _, name in offered if words in name), "")
    if example:
        raise InvalidInput(f"没有叫“{words}”的，请把姓名写全，例如：{example}。", field=field)
    raise InvalidInput(f"没有叫“{words}”的，请看看姓名有没有写错，再从列出的里选。", field=field)


def person_sent(field: str, people: People) -> int | None:
    """As `person_chosen`, of the form that was sent."""
    return person_chosen(request.form.get(field, ""), people, field=field)


def name_shown(value: object, people: People) -> str:
    """What stands in the line: the name of an id, else what was written."""
    return next((name for user_id, name in apart(people) if str(user_id) == str(value)), str(value or ""))
