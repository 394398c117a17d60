"""Brings each notice where its channel leads: the receipt page, WeChat, a short message."""

from intake.domain.errors import PermanentDeliveryError
from intake.domain.notification import NoticeChannel
from intake.ports import Letter, Notice, SmsGateway, WeChatApi, WeChatKeys


class ChannelNotifier:
    """One for all channels; it holds nothing, so threads may share it as far as WeChat's client and the gateway allow."""

    def __init__(self, *, wechat: WeChatApi, sms: SmsGateway) -> None:
        self._wechat = wechat
        self._sms = sms

    def send(self, notice: Notice) -> str:
        """Nothing leaves the house for what only stands on the receipt: it is delivered by standing there."""
        letter = notice.letter
        if letter is None:
            return ""
        match NoticeChannel(notice.channel):
            case NoticeChannel.SMS:
                return self._sms.send(letter.address, letter.words)
            case NoticeChannel.CUSTOMER:
                self._wechat.send_text(_keys(letter), letter.address, letter.words)
                return ""
            case NoticeChannel.LONG | NoticeChannel.ONCE:
                return self._wechat.send_subscription(
                    _keys(letter), letter.address, template_id=letter.template_id, fields=letter.values, link=letter.link
                )
            case NoticeChannel.TEMPLATE:
                return self._wechat.send_template(
                    _keys(letter), letter.address, template_id=letter.template_id, fields=letter.values, link=letter.link
                )
            case _:
                raise PermanentDeliveryError(code="no_channel")


def _keys(letter: Letter) -> WeChatKeys:
    if letter.keys is None:
        raise PermanentDeliveryError(code="no_account")
    return letter.keys
