"""附议: join a matter that staff released, with one press; see and take back one's own. No script, no account."""

from dataclasses import dataclass

from flask import Flask, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.endorsement import WORDS_MAX
from intake.domain.errors import DomainError, NotFound, PointClosed, TooMany
from intake.domain.language.lexicon import lexicon_of
from intake.domain.language.route_out import RouteOut, route_out
from intake.domain.release import KIND_NAMES
from intake.domain.submission import WITHDRAWABLE, Channel
from intake.queries.endorsement import Endorsable, Joined, Standing, endorsable, joined_by, point_for, standing
from intake.queries.point import PointView, point_by_code, point_by_id
from intake.queries.receipt import ReceiptView
from intake.queries.wechat_follower import FollowerRow, follower_by_id
from intake.services.endorse import Endorsed, Endorsing, endorse, read_endorsement
from intake.services.endorse_withdraw import withdraw_endorsement
from intake.services.receipt import token_for
from intake.web.asked import wants_json
from intake.web.errors import status_of
from intake.web.footer import belongs_to
from intake.web.guard import anonymous_form, open_to_all
from intake.web.language import translate as _
from intake.web.resident.answers_json import refusal
from intake.web.resident.blueprint import Page, resident
from intake.web.resident.device import device_key
from intake.web.resident.endorser import issue_endorse_key, keep_name, name_kept, person_of, read_endorse_key
from intake.web.resident.in_wechat import follower_at
from intake.web.resident.known import known_follower
from intake.web.resident.receipt_link import link_to
from intake.web.unit_of_work import db, wiring

UNKNOWN = "没有找到这件事的公开内容。可能编号抄错了，或者内容已经撤下。"


@dataclass(frozen=True, slots=True)
class Joining:
    """What a public matter's page offers."""

    matter: Endorsable
    joined: bool
    """Whether this browser has joined it."""


@dataclass(frozen=True, slots=True)
class EndorsedOnReceipt:
    """What the receipt of an endorsement says of its matter."""

    matter: Joined | None
    turn_to: RouteOut | None
    """Who else can help sooner, by the words that came with it."""


def init_endorse(app: Flask) -> None:
    """Give templates `endorsing(number)` and `endorsed_on(receipt)`."""
    app.jinja_env.globals.update(endorsing=endorsing, endorsed_on=endorsed_on)


def endorsing(number: str) -> Joining | None:
    """Whether the matter can be joined, and how many have; None where nothing of it is public."""
    matter = endorsable(db(), number)
    return Joining(matter, _mine(matter, _follower()) is not None) if matter is not None else None


def endorsed_on(receipt: ReceiptView) -> EndorsedOnReceipt | None:
    """The matter behind an endorsement's receipt; None for every other receipt."""
    if receipt.channel is not Channel.ENDORSEMENT:
        return None
    return EndorsedOnReceipt(joined_by(db(), receipt.submission_id), route_out(receipt.text))


@resident.get("/t/<number>/endorse")
@open_to_all
def ask_endorse(number: str) -> Page:
    """Says what joining means before it is done; whoever has joined finds the receipt and the way back here."""
    return _page(_matter(number))


@resident.post("/t/<number>/endorse")
@anonymous_form
def do_endorse(number: str) -> Page:
    """Join and lead to the receipt; a second press leads to the same one."""
    matter = _matter(number)
    try:
        done, name = _endorse(matter)
    except DomainError as error:
        db().rollback()
        return make_response(*refusal(error, key=None)) if wants_json() else (_page(matter, error=error), status_of(error))
    answer = _answered(done)
    if name is not None:
        keep_name(answer, name)
    return answer


