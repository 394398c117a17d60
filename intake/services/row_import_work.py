"""What a worker does with an import, step by step: each step is a transaction of its own, so that a worker that dies loses one at most.

A claim carries the row's version, as a poster batch's does: whoever was silent for too long finds another version at the next step and stops.
How far it is (`rows_done`) is written with the rows themselves, so that whoever goes on begins behind the last that came in.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ARRAY, Integer, any_, cast, delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE, Actor, ActorKind
from intake.domain.contributor import ContributorStatus
from intake.domain.import_mapping import NUMBER_MAX, ColumnMapping, Said, Unfit, guess
from intake.domain.point import PointAction, PointKind
from intake.domain.receipt import receipt_number
from intake.domain.row_import import ImportAction, ImportFormat, ImportState, undone_code
from intake.domain.submission import Channel, SubmissionAction, SubmissionState, Urgency
from intake.models import Area, Base, Contributor, ImportedRow, IntakePoint, RowImport, Submission, SubmissionPart
from intake.ports import TableLook, Wake
from intake.queries.row_import import areas_before, mapping_before
from intake.services.audit import record
from intake.services.contribution import lock_topics_behind, recount
from intake.services.place import new_code
from intake.services.submission_withdraw import unsay
from intake.services.topic_proposal import outdate_for
from intake.services.transition import Move, begin, begin_many, insert_many, move, move_many
from intake.services.wake import wake_after_commit

SILENT = timedelta(minutes=2)
"""A worker that hasn't reported for this long is dead; a large workbook is opened for most of a minute."""
MOST_TRIES = 3
UNTOUCHED = (SubmissionState.RECEIVED, SubmissionState.TRIAGED, SubmissionState.QUARANTINED)
POINT_NAME = "导入的来件"
NAMES_SHOWN = 20
"""Names of communities that the trial couldn't place; each gets a choice on the page."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An import in a worker's hands."""

    id: int
    version: int
    state: ImportState
    district_id: int
    area_id: int
    area_path: str
    source: str
    file_key: str
    format: ImportFormat
    mapping: ColumnMapping
    done: int
    """Rows that were looked at before."""
    sent_by: int


