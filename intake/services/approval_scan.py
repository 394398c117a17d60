"""审批文件的扫描件: taken into quarantine as evidence is, made anew by a worker, and read by whoever makes the plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.attachment import MEDIA_TYPES
from intake.domain.file_type import shown_name
from intake.models import Approval
from intake.ports import ObjectStore, Wake
from intake.queries.approval import QUARANTINE
from intake.services.attachment import Incoming, inspect
from intake.services.wake import wake_after_commit

_TYPES = {ending: media_type for media_type, ending in MEDIA_TYPES.items()}


@dataclass(frozen=True, slots=True)
class ReceivedScan:
    """One scan that waits for the worker."""

    id: int
    original: str
    """Where its bytes lie."""
    media_type: str

    @property
    def result(self) -> str:
        """Where it goes, the same at every try."""
        return self.original.removeprefix("quarantine/") + (".pdf" if self.media_type == "application/pdf" else ".jpg")


def keep_scan(session: Session, approval: Approval, scan: Incoming, *, store: ObjectStore) -> None:
    """Take it into quarantine; InvalidInput (field `files`) for what can't be taken. The approval has its id."""
    one = inspect(scan)
    approval.file_key = f"{QUARANTINE}{approval.district_id}/{approval.id}"
    approval.file_name, approval.file_sha256 = one.name, one.sha256
    session.flush()
    one.stream.seek(0)
    store.put(approval.file_key, one.stream)
    wake_after_commit(session, Wake.ATTACHMENTS)


def received(session: Session, *, after: int, limit: int) -> list[ReceivedScan]:
    """Scans that wait for the worker, beyond the id `after`."""
    rows = session.execute(
        select(Approval.id, Approval.file_key, Approval.file_name)
        .where(Approval.file_key.like("quarantine/%"), Approval.id > after)
        .order_by(Approval.id)
        .limit(limit)
    )
    return [ReceivedScan(row.id, row.file_key, _TYPES[PurePosixPath(row.file_name).suffix]) for row in rows]


def stray_keys(session: Session, keys: Sequence[str], *, before: datetime) -> list[str]:
    """Those of `keys` where no worker has anything to do: it was made anew or refused, and a killed worker left it; or its approval was never
    committed, which is known once a later one was recorded `before`.
    """
    ids = {key: int(name) for key in keys if (name := key.rpartition("/")[2]).isdecimal()}
    waiting = {row.id: row.file_key for row in session.execute(select(Approval.id, Approval.file_key).where(Approval.id.in_(ids.values())))}
    latest = session.scalar(select(func.max(Approval.id)).where(Approval.recorded_at < before)) or 0
    return [key for key, one in ids.items() if (waiting[one] != key if one in waiting else one < latest)]


def accept_cleaned(session: Session, one: ReceivedScan, *, size: int, at: datetime) -> bool:
    """The file that was made anew lies under `one.result`; False when another worker was first."""
    del size, at  # evidence keeps both; the approval has its own day
    approval = _still_received(session, one)
    if approval is None:
        return False
    approval.file_key = one.result
    approval.file_name = shown_name(approval.file_name, media_type="application/pdf" if one.result.endswith(".pdf") else "image/jpeg")
    return True


def refuse(session: Session, one: ReceivedScan, *, because: str, at: datetime) -> bool:
    """It can't be used, and `because` says why; False when another worker was first."""
    del at
    approval = _still_received(session, one)
    if approval is None:
        return False
    approval.file_key, approval.file_refused = "", because
    return True


def _still_received(session: Session, one: ReceivedScan) -> Approval | None:
    return session.scalars(select(Approval).where(Approval.id == one.id, Approval.file_key == one.original).with_for_update()).one_or_none()
