"""扫码情况 of the form: what counts as a scan and as an opening, told without a cookie."""

from flask import request

from intake.domain.point_count import PointStep
from intake.queries.point import PointView
from intake.services.point_count import note_step
from intake.web.counted import is_a_tap
from intake.web.resident.device import device_key
from intake.web.unit_of_work import db, wiring

_BY_SCRIPT = frozenset({"cors", "no-cors", "websocket"})


def note_visit(point: PointView, *, is_form: bool) -> None:
    """Count whoever comes to the page of `point`; with `is_form` it is the form, and nothing else."""
    if not is_a_tap() or request.headers.get("Sec-Fetch-Mode", "") in _BY_SCRIPT:
        return
    # A device is address, browser and language, hashed and soon forgotten: two phones alike on one network count as one.
    device = device_key().hex()
    for step, is_taken in ((PointStep.SCANNED, _is_a_scan()), (PointStep.OPENED, is_form)):
        if is_taken:
            note_step(db(), point, step, at=wiring().clock.now(), device=device)


def _is_a_scan() -> bool:
    """The address as it stands on the poster, with nothing added, and not by a link of ours."""
    return not request.query_string and not (request.referrer or "").startswith(request.host_url)
