"""Screen words for codes: categories, urgencies, channels, routes, roles; and sentences of the tables in the page's language."""

from collections.abc import Iterable
from pathlib import Path

from flask import Flask, current_app

from config.taxonomy import default_taxonomy
from intake.domain.activity import ACTIVITY_NAMES
from intake.domain.assisted import CONSENT_NAMES, SPOKEN_BY_NAMES
from intake.domain.bulletin import CONVERSION_NAMES
from intake.domain.capture import HEARD_AT, REPORT_OF_NAMES
from intake.domain.elsewhere import DANGERS, ELSEWHERE_NAMES
from intake.domain.member_group import GROUP_KIND_NAMES
from intake.domain.open_call import CALL_STAGE_NAMES
from intake.domain.outcome import VERDICT_NAMES
from intake.domain.permission import ROLE_NAMES
from intake.domain.referral import ENTRY_NAMES, OUTCOME_NAMES, PAUSE_NAMES, REASON_NAMES, REFERRAL_KIND_NAMES, UNIT_NAMES
from intake.domain.submission import CHANNEL_NAMES, Urgency
from intake.domain.topic import ROUTE_NAMES, TopicAction
from intake.queries.referral_list import counted
from intake.web.chosen_person import LIST_MOST, apart, name_shown
from intake.web.language import CHINESE, chosen, translate
from intake.web.sentences import patterns, said
from intake.web.unit_of_work import wiring

URGENCY_NAMES = {Urgency.EMERGENCY: "紧急", Urgency.SOON: "较急", Urgency.NORMAL: "一般"}


ACTION_NAMES = {
    TopicAction.PROPOSE: "提交筛选",
    TopicAction.TAKE_UP: "提请筛选",
    TopicAction.APPROVE: "入库",
    TopicAction.RETURN: "退回",
    TopicAction.MERGE: "并入",
    TopicAction.UNMERGE: "撤销合并",
    TopicAction.STAND_ALONE: "撤销合并，仍为候选",
    TopicAction.SPLIT: "分出",
    TopicAction.UNSPLIT: "撤销分出",
    TopicAction.REFER: "转办",
    TopicAction.REFERRAL_RETURNED: "转办退回",
    TopicAction.REJECT: "不立项",
    TopicAction.KEEP: "留库",
    TopicAction.DROP: "出库",
    TopicAction.PLAN: "列入计划",
    TopicAction.LEAVE_PLAN: "退出计划",
    TopicAction.START_MICRO: "微协商",
    TopicAction.VERIFY: "办结",
}
"""What a person can have decided on a topic."""

_AND = "、"


def category_name(code: str | None) -> str:
    """The category's name in the page's language; 拿不准 where the machine abstained.

    Old rows keep a category that the district has removed since: it is shown by the name it has in the file that ships with the project.
    """
    if code is None:
        return translate("类别拿不准")
    for taxonomy in (wiring().taxonomy, default_taxonomy()):
        try:
            return translate(taxonomy.category(code).name)
        except KeyError:
            continue
    return translate("已停用的类别")


def translated(words: str) -> str:
    """A sentence of ours in the page's language: one from a table or an error, with its values filled in or without any.

    Several labels joined by 、 are said one by one, each with what follows it (手机号 138••••0021). Words that nobody translated stay as they
    are.
    """
    if not words or chosen() == CHINESE:
        return words
    exact = translate(words)
    if exact != words:
        return exact
    filled = said(words, patterns(Path(current_app.config["BABEL_TRANSLATION_DIRECTORIES"]), chosen()), translated)
    return _one_by_one(words) if filled is None else filled


def _one_by_one(words: str) -> str:
    labels = [label.partition(" ") for label in words.split(_AND)]
    found = [translate(label) for label, _, _ in labels]
    if any(one == label for one, (label, _, _) in zip(found, labels, strict=True)):
        return words
    return listed(one + blank + rest for one, (_, blank, rest) in zip(found, labels, strict=True))


def listed(words: Iterable[str]) -> str:
    """Several words in one line: 甲、乙; A, B in English."""
    return translate("、").join(words)


def init_labels(app: Flask) -> None:
    """Give templates the words."""
    app.jinja_env.filters["category"] = category_name
    app.jinja_env.filters["say"] = translated
    app.jinja_env.filters["listed"] = listed
    app.jinja_env.filters["counted"] = counted
    app.jinja_env.globals.update(
        people_apart=apart,
        name_shown=name_shown,
        list_most=LIST_MOST,
        actions=ACTION_NAMES,
        channels=CHANNEL_NAMES,
        routes=ROUTE_NAMES,
        roles=ROLE_NAMES,
        unit_names=UNIT_NAMES,
        referral_kinds=REFERRAL_KIND_NAMES,
        entry_names=ENTRY_NAMES,
        return_reasons=REASON_NAMES,
        pause_reasons=PAUSE_NAMES,
        outcomes=OUTCOME_NAMES,
        verdicts=VERDICT_NAMES,
        urgencies=URGENCY_NAMES,
        elsewhere_names=ELSEWHERE_NAMES,
        dangers=DANGERS,
        spoken=SPOKEN_BY_NAMES,
        consents=CONSENT_NAMES,
        report_of_names=REPORT_OF_NAMES,
        heard_at=HEARD_AT,
        activity_names=ACTIVITY_NAMES,
        call_stages=CALL_STAGE_NAMES,
        conversion_names=CONVERSION_NAMES,
        group_kinds=GROUP_KIND_NAMES,
    )
