"""Names of places in a resident's words, by their endings."""

import re
from functools import lru_cache

_KIND = (
    "幼儿园|卫生站|搅拌站|家属院|菜市场|农贸市场|小学|中学|学院|大学|医院|宿舍|小区|花园|家园|公园|广场|大道|公寓|大厦|新村|老街|菜场|市场|夜市|超市|地铁站|名邸|别墅"
    "|国际|新城|社区|[一二三四]村|[一二三四]期"
)
_ENDING = (
    rf"{_KIND}|[苑邸厦洲湾轩寓桥湖]|里(?![面边外])|园(?![区林])|城(?![管市])|弄(?![得的不坏完好脏])|巷(?!子)|路(?![灯面费过况边])|街(?!道)|村(?!民)|院(?![子长士])"
    "|厂(?![商长])|站(?![在着不台])|府(?!上)|庭(?!院)|居(?![住民家然])|河(?![道水边])"
)
_NAME = re.compile(rf"[\u4e00-\u9fffa-z0-9]{{1,8}}?(?:{_ENDING})(?:{_KIND}|[苑弄巷]|路(?![灯面费过况边口]))?")
# A name begins after the last of these: what people say before they name a place.
_BEFORE = re.compile(
    r".*(?:我们|反映一?下?|关于|咨询|投诉|举报|建议|希望|要求|强烈|能不能|请问|麻烦|旁边|附近|后面|前面|隔壁|对面|每天|晚上|早上|半夜|解决|整治|增加|那边|这边|大雨"
    r"|[0-9]+[栋号幢]|[的在了到是从有去我你他这那个把被和与对往离向给等住找问想看请叫让进出都就又还很老旧说们不没会段市区县])"
)
# Endings in words that are no names.
_NO_NAME = re.compile(
    r"^(?:.{0,6}(?:[家屋楼夜心手水哪这那院城车箱管村巷弄区桶柜河湖锅嘴眼子洞堂缝公]里|马路|修路|走路|道路|公路|铁路|线路|一路|出路|半路|夜路|开路|问路|堵路|占路|跑路|车站|公交站|充电站"
    r"|驿站|垃圾站|网站|住院|法院|后院|大院|邻居|定居|独居|同居|政府|老城|全城|县城|农村|全村)"
    rf"|(?:[小这本我老旧大]|混凝土|社区)*(?:{_KIND}))$"
)
_LAST = re.compile(rf"(?:{_ENDING})+$")
_ENDS = re.compile(rf"(?:{_ENDING})$")
_SHORTEST = 3
_SHORTEST_PROPER = 2
# A market or a school isn't the estate it is named after; among estates people mix 小区, 花园 and 家园 freely.
_FACILITY = re.compile(
    r"(?:幼儿园|卫生站|搅拌站|菜市场|农贸市场|小学|中学|学院|大学|医院|公园|广场|大道|菜场|市场|夜市|超市|地铁站|大厦|厂|站|路|街|巷|弄|桥|河|湖)$"
)

_DISTRICT = re.compile(r"[a-z]\d{1,2}(?=[区县市])|[\u4e00-\u9fff]{2}(?:镇|乡|街道)")
_OPENING = re.compile(
    r"(?:再次|强烈|坚决|实名|你们?好|您好|领导好?|尊敬的.{0,4}|请问一?下?|想?问问|反映一?下?|咨询一?下?|投诉|举报|麻烦|要求|反对|质疑|呼吁|恳请|恳求|请求|加快|关于|对于|希望|建议|求助|我们|我想|请|在|对|向|望"
    r"|西地省|[a-z]市|[a-z]\d{1,2}[区县市]{1,2}|[\u4e00-\u9fff]{2}街道|[\u4e00-\u9fff]{2,3}镇|[,，。!！?？:： 、])+"
)
_ESTATE = re.compile(r"(?:小区|花园|家园|公寓|新村|新城|国际|别墅|名邸|家属院|宿舍|社区|[苑邸轩寓府庭居城])$")


@lru_cache(maxsize=4096)
def places_in(normalised: str) -> tuple[str, ...]:
    """Place names in a normalised text, each once, in order of appearance; at most 8, each 3 to 10 characters."""
    found: dict[str, None] = {}
    for match in _NAME.finditer(normalised[:600]):
        name = match[0]
        ending = _LAST.search(name)
        head = name[: ending.start()] if ending else name
        trimmed = name[len(head) - len(_BEFORE.sub("", head)) :]
        if _SHORTEST <= len(trimmed) <= 10 and not _NO_NAME.match(trimmed):
            found.setdefault(trimmed)
    return tuple(found)[:8]


def proper_part(place: str) -> str:
    """What tells this place from others of its kind: 幸福 of 幸福里, 锦带 of 锦带花园, 新城 of 新城小区."""
    while (shorter := _ENDS.sub("", place)) != place and len(shorter) >= _SHORTEST_PROPER:
        place = shorter
    return place


def facility(place: str) -> str:
    """What the place is, where that tells it from an estate of the same name: 菜场 of 丰乐菜场; empty for an estate and what stands in it."""
    ending = _FACILITY.search(place)
    return ending[0] if ending and not _ESTATE.search(place[: ending.start()]) else ""


def shared_place(mine: tuple[str, ...], theirs: tuple[str, ...]) -> str | None:
    """The name both have, or None; 新城小区 and 丽发新城 agree, 新城小区 and 南门小区 don't."""
    for place in mine:
        for other in theirs:
            if _agree(place, other):
                return min(place, other, key=len)
    return None


def _agree(place: str, other: str) -> bool:
    if place == other or place in other or other in place:
        return True
    return facility(place) == facility(other) and (_stands_in(place, other) or _stands_in(other, place))


def _stands_in(place: str, other: str) -> bool:
    proper = proper_part(place)
    return len(proper) >= _SHORTEST_PROPER and proper in other


def administrative(normalised: str) -> tuple[str, ...]:
    """Names of districts, towns and streets in a normalised text, each once, without their endings for coded ones (a3 of a3区)."""
    return tuple(dict.fromkeys(_DISTRICT.findall(normalised[:600])))


def without_opening(normalised: str) -> str:
    """What a text says after greetings, requests and the district: it mostly begins with the place or the other party."""
    opening = _OPENING.match(normalised)
    return normalised[opening.end() :] if opening else normalised
