"""What referrals and topics are called by, made of their residents' words: it goes where these go, from lists that were issued too."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select, union
from sqlalchemy.orm import Session, aliased

from intake.domain.contributor import ContributorStatus
from intake.domain.language.title import title_for
from intake.domain.official_list import Column, ListState
from intake.domain.split import TAKEN_BACK
from intake.models import Contributor, OfficialList, Referral, Topic

UNNAMED = "居民来件"
"""Of words that name nothing."""


def title_of(text_masked: str) -> str:
    """What a message is called by, without the note that stands where its resident took sentences back."""
    return title_for(text_masked.replace(TAKEN_BACK, "\n")) or UNNAMED


def is_said(title: str, text_masked: str) -> bool:
    """Whether the message says what the title is made of."""
    said = "".join(text_masked.split())
    return all("".join(clause.split()) in said for clause in title.removesuffix("…").split("，"))


def called_by(session: Session, submission_id: int) -> Sequence[Topic]:
    """Topics that the machine opened and that hold nobody else's words: those where the submission stands or stood, and those from which it
    came by a merger.
    """
    mine = Contributor.submission_id == submission_id
    other = aliased(Contributor)
    others = select(other.id).where(other.submission_id != submission_id, other.status != ContributorStatus.REMOVED)
    there = others.where(other.topic_id == Topic.id)
    from_there = others.where(other.topic_id == Topic.merged_into_id, other.via_topic_id == Topic.id)
    return session.scalars(
        select(Topic)
        .where(
            Topic.id.in_(union(select(Contributor.topic_id).where(mine), select(Contributor.via_topic_id).where(mine))),
            Topic.opened_by.is_(None),
            ~there.exists(),
            ~from_there.exists(),
        )
        .order_by(Topic.id)
        .execution_options(populate_existing=True)
    ).all()


def rename(session: Session, titles: Mapping[int, str]) -> None:
    """Call these referrals so, by id, and in every list that was issued what it says the matter is; the rest of its row are the units' words."""
    if not titles:
        return
    for referral in session.scalars(select(Referral).where(Referral.id.in_(titles)).order_by(Referral.id)):
        referral.title = titles[referral.id]
    named = or_(*(OfficialList.referral_ids.contains([one]) for one in titles))
    issued = select(OfficialList).where(named, OfficialList.state != ListState.DRAFT).order_by(OfficialList.id)
    for one in session.scalars(issued.with_for_update()):
        one.items = [_named(row, titles) for row in one.items]


def _named(row: dict[str, Any], titles: Mapping[int, str]) -> dict[str, Any]:
    title = titles.get(row["referral_id"])
    return row if title is None else {**row, "cells": {**row["cells"], Column.MATTER.value: title}}
