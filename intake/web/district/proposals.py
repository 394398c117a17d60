"""建议: what the machine proposes for whole topics, with accept, dismiss and take back; also answered from the board's pane."""

from dataclasses import dataclass
from typing import Literal

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.topic_proposal import PROPOSAL_NAMES, ProposalState
from intake.queries.proposals import DECIDED, proposals_page
from intake.services import topic_proposal_decide as decide
from intake.web.asked import id_sent, sent, version_sent
from intake.web.district.blueprint import district
from intake.web.district.offered import OFFERED
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

Page = str | Response | tuple[str, int]
Done = Literal["accept", "dismiss", "take-back"]


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form of one proposal."""

    proposal_id: int = 0
    words: str = ""
    title: str = ""


@district.get("/proposals")
@requires(Permission.SCREEN_VIEW)
def proposals() -> Page:
    """Open proposals, or those that were answered; keyset pages."""
    return _list()


@district.post("/proposals/<int:proposal_id>/accept")
@requires(Permission.SCREEN_DECIDE)
def accept_proposal(proposal_id: int) -> Page:
    """Merge, split or gather, as proposed."""
    try:
        accepted = decide.accept(db(), _answering(proposal_id), words=sent("words"), title=sent("title"))
    except DomainError as error:
        return _refused(proposal_id, error)
    return _back(accepted.result_topic_id, proposal_id, "accept")


@district.post("/proposals/<int:proposal_id>/dismiss")
@requires(Permission.SCREEN_DECIDE)
def dismiss_proposal(proposal_id: int) -> Page:
    """No; it isn't proposed again."""
    try:
        decide.dismiss(db(), _answering(proposal_id))
    except DomainError as error:
        return _refused(proposal_id, error)
    return _back(id_sent("topic"), proposal_id, "dismiss")


@district.post("/proposals/<int:proposal_id>/take-back")
@requires(Permission.SCREEN_DECIDE)
def take_proposal_back(proposal_id: int) -> Page:
    """Undo what was accepted, or put up again what was dismissed."""
    try:
        decide.take_back(db(), _answering(proposal_id), words=sent("words"))
    except DomainError as error:
        return _refused(proposal_id, error)
    return redirect(url_for("district.proposals", done="take-back"), code=303)


def _answering(proposal_id: int) -> decide.Answering:
    return decide.Answering(actor=actor(), proposal_id=proposal_id, version=version_sent(), at=wiring().clock.now())


def _back(topic_id: int | None, proposal_id: int, done: Done) -> Response:
    """To the topic one came from, or what came of it; else to the list."""
    if request.form.get("from") == "topic" and topic_id is not None:
        return redirect(url_for("district.topic", topic_id=topic_id), code=303)
    return redirect(url_for("district.proposals", done=done, was=proposal_id), code=303)


def _refused(proposal_id: int, error: DomainError) -> Page:
    db().rollback()
    return _list(error=error, typed=Typed(proposal_id, sent("words"), sent("title"))), status_of(error)


def _list(*, error: DomainError | None = None, typed: Typed | None = None) -> str:
    source = request.form if request.method == "POST" else request.args
    show = "decided" if source.get("show") == "decided" else "open"
    after = source.get("after", "")
    return render_template(
        "district/proposals.html",
        page=proposals_page(db(), actor(), DECIDED if show == "decided" else (ProposalState.OPEN,), after=after),
        show=show,
        after=after,
        names=PROPOSAL_NAMES,
        offered=OFFERED,
        error=error,
        typed=typed or Typed(),
        done=request.args.get("done", ""),
    )
