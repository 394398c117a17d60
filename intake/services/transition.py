"""The one writer of state: checks the table, writes the state, writes the history row, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, JSON, BigInteger, Executable, Integer, Table, bindparam, func, insert, select, update
from sqlalchemy.orm import Session, object_session
from sqlalchemy.orm.attributes import set_committed_value

from intake.domain.actor import Actor, ActorKind
from intake.domain.alarm import ALARM_TABLE
from intake.domain.attachment import ATTACHMENT_TABLE
from intake.domain.bulletin import BULLETIN_TABLE
from intake.domain.chat_draft import DRAFT_TABLE
from intake.domain.errors import Conflict, Forbidden, InvalidInput
from intake.domain.instruction import INSTRUCTION_TABLE
from intake.domain.invitation import INVITATION_TABLE
from intake.domain.notification import NOTICE_TABLE
from intake.domain.official_list import LIST_TABLE
from intake.domain.open_call import OPEN_CALL_TABLE
from intake.domain.point import POINT_TABLE
from intake.domain.poster_batch import BATCH_TABLE
from intake.domain.referral import EXTENSION_TABLE, HELPER_TABLE, REFERRAL_TABLE
from intake.domain.release import RELEASE_TABLE
from intake.domain.row_import import IMPORT_TABLE
from intake.domain.scene_code import SCENE_TABLE
from intake.domain.screening import ROUND_TABLE
from intake.domain.submission import SUBMISSION_TABLE
from intake.domain.submission_file import FILE_TABLE
from intake.domain.topic import TOPIC_TABLE
from intake.domain.topic_proposal import PROPOSAL_TABLE
from intake.domain.transition import StateTable
from intake.domain.triage_model import MODEL_TABLE
from intake.domain.upward_report import UPWARD_TABLE
from intake.domain.year_plan import PLAN_TABLE
from intake.models import (
    Alarm,
    Attachment,
    Base,
    Bulletin,
    ChatDraft,
    Decision,
    Extension,
    HistoryEntry,
    Instruction,
    IntakePoint,
    Invitation,
    Notification,
    OfficialList,
    OpenCall,
    PosterBatch,
    Referral,
    ReferralHelper,
    Release,
    RowImport,
    ScreeningRound,
    Submission,
    SubmissionFile,
    Topic,
    TopicProposal,
    TriageModel,
    UpwardReport,
    WeChatScene,
    YearPlan,
)

Stateful = (
    Submission
    | Topic
    | IntakePoint
    | Notification
    | Invitation
    | Release
    | PosterBatch
    | TopicProposal
    | TriageModel
    | Referral
    | ReferralHelper
    | Extension
    | Attachment
    | Alarm
    | Instruction
    | OfficialList
    | ChatDraft
    | SubmissionFile
    | WeChatScene
    | OpenCall
    | Bulletin
    | RowImport
    | ScreeningRound
    | UpwardReport
    | YearPlan
)

TABLES: dict[type, StateTable] = {
    Submission: SUBMISSION_TABLE,
    Topic: TOPIC_TABLE,
    IntakePoint: POINT_TABLE,
    Notification: NOTICE_TABLE,
    Invitation: INVITATION_TABLE,
    Release: RELEASE_TABLE,
    PosterBatch: BATCH_TABLE,
    TopicProposal: PROPOSAL_TABLE,
    TriageModel: MODEL_TABLE,
    Referral: REFERRAL_TABLE,
    ReferralHelper: HELPER_TABLE,
    Extension: EXTENSION_TABLE,
    Attachment: ATTACHMENT_TABLE,
    Alarm: ALARM_TABLE,
    Instruction: INSTRUCTION_TABLE,
    OfficialList: LIST_TABLE,
    ChatDraft: DRAFT_TABLE,
    SubmissionFile: FILE_TABLE,
    WeChatScene: SCENE_TABLE,
    OpenCall: OPEN_CALL_TABLE,
    Bulletin: BULLETIN_TABLE,
    RowImport: IMPORT_TABLE,
    ScreeningRound: ROUND_TABLE,
    UpwardReport: UPWARD_TABLE,
    YearPlan: PLAN_TABLE,
}
"""Every noun with states, and its table."""

WITHOUT_HISTORY: frozenset[type[Stateful]] = frozenset({Notification, ChatDraft, SubmissionFile})
"""Their own columns tell their story; a history row each would double the largest tables for nobody."""


def move(
    session: Session,
    entity: Stateful,
    action: StrEnum,
    *,
    actor: Actor,
    at: datetime,
    area_path: str | None = None,
    decision: Decision | None = None,
    reason_code: str | None = None,
    topic: Topic | None = None,
) -> None:
    """Move `entity` by `action` and record it.

    Raises InvalidTransition when its state doesn't allow it, Forbidden when a person lacks the transition's permission for `area_path`,
    InvalidInput when the table asks for a reason and there is neither a decision with words nor a reason code.
    """
    table = TABLES[type(entity)]
    transition = table.find(action, entity.state)
    if transition.permission is not None and actor.kind is ActorKind.PERSON and not actor.may(transition.permission, area_path=area_path):
        raise Forbidden("您没有处理这件事的权限。需要的话请联系区政协办公室。")
    if transition.permission is not None and actor.kind is ActorKind.RESIDENT:
        raise Forbidden("这一步由工作人员处理。")
    if transition.needs_reason and not reason_code and not (decision and (decision.words or decision.reason_code)):
        raise InvalidInput("请写明理由，居民会看到。", field="words")
    from_state = entity.state
    entity.state = transition.target  # type: ignore[assignment]  # the table of this type holds only this type's states
    # A topic that stays where it is waits there since it came; other nouns begin anew with each step.
    if hasattr(entity, "state_changed_at") and not (isinstance(entity, Topic) and entity.state is from_state):
        entity.state_changed_at = at
    entity.version += 1
    if type(entity) in WITHOUT_HISTORY:
        return
    _record(
        session, entity, action=action, from_state=from_state, actor=actor, at=at, decision=decision, reason_code=reason_code, topic=topic
    )


def begin(session: Session, entity: Stateful, *, actor: Actor, at: datetime) -> None:
    """Add a newborn `entity` in its table's initial state and record its first history row; flushes where the id isn't known yet."""
    entity.state = TABLES[type(entity)].initial  # type: ignore[assignment]  # as above
    if hasattr(entity, "state_changed_at"):
        entity.state_changed_at = at
    session.add(entity)
    if type(entity) in WITHOUT_HISTORY:
        return
    if entity.id is None:
        session.flush()
    _record(session, entity, action=None, from_state=None, actor=actor, at=at, decision=None, reason_code=None, topic=None)


@dataclass(frozen=True, slots=True)
class Move:
    """One of many: which submission the machine moves, how, and which other columns change with its state."""

    submission: Submission
    action: StrEnum
    reason_code: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


def move_many(session: Session, moves: Sequence[Move], *, actor: Actor, at: datetime) -> None:
    """`move` for a batch of submissions that nobody else can change now: one UPDATE and the history rows behind it.

    Every move names the same columns in `values`; the objects show what was written. Raises what `move` raises, for the whole batch, and
    Conflict when a row has changed since it was read.
    """
    if not moves:
        return
    table = Base.metadata.tables["submissions"]
    rows: list[dict[str, Any]] = []
    history: list[dict[str, Any]] = []
    for one in moves:
        submission = one.submission
        transition = SUBMISSION_TABLE.find(one.action, submission.state)
        assert transition.permission is None, "what a person decides is moved one by one"
        if transition.needs_reason and not one.reason_code:
            raise InvalidInput("请写明理由，居民会看到。", field="words")
        history.append(
            {
                "district_id": submission.district_id,
                "noun": SUBMISSION_TABLE.noun,
                "entity_id": submission.id,
                "action": one.action.value,
                "from_state": submission.state.value,
                "to_state": transition.target.value,
                "actor_kind": actor.kind,
                "actor_id": actor.user_id,
                "reason_code": one.reason_code,
                "at": at,
            }
        )
        rows.append({**one.values, "state": transition.target, "state_changed_at": at, "version": submission.version + 1})
    session.flush()
    changed = session.execute(
        _update_many(table, tuple(rows[0])),
        {
            "row_ids": [one.submission.id for one in moves],
            "row_versions": [one.submission.version for one in moves],
            **{f"new_{name}": [row[name] for row in rows] for name in rows[0]},
        },
    )
    if len(changed.all()) != len(moves):
        raise Conflict("这些来件刚刚有变化，稍后再整理。")
    for one, row in zip(moves, rows, strict=True):
        for name, value in row.items():
            set_committed_value(one.submission, name, value)
    session.execute(insert(Base.metadata.tables["history"]), history)


@cache
def _update_many(table: Table, names: tuple[str, ...]) -> Executable:
    """The statement, built once for each set of columns."""
    new = (
        func.unnest(
            bindparam("row_ids", type_=ARRAY(BigInteger)),
            bindparam("row_versions", type_=ARRAY(Integer)),
            *(bindparam(f"new_{name}", type_=ARRAY(table.c[name].type)) for name in names),
        )
        .table_valued("row_id", "row_version", *names, name="new")
        .render_derived()
    )
    return (
        update(table)
        .values({table.c[name]: new.c[name] for name in names})
        .where(table.c.id == new.c.row_id, table.c.version == new.c.row_version)
        .returning(table.c.id)
    )


def begin_many(session: Session, kind: type[Stateful], rows: Sequence[Mapping[str, Any]], *, actor: Actor, at: datetime) -> None:
    """`begin` for many newborn rows of one kind, their ids drawn before: rows and history in two statements; no objects are made.

    Each of `rows` holds all columns but the state's, the same in each.
    """
    if not rows:
        return
    table = Base.metadata.tables[kind.__tablename__]
    initial = TABLES[kind].initial
    born: dict[str, Any] = {"state": initial, "state_changed_at": at, "version": 1}
    insert_many(session, table, [{**row, **{name: value for name, value in born.items() if name in table.c}} for row in rows])
    if kind in WITHOUT_HISTORY:
        return
    noun = TABLES[kind].noun
    insert_many(
        session,
        Base.metadata.tables["history"],
        [
            {
                "district_id": row["district_id"],
                "noun": noun,
                "entity_id": row["id"],
                "action": "begin",
                "to_state": initial.value,
                "actor_kind": actor.kind,
                "actor_id": actor.user_id,
                "at": at,
            }
            for row in rows
        ],
    )


def insert_many(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows that hold the same columns, a column at a time: for thousands, a third of the time of a statement each."""
    names = tuple(rows[0])
    if any(isinstance(table.c[name].type, (ARRAY, JSON)) for name in names):  # an array of these isn't one of theirs
        session.execute(insert(table), list(rows))
        return
    session.execute(_insert_many(table, names), {f"new_{name}": [row[name] for row in rows] for name in names})


