"""What a resident keeps of a receipt, and what can be forgotten of theirs: the receipt as a picture, the contact deleted."""

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import TooMany
from intake.domain.transition import LABELS
from intake.queries.receipt import ReceiptView, receipt_of
from intake.services.contact_forget import forget_contact
from intake.services.receipt import code_for
from intake.web.guard import anonymous_form, open_to_all
from intake.web.labels import translated
from intake.web.language import moment
from intake.web.language import translate as _
from intake.web.resident.blueprint import Page, resident
from intake.web.resident.known import known_follower
from intake.web.resident.receipt_link import link_to, received_by_link, secret_by_link
from intake.web.unit_of_work import db, wiring
from intake.web.wechat_accounts import inside_wechat
from qr_assets.receipt_card import ReceiptCard, receipt_png

PICTURES = "60/hour"
"""Of one receipt: drawing one takes a tenth of a second."""


@resident.get("/r/<number>/<token>/picture")
@open_to_all
def receipt_picture(number: str, token: str) -> Page:
    """The picture on a page, to be pressed long inside WeChat, which saves no files, or saved by its link."""
    return render_template("resident/picture.html", number=secret_by_link(number, token).number, token=token, inside=inside_wechat())


@resident.get("/r/<number>/<token>/receipt.png")
@open_to_all
def receipt_image(number: str, token: str) -> Response:
    """The receipt as it stands now, phone-wide; `?care=1` in large type, `?save=1` to be kept as a file."""
    found = received_by_link(number, token)
    if not wiring().limiter.hit(PICTURES, "receipt-picture", found.secret.number):
        raise TooMany(_("一小时里存得太多了，请过一会儿再试。"))
    view = receipt_of(db(), found, at=wiring().clock.now(), workflow=wiring().workflow)
    answer = make_response(receipt_png(_card(view), large=request.args.get("care") == "1"))
    answer.mimetype = "image/png"
    if "save" in request.args:
        answer.headers.set("Content-Disposition", "attachment", filename=f"{view.number}.png")
    return answer


@resident.post("/r/<number>/<token>/forget-contact")
@anonymous_form
def forget_own_contact(number: str, token: str) -> Page:
    """Delete the contact at once, and say so."""
    secret = secret_by_link(number, token)
    if not wiring().limiter.hit(wiring().settings.device_limit, "receipt-write", secret.number):
        raise TooMany(_("一小时里改得太多了，请过一会儿再试。"))
    forget_contact(db(), submission_id=secret.submission_id, at=wiring().clock.now())
    return redirect(url_for("resident.receipt", number=number, token=token, forgotten=1, _anchor="contact"), code=303)


@resident.app_template_global()
def found_in_wechat() -> bool:
    """Whether 我反映过的事 can show anything here: WeChat's browser, or one that it named before."""
    return inside_wechat() or known_follower() is not None


def _card(view: ReceiptView) -> ReceiptCard:
    base = wiring().settings.base_url
    return ReceiptCard(
        head=f"{_('社情民意直报点')} · {_('回执')}",
        number_label=_("回执号"),
        number=view.number,
        code_label=_("查询码"),
        code=code_for(wiring().vault, view.number, view.salt),
        state=translated(LABELS[view.state]),
        standing=translated(view.standing),
        next_words=f"{_('接下来：')}{translated(view.next_words)}" if view.next_words else "",
        where=f"{view.point_name} · {moment(view.received_at)}",
        url=base + link_to(view.number, view.salt),
        scan=_("扫一扫，看办到哪一步"),
        foot=_(
            "也可以打开 %(address)s 输入回执号和查询码来查。这张图能打开您的回执，请只给信得过的人。",
            address=base + url_for("resident.find"),
        ),
    )
