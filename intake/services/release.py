"""公开内容: prepared from a topic by staff, released by named staff, withdrawn with a reason (先审后发)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.release import (
    DEFAULT_KINDS,
    EDITABLE,
    TITLE_MAX,
    WORDS_MAX,
    ReleaseAction,
    ReleaseKind,
    WithdrawReason,
    digits,
    untellable,
)
from intake.domain.text import clean, clean_line
from intake.domain.topic import TopicState
from intake.models import Area, Contributor, Department, DistrictProfile, IntakePoint, Release, Submission, Topic
from intake.services.audit import record
from intake.services.transition import begin, move

QUOTE_LENGTH = 12
"""From this many characters on, the same words in the same order are a quotation and not a coincidence."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What staff wrote: for whose page, what kind, and the words."""

    kind: ReleaseKind
    area_id: int
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Releasing:
    """What every act on a stored release carries; `version` is the one on the person's screen."""

    actor: Actor
    release_id: int
    version: int
    at: datetime


def prepare(session: Session, draft: Draft, *, actor: Actor, topic_id: int, at: datetime) -> Release:
    """A draft for `topic_id`, which nobody outside reads yet.

    Raises NotFound for another district's topic, Forbidden outside the actor's areas, InvalidInput naming the field, Conflict when the
    topic stands where nothing is told of it.
    """
    topic = session.get(Topic, topic_id)
    if topic is None or topic.district_id != actor.district_id:
        raise NotFound("没有这个议题，或者不在您的区。")
    may_prepare(session, actor, topic)
    _must_be_tellable(topic)
    area = _place(session, topic, draft.area_id)
    title, words = _written(draft)
    assert actor.user_id is not None
    release = Release(
        district_id=topic.district_id,
        topic_id=topic.id,
        area_id=area.id,
        kind=draft.kind,
        title=title,
        words=words,
        people=0,
        prepared_by=actor.user_id,
        version=1,
        created_at=at,
    )
    begin(session, release, actor=actor, at=at)
    _note(session, release, actor=actor, act="prepare", at=at, topic=topic.id, kind=draft.kind.value, area=area.id)
    return release


def edit(session: Session, releasing: Releasing, draft: Draft) -> None:
    """Write it anew: whoever does is its author from then on.

    A released text isn't changed in place (Conflict): it is withdrawn, mended and released again, so that every text the public read was
    let out by somebody who saw it as it was.
    """
    release = locked_release(session, releasing)
    topic = session.get_one(Topic, release.topic_id)
    may_prepare(session, releasing.actor, topic)
    if release.state not in EDITABLE:
        raise Conflict("已经公开的内容不能直接改。请先撤下，改好再公开；您写的内容还在下面。")
    area = _place(session, topic, draft.area_id)
    release.title, release.words = _written(draft)
    release.kind, release.area_id = draft.kind, area.id
    assert releasing.actor.user_id is not None
    release.prepared_by = releasing.actor.user_id
    release.version += 1
    _note(session, release, actor=releasing.actor, act="edit", at=releasing.at, kind=draft.kind.value, area=area.id)
    session.flush()


def publish(session: Session, releasing: Releasing, *, second_person: bool) -> None:
    """Let the public read it, with the number of submissions behind its topic now.

    Raises Forbidden outside the actor's areas, or for its own author where `second_person` must release; InvalidInput (field `title` or
    `words`) naming the personal data it still holds, or when it quotes a resident.
    """
    release = locked_release(session, releasing)
    area = session.get_one(Area, release.area_id)
    if not releasing.actor.may(Permission.RELEASE_PUBLISH, area_path=area.path):
        raise Forbidden(f"“{area.name}”的公开内容要由负责那里的工作人员审核。")
    if second_person and release.prepared_by == releasing.actor.user_id:
        raise Forbidden("本区规定拟稿和审核不能是同一个人，请另一位同事审核公开。")
    topic = session.get_one(Topic, release.topic_id)
    _must_be_tellable(topic)
    _holds_nobody(session, release)
    move(session, release, ReleaseAction.PUBLISH, actor=releasing.actor, at=releasing.at, area_path=area.path)
    release.people = topic.confirmed_count
    release.released_by, release.released_at = releasing.actor.user_id, releasing.at
    _note(session, release, actor=releasing.actor, act="publish", at=releasing.at, kind=release.kind.value, area=area.id)
    session.flush()


