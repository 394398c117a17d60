"""清单: made from referrals, issued as it stands, followed by the next edition; number, signer and date are recorded afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.official_list import (
    LISTED_TOPICS,
    MOST_ROWS,
    NUMBER_MAX,
    SIGNER_MAX,
    TITLE_MAX,
    ListAction,
    ListItem,
    ListKind,
    ListState,
)
from intake.domain.text import clean_line
from intake.domain.working_days import SHANGHAI
from intake.models import Area, OfficialList, Referral, Topic
from intake.queries.official_list import ListFilter, items_of, offered_ids, require_lists
from intake.services.audit import record
from intake.services.transition import begin, move

NAMED = 5
"""Rows that a refusal names."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What every act on a stored list carries; `version` is the one on the person's screen."""

    actor: Actor
    list_id: int
    version: int
    at: datetime


def make_list(session: Session, *, actor: Actor, kind: ListKind, title: str, chosen: ListFilter, at: datetime) -> OfficialList:
    """The first edition, a draft of what `chosen` finds.

    Raises Forbidden for whoever doesn't make lists for the whole district, NotFound for another district's topic, InvalidInput (field
    `title`, or `chosen` when there is nothing to list or too much).
    """
    require_lists(session, actor)
    _is_listed(session, actor, chosen.topic_id)
    assert actor.user_id is not None
    assert actor.district_id is not None
    made = OfficialList(
        district_id=actor.district_id,
        edition=1,
        kind=kind,
        title=_title(title),
        topic_id=chosen.topic_id,
        referral_ids=_rows(offered_ids(session, actor, kind, chosen)),
        items=[],
        version=1,
        created_by=actor.user_id,
        created_at=at,
    )
    begin(session, made, actor=actor, at=at)
    made.series_id = made.id
    _note(session, made, actor=actor, act="make", at=at, kind=kind.value, rows=len(made.referral_ids))
    session.flush()
    return made


def change_list(session: Session, listing: Listing, *, title: str, kept: Sequence[int], added: Sequence[str]) -> OfficialList:
    """A draft's title and rows: `kept` are those that stay, in their new order, `added` numbers of further referrals.

    Raises Conflict when somebody was faster or it was issued, InvalidInput (field `title`, `rows` or `added`, naming the unknown number).
    """
    found = _lock(session, listing)
    if found.state is not ListState.DRAFT:
        raise Conflict("已经印发的清单不能改。要改的话，请另起新的一版。")
    found.title = _title(title)
    ids = [one for one in kept if one in set(found.referral_ids)]
    found.referral_ids = _rows([*dict.fromkeys([*ids, *_numbered(session, found, added)])])
    found.version += 1
    _note(session, found, actor=listing.actor, act="change", at=listing.at, rows=len(found.referral_ids))
    session.flush()
    return found


def issue(session: Session, listing: Listing) -> OfficialList:
    """Freeze the rows as they stand now, in place of the edition before.

    Raises Conflict when somebody was faster, InvalidInput (field `rows`) naming the rows without a lead, or without evidence or a reason.
    """
    found = _lock(session, listing)
    if found.state is not ListState.DRAFT:
        raise Conflict("这一版已经印发了。")
    items = items_of(session, found)
    _is_complete(items)
    before = session.scalars(
        select(OfficialList).where(OfficialList.series_id == found.series_id, OfficialList.state == ListState.ISSUED).with_for_update()
    ).one_or_none()
    path = _district_path(session, found)
    if before is not None:
        move(session, before, ListAction.SUPERSEDE, actor=listing.actor, at=listing.at, area_path=path)
    move(session, found, ListAction.ISSUE, actor=listing.actor, at=listing.at, area_path=path)
    found.items = [one.frozen() for one in items]
    found.issued_by, found.issued_at = listing.actor.user_id, listing.at
    _note(session, found, actor=listing.actor, act="issue", at=listing.at, edition=found.edition, rows=len(items))
    session.flush()
    return found


def next_edition(session: Session, listing: Listing) -> OfficialList:
    """A draft of the next edition with the same rows; the issued one holds until it is issued too. Conflict when one was begun already."""
    found = _lock(session, listing)
    newest = session.scalar(select(func.max(OfficialList.edition)).where(OfficialList.series_id == found.series_id))
    if found.state is not ListState.ISSUED or newest != found.edition:
        raise Conflict("已经有更新的一版，请在那一版上改。")
    assert listing.actor.user_id is not None
    made = OfficialList(
        district_id=found.district_id,
        series_id=found.series_id,
        edition=found.edition + 1,
        kind=found.kind,
        title=found.title,
        topic_id=found.topic_id,
        referral_ids=list(found.referral_ids),
        items=[],
        version=1,
        created_by=listing.actor.user_id,
        created_at=listing.at,
    )
    begin(session, made, actor=listing.actor, at=listing.at)
    found.version += 1
    _note(session, made, actor=listing.actor, act="next_edition", at=listing.at, edition=made.edition)
    session.flush()
    return made


