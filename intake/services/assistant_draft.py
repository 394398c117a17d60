"""Drafts by the assistant: asked for on the desk, fetched by a worker, taken over by a person or not at all.

The row is the outbox. It is written as `asked`, with the most it can cost set aside, and committed before anything leaves. A worker claims
it by writing down the model; a claimed one is never sent again, so that a worker's death costs one answer and never two.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.assistant import (
    CLAIM_WITHIN,
    KEPT,
    LONGEST,
    LOST_AFTER,
    MOST_VOICES,
    MOST_WAITING,
    PURPOSE_NAMES,
    RESERVED_IN,
    RESERVED_OUT,
    DraftOutcome,
    DraftPurpose,
    Failure,
    outcome_of,
)
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany
from intake.domain.permission import Permission
from intake.domain.personal_data import KIND_NAMES, personal_data
from intake.domain.text import clean_line
from intake.domain.topic import JOINABLE
from intake.domain.working_days import SHANGHAI
from intake.models import Area, AssistantDraft, Topic
from intake.ports import Wake
from intake.queries.assistant_draft import all_behind, budget, rests_until, words_behind
from intake.services.audit import record
from intake.services.wake import wake_after_commit


@dataclass(frozen=True, slots=True)
class Claim:
    """A request in a worker's hands; `texts` are masked words of the residents behind its topic, empty when none are left."""

    id: int
    purpose: DraftPurpose
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a request ended: words or a failure; counts as the other side gave them, None where it didn't."""

    milliseconds: int
    words: str = ""
    failure: Failure | None = None
    spent: bool = True
    """False when it is sure to have cost nothing."""
    tokens_in: int | None = None
    tokens_out: int | None = None


def ask(session: Session, *, actor: Actor, topic_id: int, purpose: str, monthly_tokens: int, at: datetime) -> int:
    """Ask for a draft; its id, that of the first for a second click while it is being written.

    Conflict when the topic has ended, TooMany when the month's budget is spent, the assistant rests, or MOST_WAITING are being written.
    """
    chosen = next((one for one in DraftPurpose if one.value == purpose), None)
    if chosen is None:
        raise InvalidInput("请选择要起草标题还是摘要。", field="purpose")
    topic = _topic(session, actor, topic_id)
    _check_open(topic)
    # Two clicks at once: the second waits here until the first has committed, so that the budget isn't spent twice.
    session.execute(select(Area.id).where(Area.id == topic.district_id).with_for_update(key_share=True))
    waiting = select(AssistantDraft.id).where(
        AssistantDraft.district_id == topic.district_id,
        AssistantDraft.outcome == DraftOutcome.ASKED,
        AssistantDraft.created_at > at - LOST_AFTER,
    )
    same = session.scalar(waiting.where(AssistantDraft.topic_id == topic.id, AssistantDraft.purpose == chosen).limit(1))
    if same is not None:
        return same
    if (session.scalar(select(func.count()).select_from(waiting.subquery())) or 0) >= MOST_WAITING:
        raise TooMany(f"助手手上已有 {MOST_WAITING} 份要写，请等其中一份写完再请。")
    until = rests_until(session, topic.district_id, at=at)
    if until is not None:
        raise TooMany(f"助手接连几次没有回应，请 {until.astimezone(SHANGHAI):%H:%M} 以后再试。")
    left = budget(session, topic.district_id, monthly_tokens=monthly_tokens, at=at)
    if left.spent:
        raise TooMany(f"本月的助手用量已经用完，{left.anew.month} 月 {left.anew.day} 日起可以再用。")
    assert actor.user_id is not None
    draft = AssistantDraft(
        district_id=topic.district_id, purpose=chosen, topic_id=topic.id, model="", outcome=DraftOutcome.ASKED, draft="",
        tokens_in=RESERVED_IN, tokens_out=RESERVED_OUT, milliseconds=0, asked_by=actor.user_id, created_at=at,
    )  # fmt: skip
    session.add(draft)
    session.flush()
    _note(session, draft, actor=actor, action="assistant.ask", at=at)
    wake_after_commit(session, Wake.ASSIST)
    return draft.id