@resident.post("/t/<number>/endorse/withdraw")
@anonymous_form
def take_back(number: str) -> Page:
    """Take this browser's endorsement back; the cookie comes with forms of our own pages alone."""
    matter = _matter(number)
    person = person_of(follower=_follower(), name=name_kept())
    try:
        if person is None:
            raise NotFound("这部手机上没有找到您的附议。凭回执号和查询码也能撤回。")
        withdraw_endorsement(db(), topic_id=matter.topic_id, person=person, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _page(matter, error=error), status_of(error)
    return redirect(url_for("resident.ask_endorse", number=matter.number, taken_back=1), code=303)


def _matter(number: str) -> Endorsable:
    typed = number.upper()[:40]
    found = endorsable(db(), typed) if typed.isascii() and typed.isprintable() else None
    if found is None:
        raise NotFound(UNKNOWN)
    belongs_to(found.district_id)
    return found


def _follower() -> FollowerRow | None:
    follower_id = known_follower()
    return follower_by_id(db(), follower_id) if follower_id is not None else None


def _mine(matter: Endorsable, follower: FollowerRow | None) -> Standing | None:
    person = person_of(follower=follower, name=name_kept())
    return standing(db(), topic_id=matter.topic_id, person=person) if person is not None else None


def _page(matter: Endorsable, *, error: DomainError | None = None) -> str:
    point = _point_asked(matter)
    mine = _mine(matter, _follower())
    return render_template(
        "resident/endorse.html",
        matter=matter,
        kinds=KIND_NAMES,
        point=point,
        key=issue_endorse_key(topic_id=matter.topic_id, point_id=point.id) if point is not None else "",
        mine=mine,
        receipt=link_to(mine.receipt_number, mine.receipt_salt) if mine is not None else "",
        may_take_back=mine is not None and mine.state in WITHDRAWABLE,
        taken_back="taken_back" in request.args,
        longest=WORDS_MAX,
        error=error,
    )


def _point_asked(matter: Endorsable) -> PointView | None:
    """The point whose form led here, else the one that listens nearest to the matter."""
    code = request.values.get("at", "")[:40]
    asked = point_by_code(db(), code.lower()) if code.isalnum() else None
    if asked is not None and asked.district_id == matter.district_id:
        return asked
    nearest = point_for(db(), matter)
    return point_by_id(db(), nearest) if nearest is not None else None


def _endorse(matter: Endorsable) -> tuple[Endorsed, str | None]:
    """What was done, and how the browser is named from now on; None for a follower, whom the account knows."""
    wired = wiring()
    key = read_endorse_key(request.form.get("key", ""), topic_id=matter.topic_id)
    point = point_by_id(db(), key.point_id)
    if point is None:
        raise PointClosed("现在不能附议，请过一会儿再试，或到社区服务台说。")
    follower = follower_at(point)
    name = None if follower is not None else name_kept() or key.newcomer
    person = person_of(follower=follower, name=name)
    assert person is not None, "whoever isn't a follower has a name"
    device = device_key()
    settings = wired.settings
    within = wired.limiter.hit_all(
        (settings.endorse_limit, ("endorse-device", device.hex())), (settings.address_limit, ("endorse-address", request.remote_addr or ""))
    )
    if not within and standing(db(), topic_id=matter.topic_id, person=person) is None:
        raise TooMany(_("附议得太频繁了，请过一小时再试。着急的话请打电话或到社区服务台说。"))
    done = endorse(
        db(),
        Endorsing(
            topic_id=matter.topic_id,
            point=point,
            person=person,
            device=device,
            openid_hash=follower.openid_hash if follower else None,
            follower_id=follower.id if follower else None,
            sentence=read_endorsement(text=request.form.get("text", ""), contact=request.form.get("contact", "")),
            at=wired.clock.now(),
        ),
        vault=wired.vault,
        lexicon=lexicon_of(wired.taxonomy),
    )
    return done, name


def _answered(done: Endorsed) -> Response:
    stored = done.stored
    token = token_for(wiring().vault, stored.receipt_number, stored.receipt_salt)
    how = "again" if done.again else "held" if done.held else "new"
    way = url_for("resident.receipt", number=stored.receipt_number, token=token, endorsed=how)
    if not wants_json():
        return redirect(way, code=303)
    words = _("您附议过了，回执号") if done.again else _("已附议，回执号")
    return make_response(jsonify({"receipt": way, "number": stored.receipt_number, "words": words}))
