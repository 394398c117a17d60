"""设备: with which browser on which system somebody signed in, as far as the browser says; a hint for the person, never a proof."""

BROWSERS: dict[str, str] = {
    "wechat": "微信",
    "huawei": "华为浏览器",
    "xiaomi": "小米浏览器",
    "qq": "QQ 浏览器",
    "uc": "UC 浏览器",
    "360": "360 浏览器",
    "edge": "Edge",
    "firefox": "Firefox",
    "chrome": "Chrome",
    "safari": "Safari",
    "other": "别的浏览器",
}
"""Screen names."""
SYSTEMS: dict[str, str] = {
    "harmony": "鸿蒙",
    "iphone": "iPhone",
    "ipad": "iPad",
    "android": "安卓手机",
    "windows": "Windows 电脑",
    "mac": "Mac 电脑",
    "linux": "Linux 电脑",
    "other": "别的系统",
}
"""Screen names."""
_BROWSER_MARKS = (
    ("MicroMessenger", "wechat"),
    ("HuaweiBrowser", "huawei"),
    ("MiuiBrowser", "xiaomi"),
    ("QQBrowser", "qq"),
    ("UCBrowser", "uc"),
    ("QihooBrowser", "360"),
    ("360SE", "360"),
    ("Edg", "edge"),
    ("Firefox", "firefox"),
    ("FxiOS", "firefox"),
    ("CriOS", "chrome"),
    ("Chrome", "chrome"),
    ("Safari", "safari"),
)
"""In this order: nearly all call themselves Chrome and Safari as well."""
_SYSTEM_MARKS = (
    ("HarmonyOS", "harmony"),
    ("OpenHarmony", "harmony"),
    ("iPhone", "iphone"),
    ("iPad", "ipad"),
    ("Android", "android"),
    ("Windows", "windows"),
    ("Macintosh", "mac"),
    ("Linux", "linux"),
)


def device_of(user_agent: str) -> str:
    """`browser/system`, codes of the tables above; nothing else of the header is kept."""
    return f"{_first(_BROWSER_MARKS, user_agent)}/{_first(_SYSTEM_MARKS, user_agent)}"


def device_names(device: str) -> tuple[str, str]:
    """Screen names of browser and system; empty ones where nothing was noted."""
    browser, _, system = device.partition("/")
    return BROWSERS.get(browser, ""), SYSTEMS.get(system, "")


def _first(marks: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((code for mark, code in marks if mark in user_agent), "other")
