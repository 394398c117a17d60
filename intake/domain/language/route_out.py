"""Which messages somebody else must or can handle sooner, by the words in them; each is accepted all the same."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from intake.domain.elsewhere import ADVICE, DANGERS, Elsewhere, phones_in
from intake.domain.language.danger import danger_in
from intake.domain.language.matching_form import matching_form

_READ = 600
"""Characters read: whoever needs to go elsewhere says so early."""

_FIRE = re.compile(r"火|烟|爆炸|气|味|泄")
_DESPAIR = re.compile(r"(?<!别)(?:跳楼(?!价|甩卖|大甩卖)|轻生|自杀|不想活|活着没意思|寻短见)(?!预防|干预)")
_VIOLENCE = re.compile(
    r"(?:正在|又在|现在|在)(?:楼下|门口|家里|外面)?(?:打人|打架|砍人|打老婆|打孩子)|(?<!我)家暴(?!征|拆|力)|持刀|砍人|绑架(?!居民|业主|民意|消费)|拐(?:走|卖)|有人(?:要|想)?杀"
)
_FALLEN = re.compile(r"塌")
_BURIED = re.compile(r"[压埋砸困]|有人|受伤|伤了")
"""A road that has sunk in wants a fence, one with somebody below it wants help at once."""
_LONG, _OPENING = 200, 60
_MEANT_FOR_OTHERS = re.compile(r"宣传|讲座|知识|培训|普及|咨询点|热线|(?:门口|旁边?|对面|附近|隔壁|后面|前面)")
"""After a word: it names a place or a lesson, not a case."""

_WORDS: Sequence[tuple[Elsewhere, re.Pattern[str]]] = (
    (
        Elsewhere.DISCIPLINE,
        re.compile(
            r"贪污|贪腐|贪官|腐败(?!变质|的?(?:味|肉|菜))|(?<!不)受贿|行贿|索贿|贿赂|吃回扣|收(?:了)?回扣|收(?:了|过)?(?:黑钱|好处费?"
            r"|红包)|好处费|吃拿卡要|以权谋私|徇私|公款(?:吃喝|旅游)"
            r"|充当?保护伞|保护伞|官商勾结|挪用公款|侵占(?:集体|公款|扶贫)|套取(?:补贴|资金|补助)|买官|违规(?:收礼|吃喝)|乱用职权|滥用职权"
        ),
    ),
    (
        Elsewhere.COURT,
        re.compile(
            r"起诉|(?<!公)开庭|一审|二审|再审|(?<!以)上诉(?!求|说|述|问|情)|强制执行|执行局|(?<!裁)判决|诉讼|打官司|法院.{0,4}(?:判"
            r"|立案|执行|拍卖|查封|传票|不受理|调解)"
            r"|法官|仲裁(?:庭|裁决|结果)|传票|失信被执行|老赖|行政复议"
        ),
    ),
    (
        Elsewhere.LABOUR,
        re.compile(
            r"(?:拖欠|欠|不发|没发|不给|压着|扣)(?:了?我?们?的?|.{0,8})(?:工资|工钱|薪水|薪资|加班费|提成|血汗钱|工程款)|工资.{0,6}(?:不给"
            r"|没发|没给|不发|拖|欠|压)|欠薪|讨薪|劳动仲裁|劳动合同"
            r"|被(?:公司|单位|老板|厂里)?(?:辞退|开除|裁员|裁)|(?:公司|单位|老板|厂里|厂子).{0,6}(?:断缴|[不没](?:给|帮)?(?:我们?|大家"
            r"|工人)?[交缴买])(?:.{0,2})(?:社保|五险|公积金|医保)|工伤(?!保险政策)"
        ),
    ),
    (Elsewhere.PETITION, re.compile(r"信访(?!局.?(?:路|站|公交))|上访|赴省|进京(?:反映|告)|越级(?:反映|告)")),
    (
        Elsewhere.CRIME,
        re.compile(
            r"(?:被|遭|让人?)(?:小?偷|盗|骗|抢|打了|打伤|敲诈|勒索|诈骗|跟踪)|(?:手机|钱包|电瓶|电动车|电瓶车|自行车|车|钱|快递).{0,3}(?:被偷"
            r"|被盗|被抢|让人偷|丢了又丢)|偷(?:电瓶|电动车|车|东西)|入室|失窃|电信诈骗|(?:聚众)?赌博|赌场|吸毒|贩毒|卖淫|嫖|传销|偷拍"
            r"|猥亵|骚扰我|威胁我|人走失|走丢|失踪"
        ),
    ),
    (
        Elsewhere.CONSUMER,
        re.compile(
            r"(?:不|没|拒绝|拒不|没法|没有|无法)(?:给|肯|能|予)?退(?:款|钱|费|卡|货|定金|押金|还)|退不了|退(?:卡|款|货|定金|押金)(?:.{0,4})(?:难"
            r"|不了|不给|不肯|没人|被拒|拖)|(?:卡|钱|费|定金|押金).{0,3}(?:退不了|不退|不给退)|"
            r"(?:店|老板|商家|健身房|理发店|培训班|机构|美容院|早教|琴行|门店|卡).{0,4}(?:跑路|卷款|关门跑|失联)|假货|假酒|假烟|缺斤"
            r"|短斤|不够秤|少秤|(?:网|直播间?)(?:上)?(?:购|买).{0,10}(?:假|坏|不退|不发货)|过期(?:食品|牛奶|面包|零食|药)|强制消费"
            r"|虚假宣传|以次充好|办.{0,4}卡.{0,8}(?:跑|关|退)|三包"
        ),
    ),
    (
        Elsewhere.NEIGHBOURS,
        re.compile(
            r"(?:邻居|楼上|楼下|对门|隔壁|亲戚|兄弟|姐妹|儿子|儿媳|女儿|老公|老婆|丈夫|妻子|前夫|前妻|朋友|房东|租客|房客|合伙人|婆婆)(?:.{0,14})"
            r"(?:纠纷|吵架|吵起来|吵了|打架|骂我|骂人|不赔|赔钱|赔偿|赔我|不还|借(?:了|我)|分家|离婚|遗产|拆迁款|不养|不赡养|不让我进"
            r"|把我赶|漏水到|漏到我家|漏水|不退押金|扣(?:了)?(?:我)?押金|说不拢|不讲理)"
            r"|借钱不还|欠钱不还|欠我.{0,6}[钱万元块]|分家产|争遗产|离婚|抚养费|赡养费|彩礼|继承|房屋租赁合同|邻里(?:纠纷|矛盾)"
        ),
    ),
    (
        Elsewhere.SERVICE,
        re.compile(
            r"(?:停水|停电|停气|没水|没电|断网|停暖|停热|没网|水|电|气|网)(?:了)?[^。!?;\n]{0,12}(?:什么时候|啥时候|几点|何时|多久"
            r"|多会儿?)(?:能|会|才|可以|才能)?(?:来|恢复|有|通|好)"
            r"|(?:什么时候|啥时候|几点|何时)(?:能|会|才|才能)?(?:来水|来电|来气|恢复供)|(?:怎么|如何|在哪里?|到哪里?|去哪里?|哪里|哪儿)(?:能"
            r"|可以|才能)?(?:办理?|申请|交|缴|预约|查询?|开)(?:$|.{0,12})"
            r"|要(?:什么|哪些|带什么|带哪些)(?:材料|证件|手续)|需要(?:什么|哪些|准备什么)(?:材料|证件|手续)?|(?:电话|号码)(?:是)?(?:多少"
            r"|几号)|(?:几点|什么时候)(?:上班|下班|开门|关门)|周[六日末].{0,4}(?:上班|办公|开门|开不开)|(?:补贴|补助|政策).{0,6}(?:还有没有"
            r"|还有吗|有没有|是什么|怎么领)"
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class RouteOut:
    """Who else is meant, the words that say so, and the sentence for the resident."""

    kind: Elsewhere
    words: tuple[str, ...]
    advice: str

    @property
    def is_danger(self) -> bool:
        """Whether minutes count."""
        return self.kind in DANGERS

    @property
    def phones(self) -> tuple[str, ...]:
        """The numbers that the advice names, in its order."""
        return phones_in(self.advice)


def route_out(text: str) -> RouteOut | None:
    """The most pressing place a written `text` should also go to; None for what belongs here alone."""
    return route_out_of(matching_form(text))


def route_out_of(normalised: str) -> RouteOut | None:
    """As `route_out`, for a text that is in its matching form already."""
    read = normalised[:_READ]
    danger = _danger(danger_in(normalised).now, read)
    if danger is not None:
        return danger
    for kind, pattern in _WORDS:
        words = tuple(dict.fromkeys(match[0] for match in pattern.finditer(read) if not _MEANT_FOR_OTHERS.match(read, match.end())))
        if words:
            return RouteOut(kind, words, ADVICE[kind])
    return None


def _danger(now: tuple[str, ...], read: str) -> RouteOut | None:
    # What a long text tells of violence and despair has mostly happened before; who needs help now says so at once.
    opening = read[:_OPENING] if len(read) > _LONG else read
    desperate = [word for word in now if _DESPAIR.search(word)] or _DESPAIR.findall(opening)
    violent = [word for word in now if _VIOLENCE.search(word)] or _VIOLENCE.findall(opening)
    burning = [word for word in now if _FIRE.search(word)]
    hurt = [word for word in now if not _FALLEN.search(word) or _BURIED.search(read)]
    for kind, words in (
        (Elsewhere.DESPAIR, desperate),
        (Elsewhere.VIOLENCE, violent),
        (Elsewhere.FIRE, burning),
        (Elsewhere.MEDICAL, hurt),
    ):
        if words:
            return RouteOut(kind, tuple(dict.fromkeys(words)), ADVICE[kind])
    return None
