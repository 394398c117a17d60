"""What a member is known to care for: the categories of their profile and of the groups they are in."""

from datetime import date
from itertools import chain

from sqlalchemy import or_, select, union_all
from sqlalchemy.orm import Session

from intake.models import GroupMembership, MemberGroup, MemberProfile


def own_categories(session: Session, user_id: int, day: date) -> tuple[str, ...]:
    """Codes of the categories that are the person's on `day`, in order, each once; one statement.

    Of groups that ended, or that the person has left or not yet joined, nothing counts.
    """
    of_groups = (
        select(MemberGroup.categories)
        .join(GroupMembership, GroupMembership.group_id == MemberGroup.id)
        .where(
            GroupMembership.user_id == user_id,
            GroupMembership.since <= day,
            or_(GroupMembership.until.is_(None), GroupMembership.until >= day),
            MemberGroup.ended_at.is_(None),
        )
    )
    of_profile = select(MemberProfile.categories).where(MemberProfile.user_id == user_id)
    return tuple(sorted(set(chain.from_iterable(session.scalars(union_all(of_profile, of_groups))))))