@cache
def _insert_many(table: Table, names: tuple[str, ...]) -> Executable:
    """The statement, built once for each set of columns."""
    arrays = (bindparam(f"new_{name}", type_=ARRAY(table.c[name].type)) for name in names)
    new = func.unnest(*arrays).table_valued(*names, name="new").render_derived()
    return insert(table).from_select(names, select(*(new.c[name] for name in names)))


def initial_state(kind: type[Stateful]) -> StrEnum:
    """The state rows of `kind` are born in, for those written many at once; only for kinds without history."""
    assert kind in WITHOUT_HISTORY, "its birth belongs in history: use begin()"
    return TABLES[kind].initial


def begin_submission(session: Session, values: dict[str, Any], *, actor: Actor, at: datetime) -> None:
    """`begin` for the one row that residents wait for: the submission and its first history row in a single round trip.

    `values` are the columns without the state's; its `id` is known, since the key row drew it.
    """
    born = {**values, "state": SUBMISSION_TABLE.initial, "state_changed_at": at, "version": 1}
    history = {
        "district_id": values["district_id"],
        "noun": SUBMISSION_TABLE.noun,
        "entity_id": values["id"],
        "action": "begin",
        "to_state": SUBMISSION_TABLE.initial.value,
        "actor_kind": actor.kind,
        "at": at,
    }
    session.execute(
        _newborn(tuple(born), tuple(history)), {f"s_{k}": v for k, v in born.items()} | {f"h_{k}": v for k, v in history.items()}
    )


