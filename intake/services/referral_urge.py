"""催办: the office or the district's staff press a unit for its answer, at most once a day."""

from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.errors import Conflict, Forbidden
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.referral import AT_DEPARTMENT, EntryKind
from intake.models import Referral, ReferralEntry
from intake.services.referral_lock import Acting, lock_referral, note, report_needed, write_entry


def urge(session: Session, acting: Acting, *, words: str) -> Referral:
    """The lead reads `words` on its task; residents don't.

    Raises Forbidden for who neither assigned it nor follows it, Conflict when no unit has it or it was urged today, InvalidInput (`words`).
    """
    referral, path = lock_referral(session, acting)
    of_office = acting.actor.may(Permission.REFERRAL_ASSIGN) and acting.actor.unit_id == referral.office_id
    if not of_office and not acting.actor.may(Permission.REFERRAL_FOLLOW, area_path=path):
        raise Forbidden("催办由交办机关或区政协工作人员发出。")
    if referral.state not in AT_DEPARTMENT:
        raise Conflict("现在没有承办单位在办，不用催。")
    if _urged_since(session, referral, datetime.combine(acting.at.astimezone(SHANGHAI).date(), time(), SHANGHAI)):
        raise Conflict("今天已经催过一次，明天还没有答复可以再催。")
    write_entry(session, acting, referral, EntryKind.URGE, report_needed(words))
    referral.version += 1
    note(session, acting, referral, "urge")
    return referral


def _urged_since(session: Session, referral: Referral, morning: datetime) -> bool:
    urged = select(ReferralEntry.id).where(
        ReferralEntry.referral_id == referral.id, ReferralEntry.kind == EntryKind.URGE, ReferralEntry.at >= morning
    )
    return session.scalar(urged.limit(1)) is not None
