"""What other systems may ask and do, in one place: the page /api and /api/openapi.json are both made of this."""

from intake.domain.text import CONTACT_MAX, PLACE_MAX
from intake.queries.public_request import RequestStatus
from intake.web.api.asked import LAST_PAGE, MOST
from intake.web.api.described import Field, Operation, Reply, Schema, Where
from intake.web.api.open311 import DESCRIPTION_MAX
from intake.web.api.schemas import MOMENT, TEXT, list_of, named
from intake.web.api_caller import FIELD, HEADER

OPEN311, DATA, NEARBY, ABOUT = "Open311：交来与查询", "开放数据与订阅", "附近公开的事", "关于接口"
PARTS = (OPEN311, DATA, NEARBY, ABOUT)
_ROOT = "/open311/v2"
_JSON, _XML, _PAGE = "application/json", "text/xml", "text/html"

_WORDLIKE = r"[A-Za-z0-9\u4e00-\u9fa5]"
"""What makes a word, as a pattern that programs in any language read."""
_TWO_WORDS: Schema = {"type": "string", "minLength": 2, "maxLength": DESCRIPTION_MAX, "pattern": rf"{_WORDLIKE}{{2}}"}
_WHOSE = Field("jurisdiction_id", "哪个区，写区的编号；只有一个区时可以不写", TEXT)
_WHOSE_SENT = Field("jurisdiction_id", "哪个区，写区的编号；可以不写，就是密钥的那个区", TEXT, Where.FORM)
_KEY = Field(HEADER, "接口密钥；只有查自己交来的事才要", {"type": "string", "pattern": "^[ -~]*$"}, Where.HEADER)

REASONS: dict[int, str] = {
    400: "有一项写得不对，description 里说是哪一项、怎么改",
    403: "没有密钥，或者密钥已经收回",
    404: "没有这个编号",
    429: "太勤了，按 Retry-After 说的秒数过后再来",
    503: "系统正忙，过半分钟再来",
}
"""What each status means when something can't be done."""


def _refusals(media: str, *statuses: int) -> tuple[Reply, ...]:
    return tuple(Reply(status, REASONS[status], media, named("Errors") if media == _JSON else None) for status in statuses)


def _both(
    path: str,
    summary: str,
    about: str,
    *,
    found: str,
    shape: Schema,
    fields: tuple[Field, ...],
    refused: tuple[int, ...],
    method: str = "get",
    keyed: bool = False,
    one_of: tuple[tuple[str, ...], ...] = (),
) -> tuple[Operation, ...]:
    """The same in JSON and in XML, by the ending of the address."""
    return tuple(
        Operation(
            path=f"{_ROOT}{path}.{ending}",
            method=method,
            part=OPEN311,
            summary=summary,
            about=about,
            fields=fields,
            replies=(Reply(200, found, media, shape if media == _JSON else None), *_refusals(media, *refused)),
            keyed=keyed,
            one_of=one_of,
        )
        for ending, media in (("json", _JSON), ("xml", _XML))
    )


_SENT = (
    _WHOSE_SENT,
    Field(FIELD, "接口密钥；也可以放在请求头 X-Api-Key 里，那样更好", TEXT, Where.FORM),
    Field("service_code", "哪一类，见 services。只作参考，类别由整理和委员来定", {"type": "string", "minLength": 1}, Where.FORM, required=True),
    Field("description", "居民的话，纯文字。身份证号、手机号会遮住", _TWO_WORDS, Where.FORM, required=True),
    Field("lat", "WGS-84 纬度，和 long 一起写", {"type": "number", "minimum": 3, "maximum": 54}, Where.FORM),
    Field("long", "WGS-84 经度，和 lat 一起写", {"type": "number", "minimum": 73, "maximum": 136}, Where.FORM),
    Field("address_string", "在哪里", {"type": "string", "pattern": _WORDLIKE, "maxLength": PLACE_MAX}, Where.FORM),
    Field("phone", "居民愿意留的电话，加密保存", {"type": "string", "maxLength": CONTACT_MAX}, Where.FORM),
    Field("email", "没有电话时，居民愿意留的邮箱，加密保存", {"type": "string", "maxLength": CONTACT_MAX}, Where.FORM),
    Field("device_id", "居民的设备，只存不可还原的指纹，用来分辨是不是同一个人", TEXT, Where.FORM),
    Field("media_url", "收下但不去取：照片请让居民在回执页上添", TEXT, Where.FORM),
    Field(
        "Idempotency-Key",
        "这次发送的名字。同一个名字、同样的内容再发，得到同一个编号；不写的，一天之内同样的内容算一件",
        {"type": "string", "maxLength": 200, "pattern": "^[ -~]*$"},
        Where.HEADER,
    ),
)  # fmt: skip

_ASKED = (
    _WHOSE,
    Field("service_request_id", "一个或几个编号，用逗号隔开；写了它，其余的都不看", TEXT),
    Field("service_code", "一类或几类，用逗号隔开", TEXT),
    Field("start_date", "从什么时候起第一次公开的，带时区", MOMENT),
    Field("end_date", "到什么时候为止；和 start_date 最多相隔 90 天，都不写就是最近 90 天", MOMENT),
    Field("status", "open 还在办，closed 有了结果；不写就是全部", {"enum": [one.value for one in RequestStatus]}),
    Field("page", "第几页", {"type": "integer", "minimum": 1, "maximum": LAST_PAGE}),
    Field("page_size", "一页几件", {"type": "integer", "minimum": 1, "maximum": MOST}),
)