def claim_next(session: Session, *, model: str, at: datetime) -> Claim | None:
    """Take the oldest request that nobody has and somebody still waits for; the caller commits before it asks."""
    draft = session.scalars(
        select(AssistantDraft)
        .where(AssistantDraft.outcome == DraftOutcome.ASKED, AssistantDraft.model == "", AssistantDraft.created_at > at - CLAIM_WITHIN)
        .order_by(AssistantDraft.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if draft is None:
        return None
    draft.model = model
    return Claim(draft.id, draft.purpose, words_behind(session, draft.topic_id, limit=MOST_VOICES))


def settle(session: Session, claim: Claim, ending: Ending) -> bool:
    """Record how a claimed request ended; False when it was given up meanwhile, and what came is dropped.

    Where words that were sent don't stand behind the topic any more, what was made of them isn't kept.
    """
    draft = session.scalars(
        select(AssistantDraft).where(AssistantDraft.id == claim.id, AssistantDraft.outcome == DraftOutcome.ASKED).with_for_update()
    ).one_or_none()
    if draft is None:
        return False
    draft.outcome = outcome_of(ending.failure) if ending.failure else DraftOutcome.DRAFTED
    draft.draft = ending.failure.value if ending.failure else ending.words if all_behind(session, draft.topic_id, claim.texts) else ""
    draft.milliseconds = ending.milliseconds
    if not ending.spent:
        draft.tokens_in = draft.tokens_out = 0
    if ending.tokens_in is not None:
        draft.tokens_in = ending.tokens_in
    if ending.tokens_out is not None:
        draft.tokens_out = ending.tokens_out
    return True


def give_up_lost(session: Session, *, at: datetime) -> int:
    """End what has had no end for LOST_AFTER; what was claimed keeps counting, since it may have been answered. Returns how many."""
    lost = session.scalars(
        select(AssistantDraft)
        .where(AssistantDraft.outcome == DraftOutcome.ASKED, AssistantDraft.created_at <= at - LOST_AFTER)
        .with_for_update(skip_locked=True)
    ).all()
    for draft in lost:
        draft.outcome, draft.draft = DraftOutcome.UNREACHABLE, Failure.LOST.value
        if not draft.model:
            draft.tokens_in = draft.tokens_out = 0
    return len(lost)


def forget_words(session: Session, *, at: datetime) -> None:
    """Empty drafts past their days: they are made of residents' words and stay no longer than somebody could want them."""
    session.execute(
        update(AssistantDraft)
        .where(AssistantDraft.outcome == DraftOutcome.DRAFTED, AssistantDraft.draft != "", AssistantDraft.created_at <= at - KEPT)
        .values(draft="")
    )


def forget_drafts(session: Session, topic_ids: Collection[int]) -> None:
    """Empty what was drafted for these topics and their classes: a resident took words back that it may be made of."""
    about = select(Topic.id).where(or_(Topic.id.in_(topic_ids), Topic.id.in_(select(Topic.class_topic_id).where(Topic.id.in_(topic_ids)))))
    session.execute(
        update(AssistantDraft)
        .where(AssistantDraft.topic_id.in_(about), AssistantDraft.outcome == DraftOutcome.DRAFTED, AssistantDraft.draft != "")
        .values(draft="")
    )


def adopt(session: Session, *, actor: Actor, topic_id: int, draft_id: int, version: int, words: str, at: datetime) -> DraftPurpose:
    """Write what a person made of a draft into the topic's title or summary, as that person's edit; which of the two.

    Conflict when somebody changed the topic meanwhile or it has ended; InvalidInput (field `words`) when they are missing, too long, or hold
    personal data, since residents read them.
    """
    topic = _topic(session, actor, topic_id, lock=True)
    if topic.version != version:
        raise Conflict("这个议题刚刚有人改过。您写的还在框里，请先看看现在的情况。")
    _check_open(topic)
    draft = session.scalars(
        select(AssistantDraft).where(
            AssistantDraft.id == draft_id, AssistantDraft.topic_id == topic.id, AssistantDraft.outcome == DraftOutcome.DRAFTED
        )
    ).one_or_none()
    if draft is None:
        raise NotFound("没有这份草稿，请刷新后再看。")
    text = clean_line(words, limit=LONGEST[draft.purpose], field="words")
    if not text:
        raise InvalidInput(f"{PURPOSE_NAMES[draft.purpose]}不能是空的。", field="words")
    found = personal_data(text)
    if found:
        raise InvalidInput(f"里面有{KIND_NAMES[found[0].kind]}，居民都能看到，请去掉再用。", field="words")
    if draft.purpose is DraftPurpose.TITLE:
        topic.title = text
    else:
        topic.summary = text
    topic.version += 1
    _note(session, draft, actor=actor, action="assistant.adopt", at=at, as_written=text == draft.draft)
    return draft.purpose


def _topic(session: Session, actor: Actor, topic_id: int, *, lock: bool = False) -> Topic:
    query = select(Topic).where(Topic.id == topic_id, Topic.district_id == actor.district_id).execution_options(populate_existing=True)
    topic = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if topic is None:
        raise NotFound("没有这个议题，或者不在您的区。")
    if not actor.may(Permission.SCREEN_DECIDE, area_path=session.get_one(Area, topic.area_id).path):
        raise Forbidden("这个议题不在您负责的范围。")
    return topic


def _check_open(topic: Topic) -> None:
    if topic.state not in JOINABLE:
        raise Conflict("这个议题已经有了结论，标题和摘要不再改动。")


def _note(session: Session, draft: AssistantDraft, *, actor: Actor, action: str, at: datetime, **detail: object) -> None:
    record(
        session,
        actor=actor,
        district_id=draft.district_id,
        action=action,
        noun="topic",
        entity_id=draft.topic_id,
        at=at,
        draft=draft.id,
        purpose=draft.purpose.value,
        **detail,
    )
