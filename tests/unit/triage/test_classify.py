import datetime as dt

import pytest

from config.taxonomy import default_taxonomy
from workers.triage.message import Finding, Message
from workers.triage.pipeline import default_pipeline
from workers.triage.stages.classify import CATEGORY_AT


def found(text: str) -> Finding:
    return default_pipeline(default_taxonomy())(Message(text, 1, (), dt.datetime(2026, 3, 2, tzinfo=dt.UTC)), Finding())


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("幸福里3栋楼下的路灯坏了", "street-lights"),
        # The longer word hides the shorter: this is no broken lift.
        ("紫薇苑3栋想加装电梯", "lift-addition"),
        ("听松大厦电梯又坏了", "lift-safety"),
        ("双井路搅拌站夜间生产扰民", "noise"),
        ("星汇城三期工地拖欠工资三个月", "jobs-and-pay"),
        # Traditional characters and full width are read all the same.
        ("幸福里的路燈壞了", "street-lights"),
    ],
)
def test_a_short_message_gets_its_category_and_the_words_for_it(text: str, category: str) -> None:
    finding = found(text)
    assert finding.category == category
    assert 0.4 <= finding.category_confidence <= 1
    assert all(reason.words.startswith("提到：") for reason in finding.category_reasons)


@pytest.mark.parametrize("text", ["", "你好", "谢谢你们", "路灯和垃圾"])
def test_without_evidence_or_with_a_tie_it_says_nothing(text: str) -> None:
    finding = found(text)
    assert finding.category is None
    assert finding.category_confidence < CATEGORY_AT
    assert finding.category_reasons == ()
