"""A draft answer held against the demands behind it: what it leaves out, and what a resident would rather not read. It advises, nothing more."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from intake.domain.language.grams import telling_grams
from intake.domain.language.lexicon import Lexicon
from intake.domain.language.matching_form import matching_form
from intake.domain.language.places import places_in, proper_part
from intake.domain.language.title import title_for
from intake.domain.personal_data import KIND_NAMES, personal_data

_READ = 2_000
_SHORT = 12
"""Characters of content, stock phrases left out, below which an answer says nothing."""
_SAID = 2
"""As many of who, when and what make a short answer a whole one."""
_ONE_LINE = 40
_SHARED = 3
"""As many telling two-character pieces in common count as touching a demand."""
_NAMED_DEMAND = 16
_ONLY_STOCK = "只有客套话和“已转办”，请写清做了什么、打算怎么办"

_STOCK = re.compile(
    r"(?:尊敬的)?(?:网友|市民|居民|业主|朋友|同志|读者|先生|女士){0,4}[“\"'‘]?(?:uu|a|u)?\d{0,10}[”\"'’]?(?:网友|朋友){0,2}[,:!。]?[您你]好[!,。:]?"
    r"|(?:感谢|谢谢)[^。!;]{0,30}?(?:支持|关注|关心|理解|监督|信任|反映|反馈|建议|来信|留言|配合)(?:与?(?:支持|关注|关心|理解"
    r"|监督|配合))*|祝[您你][^。!]{0,14}|(?:非常)?(?:感谢|谢谢)(?:[您你]们?)?"
    r"|(?:对于?|关于|针对)?[您你](?:所|在[^。,]{0,16})?(?:反映|提出|提到|咨询|投诉|来信|留言|说)的?[^。,!;]{0,6}?(?:问题|情况"
    r"|事项|建议|内容|留言|诉求|意见)?(?:均)?(?:已经?)?(?:收悉|收到|知悉|阅悉|获悉|知道了?)?"
    r"|(?:您的)?(?:来信|留言|来件|诉求)(?:已经?)?(?:收悉|收到)|现(?:将[^。,!;]{0,14})?(?:回复|答复|回答|反馈)(?:您)?如下|(?:我们?"
    r"|我局|我办|我镇|我街道|街道|区|领导|对此)?(?:表示)?(?:非常|十分|高度|极为)重视"
    r"|(?:已经?|现已|我办已)?(?:转(?:交|至|给|请|送|办)?|交由?|移交|反馈给|上报)[^。,!;]{0,24}(?:部门|单位|管委会|局|委|办事处|办"
    r"|街道|镇|县|区|队|公司|社区|物业)(?:等)?(?:单位|部门)?(?:进行|予以)?(?:[、,]?(?:调查|核查|核实|处理|核处|办理|研究|阅处"
    r"|办复|答复|反馈|回复|跟进|处置))*"
    r"|(?:我们)?(?:会|将|一定)?(?:认真|积极|继续|努力|进一步|尽快|及时|持续)+(?:研究|考虑|吸纳|推进|跟进|落实|处理|办理|回复"
    r"|反馈|核实|关注|改进|答复)(?:[您你]的(?:意见|建议|问题))?"
    r"|(?:如有)?(?:相关|新的|有关)?(?:情况|消息|进展|结果)(?:将|会)?(?:第一时间|及时|尽快)(?:回复|反馈|答复|告知)|请[您你]?(?:耐心等待"
    r"|放心|理解|谅解|予以理解)|敬请谅解|特此回复|\d{4}年\d{1,2}月\d{1,2}日"
)
_NOISE = re.compile(r"[\W_a-z\d]+")
_PROMISE = re.compile(
    r"(?<!现)将(?![军来近热])(?![^。,;!]{0,10}(?:情况|结果|意见|如下|回复))|(?<!不)会(?=[尽及安派去在把对与和同联协组请继加督])|尽快|近期|下一步|计划(?!生育)"
    r"|拟(?!人)|马上|抓紧|争取|适时|及时(?:回复|处理)|择期|安排(?=[人专工维检])"
)
_TIME = re.compile(
    r"\d+\s*(?:个)?(?:月|日|号|天|周|小时|分钟|点|工作日|年)|[一二三四五六七八九十两]+\s*(?:个)?(?:月|日|天|周|小时|工作日"
    r"|年)(?:内|前|底|初)?|今天|明天|后天|今晚|本周|下周|周[一二三四五六日末]|星期|月底|年底|年前|年内|本月|下个?月|上半年"
    r"|下半年|春节|国庆|季度|上午|下午|近几年|当天|每天"
)
_LETTER_DATE = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日(?![前起内至到开完])")
"""The day an answer was written or something happened isn't a day by which something will be done."""
_WHO = re.compile(
    r"[\u4e00-\u9fff]{1,12}?(?:局|委(?!员会?主)|街道|办事处|社区|物业|公司|中心|大队|支队|派出所|居委会|村委会|学校|医院|站(?![台在])"
    r"|所(?![有以在])|企业|集团|政府|协会|热线)|志愿者|网格员|电工|师傅|民警|委员|书记|主任|我们?(?!的)(?=已|会|将|今|明|去"
    r"|和|联|请|派|在)|本人"
)
_LINK = re.compile(r"^[\W\d一二三四五六七八九十]*(?:是|另外|此外|还有|再有|再就是|同时|顺便|其次|最后|首先|第)*[\W]*")
_NO_ONE = re.compile(r"(?:有关|相关|职能|主管|其他|上级|当地)(?:的)?(?:部门|单位|方面)")
_DONE = re.compile(
    r"开.{0,3}会|召开|[来去](?=看|修|收|查|办|装|换|扫|清)|上门|派人|也开|开门|营业|已经?(?!收|转|知|悉|阅|高度)[\u4e00-\u9fff]{1,10}|完成|修好|更换|装好|清理|拆除|处罚|整改|协调|约谈|核实|查看|调查|检查"
    r"|现场|施工|开通|增设|安装|维修|检修|换好|疏通|清运|修剪|联系|办理|可以|不能|无法|不具备|符合|属于|规定|按照|根据|需要"
    r"|暂无|正在|通知|送|开放|请到|请拨打|建议(?=[您你到先])|不宜|暂停|恢复|未|目前|拟|计划|安排"
)
_CONTACT = re.compile(
    r"电话|热线|拨打|联系人|咨询|\d{3,4}-?\d{7,8}|12345|服务台|[找问](?:我|社区|物业|街道|网格员|居委会)|回复我|联系(?:我|方式|社区|物业)|窗口|地址|网站|公众号|微信"
)
_BLAMES = re.compile(
    r"(?:是|属于)?[您你](?:们)?自(?:己|身|行)(?:的(?:原因|问题|责任)|没有?|不|造成|承担|负责|想办法|解决)|无理(?:取闹|要求"
    r"|诉求)|胡搅蛮缠|小题大做|(?:请)?(?:不要|勿|别)(?:再)?(?:重复|反复|多次)(?:投诉|反映|举报|来信)|别再(?:投诉|反映|问)|(?:居民"
    r"|业主|群众|市民)(?:自己)?(?:素质|觉悟)(?:低|差|不高|太差|有待)|[您你](?:们)?(?:不懂|没看|没有看|搞错|误解|不配合|应该早"
    r"|怎么不早|当初)|早干什么|管好自己|知足|爱信不信|随便[您你]"
)
_SENT_AWAY = re.compile(r"(?:不属于?|不归|不在|不是)(?:我|本)?[^。,!;]{0,8}(?:管|职责|职权|范围|负责|受理)")


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to look at again before an answer is sent, as a sentence somebody can act on."""

    code: str
    words: str


def check_reply(draft: str, about: Sequence[str], lexicon: Lexicon) -> tuple[Remark, ...]:
    """Remarks on `draft`, an answer to the masked demands `about`; the weightiest first, none for an answer that stands as it is."""
    plain = matching_form(draft[:_READ])
    left = _STOCK.sub(" ", plain)
    content = _NOISE.sub("", left)
    said = sum(bool(pattern.search(left)) for pattern in (_WHO, _TIME, _DONE))
    if len(content) < _SHORT and said < _SAID:
        if _STOCK.search(plain):
            return (Remark("stock", _ONLY_STOCK), *_untouched(plain, about, lexicon), *_always(draft, plain))
        return (Remark("short", "太短了，请写清谁来办、怎么办、什么时候"), *_always(draft, plain))
    # Whoever answers one demand in a line needn't name it again: 师傅明天来修.
    plainly_meant = len(about) == 1 and len(content) < _ONE_LINE
    untouched = () if plainly_meant else _untouched(plain, about, lexicon)
    return (*untouched, *_missing(plain), *_always(draft, plain))


def answered(draft: str, about: Sequence[str], lexicon: Lexicon) -> tuple[bool, ...]:
    """For each of the masked demands `about`, whether `draft` says anything to it; none of them for a draft without content."""
    plain = matching_form(draft[:_READ])
    content = _NOISE.sub("", _STOCK.sub(" ", plain))
    if not content:
        return (False,) * len(about)
    if len(about) == 1 and _SHORT <= len(content) < _ONE_LINE:
        return (True,)
    touches = _touching(plain, lexicon)
    return tuple(touches(demand) for demand in about)


def check_reason(draft: str) -> tuple[Remark, ...]:
    """Remarks on the reason of a decision, which many residents read: as `check_reply`, but a reason may be short and names no demand."""
    plain = matching_form(draft[:_READ])
    empty = _STOCK.search(plain) is not None and not _NOISE.sub("", _STOCK.sub(" ", plain))
    stock = (Remark("stock", _ONLY_STOCK),) if empty else ()
    return (*stock, *(remark for remark in _missing(plain) if remark.code == "when"), *_always(draft, plain))


def _untouched(plain: str, about: Iterable[str], lexicon: Lexicon) -> Iterator[Remark]:
    touches = _touching(plain, lexicon)
    for demand in about:
        if not touches(demand):
            title = _named(demand, lexicon)
            yield Remark("untouched", f"没有答到：{title}")


def _touching(plain: str, lexicon: Lexicon) -> Callable[[str], bool]:
    """Whether the answer, in the form that is matched, names anything of a demand; a demand without words asks for nothing."""
    words = lexicon.words_in(plain)
    problems, categories = set(lexicon.problem_words(words)), set(lexicon.category_words(words))
    grams = set(telling_grams(_STOCK.sub(" ", plain)))

    def touches(demand: str) -> bool:
        asked = matching_form(demand[:_READ])
        named = lexicon.words_in(asked)
        return not asked or (
            not problems.isdisjoint(lexicon.problem_words(named))
            or any(word in plain for word in named)
            or any(proper_part(place) in plain for place in places_in(asked) if len(proper_part(place)) > 1)
            or len(grams.intersection(telling_grams(asked))) >= _SHARED
            or (not categories.isdisjoint(lexicon.category_words(named)) and len(grams.intersection(telling_grams(asked))) > 0)
        )

    return touches


def _named(demand: str, lexicon: Lexicon) -> str:
    bare = _LINK.sub("", demand)
    return (title_for(bare, lexicon) or bare)[:_NAMED_DEMAND]


def _missing(plain: str) -> Iterator[Remark]:
    promised = _PROMISE.search(plain)
    vague = promised is not None and not _TIME.search(_LETTER_DATE.sub("", plain))
    if promised and vague:
        word = promised[0]
        yield Remark("when", f"写了“{word}”，没有写什么时候")
    if not promised and not _DONE.search(plain):
        yield Remark("what", "没有写做了什么、打算怎么办")
    if promised and not _WHO.search(_NO_ONE.sub("", plain)):
        yield Remark("who", "没有写由谁来办")
    if (vague or _SENT_AWAY.search(plain)) and not _CONTACT.search(plain):
        yield Remark("contact", "没有写居民接下来可以找谁、怎么联系")


def _always(draft: str, plain: str) -> Iterator[Remark]:
    blamed = _BLAMES.search(plain)
    if blamed:
        word = blamed[0]
        yield Remark("blame", f"“{word}”像在怪居民，换个说法")
    for kind in dict.fromkeys(span.kind for span in personal_data(draft[:_READ]) if span.kind != "landline"):
        yield Remark("personal", f"写了{KIND_NAMES[kind]}，请确定本人同意公开")
