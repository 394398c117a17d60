"""公众号: what kinds of account there are, and what each can do; every feature asks here instead of asking for the kind."""

from enum import StrEnum


class AccountKind(StrEnum):
    """Which account a district has; it decides what is offered, and everything else falls back to the plain link."""

    SERVICE = "service"
    """认证服务号."""
    SUBSCRIPTION = "subscription"
    """订阅号."""
    PARTNER = "partner"
    """借用合作方的公众号: only links are put into it, nothing comes from it."""
    NONE = "none"
    """不用公众号."""


class Capability(StrEnum):
    """One thing that an account can do for us."""

    CHAT = "chat"
    """Messages reach our callback and are answered in place (收发消息)."""
    CUSTOMER_MESSAGE = "customer_message"
    """Words of our own within the time and number the platform allows (客服消息)."""
    SUBSCRIPTION_NOTICE = "subscription_notice"
    """订阅通知, one-time or long-term."""
    TEMPLATE_MESSAGE = "template_message"
    """模板消息, where the account still has them."""
    SCENE_CODE = "scene_code"
    """带参数的二维码."""
    OAUTH = "oauth"
    """静默授权: who opens our page, without asking."""
    JS_SDK = "js_sdk"
    """图片、位置、扫一扫 of WeChat's own browser."""
    MENU = "menu"
    """自定义菜单."""


CAPABILITIES: dict[AccountKind, frozenset[Capability]] = {
    AccountKind.SERVICE: frozenset(Capability),
    AccountKind.SUBSCRIPTION: frozenset({Capability.CHAT, Capability.CUSTOMER_MESSAGE, Capability.MENU, Capability.JS_SDK}),
    AccountKind.PARTNER: frozenset(),
    AccountKind.NONE: frozenset(),
}
"""Complete over AccountKind. Source: wechat.md, "Account kinds differ"; a subscription account is taken to be a verified one."""

ACCOUNT_NAMES: dict[AccountKind, str] = {
    AccountKind.SERVICE: "认证服务号",
    AccountKind.SUBSCRIPTION: "订阅号",
    AccountKind.PARTNER: "借用合作方的公众号",
    AccountKind.NONE: "不用公众号",
}
"""Screen names."""


def can(kind: AccountKind | None, capability: Capability) -> bool:
    """Whether an account of `kind` has `capability`; None is no account."""
    return kind is not None and capability in CAPABILITIES[kind]