@dataclass(frozen=True, slots=True)
class FreshRow:
    """A row that may come in, by what it is known, and where it belongs."""

    line: int
    said: Said
    external_hash: bytes
    area_id: int


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial found in some rows: how many were read, would come in, came in before; and which are refused, by line."""

    read: int
    good: int
    again: int
    refused: Mapping[int, Unfit]


def claim_import(session: Session, *, at: datetime) -> Claim | None:
    """Take the oldest that waits for a worker, or whose worker died; None when there is none. The caller commits before reading."""
    unseen = (RowImport.state == ImportState.MAPPING) & (func.jsonb_array_length(RowImport.columns) == 0) & (RowImport.file_key != "")
    found = session.execute(
        select(RowImport, Area.path)
        .join(Area, Area.id == RowImport.area_id)
        .where(
            RowImport.state.in_((ImportState.CHECKING, ImportState.IMPORTING, ImportState.UNDOING)) | unseen,
            or_(RowImport.beat_at.is_(None), RowImport.beat_at < at - SILENT),
        )
        .order_by(RowImport.id)
        .limit(1)
        .with_for_update(of=RowImport, skip_locked=True)
    ).one_or_none()
    if found is None:
        return None
    row, path = found
    row.tries += row.beat_at is not None
    row.beat_at = at
    row.version += 1
    if row.state is ImportState.UNDOING:  # it begins with the first of those that are left
        row.rows_done = row.rows_undone
    session.flush()
    if row.tries >= MOST_TRIES and row.state is not ImportState.UNDOING:
        _fail(session, row, f"试了 {MOST_TRIES} 次都在中途断开，可能是内存不够。请拆成几个文件再导入；还不行请联系管理员。", at=at)
        return claim_import(session, at=at)
    return Claim(
        id=row.id,
        version=row.version,
        state=row.state,
        district_id=row.district_id,
        area_id=row.area_id,
        area_path=path,
        source=row.source,
        file_key=row.file_key,
        format=row.format,
        mapping=ColumnMapping.read(row.mapping),
        done=row.rows_done,
        sent_by=row.sent_by,
    )


def give_back(session: Session, claim: Claim) -> None:
    """The worker was asked to end; another goes on behind the last row. No failed try."""
    row = _held(session, claim)
    if row is not None:
        row.beat_at, row.tries = None, 0


def store_look(session: Session, claim: Claim, look: TableLook) -> bool:
    """Heads are known: what each is likely to be is chosen already, as the last time with this source. False when the claim is lost."""
    row = _held(session, claim)
    if row is None:
        return False
    heads = list(look.heads)
    columns = mapping_before(session, row, heads) or guess(heads)
    row.columns, row.rows_total = heads, look.total
    row.mapping = ColumnMapping(columns, sheet=claim.mapping.sheet, areas=areas_before(session, row)).stored()
    _let_go(row)
    return True


def store_trial(session: Session, claim: Claim, tried: Tried, *, at: datetime) -> bool:
    """Note what was found in some rows, and where the worker is; False when the claim is lost."""
    row = _held(session, claim)
    if row is None:
        return False
    if tried.refused:
        insert_many(
            session,
            Base.metadata.tables["refused_rows"],
            [
                {
                    "district_id": row.district_id,
                    "import_id": row.id,
                    "line": line,
                    "field": one.field.value,
                    "reason_code": one.reason.value,
                }
                for line, one in tried.refused.items()
            ],
        )
    row.rows_done += tried.read
    row.rows_good += tried.good
    row.rows_again += tried.again
    row.rows_refused += len(tried.refused)
    row.reasons = dict(Counter(row.reasons) + Counter(one.reason.value for one in tried.refused.values()))
    row.beat_at = at
    return True


def store_unplaced(session: Session, claim: Claim, names: Mapping[str, int]) -> None:
    """Note which communities the good rows name that no area is called; the most frequent by name. Nothing when the claim is lost."""
    row = _held(session, claim)
    if row is not None:
        row.rows_unplaced = sum(names.values())
        row.unplaced = [list(one) for one in sorted(names.items(), key=lambda one: (-one[1], one[0]))[:NAMES_SHOWN]]


def store_rows(session: Session, claim: Claim, rows: Sequence[FreshRow], *, read: int, at: datetime) -> bool:
    """Make submissions of those that never came in, and note that `read` more rows were looked at; False when the claim is lost.

    They stand in state `received`, so that the machine reads them like any other. Two workers that bring the same row wait for each other.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(7210439, :district)"), {"district": claim.district_id % 2_147_483_647})
    row = _held(session, claim)
    if row is None:
        return False
    once = {one.external_hash: one for one in reversed(rows)}
    before = known_among(session, claim.district_id, once)
    fresh = [one for one in rows if once[one.external_hash] is one and one.external_hash not in before]
    if fresh:
        if row.point_id is None:
            row.point_id = _point(session, claim, at=at)
        _write(session, claim, fresh, point_id=row.point_id, at=at)
    row.rows_done += read
    row.rows_good += len(fresh)
    row.rows_again += len(rows) - len(fresh)
    row.beat_at = at
    return True


def known_among(session: Session, district_id: int, hashes: Collection[bytes]) -> set[bytes]:
    """Those of `hashes` that came in before, with whatever import of the district."""
    return set(
        session.scalars(
            select(ImportedRow.external_hash).where(ImportedRow.district_id == district_id, ImportedRow.external_hash.in_(list(hashes)))
        )
    )


def external_hash(source: str, said: Said) -> bytes:
    """By what a row is known: the number that its source gave it, else its words."""
    named = ("number", said.number) if said.number else ("words", said.text)
    return hashlib.sha256("\0".join((" ".join(source.split()).casefold(), *named)).encode()).digest()


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """How far a step of taking back came."""

    line: int
    """The last line that was looked at."""
    held: Mapping[int, int]
    """Lines that were left, since somebody else has the submission in hand, and the submission of each."""


