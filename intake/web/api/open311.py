"""Open311 GeoReport v2: services, filing a request, reading what was released (https://wiki.open311.org/GeoReport_v2).

What a caller sends goes the form's way: it is masked, sorted and looked at by people like any other word. Nothing is fetched from
`media_url`: whoever could make this server ask an address of their choice could reach what stands behind its firewall.
"""

import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, request

from config.taxonomy import Category, CategoryGroup
from intake.domain.errors import InvalidInput, NotFound, TooMany
from intake.domain.projection import to_wgs84
from intake.domain.receipt import SHANGHAI, parse_receipt_number
from intake.domain.submission import TOLD, SubmissionState
from intake.domain.text import CONTACT_MAX, PLACE_MAX, clean, clean_line
from intake.queries.api_key import Caller, Filed, filed_by
from intake.queries.point import point_by_id
from intake.queries.public_request import PublicRequest, RequestStatus, Wanted, public_requests
from intake.queries.receipt import receipt_secret
from intake.services.api_file import Sending, file_for
from intake.services.receipt import token_fits, token_for
from intake.services.submission_submit import Sentence, read_sentence
from intake.web.api.asked import (
    LAST_PAGE,
    MOST,
    brake,
    count_of,
    jurisdiction,
    jurisdiction_named,
    one_status,
    position_sent,
    several,
    span,
)
from intake.web.api.blueprint import api
from intake.web.api.formats import TYPES, answer
from intake.web.api_caller import FIELD, HEADER, key_caller, require_key
from intake.web.guard import keyed_request, open_to_all
from intake.web.labels import translated
from intake.web.unit_of_work import db, wiring

CHANGED = "2026-11-22T00:00:00Z"
"""When what is offered here last changed."""
SPECIFICATION = "https://wiki.open311.org/GeoReport_v2"
DESCRIPTION_MAX = 4_000
"""Open311's own bound."""
_KEYWORDS = 12
_CACHE_SECONDS = 60
_ENDED = TOLD | {SubmissionState.DECLINED, SubmissionState.WITHDRAWN, SubmissionState.REJOINED}
_TOKEN = re.compile(r"(ZB-\d{4}-\d{5,12})\.([A-Za-z0-9_-]{22})", re.ASCII)
_NOT_THERE = "没有找到这个编号。它可能还没有公开，或者不是用这把密钥交来的。"


@api.get("/open311/v2/discovery.<any(json, xml):form>")
@open_to_all
def discovery(form: str) -> Response:
    """Where the service is, in which forms, and whom to ask for a key."""
    brake()
    settings = wiring().settings
    endpoint = {
        "specification": SPECIFICATION,
        "url": f"{settings.base_url}/open311/v2",
        "changeset": CHANGED,
        "type": "production" if settings.is_production else "test",
        "formats": [one.partition(";")[0] for one in TYPES.values()],
    }
    return readable(
        answer(
            form,
            "discovery",
            {
                "changeset": CHANGED,
                "contact": " ".join(filter(None, (settings.controller_name, settings.controller_phone))),
                "key_service": translated("接口密钥由区政协办公室的管理员给出，请打电话或当面申请。"),
                "endpoints": [endpoint],
            },
        )
    )


@api.get("/open311/v2/services.<any(json, xml):form>")
@open_to_all
def services(form: str) -> Response:
    """The categories of matters, in the order of the taxonomy."""
    brake()
    jurisdiction_named()
    return readable(
        answer(form, "services", [_service(group, category) for group in wiring().taxonomy.groups for category in group.categories])
    )


@api.get("/open311/v2/services/<code>.<any(json, xml):form>")
@open_to_all
def definition(code: str, form: str) -> Response:
    """No category asks for more than words and a place, so the list of attributes is empty."""
    brake()
    jurisdiction_named()
    return readable(answer(form, "service_definition", {"service_code": _category(code).code, "attributes": []}))


