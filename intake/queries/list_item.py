"""The rows of a list as the referrals stand now: what a draft shows, and what issuing freezes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from intake.domain.attachment import AttachmentState
from intake.domain.official_list import Column, ListItem, ListKind
from intake.domain.outcome import Verdict
from intake.domain.referral import OUTCOME_NAMES, AnswerOutcome, EntryKind, ReferralAction, ReferralKind
from intake.domain.transition import label
from intake.domain.working_days import SHANGHAI
from intake.models import (
    Answer,
    Attachment,
    Department,
    HistoryEntry,
    Instruction,
    Outcome,
    Referral,
    ReferralEntry,
    ReferralHelper,
    Topic,
    User,
)

_LEAD = aliased(Department)


@dataclass(frozen=True, slots=True)
class _Task:
    """A referral with the names beside it."""

    referral: Referral
    topic_title: str | None
    lead: str
    """Empty where nobody leads yet."""

    @property
    def matter(self) -> str:
        return self.topic_title or self.referral.title


def live_items(session: Session, kind: ListKind, referral_ids: Sequence[int]) -> tuple[ListItem, ...]:
    """The rows of `referral_ids` in that order, in four queries for a responsibility list and in five or six for a result list."""
    found = {task.referral.id: task for task in _tasks(session, referral_ids)}
    tasks = [found[one] for one in referral_ids if one in found]
    return _responsibilities(session, tasks) if kind is ListKind.RESPONSIBILITY else _results(session, tasks)


def _tasks(session: Session, referral_ids: Sequence[int]) -> Iterable[_Task]:
    rows = session.execute(
        select(Referral, Topic.title, func.coalesce(_LEAD.name, ""))
        .outerjoin(Topic, Topic.id == Referral.topic_id)
        .outerjoin(_LEAD, _LEAD.id == Referral.lead_id)
        .where(Referral.id.in_(referral_ids))
        .execution_options(populate_existing=True)
    )
    return (_Task(*row) for row in rows)


def _responsibilities(session: Session, tasks: Sequence[_Task]) -> tuple[ListItem, ...]:
    ids = [task.referral.id for task in tasks]
    helpers = _grouped(
        session,
        select(ReferralHelper.referral_id, Department.name)
        .join(Department, Department.id == ReferralHelper.department_id)
        .where(ReferralHelper.referral_id.in_(ids))
        .order_by(ReferralHelper.id),
    )
    asked = _asked(session, ids)
    numbers = _instruction_numbers(session, tasks)
    return tuple(
        ListItem(
            referral_id=task.referral.id,
            number=task.referral.number,
            cells={
                Column.MATTER: task.matter,
                Column.BASIS: task.referral.basis,
                Column.LEAD: task.lead,
                Column.HELPERS: "、".join(helpers[task.referral.id]),
                Column.MEASURE: _measure(task, asked.get(task.referral.id, "")),
                Column.DEADLINE: day_of(task.referral.answer_due_at.astimezone(SHANGHAI).date()) if task.referral.answer_due_at else "",
                Column.INSTRUCTION: "、".join(numbers[task.referral.id]),
                Column.STATE: label(task.referral.state),
            },
            lacks="" if task.lead else "还没有主办单位",
        )
        for task in tasks
    )


def _measure(task: _Task, asked: str) -> str:
    """The responsibility itself; of a relay what the office asked for when it assigned it."""
    return task.referral.title if task.referral.kind is ReferralKind.RESPONSIBILITY else asked


def _instruction_numbers(session: Session, tasks: Sequence[_Task]) -> Mapping[int, list[str]]:
    by_topic: defaultdict[int | None, list[str]] = defaultdict(list)
    by_referral: defaultdict[int | None, list[str]] = defaultdict(list)
    topics = {task.referral.topic_id for task in tasks if task.referral.topic_id}
    rows = session.execute(
        select(Instruction.topic_id, Instruction.referral_id, Instruction.number)
        .where(or_(Instruction.topic_id.in_(topics), Instruction.referral_id.in_([task.referral.id for task in tasks])))
        .order_by(Instruction.id)
    )
    for topic_id, referral_id, number in rows:
        (by_topic[topic_id] if topic_id else by_referral[referral_id]).append(number)
    return {
        task.referral.id: (by_topic[task.referral.topic_id] if task.referral.topic_id else []) + by_referral[task.referral.id]
        for task in tasks
    }


def _results(session: Session, tasks: Sequence[_Task]) -> tuple[ListItem, ...]:
    ids = [task.referral.id for task in tasks]
    answers = {
        answer.referral_id: (answer, unit)
        for answer, unit in session.execute(
            select(Answer, Department.name)
            .ext(distinct_on(Answer.referral_id))
            .join(Department, Department.id == Answer.department_id)
            .where(Answer.referral_id.in_(ids))
            .order_by(Answer.referral_id, Answer.id.desc())
        )
    }
    files = _grouped(
        session,
        select(Attachment.answer_id, Attachment.name)
        .where(
            Attachment.answer_id.in_([answer.id for answer, _ in answers.values()]),
            Attachment.state == AttachmentState.READY,
            Attachment.removed_at.is_(None),
        )
        .order_by(Attachment.id),
    )
    checks = _checks(session, ids)
    verdicts = _verdicts(session, tasks)
    return tuple(
        _result(task, answers.get(task.referral.id), files, check=checks.get(task.referral.id, ""), verdicts=verdicts[task.referral.id])
        for task in tasks
    )


def _result(
    task: _Task, answered: tuple[Answer, str] | None, files: Mapping[int, list[str]], *, check: str, verdicts: Mapping[Verdict | None, int]
) -> ListItem:
    answer, unit = answered or (None, "")
    evidence = files[answer.id] if answer else []
    return ListItem(
        referral_id=task.referral.id,
        number=task.referral.number,
        cells={
            Column.MATTER: _matter_and_measure(task),
            Column.LEAD: task.lead,
            Column.DONE: answer.words if answer else "",
            Column.OUTCOME: _outcome(answer) if answer else "",
            Column.EVIDENCE: "、".join(evidence) or (_no_evidence(answer) if answer else ""),
            Column.SIGNATURE: _signature(answer, unit) if answer else "",
            Column.CHECK: check,
            Column.VERDICTS: verdict_words(verdicts),
        },
        lacks=_lack(answer, has_evidence=bool(evidence)),
    )


def _matter_and_measure(task: _Task) -> str:
    """A topic has a row for each of its measures: what tells them apart stands beside its title."""
    return f"{task.matter}：{task.referral.title}" if task.referral.kind is ReferralKind.RESPONSIBILITY else task.matter


def _lack(answer: Answer | None, *, has_evidence: bool) -> str:
    if answer is None:
        return "还没有答复"
    return "" if has_evidence or answer.reason else "没有佐证，也没有说明理由"


def _outcome(answer: Answer) -> str:
    name = OUTCOME_NAMES[answer.outcome]
    # Of what is done the reason says why there is no evidence, and stands there.
    return f"{name}：{answer.reason}" if answer.reason and answer.outcome is not AnswerOutcome.DONE else name


def _no_evidence(answer: Answer) -> str:
    return f"没有佐证：{answer.reason}" if answer.reason and answer.outcome is AnswerOutcome.DONE else ""


def _signature(answer: Answer, unit: str) -> str:
    return "，".join(one for one in (unit, answer.signed_name, answer.paper_number) if one)


def _checks(session: Session, ids: Sequence[int]) -> Mapping[int, str]:
    """Who checked last, and on which day."""
    rows = session.execute(
        select(HistoryEntry.entity_id, User.name, HistoryEntry.at)
        .ext(distinct_on(HistoryEntry.entity_id))
        .join(User, User.id == HistoryEntry.actor_id)
        .where(HistoryEntry.noun == "referral", HistoryEntry.entity_id.in_(ids), HistoryEntry.action == ReferralAction.CHECK.value)
        .order_by(HistoryEntry.entity_id, HistoryEntry.id.desc())
    )
    return {referral_id: f"{name}，{day_of(at.astimezone(SHANGHAI).date())}" for referral_id, name, at in rows}


def _verdicts(session: Session, tasks: Sequence[_Task]) -> Mapping[int, Mapping[Verdict | None, int]]:
    """What those say who were told of the referral, or of its topic as a whole."""
    topics = {task.referral.topic_id for task in tasks if task.referral.topic_id}
    of_topic: ColumnElement[bool] = and_(Outcome.referral_id.is_(None), Outcome.topic_id.in_(topics))
    rows = session.execute(
        select(Outcome.referral_id, Outcome.topic_id, Outcome.verdict, func.count())
        .where(or_(Outcome.referral_id.in_([task.referral.id for task in tasks]), of_topic), Outcome.superseded_at.is_(None))
        .group_by(Outcome.referral_id, Outcome.topic_id, Outcome.verdict)
    )
    counted: defaultdict[tuple[str, int | None], dict[Verdict | None, int]] = defaultdict(dict)
    for referral_id, topic_id, verdict, count in rows:
        counted["referral" if referral_id else "topic", referral_id or topic_id][verdict] = count
    return {
        task.referral.id: counted["referral", task.referral.id]
        or (counted["topic", task.referral.topic_id] if task.referral.topic_id else {})
        for task in tasks
    }


def verdict_words(counts: Mapping[Verdict | None, int]) -> str:
    """Each verdict over all who were told, and how many said nothing; empty while nobody was told."""
    told = sum(counts.values())
    if not told:
        return ""
    solved, partly, not_solved, unsure, silent = (counts.get(one, 0) for one in (*Verdict, None))
    return (
        f"告知 {told} 件：解决了 {solved}/{told}，解决了一部分 {partly}/{told}，没有解决 {not_solved}/{told}，"
        f"说不好 {unsure}/{told}，没有回答 {silent}/{told}"
    )


def day_of(day: date) -> str:
    """A day as lists write it: 2026-11-30."""
    return f"{day:%Y-%m-%d}"


def _grouped(session: Session, query: Any) -> defaultdict[int, list[str]]:
    """Names by the id that stands before each."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for key, name in session.execute(query):
        found[key].append(name)
    return found


def _asked(session: Session, ids: Sequence[int]) -> Mapping[int, str]:
    """What the office wrote when it assigned each of them last."""
    rows = session.execute(
        select(ReferralEntry.referral_id, ReferralEntry.words)
        .ext(distinct_on(ReferralEntry.referral_id))
        .where(ReferralEntry.referral_id.in_(ids), ReferralEntry.kind == EntryKind.INSTRUCTION)
        .order_by(ReferralEntry.referral_id, ReferralEntry.id.desc())
    )
    return {one.referral_id: one.words for one in rows}