def record_paper(session: Session, listing: Listing, *, document_number: str, signer: str, signed_on: date | None) -> OfficialList:
    """What the signed paper says (文号、签发人、日期): written down afterwards, never made up here.

    Raises Conflict for a draft or when somebody was faster, InvalidInput naming the field.
    """
    found = _lock(session, listing)
    if found.state is ListState.DRAFT:
        raise Conflict("草稿还没有印发，没有文号可以登记。")
    number = clean_line(document_number, limit=NUMBER_MAX, field="document_number")
    name = clean_line(signer, limit=SIGNER_MAX, field="signer")
    if not number:
        raise InvalidInput("请照纸质文件填写文号。", field="document_number")
    if not name:
        raise InvalidInput("请照纸质文件填写签发人。", field="signer")
    if signed_on is None or signed_on > listing.at.astimezone(SHANGHAI).date():
        raise InvalidInput("请填写签发日期，不能晚于今天。", field="signed_on")
    found.document_number, found.signer, found.signed_on = number, name, signed_on
    found.version += 1
    _note(session, found, actor=listing.actor, act="record_paper", at=listing.at)
    session.flush()
    return found


def _lock(session: Session, listing: Listing) -> OfficialList:
    require_lists(session, listing.actor)
    found = session.scalars(
        select(OfficialList).where(OfficialList.id == listing.list_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or found.district_id != listing.actor.district_id:
        raise NotFound("没有这份清单，或者不在您的区。")
    if found.version != listing.version:
        raise Conflict("这份清单刚刚有人动过。您写的还在下面，请先看看现在的样子。")
    return found


def _is_listed(session: Session, actor: Actor, topic_id: int | None) -> None:
    if topic_id is None:
        return
    topic = session.get(Topic, topic_id)
    if topic is None or topic.district_id != actor.district_id or topic.state not in LISTED_TOPICS:
        raise NotFound("没有这个议题，或者它还没有到办理这一步。")


def _title(raw: str) -> str:
    title = clean_line(raw, limit=TITLE_MAX, field="title")
    if not title:
        raise InvalidInput("请给清单写一个标题。", field="title")
    return title


def _rows(ids: Sequence[int]) -> list[int]:
    if not ids:
        raise InvalidInput("清单里至少要有一项。请换个范围再试。", field="rows")
    if len(ids) > MOST_ROWS:
        raise InvalidInput(f"一份清单最多 {MOST_ROWS} 项，请缩小范围，分成几份。", field="rows")
    return list(ids)


def _numbered(session: Session, found: OfficialList, numbers: Sequence[str]) -> Sequence[int]:
    wanted = [*dict.fromkeys(one.strip().upper() for one in numbers if one.strip())]
    rows = session.execute(
        select(Referral.number, Referral.id).where(Referral.district_id == found.district_id, Referral.number.in_(wanted))
    )
    ids = {one.number: one.id for one in rows}
    unknown = next((one for one in wanted if one not in ids), None)
    if unknown is not None:
        raise InvalidInput(f"没有编号是“{unknown}”的转报，请核对后再加。", field="added")
    return [ids[one] for one in wanted]


def _is_complete(items: Sequence[ListItem]) -> None:
    lacking = [(place, one) for place, one in enumerate(items, start=1) if one.lacks]
    if not lacking:
        return
    label = lacking[0][1].lacks
    numbers = "、".join(f"{place}（{one.number}）" for place, one in lacking[:NAMED])
    raise InvalidInput(f"还不能印发，共 {len(lacking)} 项不全：序号 {numbers}。第一项是：{label}。", field="rows")


def _district_path(session: Session, found: OfficialList) -> str:
    return session.scalars(select(Area.path).where(Area.id == found.district_id)).one()


def _note(session: Session, found: OfficialList, *, actor: Actor, act: str, at: datetime, **detail: object) -> None:
    record(
        session,
        actor=actor,
        district_id=found.district_id,
        action=f"list.{act}",
        noun="official_list",
        entity_id=found.id,
        at=at,
        **detail,
    )
