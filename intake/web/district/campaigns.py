"""推广链接 on the desk: made for a partner's account, ended, and what came of each day by day."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from intake.domain.campaign import STAGE_NAMES
from intake.domain.errors import DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.queries.area import area_choices
from intake.queries.campaign import CampaignDetail, Day, campaign_detail, campaigns_in_reach, days_of
from intake.queries.entity_history import entity_history
from intake.services.campaign import NAME_MAX, CampaignFacts, create_campaign, end_campaign
from intake.web.asked import day_sent, id_asked, id_sent, sent, typed, version_sent, words_asked
from intake.web.errors import status_of
from intake.web.exported import note_export, note_visit
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.spreadsheet import BEGINNING, cell
from intake.web.unit_of_work import db, wiring
from qr_assets.code import code_png, code_svg

campaigns = Blueprint("campaigns", __name__, url_prefix="/d/campaigns")

Page = str | Response | tuple[str, int]
DAYS_SHOWN = 60
"""On the page; the file has them all."""


@campaigns.get("")
@requires(Permission.CAMPAIGN_MANAGE)
def index() -> Page:
    """Links within reach, the latest first."""
    words, after = words_asked(), request.args.get("after", "")
    page = campaigns_in_reach(db(), actor(), words, today=_today(), after=after)
    return render_template("campaigns/index.html", page=page, words=words, after=after, stages=STAGE_NAMES)


@campaigns.get("/new")
@requires(Permission.CAMPAIGN_MANAGE)
def new() -> Page:
    """An empty form; `?area=` and `?point=` fill in a point's area and code."""
    point = request.args.get("point", "")[:NAME_MAX]
    return _new({"starts_on": _today().isoformat(), "area": str(id_asked("area") or ""), "point_code": point})


@campaigns.post("/new")
@requires(Permission.CAMPAIGN_MANAGE)
def create() -> Page:
    """Make it and lead to its page."""
    try:
        campaign = create_campaign(db(), actor=actor(), facts=_facts(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _new(typed(), error=error)
    return redirect(url_for("campaigns.show", campaign_id=campaign.id, done="created"), code=303)


@campaigns.get("/<int:campaign_id>")
@requires(Permission.CAMPAIGN_MANAGE)
def show(campaign_id: int) -> Page:
    """Address, code, what the partner pastes, and the funnel."""
    return _show(campaign_id)


@campaigns.post("/<int:campaign_id>/end")
@requires(Permission.CAMPAIGN_MANAGE)
def end(campaign_id: int) -> Page:
    """The link says from now on that it is over."""
    try:
        end_campaign(db(), actor=actor(), campaign_id=campaign_id, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _show(campaign_id, error=error)
    return redirect(url_for("campaigns.show", campaign_id=campaign_id, done="ended"), code=303)


@campaigns.get("/<int:campaign_id>/code.png")
@requires(Permission.CAMPAIGN_MANAGE)
def code_picture(campaign_id: int) -> Response:
    """The code as a picture for the partner's article."""
    found = _detail(campaign_id)
    name = f"campaign-{found.code}.png"
    note_visit("campaign_code.export", "campaign", {}, entity_id=campaign_id)
    return Response(
        code_png(_address(found), module_px=20),
        mimetype="image/png",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@campaigns.get("/<int:campaign_id>/funnel.csv")
@requires(Permission.CAMPAIGN_MANAGE)
def funnel(campaign_id: int) -> Response:
    """Every day for a spreadsheet."""
    found = _detail(campaign_id)
    text = io.StringIO()
    writer = csv.writer(text)
    for row in _rows(found, days_of(db(), campaign_id)):
        writer.writerow([cell(one) for one in row])
    note_export("campaign", campaign_id)
    answer = Response(BEGINNING + text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="campaign-{found.code}.csv"'
    return answer


def _today() -> date:
    return wiring().clock.now().astimezone(SHANGHAI).date()


def _detail(campaign_id: int) -> CampaignDetail:
    return campaign_detail(db(), actor(), campaign_id, today=_today())


def _address(found: CampaignDetail) -> str:
    return f"{wiring().settings.base_url}/c/{found.code}"


def _facts() -> CampaignFacts:
    area_id, starts_on = id_sent("area"), day_sent("starts_on")
    if area_id is None:
        raise InvalidInput("请选择这次推广面向哪个区域。", field="area")
    if starts_on is None:
        raise InvalidInput("请选从哪天开始。", field="starts_on")
    if sent("ends_on") and day_sent("ends_on") is None:
        raise InvalidInput("最后一天写得不对，请重新选；不定哪天结束就空着。", field="ends_on")
    return CampaignFacts(
        name=sent("name"),
        partner=sent("partner"),
        area_id=area_id,
        point_code=sent("point_code", longest=NAME_MAX),
        starts_on=starts_on,
        ends_on=day_sent("ends_on"),
    )


def _new(values: Mapping[str, str], *, error: DomainError | None = None) -> Page:
    page = render_template(
        "campaigns/new.html",
        values=values,
        areas=area_choices(db(), actor(), Permission.CAMPAIGN_MANAGE),
        name_max=NAME_MAX,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _show(campaign_id: int, *, error: DomainError | None = None) -> Page:
    found = _detail(campaign_id)
    address = _address(found)
    page = render_template(
        "campaigns/show.html",
        campaign=found,
        stages=STAGE_NAMES,
        address=address,
        picture=Markup(code_svg(address, label=_("二维码"))),  # noqa: S704 - drawn by ourselves from an address of ours
        days=days_of(db(), campaign_id, limit=DAYS_SHOWN),
        days_shown=DAYS_SHOWN,
        history=entity_history(db(), district_id=found.district_id, noun="campaign", entity_id=campaign_id),
        error=error,
        done={
            "created": _("已建好。把网址和二维码发给合作方。"),
            "ended": _("已结束。点链接的人会看到已经结束、还能怎么说。"),
        }.get(request.args.get("done", ""), ""),
    )
    return (page, status_of(error)) if error is not None else page


def _rows(found: CampaignDetail, days: tuple[Day, ...]) -> Iterator[list[object]]:
    yield [_("推广链接"), found.row.name]
    yield [_("放在谁那里"), found.row.partner]
    yield [_("通往"), found.row.target]
    yield []
    yield [_("日期"), _("打开链接（次）"), _("打开表单（次）"), _("提交（件）")]
    for one in days:
        yield [one.day.isoformat(), one.opened, one.formed, one.sent]
    yield [_("合计"), found.row.opened, found.row.formed, found.row.sent]
