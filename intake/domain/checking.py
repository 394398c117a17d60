"""Who sees whether an answer answers: one rule for the page that offers it and the service that does it."""

from intake.domain.actor import Actor
from intake.domain.permission import Permission, Role


def may_check(actor: Actor, *, sent_by: int, area_path: str) -> bool:
    """Whoever sent it, whoever convenes there, and those who follow referrals for the district's staff."""
    convenes = any(grant.role is Role.CONVENOR and area_path.startswith(grant.area_path) for grant in actor.grants)
    sender = actor.user_id == sent_by and actor.may(Permission.REFERRAL_CHECK, area_path=area_path)
    return sender or convenes or actor.may(Permission.REFERRAL_FOLLOW, area_path=area_path)
