"""委员: all pages of the blueprint."""

from intake.web.member import detail, messages, referrals, review, views
from intake.web.member.views import member

__all__ = ["detail", "member", "messages", "referrals", "review", "views"]
