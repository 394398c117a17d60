"""The one place that reads the environment.

Each field's metadata holds its variable, the Chinese note for operators and whether it is secret; `docs/settings.md` is generated from it.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


class SettingsError(ValueError):
    """A setting that can't be used; the message names the variable and the cure."""


_S3_PLACE = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[a-z0-9][a-z0-9_-]*)*", re.ASCII)


_TILES = re.compile(
    r"https://[a-z0-9-]*(?:\{s\})?[a-z0-9-]*(?:\.[a-z0-9-]+)+(?::[0-9]+)?/(?=[!-~]*\{z\})(?=[!-~]*\{x\})(?=[!-~]*\{y\})[^\s\"';,]+",
    re.ASCII,
)


def _setting(variable: str, default: Any, note: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"variable": variable, "note": note, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an installation may set, read once at start."""

    environment: str = _setting("ZHIBAO_ENV", "development", "`production`、`development` 或 `test`；生产环境要求全部密钥齐备")
    data_dir: Path = _setting("ZHIBAO_DATA", Path("var"), "数据目录：内置数据库、队列、密钥、日志")
    object_folder: str = _setting(
        "ZHIBAO_OBJECT_FOLDER", "", "存放生成文件（批量海报）的目录，后台进程要能写，网页要能读；留空则用数据目录下的 objects"
    )
    object_store: str = _setting(
        "ZHIBAO_OBJECT_STORE",
        "",
        "形如 `s3://桶` 或 `s3://桶/前缀`：照片、佐证、海报存进 S3 兼容的对象存储，代替上面的目录；要装 `zhibao[s3]`，见 docs/deploy.md",
    )
    s3_endpoint: str = _setting("ZHIBAO_S3_ENDPOINT", "", "对象存储的地址（https）；亚马逊的留空")
    s3_region: str = _setting("ZHIBAO_S3_REGION", "us-east-1", "对象存储的区域名；许多自建的存储不看它")
    s3_access_key: str = _setting("ZHIBAO_S3_ACCESS_KEY", "", "对象存储的访问标识（Access Key），只要能读写这一个桶", secret=True)
    s3_secret_key: str = _setting("ZHIBAO_S3_SECRET_KEY", "", "对象存储的访问密钥（Secret Key）", secret=True)
    s3_addressing: str = _setting(
        "ZHIBAO_S3_ADDRESSING", "auto", "桶名写在网址里的方式：`path`（在路径里）、`virtual`（在主机名里）或 `auto`"
    )
    database_url: str = _setting("DATABASE_URL", "", "PostgreSQL 地址；留空则用内置数据库", secret=True)
    owner_database_url: str = _setting("OWNER_DATABASE_URL", "", "建表所用账号的地址；留空则与 DATABASE_URL 相同", secret=True)
    replica_url: str = _setting(
        "ZHIBAO_REPLICA_URL",
        "",
        "只读副本库的 PostgreSQL 地址：全区情况、全市情况和数据从那里读；留空则读主库。副本落后 10 分钟以上或连不上时自动改读主库",
        secret=True,
    )
    redis_url: str = _setting("REDIS_URL", "", "Redis 或 Valkey 地址；留空则用内置队列", secret=True)
    secret_key: str = _setting("ZHIBAO_SECRET_KEY", "", "签名与派生查询码的主密钥，至少 32 字符", secret=True)
    field_keys: str = _setting("ZHIBAO_FIELD_KEYS", "", "联系方式加密密钥，形如 `k2:BASE64,k1:BASE64`；第一把用于写入", secret=True)
    base_url: str = _setting("ZHIBAO_BASE_URL", "http://127.0.0.1:8000", "对外网址，印在海报上，不带末尾斜杠")
    host: str = _setting("ZHIBAO_HOST", "127.0.0.1", "网页服务监听的地址")
    port: int = _setting("ZHIBAO_PORT", 8000, "网页服务监听的端口")
    web_processes: int = _setting("ZHIBAO_WEB_PROCESSES", 2, "网页进程数")
    web_threads: int = _setting("ZHIBAO_WEB_THREADS", 4, "每个网页进程的线程数")
    triage_workers: int = _setting("ZHIBAO_TRIAGE_WORKERS", 1, "整理来件的工作进程数")
    trusted_proxies: int = _setting("ZHIBAO_TRUSTED_PROXIES", 0, "前面有几层可信的反向代理（取 X-Forwarded-For）")
    controller_name: str = _setting("ZHIBAO_CONTROLLER", "本区政协办公室", "个人信息处理者的名称，写在提交按钮下方")
    controller_phone: str = _setting("ZHIBAO_CONTROLLER_PHONE", "", "个人信息处理者的联系电话")
    form_key_hours: int = _setting("ZHIBAO_FORM_KEY_HOURS", 24, "打开的表单多少小时内可以提交")
    service_worker: int = _setting(
        "ZHIBAO_SERVICE_WORKER",
        1,
        "1：没有信号时表单也能打开、信号恢复后自动提交（浏览器的 service worker）；出了毛病改成 0，手机上的会自己撤走",
    )
    device_limit: str = _setting("ZHIBAO_DEVICE_LIMIT", "20/hour", "同一设备提交次数上限")
    photo_limit: str = _setting("ZHIBAO_PHOTO_LIMIT", "120/hour", "同一设备、同一回执添加照片的次数上限")
    point_limit: str = _setting(
        "ZHIBAO_POINT_LIMIT", "6000/hour", "同一直报点提交次数的最后上限，到了就不再收；平时由 ZHIBAO_GUARD_LIMIT 先开防刷"
    )
    guard_limit: str = _setting("ZHIBAO_GUARD_LIMIT", "60/10 minutes", "同一直报点提交多过这个数，就开防刷：之后的提交要先由浏览器校验")
    guard_minutes: int = _setting("ZHIBAO_GUARD_MINUTES", 30, "防刷开多少分钟；还在大量提交就接着开")
    flood_limit: str = _setting("ZHIBAO_FLOOD_LIMIT", "12/hour", "同一设备提交多过这个数，后面的先由工作人员核对")
    form_seconds: int = _setting("ZHIBAO_FORM_SECONDS", 2, "打开表单不到这么多秒就提交的，先由工作人员核对；0 为不看快慢")
    address_limit: str = _setting("ZHIBAO_ADDRESS_LIMIT", "300/hour", "同一网络地址提交次数上限（整栋楼可能共用一个地址）")
    similar_limit: str = _setting("ZHIBAO_SIMILAR_LIMIT", "600/hour", "同一设备查看附近已公开事项的次数上限（填写时自动查看）")
    endorse_limit: str = _setting("ZHIBAO_ENDORSE_LIMIT", "10/hour", "同一设备附议次数上限")
    capture_limit: str = _setting("ZHIBAO_CAPTURE_LIMIT", "60/day", "一位委员随手报的次数上限")
    api_limit: str = _setting("ZHIBAO_API_LIMIT", "60/minute", "一把接口密钥交件的次数上限")
    api_read_limit: str = _setting("ZHIBAO_API_READ_LIMIT", "120/minute", "同一网络地址读接口（Open311）的次数上限")
    code_limit: str = _setting("ZHIBAO_CODE_LIMIT", "10/hour", "同一回执号输错查询码的次数上限")
    login_limit: str = _setting("ZHIBAO_LOGIN_LIMIT", "30/hour", "同一网络地址登录出错的次数上限；同一地址用同一登录名，成功的也算")
    undo_seconds: int = _setting("ZHIBAO_UNDO_SECONDS", 60, "委员处理后多少秒内可以撤销；通知在此之后才发出")
    session_idle_minutes: int = _setting("ZHIBAO_SESSION_IDLE_MINUTES", 120, "登录后多久不用要重新登录（分钟）")
    session_hours: int = _setting("ZHIBAO_SESSION_HOURS", 12, "登录最长有效时间（小时）")
    totp_roles: str = _setting(
        "ZHIBAO_TOTP_ROLES",
        "",
        "哪些角色必须打开两步登录，用逗号隔开，形如 `admin,staff`；有这些角色、还没打开的人，登录后先要打开。留空则各人自选",
    )
    wechat_api_url: str = _setting("WECHAT_API_URL", "https://api.weixin.qq.com", "微信接口的地址；只有演示和测试改成本机的模拟平台")
    wechat_connect_url: str = _setting(
        "WECHAT_CONNECT_URL", "https://open.weixin.qq.com", "微信网页授权的地址；只有演示和测试改成本机的模拟平台"
    )
    notice_pace: int = _setting(
        "ZHIBAO_NOTICE_PACE", 30, "每个公众号（或短信网关）每秒最多发几条通知，按平台给的每分钟次数来定（1 至 1000）"
    )
    sms_url: str = _setting(
        "ZHIBAO_SMS_URL", "", "短信网关的地址（https，收 JSON）；填了才给留手机号、又没有微信的居民发短信。格式见 docs/adr/0024-notices.md"
    )
    sms_key: str = _setting("ZHIBAO_SMS_KEY", "", "短信网关的密钥；对方不要求时留空", secret=True)
    sms_sign: str = _setting("ZHIBAO_SMS_SIGN", "", "短信签名，例如“云栖政协”，要在运营商备案过")
    assistant_url: str = _setting(
        "ZHIBAO_ASSISTANT_URL",
        "",
        "起草助手的地址（OpenAI 兼容接口，形如 `https://模型服务/v1`），与模型名都填了才启用；只有已遮住个人信息的原话会发往那里",
    )
    assistant_key: str = _setting("ZHIBAO_ASSISTANT_KEY", "", "起草助手的密钥；对方不要求时留空", secret=True)
    assistant_model: str = _setting("ZHIBAO_ASSISTANT_MODEL", "", "起草助手用的模型名")
    assistant_seconds: int = _setting("ZHIBAO_ASSISTANT_SECONDS", 20, "起草助手多少秒内没有答完就不再等（1 至 30）")
    assistant_monthly_tokens: int = _setting("ZHIBAO_ASSISTANT_MONTHLY_TOKENS", 200_000, "每个区每月最多用起草助手多少词元（token）")
    recogniser_url: str = _setting(
        "ZHIBAO_RECOGNISER_URL",
        "",
        "语音转文字服务的地址（OpenAI 兼容接口，形如 `https://模型服务/v1`），与模型名都填了才启用；居民的语音会发往那里，请用本单位自己的服务",
    )
    recogniser_key: str = _setting("ZHIBAO_RECOGNISER_KEY", "", "语音转文字服务的密钥；对方不要求时留空", secret=True)
    recogniser_model: str = _setting("ZHIBAO_RECOGNISER_MODEL", "", "语音转文字用的模型名")
    recogniser_seconds: int = _setting("ZHIBAO_RECOGNISER_SECONDS", 20, "一段语音多少秒内没有转完就不再等（1 至 30）")
    open_data_licence: str = _setting(
        "ZHIBAO_OPEN_DATA_LICENCE", "可以自由使用、转载和加工，请注明来源和获取日期。", "开放数据怎样使用的一句话，写在页面和文件里"
    )
    config_folder: str = _setting(
        "ZHIBAO_CONFIG_FOLDER",
        "",
        "本区自己的 taxonomy.toml（类别与词）、workflow.toml（期限）所在的目录，有哪个用哪个；留空则用随系统带的",
    )
    map_tiles: str = _setting(
        "ZHIBAO_MAP_TILES",
        "",
        "全区情况里地图的瓦片地址（https，含 `{z}` `{x}` `{y}`，可含 `{s}`），坐标系是 WGS-84 或 CGCS2000，例如天地图；留空则只画点，不连外网",
    )
    log_level: str = _setting("ZHIBAO_LOG_LEVEL", "INFO", "日志级别")

    @property
    def is_production(self) -> bool:
        """Whether missing secrets and plain-text callbacks must be refused."""
        return self.environment == "production"

    @property
    def plays_wechat(self) -> bool:
        """Whether WeChat's platform is played on this machine, as in the demo: then every browser may be WeChat's."""
        return self.environment == "development" and self.wechat_connect_url.startswith("http://")

    @property
    def roles_with_totp(self) -> frozenset[str]:
        """Codes of the roles that have to switch the second step of signing in on."""
        return frozenset(filter(None, (one.strip() for one in self.totp_roles.split(","))))

    @property
    def assistant_on(self) -> bool:
        """Whether there is an assistant to ask."""
        return bool(self.assistant_url and self.assistant_model)

    @property
    def recogniser_on(self) -> bool:
        """Whether there is something that writes voices down."""
        return bool(self.recogniser_url and self.recogniser_model)

    @property
    def s3_place(self) -> tuple[str, str] | None:
        """Bucket and prefix; None where files lie in a folder."""
        bucket, _, prefix = self.object_store.removeprefix("s3://").partition("/")
        return (bucket, prefix) if bucket else None

    @property
    def map_origin(self) -> str:
        """Where the map's tiles come from, as a content security policy names it; empty without tiles."""
        host = urlsplit(self.map_tiles).netloc
        first, _, rest = host.partition(".")
        return "" if not host else f"https://*.{rest}" if "{" in first else f"https://{host}"

    @property
    def sms_on(self) -> bool:
        """Whether there is a gateway for short messages."""
        return bool(self.sms_url)

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None, **overrides: Any) -> "Settings":
        """Read every field from `env` (default: the process environment); `overrides` win. Raises SettingsError naming the variable."""
        source = os.environ if env is None else env
        values: dict[str, Any] = {}
        for f in fields(cls):
            raw = source.get(f.metadata["variable"], "")
            if raw != "":
                values[f.name] = _parse(f.metadata["variable"], f.default, raw)
        values.update(overrides)
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Raise SettingsError for a combination that can't work."""
        if self.environment not in {"production", "development", "test"}:
            raise SettingsError("ZHIBAO_ENV: use production, development or test")
        if self.secret_key and len(self.secret_key) < 32:
            raise SettingsError("ZHIBAO_SECRET_KEY: at least 32 characters; make one with `zhibao secret`")
        if self.base_url.endswith("/"):
            raise SettingsError("ZHIBAO_BASE_URL: leave out the trailing slash")
        if self.is_production and not self.base_url.startswith("https://"):
            raise SettingsError("ZHIBAO_BASE_URL: production needs https, WeChat opens nothing else")
        for variable, url in (("WECHAT_API_URL", self.wechat_api_url), ("WECHAT_CONNECT_URL", self.wechat_connect_url)):
            if not _is_safe_address(url) or url.endswith("/"):
                raise SettingsError(f"{variable}: use an https address without a trailing slash; http only for this machine itself")
        if self.map_tiles and not _TILES.fullmatch(self.map_tiles):
            raise SettingsError("ZHIBAO_MAP_TILES: use an https address with {z}, {x} and {y}; {s} only at the beginning of the host")
        self._check_object_store()
        self._check_notices()
        self._check_assistant()
        self._check_recogniser()

    def _check_object_store(self) -> None:
        if not self.object_store:
            return
        if _S3_PLACE.fullmatch(self.object_store) is None:
            raise SettingsError("ZHIBAO_OBJECT_STORE: use s3://bucket or s3://bucket/prefix, in small letters, digits, dots and hyphens")
        if self.s3_endpoint and not _is_safe_address(self.s3_endpoint):
            raise SettingsError(
                "ZHIBAO_S3_ENDPOINT: use an https address without name, password or query; http only for this machine itself"
            )
        if not (self.s3_access_key and self.s3_secret_key):
            raise SettingsError("ZHIBAO_S3_ACCESS_KEY and ZHIBAO_S3_SECRET_KEY: both are needed with ZHIBAO_OBJECT_STORE")
        if self.s3_addressing not in {"path", "virtual", "auto"}:
            raise SettingsError("ZHIBAO_S3_ADDRESSING: use path, virtual or auto")

    def _check_notices(self) -> None:
        if not 1 <= self.notice_pace <= 1000:
            raise SettingsError("ZHIBAO_NOTICE_PACE: from 1 to 1000 a second")
        if self.sms_url and not _is_safe_address(self.sms_url):
            raise SettingsError("ZHIBAO_SMS_URL: use an https address; http only for this machine itself (http://127.0.0.1:…)")
        if self.sms_url and not self.sms_sign:
            raise SettingsError("ZHIBAO_SMS_SIGN: gateways refuse messages without the registered signature")
        if not (self.sms_key.isascii() and self.sms_key.isprintable()):
            raise SettingsError("ZHIBAO_SMS_KEY: printable ASCII in one line; a line end may have been copied along")

    def _check_assistant(self) -> None:
        if self.assistant_url and not _is_safe_address(self.assistant_url):
            raise SettingsError(
                "ZHIBAO_ASSISTANT_URL: use an https address such as https://models.example/v1, without name, password, query or blanks; "
                "http only for this machine itself (http://127.0.0.1:…)"
            )
        if not (self.assistant_key.isascii() and self.assistant_key.isprintable()):
            raise SettingsError("ZHIBAO_ASSISTANT_KEY: printable ASCII in one line; a line end may have been copied along")
        if not 1 <= self.assistant_seconds <= 30:
            raise SettingsError("ZHIBAO_ASSISTANT_SECONDS: from 1 to 30, since a job has 60 seconds in all")

    def _check_recogniser(self) -> None:
        if self.recogniser_url and not _is_safe_address(self.recogniser_url):
            raise SettingsError(
                "ZHIBAO_RECOGNISER_URL: use an https address such as https://speech.example/v1, without name, password, query or blanks; "
                "http only for this machine itself (http://127.0.0.1:…)"
            )
        if not (self.recogniser_key.isascii() and self.recogniser_key.isprintable()):
            raise SettingsError("ZHIBAO_RECOGNISER_KEY: printable ASCII in one line; a line end may have been copied along")
        if not 1 <= self.recogniser_seconds <= 30:
            raise SettingsError("ZHIBAO_RECOGNISER_SECONDS: from 1 to 30, since a job has 60 seconds in all")


def _is_safe_address(url: str) -> bool:
    """Whether residents' words may be sent there: encrypted, or without leaving this machine."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"})
    plain = url.isascii() and url.isprintable() and " " not in url and "@" not in parts.netloc and not parts.query and not parts.fragment
    return safe and plain and bool(parts.hostname) and port != 0


def _parse(variable: str, default: Any, raw: str) -> Any:
    if isinstance(default, int):
        try:
            return int(raw)
        except ValueError:
            raise SettingsError(f"{variable}: a whole number is needed, not {raw!r}") from None
    return Path(raw) if isinstance(default, Path) else raw
