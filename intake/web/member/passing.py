"""换人 on the phone: who looks at a card, taking it over, handing it over, passing it up, stepping back; and who has what."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from intake.domain.errors import DomainError, NotFound
from intake.domain.permission import ROLE_NAMES, Permission, Role
from intake.domain.receipt import SHANGHAI
from intake.queries.card import card
from intake.queries.handed import HandedCard, by_giver, handed_to
from intake.queries.hands import cards_of, people_with_cards
from intake.queries.held_emergency import HeldEmergency, emergencies_in_hand
from intake.queries.lease import recused_ids
from intake.queries.reassignment import Colleague, Hands, colleagues, hands_of
from intake.services import lease, reassign
from intake.web.asked import id_sent, sent, typed, version_sent, wants_json
from intake.web.chosen_person import person_sent
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.labels import translated
from intake.web.member.answers_json import done_answer, refusal
from intake.web.member.views import Page, card_page, member
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring

__all__ = ["member"]

WAYS = ("hand-over", "pass-up", "recuse")
"""The forms of the page, as its address names them."""


@member.post("/cards/<int:submission_id>/claim")
@requires(Permission.TRIAGE_DECIDE)
def claim(submission_id: int) -> Page:
    """It is on this person's screen: take or renew the lease; Conflict with the name of whoever has it."""

    def act(session: Session) -> bool:
        at, minutes = wiring().clock.now(), wiring().workflow.member.lease_minutes
        held = lease.take(session, actor=actor(), submission_id=submission_id, minutes=minutes, at=at)
        if held is None:
            card(session, actor(), submission_id)  # says why where it isn't theirs to see
        lease.refuse_if_held(session, actor=actor(), submission_id=submission_id, at=at)
        return False

    return _do(submission_id, act, back=url_for("member.show", submission_id=submission_id))


@member.post("/cards/<int:submission_id>/take-over")
@requires(Permission.TRIAGE_DECIDE)
def take_over(submission_id: int) -> Page:
    """接手."""

    def act(session: Session) -> bool:
        at, minutes = wiring().clock.now(), wiring().workflow.member.lease_minutes
        lease.take_over(session, actor=actor(), submission_id=submission_id, minutes=minutes, at=at)
        return False

    return _do(submission_id, act, back=url_for("member.show", submission_id=submission_id))


@member.get("/cards/<int:submission_id>/pass")
@requires(Permission.TRIAGE_DECIDE)
def passing(submission_id: int) -> Page:
    """The three ways of a card to somebody else."""
    return _passing_page(submission_id)


@member.post("/cards/<int:submission_id>/hand-over")
@requires(Permission.TRIAGE_DECIDE)
def hand_over(submission_id: int) -> Page:
    """转交: to a named colleague."""
    return _pass(submission_id, lambda s, p: reassign.hand_over(s, p, to_user_id=_colleague_sent(submission_id), words=sent("words")))


@member.post("/cards/<int:submission_id>/pass-up")
@requires(Permission.TRIAGE_DECIDE)
def pass_up(submission_id: int) -> Page:
    """上交: to the convenor or the staff."""
    return _pass(submission_id, lambda s, p: reassign.pass_up(s, p, to=sent("to"), words=sent("words")))


@member.post("/cards/<int:submission_id>/take-back")
@requires(Permission.TRIAGE_DECIDE)
def take_back(submission_id: int) -> Page:
    """收回: what nobody has acted on."""
    return _pass(submission_id, reassign.take_back, back=url_for("member.show", submission_id=submission_id))


@member.post("/cards/<int:submission_id>/recuse")
@requires(Permission.TRIAGE_DECIDE)
def recuse(submission_id: int) -> Page:
    """回避: never theirs again."""
    done = url_for("member.stepped_back", submission_id=submission_id)
    return _pass(submission_id, lambda s, p: reassign.recuse(s, p, words=sent("words")), back=done)


@member.get("/cards/<int:submission_id>/stepped-back")
@requires(Permission.TRIAGE_VIEW)
def stepped_back(submission_id: int) -> Page:
    """What follows for whoever stepped back; not a word of the resident's."""
    if not recused_ids(db(), actor(), [submission_id]):
        raise NotFound("没有您回避过的这件来件。")
    return render_template("member/stepped_back.html")


