"""推广链接: what a partner's account carries. One tap, counted, then the point's form, or a page to pick the community."""

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from intake.domain.campaign import CampaignStage, Step
from intake.domain.receipt import SHANGHAI
from intake.queries.campaign import Tapped, campaign_by_code, points_to_pick
from intake.services.campaign import CampaignMark, campaign_mark, count_step
from intake.web.asked import words_asked
from intake.web.counted import is_a_tap
from intake.web.footer import belongs_to
from intake.web.guard import open_to_all
from intake.web.remembered import Remembered
from intake.web.unit_of_work import db, wiring

campaign = Blueprint("campaign", __name__)

REMEMBER_SECONDS = 10
"""A mass push asks for one link a hundred times a second; one that was ended says so within this."""
LONGEST_CODE = 40


@campaign.record_once
def _remember(state: BlueprintSetupState) -> None:
    state.app.extensions["campaigns"] = Remembered[Tapped | None](seconds=REMEMBER_SECONDS)


@campaign.get("/c/<code>")
@open_to_all
def tap(code: str) -> Response | tuple[str, int]:
    """Count the tap and lead to the form, or to the points of the area; searching there isn't another tap."""
    found = _found(code)
    if found is not None:
        belongs_to(found.district_id)
    if found is None or found.stage is CampaignStage.OVER:
        return render_template("campaigns/over.html", known=found is not None), 410 if found is not None else 404
    mark = CampaignMark(found.id, found.district_id)
    searching = bool({"q", "after"} & request.args.keys())
    if not searching and is_a_tap():
        count_step(db(), mark, Step.OPENED, at=wiring().clock.now())
    signed = campaign_mark(wiring().vault, mark)
    if found.point_code:
        return redirect(url_for("resident.form", code=found.point_code, c=signed), code=303)
    return _pick(found, code, signed)


def _found(code: str) -> Tapped | None:
    if len(code) > LONGEST_CODE or not (code.isascii() and code.isalnum()):
        return None
    at = wiring().clock.now()
    memory: Remembered[Tapped | None] = current_app.extensions["campaigns"]
    today = at.astimezone(SHANGHAI).date()
    return memory.get((code, today), lambda: campaign_by_code(db(), code, today=today), at=at)


def _pick(found: Tapped, code: str, signed: str) -> Response:
    words, after = words_asked(), request.args.get("after", "")
    page = points_to_pick(db(), found.area_path, words, after=after)
    return make_response(render_template("campaigns/pick.html", found=found, code=code, mark=signed, page=page, words=words, after=after))
