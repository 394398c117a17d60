"""议题简报与联名: the one page that goes with a topic, and in whose name it goes."""

from collections.abc import Callable

from flask import redirect, render_template, request, url_for

from intake.domain.brief import PART_MAX, PHOTOS_MOST, QUOTES_MOST
from intake.domain.errors import Conflict, DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.models import TopicBrief
from intake.queries.member_group import groups_of, member_choices
from intake.queries.topic_brief import brief as brief_of
from intake.queries.topic_brief import drafts_of
from intake.queries.topic_proposer import ProposerLine, answered_of, asked_of, proposers_of
from intake.services import topic_proposer as service
from intake.services.topic_brief import Writing, complete, save_brief
from intake.services.topic_screen import Screening, propose
from intake.web.asked import id_sent, ids_sent, sent, typed, version_sent
from intake.web.chosen_person import person_sent
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.member.views import Page, member
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring

__all__ = ["member"]


@member.get("/topics/<int:topic_id>/brief")
@requires(Permission.TOPIC_PROPOSE)
def brief(topic_id: int) -> Page:
    """The brief to be edited, drafted from what stands behind the topic; to be read where it can't be edited any more."""
    return _page(topic_id)


@member.post("/topics/<int:topic_id>/brief")
@requires(Permission.TOPIC_PROPOSE)
def write_brief(topic_id: int) -> Page:
    """Save it, and with the other button send the topic to screening."""
    now = wiring().clock.now()
    try:
        written = _save(topic_id)
        if "send" in request.form:
            complete(written)
            version = whole_number(request.form.get("topic_version", ""))
            propose(db(), Screening(actor=actor(), topic_id=topic_id, version=version, at=now), words=sent("words"))
    except DomainError as error:
        db().rollback()
        return _page(topic_id, error=error)
    if "send" in request.form:
        return redirect(url_for("member.topic", topic_id=topic_id), code=303)
    return _stay(topic_id, "saved")


@member.get("/topics/<int:topic_id>/brief/sheet")
@requires(Permission.TOPIC_PROPOSE)
def brief_sheet(topic_id: int) -> str:
    """The page as it reads and is printed."""
    found = brief_of(db(), actor(), topic_id, at=wiring().clock.now())
    back = url_for("member.topic", topic_id=topic_id) if found.may_open else url_for("member.joins")
    return render_template("member/brief_sheet.html", brief=found, back=back)


@member.post("/topics/<int:topic_id>/proposers")
@requires(Permission.TOPIC_PROPOSE)
def ask_proposer(topic_id: int) -> Page:
    """Ask a colleague, or propose for a group."""
    return _proposing(topic_id, lambda: _ask(topic_id))


@member.post("/topics/<int:topic_id>/proposers/<int:proposer_id>/take-back")
@requires(Permission.TOPIC_PROPOSE)
def take_proposer_back(topic_id: int, proposer_id: int) -> Page:
    """Ask no longer."""
    at = wiring().clock.now()
    return _proposing(topic_id, lambda: service.take_back(db(), actor=actor(), topic_id=topic_id, proposer_id=proposer_id, at=at))


@member.get("/joins")
@requires(Permission.TOPIC_PROPOSE)
def joins() -> str:
    """What one is asked to propose with others; keyset pages."""
    return _joins()


@member.post("/joins/<int:proposer_id>")
@requires(Permission.TOPIC_PROPOSE)
def join(proposer_id: int) -> Page:
    """Yes or no."""
    try:
        if request.form.get("answer") not in {"yes", "no"}:
            raise InvalidInput("请选“联名”或“不联名”。")
        service.answer(db(), actor=actor(), proposer_id=proposer_id, agrees=request.form["answer"] == "yes", at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _joins(error=error), status_of(error)
    return redirect(url_for("member.joins", done=request.form["answer"]), code=303)


@member.app_template_global()
def proposers(topic_id: int) -> tuple[ProposerLine, ...]:
    """In whose name a topic is proposed, for the page that shows it."""
    return proposers_of(db(), topic_id)


@member.app_template_global()
def has_brief(topic_id: int) -> bool:
    """Whether somebody has written a brief for the topic."""
    return topic_id in drafts_of(db(), [topic_id])


@member.app_template_global()
def joins_waiting() -> int:
    """How many topics wait for the word of whoever reads the page."""
    person = actor()
    return asked_of(db(), person).total if person.may(Permission.TOPIC_PROPOSE) else 0


def _ask(topic_id: int) -> None:
    at, pressed = wiring().clock.now(), request.form.get("ask")
    group_id = id_sent("group") if pressed != "user" else None
    user_id = person_sent("user", member_choices(db(), actor())) if pressed != "group" else None
    if group_id is not None:
        service.ask_group(db(), actor=actor(), topic_id=topic_id, group_id=group_id, at=at)
    elif user_id is not None:
        service.ask_member(db(), actor=actor(), topic_id=topic_id, user_id=user_id, at=at)
    else:
        raise InvalidInput("请先选一位委员或一个组织。", field="user")


def _save(topic_id: int) -> TopicBrief:
    return save_brief(
        db(),
        Writing(actor=actor(), topic_id=topic_id, version=version_sent(), at=wiring().clock.now()),
        problem=sent("problem"),
        basis=sent("basis"),
        request=sent("request"),
        said=ids_sent("said"),
        photos=ids_sent("photos"),
    )


def _proposing(topic_id: int, act: Callable[[], object]) -> Page:
    """The page has one form: what stands in it is saved along."""
    try:
        if "problem" in request.form:
            _save(topic_id)
        act()
    except DomainError as error:
        db().rollback()
        return _page(topic_id, error=error)
    return _stay(topic_id, "asked", anchor="proposers")


def _stay(topic_id: int, done: str, *, anchor: str | None = None) -> Page:
    """On the page; at once where words for residents were typed, which nothing keeps before they are sent."""
    if sent("words").strip():
        return _page(topic_id, done=done)
    return redirect(url_for("member.brief", topic_id=topic_id, done=done, _anchor=anchor), code=303)


def _joins(*, error: DomainError | None = None) -> str:
    after = request.args.get("after", "")
    done = request.args.get("done", "") if error is None else ""
    return render_template(
        "member/joins.html",
        page=asked_of(db(), actor(), after=after),
        answered=answered_of(db(), actor()),
        after=after,
        error=error,
        done=done,
    )


def _page(topic_id: int, *, error: DomainError | None = None, done: str = "") -> Page:
    found = brief_of(db(), actor(), topic_id, at=wiring().clock.now())
    if not found.may_write and error is None:
        return redirect(url_for("member.brief_sheet", topic_id=topic_id), code=303)
    person = actor()
    asked = {one.user_id for one in found.proposers}
    page = render_template(
        "member/brief.html",
        brief=found,
        error=error,
        is_late=isinstance(error, Conflict),
        typed=typed() if error is not None else {},
        ticked=_ticked() if error is not None and "problem" in request.form else None,
        words=typed().get("words", ""),
        done=done or request.args.get("done", "") if error is None else "",
        colleagues=[one for one in member_choices(db(), person) if one[0] != person.user_id and one[0] not in asked],
        groups=[one for one in groups_of(db(), person.user_id or 0) if one.id not in {line.group_id for line in found.proposers}],
        part_max=PART_MAX,
        quotes_most=QUOTES_MOST,
        photos_most=PHOTOS_MOST,
    )
    return (page, status_of(error)) if error is not None else page


def _ticked() -> dict[str, frozenset[str]]:
    """What stood ticked on the page that was refused."""
    return {name: frozenset(request.form.getlist(name)) for name in ("said", "photos")}
