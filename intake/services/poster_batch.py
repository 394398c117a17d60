"""Batches of posters: ordered on the desk, drawn by a worker that may die, kept for some days.

A claim carries the row's version. Whoever works on a batch that was taken over meanwhile finds another version at the next report and
stops; both write the same key, each file whole.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import MACHINE, Actor, ActorKind
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany
from intake.domain.permission import Permission
from intake.domain.poster_batch import (
    MOST_POINTS,
    MOST_TRIES,
    MOST_WAITING,
    SAME_ORDER,
    SILENT,
    BatchAction,
    BatchState,
    PosterFormat,
)
from intake.models import Area, HistoryEntry, PosterBatch, User
from intake.ports import Wake
from intake.queries.poster import count_to_print
from intake.services.audit import record
from intake.services.transition import begin, move
from intake.services.wake import wake_after_commit

STOPPED = "worker_stopped"
"""Reason code of a batch that a worker gave back because it was asked to end; not a try that failed."""
DIED = "worker_died"
UNFINISHED = (BatchState.WAITING, BatchState.RUNNING)


@dataclass(frozen=True, slots=True)
class Problem:
    """A point that was left out and why; without a point, why the whole batch failed."""

    reason: str
    point_id: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch in a worker's hands."""

    id: int
    version: int
    district_id: int
    area_path: str
    format: PosterFormat
    total: int

    @property
    def key(self) -> str:
        """Where its file goes; the same at every try."""
        return f"posters/{self.district_id}/{self.id}.pdf"


@dataclass(frozen=True, slots=True)
class Drawn:
    """How far a batch is: `done` of its points were looked at, `problems` are those left out."""

    done: int
    problems: tuple[Problem, ...] = ()


def order_batch(session: Session, *, actor: Actor, area_id: int, format: str, at: datetime) -> int:  # noqa: A002 -- the column's name
    """Order posters for an area and everything below; the batch's id, that of the first for a second click within a minute.

    InvalidInput (field `area` or `format`) when there is nothing to print, TooMany when the actor has MOST_WAITING unfinished.
    """
    area = session.get(Area, area_id)
    if area is None or area.district_id is None or area.district_id != actor.district_id:
        raise InvalidInput("没有这个区域，请重新选择。", field="area")
    if not actor.may(Permission.POSTERS_PRINT, area_path=area.path):
        raise Forbidden("这个区域不归您负责，请选择您负责的街道或社区。")
    chosen = next((one for one in PosterFormat if one.value == format), None)
    if chosen is None:
        raise InvalidInput("请选择海报的规格。", field="format")
    # Two clicks at once: the second waits here until the first has committed.
    session.execute(select(User.id).where(User.id == actor.user_id).with_for_update())
    mine = select(PosterBatch.id).where(PosterBatch.created_by == actor.user_id, PosterBatch.district_id == area.district_id)
    same = session.scalar(
        mine.where(
            PosterBatch.area_id == area.id,
            PosterBatch.format == chosen.value,
            PosterBatch.created_at > at - SAME_ORDER,
            PosterBatch.state != BatchState.FAILED,
        )
        .order_by(PosterBatch.id.desc())
        .limit(1)
    )
    if same is not None:
        return same
    waiting = mine.where(PosterBatch.state.in_(UNFINISHED)).limit(MOST_WAITING).subquery()
    if (session.scalar(select(func.count()).select_from(waiting)) or 0) >= MOST_WAITING:
        raise TooMany(f"您已有 {MOST_WAITING} 批海报还没生成完，请等其中一批完成后再下单。")
    total = count_to_print(session, area.path)
    if not total:
        raise InvalidInput(f"“{area.name}”下面没有在用的直报点，没有海报可印。请先建直报点，或换一个区域。", field="area")
    if total > MOST_POINTS:
        raise InvalidInput(f"“{area.name}”有 {total} 个直报点，一批最多 {MOST_POINTS} 个，请按街道分批生成。", field="area")
    batch = PosterBatch(
        district_id=area.district_id, area_id=area.id, format=chosen.value, total=total, done=0, file_bytes=0, problems=[],
        created_by=actor.user_id, created_at=at, version=1,
    )  # fmt: skip
    begin(session, batch, actor=actor, at=at)
    _note(session, batch, actor=actor, action="poster_batch.order", at=at, format=chosen.value, points=total)
    wake_after_commit(session, Wake.POSTERS)
    session.flush()
    return batch.id


