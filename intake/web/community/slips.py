"""纸条: numbered slips printed for a point, printed again, made void."""

from io import BytesIO

from flask import redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, InvalidInput
from intake.domain.paper_slip import MOST_AT_ONCE, SLIP_STATE_NAMES
from intake.domain.permission import Permission
from intake.queries.assisted import point_filed_last, points_to_file
from intake.queries.paper_slip import printing, printings
from intake.queries.poster import district_look
from intake.services.paper_slip import print_slips, printing_pdf, void_slip
from intake.services.poster import poster_desk
from intake.web.asked import id_sent, sent, typed
from intake.web.community.blueprint import Page, community
from intake.web.errors import status_of
from intake.web.exported import note_visit
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring
from qr_assets.fonts import FontsMissingError


@community.get("/slips")
@requires(Permission.ASSISTED_FILE)
def slips() -> Page:
    """What can be printed, and what was."""
    return _index()


@community.post("/slips")
@requires(Permission.ASSISTED_FILE)
def order_slips() -> Page:
    """Number them, and lead to the page with the file for the printer."""
    raw = sent("count", longest=4).strip()
    try:
        first = print_slips(
            db(),
            actor=actor(),
            point_id=id_sent("point"),
            count=int(raw) if raw.isascii() and raw.isdecimal() else 0,
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _index(error=error), status_of(error)
    return redirect(url_for("community.slip_printing", printing_id=first), code=303)


@community.get("/slips/<int:printing_id>")
@requires(Permission.ASSISTED_FILE)
def slip_printing(printing_id: int) -> Page:
    """The slips printed at one time: the file, and what became of each."""
    return _printing(printing_id)


@community.get("/slips/<int:printing_id>.pdf")
@requires(Permission.ASSISTED_FILE)
def slips_file(printing_id: int) -> Response:
    """The sheets; the same bytes for the same slips."""
    found = printing(db(), actor(), printing_id)
    try:
        desk = poster_desk(district_look(db(), found.point.district_id), wiring().settings, at=found.printed_at)
        drawn = printing_pdf(desk, found)
    except (ValueError, FontsMissingError) as error:
        raise InvalidInput(str(error)) from error
    answer = send_file(BytesIO(drawn), mimetype="application/pdf", download_name=f"{found.point.name}-{found.slips[0].number}.pdf")
    answer.headers["Cache-Control"] = "no-store"
    note_visit("slip.export", "paper_slip", {}, entity_id=printing_id)
    return answer


@community.post("/slips/<int:printing_id>/void/<int:slip_id>")
@requires(Permission.ASSISTED_FILE)
def make_void(printing_id: int, slip_id: int) -> Page:
    """A lost or spoilt slip is never filed."""
    try:
        void_slip(db(), actor=actor(), slip_id=slip_id, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _printing(printing_id, error=error), status_of(error)
    return redirect(url_for("community.slip_printing", printing_id=printing_id, _anchor=f"s{slip_id}"), code=303)


def _index(*, error: DomainError | None = None) -> str:
    points = points_to_file(db(), actor(), Permission.ASSISTED_FILE)
    after = request.args.get("after", "")
    only = points[0].id if len(points) == 1 else point_filed_last(db(), actor())
    return render_template(
        "community/slips.html",
        points=points,
        chosen=only,
        page=printings(db(), actor(), after=after),
        after=after,
        most=MOST_AT_ONCE,
        typed=typed() if error is not None else {},
        error=error,
    )


def _printing(printing_id: int, *, error: DomainError | None = None) -> str:
    found = printing(db(), actor(), printing_id)
    return render_template("community/slip_printing.html", printing=found, states=SLIP_STATE_NAMES, error=error)
