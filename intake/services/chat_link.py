"""The link that opens a draft on the form: derived from the master key and the draft's salt, stored nowhere, as a receipt's."""

import base64
import hmac
import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.chat_draft import DraftState
from intake.models import ChatDraft
from intake.ports import Vault

_TOKEN = re.compile(r"([1-9][0-9]{0,17})\.([0-9A-Za-z_-]{22})")


@dataclass(frozen=True, slots=True)
class LinkedDraft:
    """A draft whose link was shown."""

    id: int
    point_id: int | None
    state: DraftState
    erased: bool


def token_of(vault: Vault, draft_id: int, salt: bytes) -> str:
    """The secret part of the link (132 bits), behind the draft's number."""
    return f"{draft_id}.{_secret(vault, draft_id, salt)}"


def draft_by_token(session: Session, vault: Vault, token: str) -> LinkedDraft | None:
    """The draft behind a link that fits; None for any other."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    row = session.execute(
        select(ChatDraft.id, ChatDraft.point_id, ChatDraft.state, ChatDraft.erased_at.is_not(None), ChatDraft.link_salt).where(
            ChatDraft.id == int(match.group(1))
        )
    ).one_or_none()
    if row is None or not hmac.compare_digest(match.group(2), _secret(vault, row.id, row.link_salt)):
        return None
    return LinkedDraft(*row[:4])


def _secret(vault: Vault, draft_id: int, salt: bytes) -> str:
    return base64.urlsafe_b64encode(vault.derive("draft-link", str(draft_id).encode() + salt)).decode()[:22]
