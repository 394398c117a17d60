"""Messages that are no matter for anybody: gibberish, advertising, abuse. What is found is held back for a person, never deleted."""

import re
from collections import Counter
from dataclasses import dataclass

from intake.domain.held import Held
from intake.domain.language.danger import danger_in
from intake.domain.language.lexicon import Lexicon
from intake.domain.language.matching_form import matching_form
from intake.domain.language.places import places_in


@dataclass(frozen=True, slots=True)
class Holding:
    """A kind and what speaks for it, quoted."""

    kind: Held
    words: tuple[str, ...]


_READ = 1_000
_NO_LETTER = re.compile(r"[\W_]+")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LATIN = re.compile(r"[a-z]+")
_TRIAL = re.compile(
    r"(?:这是|我)?(?:测试|试试|试一下|测一下|test(?:ing)?|hello|你好|您好|在吗|哈喽|hi)+(?:一下|消息|信息|数据|用|看看|\d|[一二三])*"
)
_AGAIN = re.compile(r"(.{1,12}?)\1{3,}")
_MASH = re.compile(
    r"asdf|sdfg|dfgh|fghj|ghjk|hjkl|qwer|wert|erty|rtyu|tyui|yuio|uiop|zxcv|xcvb|cvbn|vbnm|jkl;|lkjh|fdsa|[bcdfghjklmnpqrstvwxz]{6,}"
)
_HAN_MASH = re.compile(
    r"阿斯顿|阿斯蒂芬|阿萨德|撒地方|斯蒂芬|发斯蒂|水电费水电费|啊实打实|阿斯达|撒打算|的风格的|啊手动阀|规划局规划局|法规和"
)
_LONG_TRIAL = 20
_SHORTEST_REPEATED, _FEW_LETTERS = 4, 16
"""Repetition is looked for only where few different characters stand: any sentence has more."""

_OFFERS = re.compile(
    r"代开.{0,6}发票|开(?:各种|各类)?发票.{0,6}(?:联系|加|微|电)|办证刻章|刻章办证|办理各(?:类|种)(?:证件|文凭)|无抵押.{0,4}贷"
    r"|无需抵押|低息贷款|信用贷款|小额贷款.{0,8}(?:秒|当天|到账|联系)|"
    r"(?:当天|秒|极速)(?:放款|到账|下款)|征信不好.{0,6}(?:办|贷|下)|信用卡(?:套现|提额|代还)|花呗套现|刷单|兼职.{0,6}(?:日结"
    r"|日赚|在家)|日(?:入|赚)(?:过)?[\d一二三四五六七八九十百千]+|月入过?万|轻松赚|躺赚|稳赚|包赔|内部股票|荐股|带单|"
    r"(?:棋牌|彩票|博彩|六合彩|赌场).{0,8}(?:注册|送|上线|平台|网址)|首充|注册(?:即|就)?送|点击(?:链接|领取|注册)|免费领取"
    r"|领红包|限时(?:优惠|特价|抢购)|全场.{0,4}折|厂家直销|量大从优|货到付款|支持货到|一手货源|招(?:代理|加盟)|诚招|高价回收"
    r"|专业(?:疏通|开锁|搬家|防水|灭鼠|清洗)|"
    r"上门(?:服务|按摩|疏通|回收)|丰胸|壮阳|减肥(?:茶|药)|包(?:过|治)|祖传(?:秘方)?|考研押题|代(?:写|考|孕|购)|女大学生|同城(?:约"
    r"|交友)|楼盘开盘|均价\d|首付仅?\d|学区房.{0,6}(?:急售|出售|诚意)|[出转](?:租|售).{0,10}(?:联系|电话|微信)"
)
_CONTACT = re.compile(
    r"(?:加|\+|联系|咨询|添加)(?:我)?(?:的)?(?:微信?|薇|威信|v信?|vx|wx|qq|扣扣|企鹅)|(?:微信|薇信|vx|wx|v信|qq|扣扣)(?:号"
    r"|同号)?[::]?\s*(?:[a-z0-9][\w-]{4,}|[•a-z0-9])|扫码(?:加|领|进|入)|详[询谈]|联系电话|电话(?:同微信)?[::]?\s*[\d•]{3,}"
    r"|热线[::]?\s*[\d•]{3,}|1\d{2}[\d•]{8}|https?://|www\.|[a-z0-9-]+\.(?:com|cn|net|top|xyz|vip|cc|club|shop)\b|私信|进群"
    r"|客服"
)
_COMPLAINS = re.compile(
    r"小广告|牛皮癣|贴满|乱贴|张贴|到处(?:贴|是|发)|发传单|骚扰|推销|举报|投诉|被骗|骗了|骗子|诈骗|清理|管管|管一管|太多|没人管"
    r"|希望|建议|反映|请(?:社区|有关|相关|政府)|怎么(?:办|申请)|能不能|什么时候|不给退|跑路|忽悠|政府|市民|百姓|领导|书记|市长"
)
_INSULTS = re.compile(
    r"傻[逼比b叉x]|煞笔|沙比|沙雕|(?<![a-z])s[\s.]?b(?![a-z])|(?<![a-z])nmsl|(?<![a-z])(?:tmd|cnm|wcnm|rnm)(?![a-z])|操你|草你"
    r"|艹你|日你|去你(?:妈|大爷)|你妈(?:的|逼|死)|他妈的?|妈的|狗(?:东西|日的|官|娘养|杂种)|王八蛋|龟孙|畜生|杂种|混蛋|人渣"
    r"|败类|废物|蠢货|猪脑|脑残|弱智|白痴|贱人|婊子|垃圾(?:东西|玩意儿?|政[府协]|领导|干部|单位)|滚蛋|滚(?:出去|开|回)|去死"
    r"|不得好死|全家(?:死|完蛋)|死全家|断子绝孙|吃屎|狗屁|放屁|饭桶|弄死你|打死你|等着瞧"
)
_LONG_ABUSE = 16
"""Whoever says more than this besides the insults may be telling something."""


