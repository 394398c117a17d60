"""One way of writing for matching; the text as written is kept elsewhere."""

import re
import unicodedata

MAX_CHARACTERS = 4_000
"""What is matched; a longer text is kept whole and redacted whole, but nobody's matter needs more words than these."""

# Characters that people with a traditional keyboard write about a neighbourhood: for matching only, so a table is enough.
_TRADITIONAL = (
    "區樓燈電車門黃聲廣場廠鄉長馬鳥魚麥龍齊請說話讓誰許設訴語調議費買賣貴賬趕踐軌軟較輛輪轉運過還這進遠違適選鄰醫醬釋針鐘鎖錢錯鐵開間問聞關陽陰階隊際陸險隨難雜雞離霧靜頂項順須頭題額風飛飯館騎鬧點黨應當會來"
    "個們備傷傳價億優兒內兩凍淨劃則剛創動務勞勢辦協單壓厲參雙發變員嗎嘔噴圍園圖圓團塊壞壘處夠孫學寧實審寫寬對專尋導層島師帶幫庫廁廢張彎彈歸錄徹憂總戲戶掃撲擋擠據換損搖搶攔擾斷時曬條楊極構槍樣樹橋機檢權歡歲"
    "殘氣決沒溝滅滿漲潔濕燒煙熱爐爭牆獨環產畢療瘋監盤確碼礙禮種積穩窮竊競節築簽糧糾紅級紙細終組結給統經綠網緊線練縣縮績續罰羅職聯聽腦臟臨舊舉藥蘭蟲衛補裝裡製觀規視覺計訂記棟號後臺鋪髒嚴縫護欄漿搗"
)
_SIMPLIFIED = (
    "区楼灯电车门黄声广场厂乡长马鸟鱼麦龙齐请说话让谁许设诉语调议费买卖贵账赶践轨软较辆轮转运过还这进远违适选邻医酱释针钟锁钱错铁开间问闻关阳阴阶队际陆险随难杂鸡离雾静顶项顺须头题额风飞饭馆骑闹点党应当会来"
    "个们备伤传价亿优儿内两冻净划则刚创动务劳势办协单压厉参双发变员吗呕喷围园图圆团块坏垒处够孙学宁实审写宽对专寻导层岛师带帮库厕废张弯弹归录彻忧总戏户扫扑挡挤据换损摇抢拦扰断时晒条杨极构枪样树桥机检权欢岁"
    "残气决没沟灭满涨洁湿烧烟热炉争墙独环产毕疗疯监盘确码碍礼种积稳穷窃竞节筑签粮纠红级纸细终组结给统经绿网紧线练县缩绩续罚罗职联听脑脏临旧举药兰虫卫补装里制观规视觉计订记栋号后台铺脏严缝护栏浆捣"
)
_TO_SIMPLIFIED = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
_SPACE = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\ufeff]+")
_REPEATED = re.compile(r"([^\w\s])\1+")


def matching_form(text: str) -> str:
    """`text` in NFKC, small letters and simplified characters, with single spaces and single punctuation; idempotent."""
    folded = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).lower().translate(_TO_SIMPLIFIED)
    # Small letters can undo NFKC (İ becomes i with a combining dot), hence the second pass.
    folded = unicodedata.normalize("NFKC", folded)[:MAX_CHARACTERS]
    return _REPEATED.sub(r"\1", _SPACE.sub(" ", folded)).strip()