def withdraw(session: Session, releasing: Releasing, *, reason: WithdrawReason) -> None:
    """Take it down, or give a draft up; the public reads it no more from the commit on."""
    release = locked_release(session, releasing)
    area = session.get_one(Area, release.area_id)
    move(session, release, ReleaseAction.WITHDRAW, actor=releasing.actor, at=releasing.at, area_path=area.path, reason_code=reason.value)
    _note(session, release, actor=releasing.actor, act="withdraw", at=releasing.at, reason=reason.value)
    session.flush()


def locked_release(session: Session, releasing: Releasing) -> Release:
    """The release, locked; NotFound for another district's, Conflict when somebody changed it since it was on the screen."""
    release = session.scalars(
        select(Release).where(Release.id == releasing.release_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if release is None or release.district_id != releasing.actor.district_id:
        raise NotFound("没有这条公开内容，或者不在您的区。")
    if release.version != releasing.version:
        raise Conflict("这条内容刚刚有人动过。您写的还在下面，请先看看现在的样子。")
    return release


def may_prepare(session: Session, actor: Actor, topic: Topic) -> None:
    """Forbidden outside the areas in which the actor prepares."""
    if not actor.may(Permission.RELEASE_PREPARE, area_path=session.get_one(Area, topic.area_id).path):
        raise Forbidden("这个议题不在您负责的范围。需要公开的话请联系那里的工作人员。")


def _must_be_tellable(topic: Topic) -> None:
    if topic.state is TopicState.MERGED:
        raise Conflict("这个议题已并入别的议题，请从那个议题公开。")
    if topic.state not in DEFAULT_KINDS:
        raise Conflict("这个议题还没有提交筛选，现在没有什么可以公开。")


def _place(session: Session, topic: Topic, area_id: int) -> Area:
    """The topic's own area or a wider one of its district: what concerns one community isn't put on another's page."""
    area, own = session.get(Area, area_id), session.get_one(Area, topic.area_id)
    if area is None or area.district_id != topic.district_id or not own.path.startswith(area.path):
        raise InvalidInput("请选择议题所在的社区，或者它上面的街道、区。", field="area")
    return area


def _written(draft: Draft) -> tuple[str, str]:
    title = clean_line(draft.title, limit=TITLE_MAX, field="title")
    if not title:
        raise InvalidInput("请写一个标题，让居民一眼看出是哪件事。", field="title")
    words = clean(draft.words).text
    if not words:
        raise InvalidInput("请写清楚做了什么、为什么。", field="words")
    if len(words) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，多了 {len(words) - WORDS_MAX} 个。", field="words")
    return title, words


def _holds_nobody(session: Session, release: Release) -> None:
    offices = office_numbers(session, release.district_id)
    for field, text in (("title", release.title), ("words", release.words)):
        found = untellable(text, offices=offices)
        if found:
            raise InvalidInput(f"还不能公开，里面有{'、'.join(found)}。请改掉再公开。", field=field)
    if _quotes_a_resident(session, release):
        raise InvalidInput("里面有居民的原话。请用自己的话写，再公开。", field="words")


def office_numbers(session: Session, district_id: int) -> frozenset[str]:
    """Digits of the telephone numbers of the district, its points and departments, which may be told."""
    """Digits of the telephone numbers of the district, its points and departments: those may be told."""
    numbers = union_all(
        select(DistrictProfile.phone).where(DistrictProfile.district_id == district_id),
        select(Department.phone).where(Department.district_id == district_id),
        select(IntakePoint.helper_phone).where(IntakePoint.district_id == district_id),
    )
    return frozenset(digits(number) for number in session.scalars(numbers) if number)


def _quotes_a_resident(session: Session, release: Release) -> bool:
    """Whether a whole sentence of a resident stands in the words, or the words are a piece of one."""
    words = literal(release.words)
    for_itself = len(release.words) >= QUOTE_LENGTH
    said = [Submission.text_written, Submission.text_masked]
    contains = [(func.char_length(text) >= QUOTE_LENGTH) & (func.strpos(words, text) > 0) for text in said]
    contained = [func.strpos(text, words) > 0 for text in said] if for_itself else []
    found = session.scalar(
        select(Submission.id)
        .join(Contributor, Contributor.submission_id == Submission.id)
        .where(
            Contributor.topic_id == release.topic_id,
            Contributor.status != ContributorStatus.REMOVED,
            or_(*contains, *contained),
        )
        .limit(1)
    )
    return found is not None


def _note(session: Session, release: Release, *, actor: Actor, act: str, at: datetime, **detail: object) -> None:
    record(
        session,
        actor=actor,
        district_id=release.district_id,
        action=f"release.{act}",
        noun="release",
        entity_id=release.id,
        at=at,
        **detail,
    )