def held_back(text: str, lexicon: Lexicon) -> Holding | None:
    """Why a written `text` should wait for a person before it is triaged; never one in which a danger is named."""
    plain = matching_form(text[:_READ])
    found = empty_or_gibberish(plain) or advertising(plain) or abuse(plain, lexicon)
    return None if found is None or danger_in(plain).now else found


def empty_or_gibberish(plain: str) -> Holding | None:
    """What character statistics say of a text, in its matching form, that nobody could act on."""
    letters = _NO_LETTER.sub("", plain)
    if not letters:
        return Holding(Held.EMPTY, ())
    if letters.isdecimal():
        return Holding(Held.GIBBERISH, (letters[:12],))
    if len(letters) <= _LONG_TRIAL and (len(letters) == 1 or _TRIAL.fullmatch(letters)):
        return Holding(Held.GIBBERISH, (letters,))
    if len(letters) >= _SHORTEST_REPEATED and len(set(letters)) <= _FEW_LETTERS and _says_little(letters):
        return Holding(Held.GIBBERISH, (letters[:3],))
    return _mash(plain, letters)


def _says_little(letters: str) -> bool:
    """The same character or the same few again and again."""
    often = Counter(letters).most_common(1)[0][1]
    if often >= 0.75 * len(letters) or len(set(letters)) <= 2 < len(letters) // 2:
        return True
    return len(letters) >= 8 and sum(len(match[0]) for match in _AGAIN.finditer(letters)) >= 0.9 * len(letters)


def _mash(plain: str, letters: str) -> Holding | None:
    """A keyboard hit at random: rows of keys, runs of consonants, or what an input method makes of them."""
    mashed = _HAN_MASH.findall(plain)
    if len(mashed) >= 2 or (mashed and len(letters) <= 12):
        return Holding(Held.GIBBERISH, tuple(mashed[:2]))
    if len(_HAN.sub("", letters)) < 0.8 * len(letters):
        return None
    words = _LATIN.findall(plain)
    wild = [word for word in words if _MASH.search(word) or (len(word) >= 4 and not set(word) & set("aeiouy"))]
    return Holding(Held.GIBBERISH, (wild[0][:12],)) if wild and sum(map(len, wild)) >= 0.5 * sum(map(len, words)) else None


def advertising(plain: str) -> Holding | None:
    """An offer with a way to reach the seller, or two offers; who complains of offers isn't meant."""
    offers = tuple(dict.fromkeys(_OFFERS.findall(plain)))
    if not offers or _COMPLAINS.search(plain):
        return None
    return Holding(Held.ADVERTISING, offers[:3]) if len(offers) >= 2 or _CONTACT.search(plain) else None


def abuse(plain: str, lexicon: Lexicon) -> Holding | None:
    """Insults and nothing that could be looked into; strong language around a matter isn't meant."""
    insults = _INSULTS.findall(plain)
    if not insults:
        return None
    rest = _INSULTS.sub(" ", plain)
    if lexicon.words_in(rest) or places_in(rest) or len(_NO_LETTER.sub("", rest)) > _LONG_ABUSE:
        return None
    return Holding(Held.ABUSE, tuple(dict.fromkeys(insults))[:3])
