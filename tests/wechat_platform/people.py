"""Who follows an account, and what the platform lets us say to them: it counts by itself and never asks us."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.wechat_platform.codes import Refused

REPLY_SECONDS, REPLIES = 48 * 3600, 5
"""After somebody wrote."""
TOUCH_SECONDS, TOUCHES = 60, 3
"""After somebody followed, scanned or tapped the menu."""
LONG = -1
"""Instead of a number of subscription notices: as many as we like."""


@dataclass
class Person:
    """One resident as the platform knows them."""

    openid: str
    following: bool = False
    wrote_at: float | None = None
    replies_used: int = 0
    touched_at: float | None = None
    touches_used: int = 0
    subscriptions: dict[str, int] = field(default_factory=dict)
    """Notices left by template; `LONG` for a long-term one."""


class People:
    """All of an account; the sending side tells it what they do."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._by_openid: dict[str, Person] = {}

    def known(self, openid: str) -> Person:
        """By openid; made when new."""
        return self._by_openid.setdefault(openid, Person(openid))

    def all(self) -> list[Person]:
        """In the order in which they came."""
        return list(self._by_openid.values())

    def follow(self, openid: str) -> None:
        """They follow; for a minute three messages are allowed."""
        self.known(openid).following = True
        self.touch(openid)

    def unfollow(self, openid: str) -> None:
        """They leave; nothing reaches them but what they subscribed to."""
        self.known(openid).following = False

    def write(self, openid: str) -> None:
        """They wrote: 48 hours and five messages begin anew."""
        person = self.known(openid)
        person.following, person.wrote_at, person.replies_used = True, self._seconds(), 0

    def touch(self, openid: str) -> None:
        """They scanned or tapped: one minute and three messages begin anew."""
        person = self.known(openid)
        person.touched_at, person.touches_used = self._seconds(), 0

    def subscribe(self, openid: str, template_id: str, notices: int = 1) -> None:
        """They allowed so many more notices, or `LONG`."""
        rights = self.known(openid).subscriptions
        rights[template_id] = LONG if notices == LONG else rights.get(template_id, 0) + notices

    def refuse(self, openid: str, template_id: str) -> None:
        """They took it back."""
        self.known(openid).subscriptions.pop(template_id, None)

    def spend_reply(self, openid: str) -> None:
        """Use up one customer message; Refused 40003, 45015 or 45047."""
        person = self._by_openid.get(openid)
        if person is None:
            raise Refused(40003)
        now = self._seconds()
        may_reply = person.following and person.wrote_at is not None and now - person.wrote_at < REPLY_SECONDS
        may_answer = person.following and person.touched_at is not None and now - person.touched_at < TOUCH_SECONDS
        if may_reply and person.replies_used < REPLIES:
            person.replies_used += 1
        elif may_answer and person.touches_used < TOUCHES:
            person.touches_used += 1
        else:
            raise Refused(45047 if may_reply or may_answer else 45015)

    def spend_notice(self, openid: str, template_id: str) -> None:
        """Use up one subscription notice; Refused 40003 or 43101. Following isn't needed."""
        person = self._by_openid.get(openid)
        if person is None:
            raise Refused(40003)
        left = person.subscriptions.get(template_id, 0)
        if left == 0:
            raise Refused(43101)
        if left != LONG:
            person.subscriptions[template_id] = left - 1
