"""检查结果: what a check of an account looked at, and what to do about what it found."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from intake.domain.wechat_account import AccountKind, Capability, can
from intake.domain.wechat_refusal import refusal_words

PATIENCE = timedelta(minutes=3)
"""How long a page believes that a worker is still at it."""


class OwnCheck(StrEnum):
    """What we look at ourselves; the platform's answers have codes of their own."""

    HTTPS = "address_https"
    """Whether the site is reached by https."""
    ICP = "icp_number"
    """Whether the domain's filing number is written down."""
    CALLBACK = "callback_reached"
    """Whether the callback answers from outside as the platform would ask it."""
    HEARD = "callback_heard"
    """Whether the platform ever called."""
    TEMPLATES = "notices_mapped"
    """Whether every kind of notice has a template."""
    VERIFICATION = "verification_file"
    """Whether the domain-verification file is there."""
    MENU = "menu_sent"
    """What came of sending the menu."""
    KEYS = "keys"
    """Whether there is anything to ask the platform with."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Words for one thing that is checked."""

    title: str
    good: str
    cure: str


FINDINGS: dict[str, Finding] = {
    OwnCheck.HTTPS: Finding(
        "网站地址",
        "用 https 打开。",
        "微信只打开 https 的网址。请给域名配证书，再把 ZHIBAO_BASE_URL 改成 https 开头的地址。",
    ),
    OwnCheck.ICP: Finding("域名备案", "备案号已填。", "公众号里的网页要用备过案的域名。请到“本区设置”填 ICP 备案号。"),
    OwnCheck.CALLBACK: Finding(
        "回调地址能打开",
        "从外面按平台的方式问，答对了。",
        "从服务器按平台的方式问，没有答对。请检查域名解析、证书、防火墙和反向代理是否放行 /wechat/。",
    ),
    OwnCheck.HEARD: Finding(
        "平台发来过消息",
        "平台已经发来过消息。",
        "还没有收到过平台的消息。请在平台“基本配置－服务器配置”填好回调地址、Token、EncodingAESKey，选安全模式，点“启用”，再用手机给公众号发一句话。",
    ),
    OwnCheck.TEMPLATES: Finding("通知模板", "每种通知都有模板。", "有的通知还没有模板，居民收不到这些通知。请到“通知模板”补上："),
    OwnCheck.VERIFICATION: Finding(
        "域名校验文件",
        "校验文件已填。",
        "还没有校验文件。在平台“功能设置”填网页授权域名、JS 接口安全域名时要用，请下载后填到“域名校验文件”。",
    ),
    OwnCheck.MENU: Finding("发布菜单", "菜单已发布，居民几分钟内看到；重新关注马上看到。", ""),
    OwnCheck.KEYS: Finding("密钥", "AppID 和 AppSecret 都填了。", "AppID 或 AppSecret 还没有填，没法向平台查询。请填好再检查。"),
    "reachable": Finding("连得上微信平台", "连得上。", "服务器连不上微信平台。请检查服务器能不能访问 https://api.weixin.qq.com。"),
    "app_id": Finding("AppID", "平台认得。", "平台不认得这个 AppID。请从“设置与开发－基本配置”整段复制。"),
    "secret": Finding("AppSecret", "对得上。", "AppSecret 不对，或者在平台重置过。请重新填；没有记下的请在平台点“重置”。"),
    "ip_whitelist": Finding("IP 白名单", "这台服务器在白名单里。", ""),
    "token": Finding("接口凭证", "平台给了凭证。", ""),
    "customer_message": Finding("客服消息", "", ""),
    "template_message": Finding("模板消息", "", ""),
    "subscription_notice": Finding("订阅通知", "", ""),
    "scene_code": Finding("带参数的二维码", "", ""),
    "js_sdk": Finding("网页里选照片、取位置", "可以用。", ""),
    "menu": Finding("平台上的菜单", "平台上有菜单。", "平台上还没有菜单。到“菜单”里填好，点“发布菜单”。"),
}
"""By code, in the order of the page. A finding without a cure of its own has the one of the platform's errcode."""

CAPABILITY_OF: dict[str, Capability] = {
    "customer_message": Capability.CUSTOMER_MESSAGE,
    "template_message": Capability.TEMPLATE_MESSAGE,
    "subscription_notice": Capability.SUBSCRIPTION_NOTICE,
    "scene_code": Capability.SCENE_CODE,
    "js_sdk": Capability.JS_SDK,
    "menu": Capability.MENU,
}
"""What the platform says of these matters only to an account of a kind that works with it."""

LISTED = {"template": "模板消息", "subscription": "订阅通知"}
"""Codes that name one template each, as its id, a blank and its title; to pick from, not to read."""


def matters(code: str, kind: AccountKind) -> bool:
    """Whether a finding of the platform says anything about what we do with an account of `kind`."""
    return code not in CAPABILITY_OF or can(kind, CAPABILITY_OF[code])


def finding_words(code: str, *, ok: bool, detail: str) -> tuple[str, str]:
    """(title, what was found and what to do); `detail` is the platform's errcode, how much of a quota is left, or an address."""
    known = FINDINGS.get(code, Finding("平台接口", "可以用。", ""))
    if ok:
        return known.title, known.good or (f"可以用，今天还能发 {detail} 次。" if "/" in detail else "可以用。")
    if code == "ip_whitelist" and not detail.isdecimal():
        return known.title, f"请在“设置与开发－基本配置－IP 白名单”加上这台服务器的地址 {detail}，几分钟后再检查。"
    return known.title, known.cure or refusal_words(detail)