@cache
def _newborn(submission_columns: tuple[str, ...], history_columns: tuple[str, ...]) -> Executable:
    """The statement, built once."""

    def bound(table: Table, prefix: str, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: bindparam(f"{prefix}_{name}", type_=table.c[name].type) for name in names}

    submissions, history = Base.metadata.tables["submissions"], Base.metadata.tables["history"]
    born = insert(submissions).values(bound(submissions, "s", submission_columns)).cte("born")
    return insert(history).values(bound(history, "h", history_columns)).add_cte(born)


def _record(
    session: Session,
    entity: Any,
    *,
    action: StrEnum | None,
    from_state: StrEnum | None,
    actor: Actor,
    at: datetime,
    decision: Decision | None,
    reason_code: str | None,
    topic: Topic | None,
) -> None:
    for needed in (decision, topic):
        if needed is not None and object_session(needed) is not None and needed.id is None:
            session.flush()
    session.add(
        HistoryEntry(
            district_id=entity.district_id,
            noun=TABLES[type(entity)].noun,
            entity_id=entity.id,
            action=action.value if action is not None else "begin",
            from_state=from_state.value if from_state is not None else None,
            to_state=entity.state.value,
            actor_kind=actor.kind,
            actor_id=actor.user_id,
            reason_code=reason_code or (decision.reason_code if decision else None),
            decision_id=decision.id if decision else None,
            topic_id=topic.id if topic else None,
            at=at,
        )
    )