@api.post("/open311/v2/requests.<any(json, xml):form>")
@keyed_request
def file(form: str) -> Response:
    """File one matter; the same again within a day, or under the same Idempotency-Key, answers with the same number."""
    wired, caller = wiring(), require_key()
    if not wired.limiter.hit(wired.settings.api_limit, "api-file", str(caller.key_id)):
        raise TooMany("交得太快了，请按 Retry-After 说的秒数过后再来；没有收下的请重新交。")
    jurisdiction()
    category = _category(request.form.get("service_code", "").strip())
    point = point_by_id(db(), caller.point_id)
    assert point is not None, "a key's point is never deleted"
    stored = file_for(
        db(),
        vault=wired.vault,
        caller=caller,
        point=point,
        sentence=_sentence(),
        service_code=category.code,
        sending=_sending(),
        device_hash=_device(caller),
        at=wired.clock.now(),
    )
    address = f"{wired.settings.base_url}/r/{stored.receipt_number}/{token_for(wired.vault, stored.receipt_number, stored.receipt_salt)}"
    notice = translated(f"已经收到，委员一般在 2 个工作日内看。请把这个回执网址交给居民，每一步都写在那里：{address}")
    return answer(
        form,
        "service_requests",
        [{"service_request_id": stored.receipt_number, "service_notice": notice, "account_id": None}],
    )


@api.get("/open311/v2/requests.<any(json, xml):form>")
@open_to_all
def requests(form: str) -> Response:
    """Released matters, the newest first."""
    brake()
    district_id = jurisdiction()
    size = count_of("page_size", usual=MOST, most=MOST)
    page = count_of("page", usual=1, most=LAST_PAGE)
    numbers = several("service_request_id")
    if request.args.get("service_request_id", "").strip():  # it overrides all other arguments
        found = public_requests(db(), district_id, Wanted(numbers=numbers), limit=MOST) if numbers else ()
        return readable(answer(form, "service_requests", [_released(one) for one in found]))
    since, until = span(now=wiring().clock.now())
    codes = several("service_code")
    wanted = Wanted(categories=codes, status=one_status(RequestStatus), since=since, until=until)
    asked_for_none = not codes and bool(request.args.get("service_code", "").strip())
    found = () if asked_for_none else public_requests(db(), district_id, wanted, limit=size, offset=(page - 1) * size)
    return readable(answer(form, "service_requests", [_released(one) for one in found]))


@api.get("/open311/v2/requests/<number>.<any(json, xml):form>")
@open_to_all
def one_request(number: str, form: str) -> Response:
    """A released matter by its number; or, with the key that filed it, where a receipt stands."""
    brake()
    district_id = jurisdiction_named()
    if not (number.isascii() and number.isprintable() and len(number) <= 40):
        raise NotFound(_NOT_THERE)
    caller = key_caller()
    own = filed_by(db(), caller, _receipt_number(number)) if caller is not None else None
    if own is not None:
        return answer(form, "service_requests", [_filed(own)])
    found = public_requests(db(), district_id, Wanted(numbers=(number.upper(),)), limit=1)
    if not found:
        raise NotFound(_NOT_THERE)
    return readable(answer(form, "service_requests", [_released(found[0])]))


@api.get("/open311/v2/tokens/<token>.<any(json, xml):form>")
@open_to_all
def token(token: str, form: str) -> Response:
    """The number behind a receipt's address, `<number>.<secret>`; at once, since filing answers with the number itself."""
    brake()
    jurisdiction_named()
    match = _TOKEN.fullmatch(token)
    secret = receipt_secret(db(), match[1]) if match is not None else None
    if match is None or secret is None or not token_fits(wiring().vault, secret.number, secret.salt, match[2]):
        raise NotFound("没有这个 token。它是回执网址里的编号和后面那一段，中间用点连起来。")
    return answer(form, "service_requests", [{"service_request_id": secret.number, "token": token}])


@api.get("/open311/v2/<path:unknown>")
@open_to_all
def nothing_here(unknown: str) -> Response:
    """Said in the form that a program reads."""
    del unknown
    raise NotFound("接口里没有这个网址，请看接口说明。")


def readable(response: Response) -> Response:
    """For everybody, also for pages of other sites; what is withdrawn is gone within a minute."""
    response.vary.add(HEADER)
    response.headers["Access-Control-Allow-Origin"] = "*"
    if HEADER not in request.headers:
        response.headers["Cache-Control"] = f"public, max-age={_CACHE_SECONDS}"
    return response


