"""Chinese surnames, for names that people introduce themselves by."""

_ONE = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟"
    "熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚"
    "符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧阳管柴蒙鲍华喻祁房滕屈饶解牟艾尤时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席"
)
_TWO = ["欧阳", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "夏侯", "端木", "左丘"]

SURNAME = f"(?:{'|'.join(_TWO)}|[{''.join(dict.fromkeys(_ONE))}])"
"""A pattern for one surname."""

_ALSO_WORDS = frozenset("于和从都应向时强高常曾经全安方明白成容万连单关解管尚任文路华费包农冷严易车项党宫")
PLAIN_SURNAME = f"(?:{'|'.join(_TWO)}|[{''.join(c for c in dict.fromkeys(_ONE) if c not in _ALSO_WORDS)}])"
"""As SURNAME, without those that are also everyday words (于 向 曾 常 …)."""

COMMON_SURNAME = "[王李张刘陈杨赵黄周吴徐孙胡朱郭何罗宋郑谢韩唐冯邓曹彭肖田董袁潘蒋蔡杜魏吕沈姚卢姜崔钟谭汪廖贾夏韦邹孟熊秦邱尹薛侯邵]"
"""The most frequent of those that begin hardly any everyday word: for names that nothing but their place introduces."""
