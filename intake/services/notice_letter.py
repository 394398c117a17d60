"""One resident and what may be sent to them: which rights they have, and the letter as a channel takes it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.workflow import WeChatRules
from intake.domain.errors import PermanentError
from intake.domain.message_right import Standing
from intake.domain.notice_fields import cut, template_values
from intake.domain.notice_words import WHAT_MAX, NoticeFacts, chat_words, sms_words, template_facts
from intake.domain.notification import NoticeChannel, NoticeKind
from intake.models import WeChatFollower, WeChatRight, WeChatTemplate
from intake.ports import Letter, Vault
from intake.queries.notice_facts import BehindNotice
from intake.queries.wechat_account import AccountRow, account_by_original_id
from intake.services.notice_link import token_of
from intake.services.submission_submit import contact_context
from intake.services.wechat_account import keys_of

Templates = Mapping[NoticeChannel, WeChatTemplate]
_MOBILE = re.compile(r"1[3-9]\d{9}")


@dataclass(frozen=True, slots=True)
class Desk:
    """What sending needs besides the rows."""

    vault: Vault
    rules: WeChatRules
    base_url: str
    sms: bool
    """Whether short messages can be sent."""


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody with something due; all None and empty for one who only left a telephone number."""

    follower: WeChatFollower | None
    account: AccountRow | None
    """None where it is gone or out of use."""
    templates: Mapping[NoticeKind, Templates]
    rights: Mapping[str, WeChatRight]
    """By the template's id, locked."""

    def template(self, kind: NoticeKind, channel: NoticeChannel) -> WeChatTemplate | None:
        """What carries `kind` by `channel`."""
        return self.templates.get(kind, {}).get(channel)

    def right(self, kind: NoticeKind, channel: NoticeChannel) -> WeChatRight | None:
        """The subscription that was given for that template, and for that channel."""
        template = self.template(kind, channel)
        found = self.rights.get(template.template_id) if template is not None else None
        return found if found is not None and found.channel is channel else None

    def standing(self, kind: NoticeKind, *, sms: bool) -> Standing:
        """As the budget asks for it."""
        follower, long, once = self.follower, self.right(kind, NoticeChannel.LONG), self.right(kind, NoticeChannel.ONCE)
        return Standing(
            kind=self.account.kind if self.account is not None else None,
            following=follower is not None and follower.following,
            wrote_at=follower.wrote_at if follower is not None else None,
            replies_used=follower.replies_used if follower is not None else 0,
            touched_at=follower.touched_at if follower is not None else None,
            touches_used=follower.touches_used if follower is not None else 0,
            templates=frozenset(self.templates.get(kind, {})),
            long=long is not None and long.remaining > 0,
            once=once.remaining if once is not None else 0,
            sms=sms,
        )


NOBODY = Resident(follower=None, account=None, templates={}, rights={})
"""Whoever is known by telephone alone."""


def residents_of(session: Session, followers: Sequence[WeChatFollower]) -> dict[int, Resident]:
    """By the follower's id, their subscriptions locked; the followers are."""
    named = {name: account_by_original_id(session, name) for name in {follower.account for follower in followers}}
    accounts = {name: account for name, account in named.items() if account is not None and account.active}
    templates: dict[int, dict[NoticeKind, dict[NoticeChannel, WeChatTemplate]]] = {}
    for one in session.scalars(select(WeChatTemplate).where(WeChatTemplate.account_id.in_([a.id for a in accounts.values()]))):
        templates.setdefault(one.account_id, {}).setdefault(one.kind, {})[one.channel] = one
    rights: dict[int, dict[str, WeChatRight]] = {}
    for right in session.scalars(
        select(WeChatRight)
        .where(WeChatRight.follower_id.in_([follower.id for follower in followers]))
        .order_by(WeChatRight.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ):
        rights.setdefault(right.follower_id, {})[right.template_id] = right
    found = {}
    for follower in followers:
        account = accounts.get(follower.account)
        found[follower.id] = Resident(
            follower=follower,
            account=account,
            templates=templates.get(account.id, {}) if account is not None else {},
            rights=rights.get(follower.id, {}),
        )
    return found


def letter_for(desk: Desk, resident: Resident, channel: NoticeChannel, told: Sequence[BehindNotice]) -> Letter | None:
    """One letter about all that is `told`, the newest first; None where address or keys can't be opened, or the contact is no mobile number."""
    facts = [_facts(desk, one) for one in told]
    try:
        return _short(desk, told[0], facts) if channel is NoticeChannel.SMS else _by_wechat(desk, resident, channel, facts)
    except PermanentError:
        return None


def _short(desk: Desk, newest: BehindNotice, facts: Sequence[NoticeFacts]) -> Letter | None:
    if newest.contact_cipher is None:
        return None
    digits = re.sub(r"\D", "", desk.vault.open(newest.contact_cipher, context=contact_context(newest.receipt_number)))
    return Letter(address=digits, words=sms_words(facts)) if _MOBILE.fullmatch(digits) else None


def _by_wechat(desk: Desk, resident: Resident, channel: NoticeChannel, facts: Sequence[NoticeFacts]) -> Letter:
    follower, account = resident.follower, resident.account
    assert follower is not None, "the budget opens no channel of WeChat for whoever is known by telephone alone"
    assert account is not None, "nor without an account"
    address = desk.vault.open(follower.openid_cipher, context=f"openid:{follower.account}")
    keys = keys_of(desk.vault, account)
    if channel is NoticeChannel.CUSTOMER:
        return Letter(address=address, words=chat_words(facts), keys=keys)
    template = resident.template(facts[0].kind, channel)
    assert template is not None, "nor a template's channel without one"
    values = template_values(template.fields, template_facts(facts[0], others=len(facts) - 1), when=facts[0].at)
    return Letter(address=address, words="", keys=keys, template_id=template.template_id, values=values, link=facts[0].link)


def _facts(desk: Desk, behind: BehindNotice) -> NoticeFacts:
    return NoticeFacts(
        kind=behind.kind,
        number=behind.receipt_number,
        what=cut(behind.text, WHAT_MAX),
        place=behind.place,
        state=behind.step,
        who=behind.who,
        said=behind.said,
        at=behind.at,
        link=f"{desk.base_url}/n/{token_of(desk.vault, behind.notice_id)}",
    )
