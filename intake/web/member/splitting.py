"""分成几件: a message that says several things, sentence by sentence; and taking a part back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask import g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from intake.domain.errors import DomainError
from intake.domain.language.sentences import sentences_in
from intake.domain.permission import Permission
from intake.domain.recognised import Piece, with_gone
from intake.domain.split import PARTS_MOST, STAYS, Span, parts_of_choice
from intake.models import Submission
from intake.queries.answer_template import Start
from intake.queries.card import Card, card
from intake.queries.submission_part import Family, PartRow, family_of
from intake.services.submission_decide import Deciding
from intake.services.submission_split import Parting, parting_of, refuse_to_split, rejoin, split
from intake.web.asked import version_sent
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.member.starting import starts_of
from intake.web.member.views import Page, card_page, member
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring

__all__ = ["member"]

_CHOICE = re.compile(r"s(\d{1,5})")
"""The field of a sentence is named for the place where it begins."""


@dataclass(frozen=True, slots=True)
class SentenceShown:
    """One sentence of the message; `part` is the number it leaves with, STAYS for none."""

    start: int
    text: str
    part: int
    gone_to: PartRow | None
    """Where it is handled since an earlier split."""


@dataclass(frozen=True, slots=True)
class SplitAsked:
    """The message, what was chosen, and what would come of it; no parts while nothing was looked at."""

    sentences: tuple[SentenceShown, ...]
    numbers: range
    """Parts that one may still make."""
    parts: tuple[str, ...]
    stays: str


@member.get("/cards/<int:submission_id>/split")
@requires(Permission.TRIAGE_DECIDE)
def ask_split(submission_id: int) -> Page:
    """Each sentence with a choice; with choices in the address also what would become of them."""
    return _page(submission_id, _choice(request.args))


@member.post("/cards/<int:submission_id>/split")
@requires(Permission.TRIAGE_DECIDE)
def split_card(submission_id: int) -> Page:
    """Part them, and come back to what is left."""
    choice, wired = _choice(request.form), wiring()
    try:
        deciding = Deciding(
            actor=actor(),
            submission_id=submission_id,
            version=version_sent(),
            at=wired.clock.now(),
            undo_seconds=wired.settings.undo_seconds,
        )
        split(db(), deciding, choice=choice, vault=wired.vault)
    except DomainError as error:
        db().rollback()
        return _page(submission_id, choice, error=error)
    return redirect(url_for("member.show", submission_id=submission_id), code=303)


@member.post("/cards/<int:submission_id>/rejoin")
@requires(Permission.TRIAGE_DECIDE)
def rejoin_card(submission_id: int) -> Page:
    """A part goes back to its message."""
    try:
        parent_id = rejoin(db(), actor=actor(), submission_id=submission_id, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return card_page(submission_id, error=error)
    return redirect(url_for("member.show", submission_id=parent_id), code=303)


@member.app_template_global()
def family_of_card(submission_id: int) -> Family:
    """The parts of a submission, or the message it is a part of, for the page that shows it; asked once a page."""
    known: dict[int, Family] = g.setdefault("families", {})
    if submission_id not in known:
        known[submission_id] = family_of(db(), submission_id)
    return known[submission_id]


@member.app_template_global()
def pieces_left(found: Card) -> tuple[Piece, ...]:
    """The card's words, with what was split off marked as gone."""
    return with_gone(found.pieces, family_of_card(found.id).gone)


@member.app_template_global()
def parts_in(text: str) -> bool:
    """Whether a message has sentences enough to be split."""
    return len(sentences_in(text)) > 1


@member.app_template_global()
def starts_on_card(panel: str, category: str | None) -> tuple[Start, ...]:
    """As `starts_of`."""
    return starts_of(panel, category)


def _choice(sent: MultiDict[str, str]) -> dict[int, int]:
    """The number of the part by the place where a sentence begins."""
    found = ((_CHOICE.fullmatch(name), value) for name, value in sent.items())
    return {int(match[1]): whole_number(value, field="parts") for match, value in found if match is not None}


def _page(submission_id: int, choice: Mapping[int, int], *, error: DomainError | None = None) -> Page:
    found = card(db(), actor(), submission_id)
    submission = db().get_one(Submission, submission_id)
    try:
        refuse_to_split(db(), submission)
    except DomainError as refused:
        error = error or refused
    parting = parting_of(db(), submission)
    family = family_of(db(), submission_id)
    try:
        parts = parts_of_choice(choice, parting.sentences, gone=family.gone) if choice and error is None else ()
    except DomainError as refused:
        parts, error = (), refused
    page = render_template(
        "member/split.html",
        card=found,
        asked=_asked(parting, family, choice or _proposed(parting), parts),
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _asked(parting: Parting, family: Family, choice: Mapping[int, int], parts: tuple[tuple[Span, ...], ...]) -> SplitAsked:
    words, sentences = parting.words, parting.sentences
    out = {span: part for part in family.parts if part.is_out for span in part.spans}
    leaving = {span for part in parts for span in part}
    stays = [one for one in sentences if one not in leaving and one not in out]
    free = len(sentences) - len(out)
    made = sum(part.is_out for part in family.parts)
    return SplitAsked(
        sentences=tuple(
            SentenceShown(one[0], words.masked[slice(*one)].strip(), choice.get(one[0], STAYS), out.get(one)) for one in sentences
        ),
        numbers=range(1, max(min(PARTS_MOST - made, free - 1), 0) + 1),
        parts=tuple(words.shown(part) for part in parts),
        stays=words.shown(stays),
    )


def _proposed(parting: Parting) -> dict[int, int]:
    """What the machine would part: the first demand stays, each further one leaves by itself."""
    return {start: min(sum(begins <= start for begins in parting.demands[1:]), PARTS_MOST) for start, _ in parting.sentences}
