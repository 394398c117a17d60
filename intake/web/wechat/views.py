"""The platform's callback: verify, store, answer within five seconds; all slow work is the jobs'."""

import structlog
from flask import Blueprint, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from intake.adapters.wechat.callback import MAX_BODY, CallbackKeys, CallbackRefused, Refusal, WeChatCallback
from intake.domain.chat_event import Incoming
from intake.domain.errors import NotFound
from intake.domain.wechat_account import Capability, can
from intake.queries.wechat_account import AccountRow
from intake.services.chat import Chat, handle
from intake.services.wechat_account import opened
from intake.web.guard import signed_request
from intake.web.unit_of_work import db, wiring
from intake.web.wechat.words import words_of
from intake.web.wechat_accounts import callback_account

log = structlog.get_logger(__name__)
wechat = Blueprint("wechat", __name__)


@wechat.get("/wechat/<key>")
@signed_request
def handshake(key: str) -> Response:
    """Answer the settings page of the platform."""
    try:
        echo = _callback(_account(key, in_use=False)).verify_url(request.args)
    except CallbackRefused as refused:
        return _refuse(refused)
    return Response(echo, mimetype="text/plain")


@wechat.post("/wechat/<key>")
@signed_request
def receive(key: str) -> Response:
    """One message or event; the platform's retries get the same answer."""
    account = _account(key)
    callback = _callback(account)
    try:
        incoming = _read(callback, account)
    except CallbackRefused as refused:
        return _refuse(refused)
    wired = wiring()
    chat = Chat(
        session=db(),
        vault=wired.vault,
        limiter=wired.limiter,
        account=account,
        rules=wired.workflow.wechat,
        limit=wired.settings.device_limit,
        at=wired.clock.now(),
    )
    words = words_of(handle(chat, incoming))
    return Response(callback.reply_text(incoming, words, request.args), mimetype="application/xml")


def _account(key: str, *, in_use: bool = True) -> AccountRow:
    """The account behind an address; NotFound for a key that is none's, and for a kind that nothing is written to.

    One that isn't in use yet shakes hands all the same, since the platform wants that before its settings can be saved.
    """
    account = callback_account(key)
    if account is None or not (account.can(Capability.CHAT) if in_use else can(account.kind, Capability.CHAT)):
        raise NotFound("没有这个公众号的回调地址。")
    return account


def _callback(account: AccountRow) -> WeChatCallback:
    vault = wiring().vault
    return wiring().callbacks.of(
        account.id,
        account.version,
        lambda: CallbackKeys(token=opened(vault, account, "token"), app_id=account.app_id, aes_key=opened(vault, account, "aes_key")),
    )


def _read(callback: WeChatCallback, account: AccountRow) -> Incoming:
    """The message, for the account whose address it came to; CallbackRefused for anything else."""
    try:
        body = request.stream.read(MAX_BODY + 1)
    except RequestEntityTooLarge:
        raise CallbackRefused(Refusal.TOO_LARGE) from None
    incoming = callback.receive(request.args, body)
    if incoming.account != account.original_id:
        raise CallbackRefused(Refusal.WRONG_ACCOUNT)
    return incoming


def _refuse(refused: CallbackRefused) -> Response:
    log.warning("wechat_refused", reason=refused.reason_code.value)
    return Response(status=refused.status)
