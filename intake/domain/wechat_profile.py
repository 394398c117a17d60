"""公众号能做什么: what each capability means in plain words, and what residents have instead where an account lacks it."""

from dataclasses import dataclass

from intake.domain.wechat_account import AccountKind, Capability, can


@dataclass(frozen=True, slots=True)
class Offer:
    """One capability as an administrator reads it."""

    capability: Capability
    name: str
    otherwise: str
    """What happens where the account can't."""


OFFERS: tuple[Offer, ...] = (
    Offer(Capability.CHAT, "在对话里收件、回回执", "居民点链接或扫海报，在网页表单里写"),
    Offer(Capability.CUSTOMER_MESSAGE, "居民说过话后，把进展发回对话", "进展写在回执页上，居民自己来看"),
    Offer(Capability.SUBSCRIPTION_NOTICE, "订阅通知", "进展写在回执页上，留了手机号的可以发短信"),
    Offer(Capability.TEMPLATE_MESSAGE, "模板消息", "进展写在回执页上，留了手机号的可以发短信"),
    Offer(Capability.SCENE_CODE, "每个直报点一个公众号二维码，扫了就关注", "海报用我们自己的网址码，扫了打开表单"),
    Offer(Capability.OAUTH, "静默认出居民，能找回自己的来件；委员用微信登录", "凭回执号和查询码找回；用密码登录"),
    Offer(Capability.JS_SDK, "在微信里选照片、取位置", "用手机自带的选照片，位置手写"),
    Offer(Capability.MENU, "公众号底部菜单", "没有菜单，链接放在推文和自动回复里"),
)
"""Complete over Capability."""

KIND_WORDS: dict[AccountKind, str] = {
    AccountKind.SERVICE: "自己有认证过的服务号：收发、通知、二维码、登录都能用。",
    AccountKind.SUBSCRIPTION: "自己有订阅号：能在对话里收件和回复，不能做公众号二维码、静默认人和通知。",
    AccountKind.PARTNER: "借别人的公众号放链接：居民点链接打开表单，其余都走网页。",
    AccountKind.NONE: "不用公众号：海报二维码和网页照常用。",
}
"""What a person choosing one needs to know; complete over AccountKind."""


def offered(kind: AccountKind) -> tuple[tuple[Offer, bool], ...]:
    """Every offer, and whether an account of `kind` has it."""
    return tuple((offer, can(kind, offer.capability)) for offer in OFFERS)
