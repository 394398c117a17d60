"""公开征题: asked, published, closed, and told what became of it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound, PointClosed
from intake.domain.granting import require
from intake.domain.open_call import (
    BACKGROUND_MAX,
    QUESTION_MAX,
    RESULT_MAX,
    TITLE_MAX,
    CallStage,
    OpenCallAction,
    OpenCallState,
)
from intake.domain.permission import Permission
from intake.domain.point import PointKind
from intake.domain.release import untellable
from intake.domain.submission import Channel
from intake.domain.text import clean, clean_line
from intake.models import Area, IntakePoint, OpenCall
from intake.queries.open_call import CallView, call_at, today_at
from intake.queries.point import PointView
from intake.services.audit import record
from intake.services.place import new_code
from intake.services.release import office_numbers
from intake.services.transition import begin, move


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What staff write; days are in Shanghai, `closes_on` is the last one."""

    title: str
    question: str
    background: str
    area_id: int
    opens_on: date | None
    closes_on: date | None


@dataclass(frozen=True, slots=True)
class Calling:
    """What every act on a stored call carries; `version` is the one on the person's screen."""

    actor: Actor
    call_id: int
    version: int
    at: datetime


def create_call(session: Session, facts: CallFacts, *, actor: Actor, at: datetime) -> OpenCall:
    """A draft with a point of its own, of kind event, so that its poster can be printed before it is published.

    Raises InvalidInput naming the field, Forbidden outside the actor's areas.
    """
    area, opens_on, closes_on = _place(session, actor, facts.area_id), *_days(facts, today=today_at(at))
    assert area.district_id is not None
    title, question, background = _written(session, facts, district_id=area.district_id)
    point = IntakePoint(
        district_id=area.district_id,
        area_id=area.id,
        kind=PointKind.EVENT,
        name=title,
        code=new_code(),
        version=1,
        created_at=at,
    )
    # Who may ask a question may have it a code: POINTS_MANAGE is for the walls.
    begin(session, point, actor=actor, at=at)
    record(session, actor=actor, district_id=point.district_id, action="point.create", noun="point", entity_id=point.id, at=at)
    call = OpenCall(
        district_id=area.district_id,
        area_id=area.id,
        point_id=point.id,
        title=title,
        question=question,
        background=background,
        opens_on=opens_on,
        closes_on=closes_on,
        result_words="",
        created_by=actor.user_id,
        version=1,
        created_at=at,
    )
    begin(session, call, actor=actor, at=at)
    _note(session, call, actor=actor, act="create", at=at)
    return call


def edit_call(session: Session, calling: Calling, facts: CallFacts) -> OpenCall:
    """Write a draft anew; what residents have read isn't changed under their eyes (Conflict)."""
    call, _ = _lock(session, calling)
    if call.state is not OpenCallState.DRAFT:
        raise Conflict("已经发布的征题不能再改。写错了可以截止它，再建一个新的。")
    area = _place(session, calling.actor, facts.area_id)
    opens_on, closes_on = _days(facts, today=today_at(calling.at))
    call.title, call.question, call.background = _written(session, facts, district_id=call.district_id)
    call.area_id, call.opens_on, call.closes_on = area.id, opens_on, closes_on
    call.version += 1
    point = session.get_one(IntakePoint, call.point_id, with_for_update={"key_share": True})
    point.name, point.area_id = call.title, area.id
    point.version += 1
    _note(session, call, actor=calling.actor, act="edit", at=calling.at)
    session.flush()
    return call


def publish_call(session: Session, calling: Calling) -> None:
    """Everybody can read it from now on, and answer from its first day."""
    call, path = _lock(session, calling)
    if call.closes_on < today_at(calling.at):
        raise InvalidInput("最后一天已经过了，请先改日期，再发布。", field="closes_on")
    _moved(session, call, calling, OpenCallAction.PUBLISH, path)


def close_call(session: Session, calling: Calling) -> None:
    """It takes no more answers, whatever its last day says."""
    call, path = _lock(session, calling)
    _moved(session, call, calling, OpenCallAction.CLOSE, path)


def report_call(session: Session, calling: Calling, *, words: str) -> None:
    """Tell everybody what came in and what became of it; InvalidInput (field `words`) for personal data in it. A call still open is over."""
    call, path = _lock(session, calling)
    text = _long(words, limit=RESULT_MAX, field="words")
    if not text:
        raise InvalidInput("请写清收到了什么、怎么办的，大家会看到。", field="words")
    _holds_nobody(session, text, district_id=call.district_id, field="words")
    call.result_words = text
    _moved(session, call, calling, OpenCallAction.REPORT, path)


