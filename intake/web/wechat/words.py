"""What the chat says: one sentence or two for each answer, in the words of the pages; links are whole addresses, since the chat has none."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import url_for

from config.workflow import WeChatRules
from intake.services.chat_answer import Answer, ChatAnswer
from intake.services.chat_link import token_of
from intake.services.receipt import token_for
from intake.web.language import translate as _
from intake.web.unit_of_work import wiring

Facts = Mapping[str, Any]


def words_of(answer: ChatAnswer) -> str:
    """The text of an answer; empty for silence. The same answer always gives the same text."""
    if answer.code is Answer.SILENT:
        return ""
    return _SAYS[answer.code](answer.facts)


def _greet(facts: Facts) -> str:
    lines = [
        _(
            "%(place)s直报点。身边的事，直接在这里说给委员听：文字、照片、语音、位置都可以，分几条发也行。说完回复“发送”，就有回执。",
            place=facts["place"],
        ),
        _("想用表单写，请打开："),
        _address("resident.form", code=facts["code"]),
        _("遇到危险请直接打 110、119、120。"),
    ]
    if facts.get("asked"):
        lines.insert(0, _("公开征题：%(question)s", question=facts["asked"]))
    if facts["waiting_at"]:
        lines.insert(
            -3,
            _(
                "您在%(place)s说的还没送出：%(minutes)s 分钟不说话就自动送出，和这里分开。",
                place=facts["waiting_at"],
                minutes=_rules().pause_minutes,
            ),
        )
    return _lines(*lines)


def _find(_facts: Facts) -> str:
    return _lines(
        _("身边的事，直接在这里说给委员听。扫一下社区墙上的“直报点”二维码，就知道您在哪个社区；没有二维码也可以先说，再选社区。"),
        _("也可以打开："),
        _address("public.home"),
        _("遇到危险请直接打 110、119、120。"),
    )


def _first(facts: Facts) -> str:
    return _lines(
        facts["advice"],
        _("好，在%(place)s记下了。接着说，照片、语音、位置都可以。", place=facts["place"]),
        _("说完回复“发送”；%(minutes)s 分钟不说话也会自动送出。不想发了就回复“不发了”。", minutes=_rules().pause_minutes),
        _("要改文字、留电话，请打开："),
        _draft_address(facts),
    )


def _noted(_facts: Facts) -> str:
    return _("好，都记下了。说完回复“发送”；%(minutes)s 分钟不说话也会自动送出。", minutes=_rules().pause_minutes)


def _words_wanted(facts: Facts) -> str:
    seen = _("位置收到了。") if facts["is_place"] else _("照片收到了。")
    return _lines(
        seen + _("请再说一句：是什么事、多久了。"),
        _("只有照片或位置不会自动送出，%(days)s 天没有下文就清除。", days=_rules().draft_days),
        _("也可以打开表单写："),
        _draft_address(facts),
    )


def _elsewhere(facts: Facts) -> str:
    return str(facts["advice"])


def _choose(facts: Facts) -> str:
    lines: list[str] = []
    if facts["closed"]:
        lines.append(_closed_words(facts["closed"], facts["closed_note"]))
        lines.append(_("您说的都留着。请选一个别的直报点："))
    else:
        lines.append(_("请选您说的事在哪个社区，说的话都留着："))
    if not facts["points"]:
        return _lines(lines[0], _("现在没有别的直报点可选。请到社区服务台说。"))
    lines += [f"{number}. {name} {parent}".rstrip() for number, (name, parent) in enumerate(facts["points"], start=1)]
    lines.append(_("回复数字，或写社区的名字。"))
    if facts["more"]:
        lines.append(_("没有您的社区，回复“换一批”。"))
    return _lines(*lines)


def _chosen(facts: Facts) -> str:
    if not facts["says"]:
        return _("好，到%(place)s。请说一句是什么事，照片、语音也可以。", place=facts["place"])
    return _lines(
        _("好，送到%(place)s。还可以接着说。", place=facts["place"]),
        _("说完回复“发送”；%(minutes)s 分钟不说话也会自动送出。", minutes=_rules().pause_minutes),
        _("要改文字、留电话，请打开："),
        _draft_address(facts),
    )


def _closed(facts: Facts) -> str:
    return _closed_words(facts["place"], facts["closed_note"])


def _closed_words(place: str, note: str) -> str:
    return note or _("%(place)s直报点暂时不收件，可以到社区服务台说。", place=place)


def _sent(facts: Facts) -> str:
    return _lines(
        _("已收到，回执号 %(number)s。", number=facts["number"]),
        _("委员一般在 2 个工作日内看到。随时看办到哪一步："),
        _receipt_address(facts),
    )


def _already_sent(facts: Facts) -> str:
    return _lines(
        _("刚才已经送出了，回执号 %(number)s：", number=facts["number"]),
        _receipt_address(facts),
        _("不想要了，打开它，点“撤回”。"),
    )


def _nothing_yet(_facts: Facts) -> str:
    return _("您还没有说什么。直接写一句：在哪里、什么事。")


def _dropped(_facts: Facts) -> str:
    return _("好，刚才说的没有送出，今晚清除。想说的时候接着写就行。")


def _mine(_facts: Facts) -> str:
    return _lines(_("您说过的事、办到哪一步，都在这里："), wiring().settings.base_url + "/mine")


def _help(_facts: Facts) -> str:
    return _lines(
        _("直接说：在哪里、什么事、多久了。文字、照片、语音、位置都可以，分几条发也行。"),
        _("“发送”：送出，得到回执。%(minutes)s 分钟不说话也会自动送出。", minutes=_rules().pause_minutes),
        _("“不发了”：刚才说的不要了。"),
        _("“换社区”：换一个直报点。"),
        _("“我的”：看说过的事办到哪一步。"),
        _("遇到危险请直接打 110、119、120。"),
    )


def _cure(facts: Facts) -> str:
    return str(facts["words"])


def _too_long(facts: Facts) -> str:
    return _("一次最多 %(most)s 个字，这一条没有收进去。请先回复“发送”，把前面说的送出，再发这一条；太长就分成两条。", most=facts["most"])


def _too_much(facts: Facts) -> str:
    if facts["photos"]:
        return _("一次最多 %(most)s 张照片，这一张没有收进去。请先回复“发送”，再发它。", most=facts["photos"])
    return _("这一次说得很多了，这一条没有收进去。请先回复“发送”，再发这一条。")


def _too_often(_facts: Facts) -> str:
    return _("一小时里说得太多了，这一条没有收下，请过一小时再发。着急的话请打电话或到社区服务台说。")


_SAYS: dict[Answer, Callable[[Facts], str]] = {
    Answer.GREET: _greet,
    Answer.FIND: _find,
    Answer.FIRST: _first,
    Answer.NOTED: _noted,
    Answer.WORDS_WANTED: _words_wanted,
    Answer.ELSEWHERE: _elsewhere,
    Answer.CHOOSE: _choose,
    Answer.CHOSEN: _chosen,
    Answer.CLOSED: _closed,
    Answer.SENT: _sent,
    Answer.ALREADY_SENT: _already_sent,
    Answer.NOTHING_YET: _nothing_yet,
    Answer.DROPPED: _dropped,
    Answer.MINE: _mine,
    Answer.HELP: _help,
    Answer.CURE: _cure,
    Answer.TOO_LONG: _too_long,
    Answer.TOO_MUCH: _too_much,
    Answer.TOO_OFTEN: _too_often,
}
"""Complete over Answer, save silence."""


def _rules() -> WeChatRules:
    return wiring().workflow.wechat


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _address(endpoint: str, **values: Any) -> str:
    return wiring().settings.base_url + url_for(endpoint, **values)


def _draft_address(facts: Facts) -> str:
    token = token_of(wiring().vault, facts["draft"], bytes.fromhex(facts["salt"]))
    return _address("resident.form", code=facts["code"], draft=token)


def _receipt_address(facts: Facts) -> str:
    number = facts["number"]
    return _address("resident.receipt", number=number, token=token_for(wiring().vault, number, bytes.fromhex(facts["salt"])))