def _table(name: str, title: str, shape: str) -> tuple[Operation, ...]:
    about = "随时可取，不用密钥。各列的意思见 /open-data。"
    return tuple(
        Operation(f"/open-data/{name}.{ending}", "get", DATA, title, about, (), (Reply(200, "整张表", media, schema),))
        for ending, media, schema in (("json", _JSON, named(shape)), ("csv", "text/csv", None))
    )


def _feed(path: str, summary: str, *fields: Field, refused: tuple[Reply, ...] = ()) -> Operation:
    replies = (Reply(200, "Atom 1.0", "application/atom+xml"), *refused)
    return Operation(path, "get", DATA, summary, "最近公开的 50 段，新的在前。", fields, replies)


OPERATIONS: tuple[Operation, ...] = (
    *_both(
        "/discovery", "接口在哪里", "GeoReport v2 的 service discovery。",
        found="网址、格式、向谁要密钥", shape=named("Discovery"), fields=(), refused=(429, 503),
    ),
    *_both(
        "/services", "有哪几类", "本区的事分成哪些类别。",
        found="全部类别", shape=list_of(named("Service")), fields=(_WHOSE,), refused=(400, 404, 429, 503),
    ),
    *_both(
        "/services/{code}", "一类要填什么", "每一类都只要一句话和地方，所以没有别的项目。",
        found="没有别的项目", shape=named("Definition"),
        fields=(Field("code", "service_code", TEXT, Where.PATH), _WHOSE), refused=(400, 404, 429, 503),
    ),
    *_both(
        "/requests", "交来一件事",
        "和居民自己扫码写的一样办：先遮住个人信息、整理，再由委员看。答复里有居民的回执网址，请交给居民。",
        found="编号和回执网址", shape=named("Filed"), fields=_SENT, refused=(400, 403, 404, 429, 503),
        method="post", keyed=True, one_of=(("lat", "long"), ("address_string",)),
    ),
    *_both(
        "/requests", "公开的事", "审核公开了的事，新的在前，一次最多 1000 件。居民的原话不在里面。",
        found="公开的事", shape=list_of(named("Request")), fields=_ASKED, refused=(400, 404, 429, 503),
    ),
    *_both(
        "/requests/{number}", "一件事办得怎样", "公开的事凭编号；自己交来的事凭回执号，并把密钥放在请求头 X-Api-Key 里。",
        found="这一件", shape=list_of(named("Request")),
        fields=(Field("number", "service_request_id", TEXT, Where.PATH), _WHOSE, _KEY), refused=(400, 404, 429, 503),
    ),
    *_both(
        "/tokens/{token}", "凭 token 查编号", "交来时已经给了编号，一般用不着。token 是回执网址里的编号和后面那一段，中间用点连起来。",
        found="编号", shape=named("Token"),
        fields=(Field("token", "编号.回执网址的最后一段", TEXT, Where.PATH), _WHOSE), refused=(400, 404, 429, 503),
    ),
    Operation("/open-data", "get", DATA, "开放数据的页面", "每张表有哪几列、说明不了什么、怎样署名。", (), (Reply(200, "页面", _PAGE),)),
    *_table("matters", "公开的事", "Matters"),
    *_table("places", "地方", "Places"),
    *_table("figures", "每月的数", "Figures"),
    _feed("/feed.atom", "订阅全部"),
    _feed(
        "/c/{area_id}/feed.atom", "订阅一个地方",
        Field("area_id", "区、街道或社区的编号", {"type": "integer", "minimum": 1}, Where.PATH),
        refused=(Reply(404, "没有这个地方", _PAGE),),
    ),
    Operation(
        "/p/{code}/similar", "get", NEARBY, "和一句话相像的事",
        "一个直报点附近公开了的、和这句话相像的事；请求头 Accept 写 application/json。写的内容不保存。",
        (
            Field("code", "直报点的编码", TEXT, Where.PATH),
            Field("q", "居民的话", {"type": "string", "maxLength": 5_000}),
            Field("Accept", "application/json", {"const": _JSON}, Where.HEADER, required=True),
        ),
        (
            Reply(200, "相像的事、该去哪里办、话里的个人信息", _JSON, named("Similar")),
            Reply(404, "没有这个直报点", _PAGE), Reply(410, "这个编码换掉了", _PAGE), Reply(429, "太勤了", _PAGE),
        ),
    ),
    Operation("/api", "get", ABOUT, "接口说明的页面", "就是这一份，给人看的。", (), (Reply(200, "页面", _PAGE),)),
    Operation(
        "/api/openapi.json", "get", ABOUT, "接口说明的文件", "就是这一份，OpenAPI 3.1。", (), (Reply(200, "OpenAPI 3.1", _JSON, {"type": "object"}),)
    ),
)  # fmt: skip
"""In the order in which they are told; a test holds them against the routes, both ways."""
