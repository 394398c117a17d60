"""免打扰: hours of the night in which nobody is written to; what falls due then waits for the morning."""

from datetime import datetime, timedelta

from config.workflow import WeChatRules
from intake.domain.working_days import SHANGHAI


def out_of_quiet(at: datetime, rules: WeChatRules) -> datetime:
    """`at` itself by day, else the end of the quiet hours around it; they may lie on both sides of midnight."""
    local = at.astimezone(SHANGHAI)
    begins, ends = rules.quiet_from_hour, rules.quiet_to_hour
    evening = begins > ends and local.hour >= begins
    if not (evening or (local.hour < ends if begins > ends else begins <= local.hour < ends)):
        return at
    day = local + timedelta(days=1) if evening else local
    return day.replace(hour=ends, minute=0, second=0, microsecond=0).astimezone(at.tzinfo)