def withdraw_some(
    session: Session, claim: Claim, *, after: int, limit: int, at: datetime, among: Collection[int] | None = None
) -> Withdrawn | None:
    """Withdraw those of the next `limit` rows behind line `after` (of the lines `among`, if any are given) that nobody touched, and forget that
    they came in; None at the end. What a person decided on, put in a topic or split stays. Raises LookupError when the claim is lost.

    Topics are locked before submissions, as by everybody who decides. The machine holds the rows it reads before their topics, so no row
    may be waited for here: what is held is left, to be waited for (`wait_for`) when this step and its locks are over.
    """
    query = select(ImportedRow.line, ImportedRow.submission_id).where(ImportedRow.import_id == claim.id, ImportedRow.line > after)
    if among is not None:
        query = query.where(ImportedRow.line == any_(cast(sorted(among), ARRAY(Integer))))
    chosen = {submission_id: line for line, submission_id in session.execute(query.order_by(ImportedRow.line).limit(limit))}
    if not chosen:
        return None
    stood = set(session.scalars(select(Contributor.topic_id).where(Contributor.submission_id.in_(chosen)).distinct()))
    lock_topics_behind(session, list(chosen))
    row = _held(session, claim)
    if row is None:
        raise LookupError("taken over")
    untouched = (
        Submission.id.in_(chosen),
        Submission.state.in_(UNTOUCHED),
        ~select(SubmissionPart.submission_id).where(SubmissionPart.parent_id == Submission.id).exists(),
    )
    ours = session.scalars(
        select(Submission)
        .where(*untouched)
        .order_by(Submission.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    held = set(session.scalars(select(Submission.id).where(*untouched))) - {one.id for one in ours}
    # One that came to a topic, or whose topic was merged, after the topics were locked: the next step locks that one too.
    held |= set(
        session.scalars(select(Contributor.submission_id).where(Contributor.submission_id.in_(chosen), Contributor.topic_id.not_in(stood)))
    )
    ours = [one for one in ours if one.id not in held]
    _withdraw(session, ours, import_id=claim.id, at=at)
    row.rows_undone += len(ours)
    row.rows_done += len(chosen) - len(held)
    row.beat_at = at
    return Withdrawn(line=max(chosen.values()), held={chosen[one]: one for one in held})


def wait_for(session: Session, submission_id: int) -> None:
    """Return when nobody has the submission in hand; only in a transaction that holds nothing else, so that nobody waits for who waits."""
    session.execute(select(Submission.id).where(Submission.id == submission_id).with_for_update())


def finish(session: Session, claim: Claim, action: ImportAction, *, at: datetime) -> bool:
    """The step is done to its end; False when the claim is lost."""
    row = _held(session, claim)
    if row is None:
        return False
    row.rows_total = row.rows_done if action is not ImportAction.UNDONE else row.rows_total
    move(session, row, action, actor=MACHINE, at=at)
    row.beat_at, row.tries = None, 0
    detail = {"good": row.rows_good, "again": row.rows_again, "refused": row.rows_refused, "undone": row.rows_undone}
    record(
        session,
        actor=MACHINE,
        district_id=row.district_id,
        action=f"row_import.{action.value}",
        noun="row_import",
        entity_id=row.id,
        at=at,
        **detail,
    )
    if action is ImportAction.IMPORTED:
        wake_after_commit(session, Wake.TRIAGE)
    return True


def fail(session: Session, claim: Claim, problem: str, *, at: datetime) -> bool:
    """It can't be read, and `problem` says what to do; what came in before stands. False when the claim is lost."""
    row = _held(session, claim)
    if row is None:
        return False
    _fail(session, row, problem, at=at)
    return True


def _fail(session: Session, row: RowImport, problem: str, *, at: datetime) -> None:
    move(session, row, ImportAction.FAIL, actor=MACHINE, at=at)
    row.problem, row.beat_at, row.tries = problem, None, 0


def _held(session: Session, claim: Claim) -> RowImport | None:
    """The claim's row, locked, if it is still this worker's."""
    return session.scalars(
        select(RowImport)
        .where(RowImport.id == claim.id, RowImport.version == claim.version, RowImport.state == claim.state)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _let_go(row: RowImport) -> None:
    row.beat_at, row.tries = None, 0
    row.version += 1


def _point(session: Session, claim: Claim, *, at: datetime) -> int:
    """The district's point of imported rows, which nobody can scan; made with the first import. The caller holds the district's lock."""
    known = session.scalar(
        select(RowImport.point_id).where(RowImport.district_id == claim.district_id, RowImport.point_id.is_not(None)).limit(1)
    )
    if known is not None:
        return known
    point = IntakePoint(
        district_id=claim.district_id,
        area_id=claim.district_id,
        kind=PointKind.EVENT,
        name=POINT_NAME,
        code=new_code(),
        version=1,
        created_at=at,
    )
    begin(session, point, actor=MACHINE, at=at)
    move(session, point, PointAction.RETIRE, actor=MACHINE, at=at, reason_code="imports_only")
    session.flush()
    return point.id


def _write(session: Session, claim: Claim, rows: Sequence[FreshRow], *, point_id: int, at: datetime) -> None:
    """Submissions and the memory of each, in a few statements."""
    ids = session.scalars(text("SELECT nextval('submissions_id_seq') FROM generate_series(1, :n)"), {"n": len(rows)}).all()
    begin_many(
        session,
        Submission,
        [
            {
                "id": submission_id,
                "district_id": claim.district_id,
                "point_id": point_id,
                "area_id": one.area_id,
                "channel": Channel.IMPORT,
                "receipt_number": receipt_number(submission_id, at),
                "receipt_salt": os.urandom(16),
                "text_written": one.said.text,
                "text_masked": "",
                "replaced_characters": one.said.replaced,
                "place": one.said.place,
                "place_masked": "",
                "contact_hint": "",
                "urgency": Urgency.NORMAL,
                "received_at": one.said.when or at,
            }
            for submission_id, one in zip(ids, rows, strict=True)
        ],
        actor=Actor(kind=ActorKind.PERSON, user_id=claim.sent_by, district_id=claim.district_id),
        at=at,
    )
    insert_many(
        session,
        Base.metadata.tables["imported_rows"],
        [
            {
                "district_id": claim.district_id,
                "import_id": claim.id,
                "line": one.line,
                "submission_id": submission_id,
                "external_hash": one.external_hash,
                "external_number": one.said.number[:NUMBER_MAX],
                "category": one.said.category,
                "link": one.said.link,
            }
            for submission_id, one in zip(ids, rows, strict=True)
        ],
    )


def _withdraw(session: Session, submissions: Sequence[Submission], *, import_id: int, at: datetime) -> None:
    """As their residents' withdrawing does, for many: out of the topics that were suggested, which are counted anew."""
    if not submissions:
        return
    ids = [one.id for one in submissions]
    code = undone_code(import_id)
    move_many(session, [Move(one, SubmissionAction.WITHDRAW, reason_code=code) for one in submissions], actor=MACHINE, at=at)
    topic_ids = set(
        session.scalars(
            update(Contributor)
            .where(Contributor.submission_id.in_(ids), Contributor.status == ContributorStatus.SUGGESTED)
            .values(status=ContributorStatus.REMOVED, decided_at=at)
            .returning(Contributor.topic_id)
            .execution_options(synchronize_session=False)
        )
    )
    unsay(session, ids)
    recount(session, topic_ids, at=at)
    outdate_for(session, topic_ids, at=at)
    session.execute(delete(ImportedRow).where(ImportedRow.submission_id.in_(ids)).execution_options(synchronize_session=False))