def _service(group: CategoryGroup, category: Category) -> dict[str, Any]:
    return {
        "service_code": category.code,
        "service_name": category.name,
        "description": translated(f"{group.name}。一般由{category.department}办。"),
        "metadata": False,
        "type": "realtime",
        "keywords": ",".join(category.words[:_KEYWORDS]),
        "group": group.name,
    }


def _category(code: str) -> Category:
    if not code:
        raise InvalidInput("请在 service_code 里写是哪一类，各类见 services。", field="service_code")
    try:
        return wiring().taxonomy.category(code)
    except KeyError:
        raise NotFound("没有这个 service_code，各类见 services。") from None


def _sentence() -> Sentence:
    """What the form has too: words, place, one way to answer. Names aren't kept, nobody needs them."""
    words, form = request.form.get("description", ""), request.form
    if len(clean(words).text) > DESCRIPTION_MAX:
        raise InvalidInput(f"description 最多 {DESCRIPTION_MAX} 个字。", field="description")
    position = position_sent()
    place = clean_line(form.get("address_string", "") or form.get("address_id", ""), limit=PLACE_MAX, field="address_string")
    if position is None and not place:
        raise InvalidInput("请写在哪里：lat 和 long，或者 address_string。", field="address_string")
    sentence = read_sentence(text=words, place=place, contact=_line("phone") or _line("email"))
    return replace(sentence, position=(position.latitude, position.longitude) if position is not None else None)


def _line(name: str) -> str:
    return clean_line(request.form.get(name, ""), limit=CONTACT_MAX, field=name)


def _sending() -> Sending:
    """All fields in one order; the key itself isn't among them."""
    fields = sorted((name, value) for name, values in request.form.lists() if name != FIELD for value in values)
    return Sending(json.dumps(fields).encode(), request.headers.get("Idempotency-Key", "").strip())


def _device(caller: Caller) -> bytes | None:
    """The device that the system names, as a keyed hash of our own; None where it names none."""
    named = request.form.get("device_id", "").strip()
    said = f"{caller.key_id}\n{named}".encode("utf-8", "replace")
    return wiring().vault.derive("api-device", said)[:16] if named else None


def _receipt_number(raw: str) -> str:
    """As it stands in the rows; what can be none stays as it is, and finds nothing."""
    try:
        return parse_receipt_number(raw)
    except InvalidInput:
        return raw


def _released(found: PublicRequest) -> dict[str, Any]:
    at = to_wgs84(found.position) if found.position is not None else None
    return _request(
        number=found.number,
        status=found.status,
        notes=found.words,
        category=found.category,
        description=found.title,
        notice=f"{wiring().settings.base_url}/t/{found.number}",
        first=found.first_at,
        last=found.last_at,
        address=found.area_name,
        lat=round(at.latitude, 6) if at is not None else None,
        long=round(at.longitude, 6) if at is not None else None,
    )


def _filed(own: Filed) -> dict[str, Any]:
    return _request(
        number=own.number,
        status=RequestStatus.CLOSED if own.state in _ENDED else RequestStatus.OPEN,
        notes=translated(own.standing),
        category=own.category,
        description=None,
        notice=translated(own.next_words) or None,
        first=own.received_at,
        last=own.changed_at,
        address=own.area_name,
        lat=None,
        long=None,
    )


def _request(
    *,
    number: str,
    status: RequestStatus,
    notes: str,
    category: str | None,
    description: str | None,
    notice: str | None,
    first: datetime,
    last: datetime,
    address: str,
    lat: float | None,
    long: float | None,
) -> dict[str, Any]:
    """Every field of the specification, in its order; what we don't know is empty."""
    return {
        "service_request_id": number,
        "status": status.value,
        "status_notes": notes,
        "service_name": _name(category),
        "service_code": category,
        "description": description,
        "agency_responsible": None,
        "service_notice": notice,
        "requested_datetime": _w3(first),
        "updated_datetime": _w3(last),
        "expected_datetime": None,
        "address": address,
        "address_id": None,
        "zipcode": None,
        "lat": lat,
        "long": long,
        "media_url": None,
    }


def _name(code: str | None) -> str | None:
    """The category's name; its code where the taxonomy has it no longer."""
    return next((one.name for one in wiring().taxonomy.categories if one.code == code), code)


def _w3(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")
