"""What is noticed in a resident's words before they are sent: who else can help sooner, and personal data. It never stands in the way."""

from typing import Any

from flask import request

from intake.domain.elsewhere import Elsewhere
from intake.domain.language.route_out import RouteOut, route_out
from intake.domain.personal_data import KIND_NAMES, Span, mask, personal_data
from intake.domain.text import TEXT_MAX
from intake.web.labels import translated
from intake.web.language import translate as _
from intake.web.resident.photos import FIELD as PHOTOS

READ = 2_000
"""Characters in which personal data is looked for while somebody writes."""
POINTED_OUT = 3
TOLD = "told"
"""The form's hidden field: of which route its page has spoken."""


def told_before() -> bool:
    """Whether the form that was sent needn't be shown again for the sake of a lawful route: there is none, or minutes count, or it is only a
    quicker number, or it was told, or photos came along, which a browser wouldn't choose again by itself.
    """
    route = route_out(request.form.get("text", "")[:TEXT_MAX])
    if route is None or route.is_danger or route.kind is Elsewhere.SERVICE:
        return True
    return request.form.get(TOLD) == route.kind.value or any(request.files.getlist(PHOTOS))


def turn_to_json(route: RouteOut | None) -> dict[str, Any] | None:
    """The advice as the form's script shows it, with its numbers to dial."""
    if route is None:
        return None
    phones = [{"number": number, "words": _("打 %(number)s", number=number)} for number in route.phones]
    return {"kind": route.kind.value, "danger": route.is_danger, "advice": translated(route.advice), "phones": phones}


def personal_json(words: str) -> list[dict[str, Any]]:
    """Personal data in `words`, each kind and value once: masked, where it stands (in characters), and what to do about it."""
    read = words[:READ]
    seen: dict[str, dict[str, Any]] = {}
    for span in personal_data(read):
        value = read[span.start : span.end]
        masked = mask(value, (Span(0, len(value), span.kind),))
        seen.setdefault(
            masked,
            {
                "kind": span.kind,
                "masked": masked,
                "start": span.start,
                "end": span.end,
                "words": _advice(span.kind, masked),
                "move": _("移到“怎么回复您”") if span.kind == "phone" else "",
            },
        )
    return list(seen.values())[:POINTED_OUT]


def _advice(kind: str, masked: str) -> str:
    name = translated(KIND_NAMES[kind])
    if kind in {"phone", "landline", "wechat", "qq", "email"}:
        return _("您写了%(kind)s %(masked)s：办事的人看到的是遮住的；想让人联系您，请写在“怎么回复您”里。", kind=name, masked=masked)
    return _("您写了%(kind)s %(masked)s：办事的人看到的是遮住的，不写也一样办。", kind=name, masked=masked)
