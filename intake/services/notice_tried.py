"""What was tried for a notice: channels that refused it, and since when staff asked for another try."""

from collections.abc import Iterable
from datetime import datetime

from intake.domain.notification import NoticeChannel
from intake.models import Notification

AGAIN = "again"
"""In the place of a code: staff sent it again, so that what refused it before may be tried anew."""


def add_tried(notices: Iterable[Notification], channel: NoticeChannel | None, code: str, *, at: datetime) -> None:
    """Note that a channel didn't take them, or (None) that staff want another try."""
    entry = {"channel": channel.value if channel is not None else "", "code": code, "at": at.isoformat()}
    for notice in notices:
        notice.tried = [*notice.tried, entry]


def refused(notices: Iterable[Notification]) -> frozenset[NoticeChannel]:
    """Channels that at least one of them won't go by any more."""
    found: set[NoticeChannel] = set()
    for notice in notices:
        since: set[NoticeChannel] = set()
        for entry in notice.tried:
            since = set() if entry["code"] == AGAIN else {*since, NoticeChannel(entry["channel"])}
        found |= since
    return frozenset(found)