@member.get("/hands")
@requires(Permission.DUTY_MANAGE)
def hands() -> str:
    """谁手里有什么: each colleague by name, what waits with them and what is due soon; keyset pages."""
    after = request.args.get("after", "")
    return render_template("member/hands.html", page=people_with_cards(db(), actor(), at=wiring().clock.now(), after=after), after=after)


@member.get("/hands/<int:user_id>")
@requires(Permission.DUTY_MANAGE)
def hands_of_one(user_id: int) -> str:
    """What waits with one colleague; 0 stands for the office as a whole."""
    after = request.args.get("after", "")
    found = cards_of(db(), actor(), user_id, at=wiring().clock.now(), after=after)
    return render_template("member/hands_of_one.html", found=found, user_id=user_id, after=after)


@member.app_template_global()
def hands_of_card(submission_id: int) -> Hands | None:
    """Who looks at a card, how it came to them, and whether it concerns the reader; one question."""
    return hands_of(db(), actor(), submission_id, at=wiring().clock.now())


@member.app_template_global()
def handed_over() -> tuple[HandedCard, ...]:
    """What colleagues gave the reader and still waits; one question."""
    return handed_to(db(), actor()) if actor().may(Permission.TRIAGE_DECIDE) else ()


@member.app_template_global()
def emergencies_held(*, but: int | None = None) -> tuple[HeldEmergency, ...]:
    """Emergencies of the reader's areas that somebody else looks at, which the next card passes over; one question."""
    seen = {but, *(whole_number(raw) for raw in request.args.getlist("skip")[-50:])}
    return tuple(one for one in emergencies_in_hand(db(), actor(), at=wiring().clock.now()) if one.submission_id not in seen)


@member.app_template_global()
def may_take_over(found: Hands) -> bool:
    """Whether the reader may take the card from whoever looks at it."""
    return lease.may_take_over(actor(), found.urgency, area_path=found.area_path)


member.add_app_template_filter(by_giver)


@member.app_template_filter()
def time_of_day(at: datetime) -> str:
    """10:25, in Shanghai."""
    return f"{at.astimezone(SHANGHAI):%H:%M}"


def _pass(submission_id: int, act: Callable[[Session, reassign.Passing], bool], *, back: str = "") -> Page:
    """A change of hands; a refusal shows its form again with what was typed."""

    def change(session: Session) -> bool:
        made = reassign.Passing(
            actor=actor(), submission_id=submission_id, version=version_sent(), at=wiring().clock.now(), workflow=wiring().workflow
        )
        return act(session, made)

    return _do(submission_id, change, back=back or url_for("member.passing", submission_id=submission_id), on_its_page=True)


def _do(submission_id: int, act: Callable[[Session], bool], *, back: str, on_its_page: bool = False) -> Page:
    try:
        again = act(db())
    except DomainError as error:
        db().rollback()
        if wants_json():
            return refusal(error, submission_id)
        return _passing_page(submission_id, error=error) if on_its_page else card_page(submission_id, error=error)
    if wants_json():
        return done_answer(again=again, following=url_for("member.following"))
    return redirect(back, code=303)


def _passing_page(submission_id: int, *, error: DomainError | None = None) -> Page:
    at = wiring().clock.now()
    found = card(db(), actor(), submission_id)
    asked = colleagues(db(), actor(), submission_id, at=at) if found.is_open else ()
    way = request.path.rsplit("/", 1)[-1] if error is not None else request.args.get("way", "")
    page = render_template(
        "member/passing.html",
        card=found,
        hands=hands_of(db(), actor(), submission_id, at=at),
        colleagues=asked,
        people=_people(asked),
        may_ask_convenor=found.owner_role not in {Role.CONVENOR, Role.STAFF},
        way=way if way in WAYS else "",
        typed=typed() if error is not None else {},
        words_max=reassign.WORDS_MAX,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _colleague_sent(submission_id: int) -> int | None:
    """Whom the form names; a card that isn't the reader's to see is refused by the service, not for a name."""
    if request.form.get("to", "").isdecimal():
        return id_sent("to")
    return person_sent("to", _people(colleagues(db(), actor(), submission_id, at=wiring().clock.now())))


def _people(asked: Sequence[Colleague]) -> list[tuple[int, str]]:
    """By name; namesakes with what they are."""
    times = Counter(one.name for one in asked)
    return [(one.id, one.name if times[one.name] == 1 else f"{one.name}（{translated(ROLE_NAMES[one.role])}）") for one in asked]
