import datetime as dt

import pytest

from config.taxonomy import default_taxonomy
from workers.triage.message import Finding, Message
from workers.triage.pipeline import default_pipeline

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def found(text: str) -> Finding:
    return default_pipeline(default_taxonomy())(Message(text, 1, (), NOW), Finding())


@pytest.mark.parametrize(
    "text",
    [
        # Danger to life is an emergency, whatever else the message says.
        "紫薇苑5栋着火了",
        "楼道有燃气味，很重！！快来人",
        "煤气泄漏了怎么办啊",
        "有人落水了，在白鹭洲桥下",
        "有老人昏迷在门口",
        "有人触电倒地",
        "围墙坍塌压了人",
        "电梯里有小孩被困",
        "充电棚起火，冒浓烟",
        # Another thing denied doesn't take it away.
        "没有人管，配电箱已经冒烟了",
    ],
)
def test_danger_to_life_is_an_emergency_and_says_why(text: str) -> None:
    finding = found(text)
    assert finding.urgency == "emergency"
    assert finding.urgency_reasons


@pytest.mark.parametrize(
    "text",
    [
        # Denied.
        "没有着火，就是味道大",
        "电梯修好了，没人被困",
        "热水器打不着火",
        # Only feared, or long past, or practised.
        "飞线充电，担心着火",
        "万一着火了怎么跑",
        "去年夏天着火过一次",
        "社区搞了一次火灾演练",
        "一旦发生火灾，消防车进不来",
        # Told at length as an argument.
        "紫薇苑门口的车位问题反映了很多次。" * 12 + "这样下去会发生火灾的事情到处都有。",
        # Words that only look like it.
        "这是老人的救命钱",
        "被困扰了很久",
        "落水管裂了",
        "不小心接触电动车的泥",
    ],
)
def test_danger_denied_feared_or_past_raises_no_alarm(text: str) -> None:
    assert found(text).urgency != "emergency"


@pytest.mark.parametrize(
    "text", ["我妈昨晚差点摔了", "电线杆漏电", "门口积水到膝盖", "下水道堵了", "有个老人天天爬六楼", "飞线充电，担心着火"]
)
def test_what_may_hurt_somebody_is_soon(text: str) -> None:
    assert found(text).urgency == "soon"


def test_an_everyday_wish_is_normal() -> None:
    assert found("图书室能不能晚上也开").urgency == "normal"
