"""How much one device sent of late: what tells a flood from many people with one trouble."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Select, bindparam, func, select, true, tuple_
from sqlalchemy.orm import Session, aliased

from intake.models import Submission

LATELY = timedelta(hours=24)
COUNTED = 100
"""More are not counted: a flood is recognised long before."""


@dataclass(frozen=True, slots=True)
class SentLately:
    """What the device behind one submission had sent in the 24 hours before it."""

    messages: int
    same_words: int


def sent_lately(session: Session, submissions: Sequence[Submission]) -> dict[int, SentLately]:
    """By submission, for those whose device is known and sent something before; one statement for all."""
    # What a member split off a message was sent by nobody.
    ids = [submission.id for submission in submissions if submission.device_hash is not None and submission.parent_id is None]
    if not ids:
        return {}
    return {row.id: SentLately(row.messages, row.same_words) for row in session.execute(_LATELY, {"ids": ids}) if row.messages}


_ONE, _OTHER = aliased(Submission), aliased(Submission)


def _lately() -> Select[Any]:
    asked = func.unnest(bindparam("ids", type_=ARRAY(BigInteger))).table_valued("id", name="asked").render_derived()
    this = select(_ONE.device_hash, _ONE.received_at, _ONE.id, _ONE.text_written).where(_ONE.id == asked.c.id).limit(1).lateral("this")
    before = (
        select(_OTHER.text_written)
        .where(
            _OTHER.device_hash == this.c.device_hash,
            _OTHER.received_at >= this.c.received_at - LATELY,
            _OTHER.parent_id.is_(None),
            tuple_(_OTHER.received_at, _OTHER.id) < tuple_(this.c.received_at, this.c.id),
        )
        .limit(COUNTED)
        .lateral("before")
    )
    return (
        select(
            asked.c.id,
            func.count().label("messages"),
            func.count().filter(before.c.text_written == this.c.text_written).label("same_words"),
        )
        .select_from(asked)
        .join(this, true())
        .join(before, true())
        .group_by(asked.c.id)
    )


_LATELY = _lately()
