"""The platform's callback: verify, store, answer within five seconds; words only, all work is the services'."""

import structlog
from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from intake.adapters.wechat.callback import MAX_BODY, CallbackKeys, CallbackRefused, WeChatCallback
from intake.domain.errors import DomainError, NotFound, TooMany
from intake.domain.point import PointState
from intake.queries.wechat_account import account_by_key
from intake.services.receipt import token_for
from intake.services.wechat_account import opened
from intake.services.wechat_intake import ChatAnswer, ChatEvent, handle
from intake.web.guard import signed_request
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

log = structlog.get_logger(__name__)
wechat = Blueprint("wechat", __name__)


@wechat.get("/wechat/<key>")
@signed_request
def handshake(key: str) -> Response:
    """Answer the settings page of the platform."""
    try:
        echo = _callback(key).verify_url(request.args)
    except CallbackRefused as refused:
        return _refuse(refused)
    return Response(echo, mimetype="text/plain")


@wechat.post("/wechat/<key>")
@signed_request
def receive(key: str) -> Response:
    """One message or event; the platform's retries get the same answer."""
    callback = _callback(key)
    try:
        incoming = callback.receive(request.args, request.stream.read(MAX_BODY + 1))
    except CallbackRefused as refused:
        return _refuse(refused)
    event = ChatEvent(
        kind=incoming.kind,
        account=incoming.account,
        openid=incoming.openid,
        text=incoming.text,
        scene=incoming.scene,
        dedupe_key=incoming.dedupe_key,
    )
    try:
        if event.kind == "text":
            _check_limit(event)
        words = _words(handle(db(), vault=wiring().vault, event=event, at=wiring().clock.now()))
    except DomainError as error:
        db().rollback()
        words = error.message
    return Response(callback.reply_text(incoming, words, request.args), mimetype="application/xml")


def _callback(key: str) -> WeChatCallback:
    """The account's own; NotFound for a key that is none's."""
    account = account_by_key(db(), key)
    if account is None or not account.active:
        raise NotFound("没有这个公众号的回调地址。")
    vault = wiring().vault
    return wiring().callbacks.of(
        account.id,
        account.version,
        lambda: CallbackKeys(token=opened(vault, account, "token"), app_id=account.app_id, aes_key=opened(vault, account, "aes_key")),
    )


def _check_limit(event: ChatEvent) -> None:
    """A follower is a device; the platform's own retries count too, and the limit has room for them."""
    follower = wiring().vault.derive("openid", f"{event.account}:{event.openid}".encode()).hex()
    if not wiring().limiter.hit(wiring().settings.device_limit, "wechat", follower):
        raise TooMany(_("发得太多了，请过一小时再发。着急的话请打电话或到社区服务台说。"))


def _refuse(refused: CallbackRefused) -> Response:
    log.warning("wechat_refused", reason=refused.reason_code.value)
    return Response(status=refused.status)


def _words(answer: ChatAnswer) -> str:
    """What the chat shows; links are whole addresses, since the chat knows no page."""
    base = wiring().settings.base_url
    if answer.silent:
        return ""
    if answer.stored is not None and answer.point is not None:
        number = answer.stored.receipt_number
        link = base + url_for("resident.receipt", number=number, token=token_for(wiring().vault, number, answer.stored.receipt_salt))
        return _("已收到，回执号 %(number)s。\n委员一般在 2 个工作日内看到。随时看办到哪一步：\n%(link)s", number=number, link=link)
    if answer.point is None:
        return _(
            "请先扫一下社区墙上的“直报点”二维码，再把要说的发给我们。没有二维码也可以打开：\n%(link)s", link=base + url_for("public.home")
        )
    if answer.point.state is not PointState.ACTIVE:
        return answer.point.closed_note or _("这个直报点暂时不收件，可以到社区服务台说。")
    link = base + url_for("resident.form", code=answer.point.code)
    return _(
        "%(place)s直报点。身边的事，直接在这里写给委员，一句话也行。写完就有回执，委员一般在 2 个工作日内看到。\n"
        "要留地点和联系方式，请打开：\n%(link)s\n"
        "遇到危险请直接打 110、119、120。",
        place=answer.point.name,
        link=link,
    )