def answered_call(session: Session, point: PointView, channel: Channel, *, at: datetime) -> int | None:
    """The call that a message at `point` answers; None for any other message. PointClosed for a form sent outside the call's days.

    What was said in the chat, or written on paper, is never refused for the day it arrives: after the last day it still is an answer. Who
    joins another matter from here (附议) answers nothing.
    """
    call = call_at(session, point, at=at) if channel is not Channel.ENDORSEMENT else None
    if call is None:
        return None
    if channel is Channel.FORM and call.stage is not CallStage.RUNNING:
        raise PointClosed(closed_words(call))
    return call.id if call.stage in {CallStage.RUNNING, CallStage.OVER} else None


def closed_words(call: CallView) -> str:
    """Why a call that isn't running takes nothing, and what to do."""
    if call.stage is None:
        return "这里还没有开始征集。有话要说，可以扫社区墙上的码，或到社区服务台说。"
    if call.stage is CallStage.COMING:
        return f"还没开始，{call.opens_on.month} 月 {call.opens_on.day} 日起可以提交。写的内容还在，可以先留着。"
    return "这次征集已经截止。想说的事可以扫社区墙上的码，照样有人看、有回执。"


def _lock(session: Session, calling: Calling) -> tuple[OpenCall, str]:
    call = session.scalars(
        select(OpenCall).where(OpenCall.id == calling.call_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if call is None or call.district_id != calling.actor.district_id:
        raise NotFound("没有这个征题，或者不在您的区。")
    path = session.get_one(Area, call.area_id).path
    require(calling.actor, Permission.OPEN_CALL_MANAGE, area_path=path)
    if call.version != calling.version:
        raise Conflict("这个征题刚刚有人改过。您写的还在框里，请先看看现在的样子。")
    return call, path


def _moved(session: Session, call: OpenCall, calling: Calling, action: OpenCallAction, path: str) -> None:
    move(session, call, action, actor=calling.actor, at=calling.at, area_path=path)
    _note(session, call, actor=calling.actor, act=action.value, at=calling.at)
    session.flush()


def _place(session: Session, actor: Actor, area_id: int) -> Area:
    area = session.get(Area, area_id)
    if area is None or area.district_id is None or area.district_id != actor.district_id:
        raise InvalidInput("没有这个区域，请重新选择。", field="area")
    require(actor, Permission.OPEN_CALL_MANAGE, area_path=area.path)
    return area


def _days(facts: CallFacts, *, today: date) -> tuple[date, date]:
    if facts.opens_on is None:
        raise InvalidInput("请选从哪天开始。", field="opens_on")
    if facts.closes_on is None:
        raise InvalidInput("请选最后一天，让大家知道什么时候截止。", field="closes_on")
    if facts.closes_on < facts.opens_on:
        raise InvalidInput("最后一天比第一天还早，请改一下。", field="closes_on")
    if facts.closes_on < today:
        raise InvalidInput("最后一天已经过了，请改成今天以后。", field="closes_on")
    return facts.opens_on, facts.closes_on


def _written(session: Session, facts: CallFacts, *, district_id: int) -> tuple[str, str, str]:
    title = clean_line(facts.title, limit=TITLE_MAX, field="title")
    if not title:
        raise InvalidInput("请起个名字，海报上也印它，例如“菜场怎么改”。", field="title")
    question = clean_line(facts.question, limit=QUESTION_MAX, field="question")
    if not question:
        raise InvalidInput("请写想问大家的那一句话。", field="question")
    background = _long(facts.background, limit=BACKGROUND_MAX, field="background")
    for field, text in (("title", title), ("question", question), ("background", background)):
        _holds_nobody(session, text, district_id=district_id, field=field)
    return title, question, background


def _long(raw: str, *, limit: int, field: str) -> str:
    text = clean(raw).text
    if len(text) > limit:
        raise InvalidInput(f"最多 {limit} 个字，多了 {len(text) - limit} 个。", field=field)
    return text


def _holds_nobody(session: Session, text: str, *, district_id: int, field: str) -> None:
    found = untellable(text, offices=office_numbers(session, district_id)) if text else ()
    if found:
        raise InvalidInput(f"还不能公开，里面有{'、'.join(found)}。请改掉再公开。", field=field)


def _note(session: Session, call: OpenCall, *, actor: Actor, act: str, at: datetime) -> None:
    record(session, actor=actor, district_id=call.district_id, action=f"open_call.{act}", noun="open_call", entity_id=call.id, at=at)