def retry_batch(session: Session, *, actor: Actor, batch_id: int, version: int, at: datetime) -> None:
    """Let a failed batch be drawn again; Conflict when somebody was first."""
    row = session.execute(
        select(PosterBatch, Area.path)
        .join(Area, Area.id == PosterBatch.area_id)
        .where(PosterBatch.id == batch_id, PosterBatch.district_id == actor.district_id)
        .with_for_update(of=PosterBatch)
    ).one_or_none()
    if row is None:
        raise NotFound("没有这批海报，或者不在您的区。")
    batch, path = row
    if not actor.may(Permission.POSTERS_PRINT, area_path=path):
        raise Forbidden("这批海报不在您负责的区域。")
    if batch.version != version or batch.state is not BatchState.FAILED:
        raise Conflict("这批海报的状态刚刚变了，请看下面最新的情况。")
    _again(session, batch, actor=actor, at=at, reason_code=None)
    _note(session, batch, actor=actor, action="poster_batch.retry", at=at)


def claim_batch(session: Session, *, at: datetime) -> Claim | None:
    """Take the oldest waiting batch that nobody else is taking; None when there is none. The caller commits before drawing."""
    row = session.execute(
        select(PosterBatch, Area.path)
        .join(Area, Area.id == PosterBatch.area_id)
        .where(PosterBatch.state == BatchState.WAITING)
        .order_by(PosterBatch.id)
        .limit(1)
        .with_for_update(of=PosterBatch, skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    batch, path = row
    move(session, batch, BatchAction.START, actor=MACHINE, at=at)
    batch.total, batch.done, batch.problems, batch.beat_at = count_to_print(session, path), 0, [], at
    session.flush()
    return Claim(batch.id, batch.version, batch.district_id, path, PosterFormat(batch.format), batch.total)


def report_batch(session: Session, claim: Claim, drawn: Drawn, *, at: datetime) -> bool:
    """Say that the worker lives and how far it is; False when the batch isn't this worker's any more."""
    batch = _held(session, claim)
    if batch is None:
        return False
    batch.done, batch.beat_at = drawn.done, at
    return True


def finish_batch(session: Session, claim: Claim, drawn: Drawn, *, size: int, at: datetime) -> bool:
    """The file stands under the claim's key with `size` bytes; False when the batch isn't this worker's any more."""
    batch = _held(session, claim)
    if batch is None:
        return False
    batch.done, batch.total, batch.problems = drawn.done, drawn.done, _kept(drawn.problems)
    batch.file_key, batch.file_bytes, batch.beat_at = claim.key, size, at
    move(session, batch, BatchAction.FINISH, actor=MACHINE, at=at)
    return True


def fail_batch(session: Session, claim: Claim, drawn: Drawn, *, reason: str, at: datetime) -> bool:
    """It can't be made, and `reason` says what to do; False when the batch isn't this worker's any more."""
    batch = _held(session, claim)
    if batch is None:
        return False
    batch.done = drawn.done
    _give_up(session, batch, problems=(Problem(reason), *drawn.problems), at=at)
    return True


def release_batch(session: Session, claim: Claim, *, at: datetime) -> bool:
    """Give it back because the worker was asked to end; another begins it anew."""
    batch = _held(session, claim)
    if batch is None:
        return False
    _again(session, batch, actor=MACHINE, at=at, reason_code=STOPPED)
    return True


def take_over_silent(session: Session, *, at: datetime, limit: int) -> int:
    """Put batches whose worker went silent back to waiting, or give them up after MOST_TRIES; how many there were."""
    silent = session.scalars(
        select(PosterBatch)
        .where(PosterBatch.state == BatchState.RUNNING, func.coalesce(PosterBatch.beat_at, PosterBatch.state_changed_at) < at - SILENT)
        .order_by(PosterBatch.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for batch in silent:
        if _tries(session, batch.id) < MOST_TRIES:
            _again(session, batch, actor=MACHINE, at=at, reason_code=DIED)
        else:
            reason = f"试了 {MOST_TRIES} 次都在中途断开，可能是内存不够。请按街道分批生成；还不行请联系管理员。"
            _give_up(session, batch, problems=(Problem(reason),), at=at)
    return len(silent)


def expired_files(session: Session, *, workflow: Workflow, at: datetime, limit: int) -> list[tuple[int, str]]:
    """Ids and keys of files whose days are over."""
    before = at - timedelta(days=workflow.retention.poster_file_days)
    rows = session.execute(
        select(PosterBatch.id, PosterBatch.file_key)
        .where(PosterBatch.state == BatchState.DONE, PosterBatch.file_key.is_not(None), PosterBatch.state_changed_at < before)
        .order_by(PosterBatch.id)
        .limit(limit)
    )
    return [(batch_id, key) for batch_id, key in rows if key is not None]


def forget_files(session: Session, batch_ids: Sequence[int]) -> None:
    """Note that their files are gone; their pages offer a new order instead."""
    for batch in session.scalars(select(PosterBatch).where(PosterBatch.id.in_(batch_ids)).order_by(PosterBatch.id).with_for_update()):
        batch.file_key = None


def _held(session: Session, claim: Claim) -> PosterBatch | None:
    """The claim's row, locked, if it is still this worker's."""
    return session.scalars(
        select(PosterBatch)
        .where(PosterBatch.id == claim.id, PosterBatch.version == claim.version, PosterBatch.state == BatchState.RUNNING)
        .with_for_update()
    ).one_or_none()


def _again(session: Session, batch: PosterBatch, *, actor: Actor, at: datetime, reason_code: str | None) -> None:
    """Back to the start of the line."""
    area_path = session.scalar(select(Area.path).where(Area.id == batch.area_id)) if actor.kind is ActorKind.PERSON else None
    move(session, batch, BatchAction.RETRY, actor=actor, at=at, area_path=area_path, reason_code=reason_code)
    batch.done, batch.problems, batch.beat_at = 0, [], None
    wake_after_commit(session, Wake.POSTERS)


def _give_up(session: Session, batch: PosterBatch, *, problems: Sequence[Problem], at: datetime) -> None:
    batch.problems = _kept(problems)
    move(session, batch, BatchAction.FAIL, actor=MACHINE, at=at)


def _tries(session: Session, batch_id: int) -> int:
    """Workers that began it since a person last asked, without those that gave it back in order; history knows."""
    mine = (HistoryEntry.noun == "poster_batch") & (HistoryEntry.entity_id == batch_id)
    asked = select(func.coalesce(func.max(HistoryEntry.id), 0)).where(mine, HistoryEntry.actor_kind == ActorKind.PERSON).scalar_subquery()
    begun, given_back = session.execute(
        select(
            func.count().filter(HistoryEntry.action == BatchAction.START.value),
            func.count().filter(HistoryEntry.reason_code == STOPPED),
        ).where(mine, HistoryEntry.id > asked)
    ).one()
    return int(begun) - int(given_back)


def _kept(problems: Sequence[Problem]) -> list[dict[str, object]]:
    return [asdict(problem) for problem in problems]


def _note(session: Session, batch: PosterBatch, *, actor: Actor, action: str, at: datetime, **detail: object) -> None:
    record(session, actor=actor, district_id=batch.district_id, action=action, noun="poster_batch", entity_id=batch.id, at=at, **detail)
