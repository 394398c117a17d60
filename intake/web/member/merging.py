"""并题与分题 by members: candidates that are one matter, a candidate that is two, and both taken back."""

from flask import redirect, render_template, request, url_for

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.topic import TopicState
from intake.queries.topic_detail import TopicDetail, topic_detail
from intake.queries.topic_merge import TakeBack, merge_choice, merge_choices, take_back
from intake.services.topic_decision import Screening
from intake.services.topic_merge import MERGE_WORDS, STAND_ALONE_WORDS, merge_candidates, stand_alone
from intake.services.topic_split import SPLIT_WORDS, UNSPLIT_WORDS, split, unsplit
from intake.web.asked import id_asked, id_sent, ids_sent, sent, version_sent, words_asked
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.member.views import Page, member
from intake.web.unit_of_work import db, wiring

__all__ = ["member"]


@member.get("/topics/<int:topic_id>/merge")
@requires(Permission.TOPIC_MERGE)
def ask_merge(topic_id: int) -> Page:
    """Which candidate is the same matter, and, once one is chosen, what the merge brings along."""
    return _merge_page(topic_id, chosen=id_asked("with"), words=MERGE_WORDS)


@member.post("/topics/<int:topic_id>/merge")
@requires(Permission.TOPIC_MERGE)
def merge_topic(topic_id: int) -> Page:
    """Put them together; leads to the one that goes on."""
    words = sent("words")
    try:
        survivor = merge_candidates(db(), _screening(topic_id), target_topic_id=id_sent("with"), words=words)
    except DomainError as error:
        db().rollback()
        return _merge_page(topic_id, chosen=_number("with"), words=words, error=error)
    return redirect(url_for("member.topic", topic_id=survivor.id, done="merged"), code=303)


@member.post("/topics/<int:topic_id>/stand-alone")
@requires(Permission.TOPIC_MERGE)
def unmerge_topic(topic_id: int) -> Page:
    """It is a candidate of its own again."""
    words = sent("words")
    try:
        stand_alone(db(), _screening(topic_id), words=words)
    except DomainError as error:
        return _refused(topic_id, words, error)
    return redirect(url_for("member.topic", topic_id=topic_id), code=303)


@member.get("/topics/<int:topic_id>/split")
@requires(Permission.TOPIC_MERGE)
def ask_split_topic(topic_id: int) -> Page:
    """Which of its voices speak of another matter."""
    return _split_page(topic_id, title="", words=SPLIT_WORDS, chosen=())


@member.post("/topics/<int:topic_id>/split")
@requires(Permission.TOPIC_MERGE)
def split_topic(topic_id: int) -> Page:
    """They leave together for a candidate of their own."""
    title, words = sent("title"), sent("words")
    chosen: tuple[int, ...] = ()
    try:
        chosen = ids_sent("submissions")
        new = split(db(), _screening(topic_id), submission_ids=chosen, title=title, words=words)
    except DomainError as error:
        db().rollback()
        return _split_page(topic_id, title=title, words=words, chosen=chosen, error=error)
    return redirect(url_for("member.topic", topic_id=new.id), code=303)


@member.post("/topics/<int:topic_id>/unsplit")
@requires(Permission.TOPIC_MERGE)
def unsplit_topic(topic_id: int) -> Page:
    """What was split off goes back to where it came from."""
    words = sent("words")
    try:
        source = unsplit(db(), _screening(topic_id), words=words)
    except DomainError as error:
        return _refused(topic_id, words, error)
    return redirect(url_for("member.topic", topic_id=source.id), code=303)


@member.app_template_global()
def topic_take_back(topic: TopicDetail) -> TakeBack:
    """What of the topic's shape may be undone, for the page that shows it; one question."""
    return take_back(db(), topic.row.id, topic.row.state)


@member.app_template_global()
def offered_words(act: str) -> str:
    """The words a form offers for taking a merge or a split back."""
    return {"stand_alone": STAND_ALONE_WORDS, "unsplit": UNSPLIT_WORDS}[act]


def _screening(topic_id: int) -> Screening:
    return Screening(actor=actor(), topic_id=topic_id, version=version_sent(), at=wiring().clock.now())


def _number(name: str) -> int | None:
    raw = request.form.get(name, "")
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 19 else None


def _merge_page(topic_id: int, *, chosen: int | None, words: str, error: DomainError | None = None) -> Page:
    topic, search = topic_detail(db(), actor(), topic_id), words_asked()
    other = merge_choice(db(), actor(), chosen) if chosen is not None and chosen != topic_id else None
    page = render_template(
        "member/topic_merge.html",
        topic=topic,
        is_open=topic.row.state is TopicState.CANDIDATE,
        other=other,
        choices=merge_choices(db(), actor(), topic_id, words=search) if other is None else None,
        search=search,
        words=words,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _split_page(topic_id: int, *, title: str, words: str, chosen: tuple[int, ...], error: DomainError | None = None) -> Page:
    topic = topic_detail(db(), actor(), topic_id)
    page = render_template(
        "member/topic_split.html",
        topic=topic,
        is_open=topic.row.state is TopicState.CANDIDATE,
        title=title,
        words=words,
        chosen=chosen,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _refused(topic_id: int, words: str, error: DomainError) -> Page:
    db().rollback()
    return render_template("member/topic_back.html", topic=topic_detail(db(), actor(), topic_id), error=error, words=words), status_of(
        error
    )
