"""Screen words for codes: categories, urgencies, channels, routes, roles."""

from flask import Flask

from intake.domain.permission import ROLE_NAMES
from intake.domain.submission import CHANNEL_NAMES, Urgency
from intake.domain.topic import ROUTE_NAMES, TopicAction
from intake.web.language import translate
from intake.web.unit_of_work import wiring

URGENCY_NAMES = {Urgency.EMERGENCY: "紧急", Urgency.SOON: "较急", Urgency.NORMAL: "一般"}


ACTION_NAMES = {
    TopicAction.PROPOSE: "提交筛选",
    TopicAction.TAKE_UP: "提请筛选",
    TopicAction.APPROVE: "入库",
    TopicAction.RETURN: "退回",
    TopicAction.MERGE: "并入",
    TopicAction.UNMERGE: "撤销合并",
    TopicAction.REFER: "转办",
    TopicAction.REJECT: "不立项",
    TopicAction.PLAN: "列入计划",
    TopicAction.START_MICRO: "微协商",
    TopicAction.VERIFY: "办结",
}
"""What a person can have decided on a topic."""


def category_name(code: str | None) -> str:
    """The category's name in the page's language; 拿不准 where the machine abstained."""
    if code is None:
        return translate("类别拿不准")
    try:
        return translate(wiring().taxonomy.category(code).name)
    except KeyError:
        return code  # a category the district has removed since; old rows keep theirs


def translated(words: str) -> str:
    """A sentence that stands in a domain table, in the page's language."""
    return translate(words) if words else ""


def init_labels(app: Flask) -> None:
    """Give templates the words."""
    app.jinja_env.filters["category"] = category_name
    app.jinja_env.filters["say"] = translated
    app.jinja_env.globals.update(
        actions=ACTION_NAMES, channels=CHANNEL_NAMES, routes=ROUTE_NAMES, roles=ROLE_NAMES, urgencies=URGENCY_NAMES
    )
