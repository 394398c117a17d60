"""微信平台的错误码: what a refusal means for an administrator, and its cure."""

REFUSALS: dict[str, str] = {
    "40001": "AppSecret 不对，或者刚在平台重置过。请重新填 AppSecret 再检查。",
    "40013": "AppID 不对。请从“设置与开发－基本配置”整段复制。",
    "40054": "菜单里的网址平台不认。请检查路径，网址要能用 https 打开。",
    "40055": "菜单里的网址平台不认。请检查路径，网址要能用 https 打开。",
    "40125": "AppSecret 不对。请重新填；没有记下的请在平台点“重置”。",
    "40164": "服务器的 IP 不在白名单里。请在“设置与开发－基本配置－IP 白名单”加上服务器的公网 IP。",
    "40243": "AppSecret 被冻结了。请在平台解冻，或重置后重新填。",
    "41004": "没有填 AppSecret。请填好再检查。",
    "43104": "这个公众号没有订阅通知的权限。请在平台“广场－订阅通知”开通，或先用模板消息。",
    "45009": "今天调用这个接口的次数用完了，明天零点以后再试。",
    "45029": "二维码数量到了平台的上限。不再用的直报点请改用我们自己的网址码。",
    "48001": "这个公众号没有这项权限，一般是没有认证，或者是订阅号。请在平台完成认证，或把类型改成订阅号。",
    "48004": "平台封禁了这个接口。请登录公众平台看“通知中心”。",
    "50004": "这个公众号不能取接口凭证。请登录公众平台看“通知中心”。",
    "50007": "这个公众号被冻结了。请登录公众平台看“通知中心”。",
    "50002": "这个公众号被平台限制使用。请登录公众平台看“通知中心”。",
    "89503": "平台要管理员确认这台服务器的 IP。请让公众号管理员在手机上点确认。",
    "89506": "公众号管理员在手机上拒绝了这台服务器的 IP。请联系管理员，过一天再试。",
    "89507": "公众号管理员在手机上拒绝了这台服务器的 IP。请联系管理员，过一小时再试。",
    "unreadable": "平台的回答看不懂。请过几分钟再检查。",
}
"""The platform's errcode → what to do. Source: the platform's table of global return codes."""

SILENT = "no_answer"
"""Our own code: the platform hasn't answered for so long that we stopped asking."""


def refusal_words(code: str) -> str:
    """A sentence that says what to do about a refusal; the bare code where nobody has written one."""
    if code == SILENT:
        return "微信平台一直没有回应。请检查服务器能不能连上 api.weixin.qq.com，然后再试。"
    return REFUSALS.get(code) or f"平台没有接受，错误码 {code or '未知'}。请在公众平台的文档里查这个码，或者过一会儿再试。"
