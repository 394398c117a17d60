"""Submissions that went through triage, and topics with voices behind them, made by the services a worker or a member would call."""

from collections.abc import Sequence

from intake.domain.held import Held
from intake.domain.submission import Urgency
from intake.domain.topic import TopicAction
from intake.domain.topic_proposal import ProposalKind
from intake.domain.triage_result import TriageResult, Verdict
from intake.models import Submission, Topic
from intake.services import submission_decide as decide
from intake.services.receipt import code_for, token_for
from intake.services.submission_submit import Stored
from intake.services.submission_triage import store_result
from intake.services.topic_proposal import propose
from intake.services.topic_screen import Screening, screen, take_up
from intake.wiring import Wiring
from tests.factories.sentences import say
from tests.factories.town import Town, actor

MACHINE_VERSION = "test-machine"


def triage(
    wiring: Wiring,
    stored: Stored,
    *,
    verdict: Verdict = Verdict.UNSURE,
    topic_id: int | None = None,
    title: str = "路灯不亮",
    urgency: Urgency = Urgency.NORMAL,
    others: tuple[int, ...] = (),
) -> int | None:
    """Store a finding for the submission as a worker would; the id of the topic that was suggested."""
    with wiring.sessions() as session:
        submission = session.get_one(Submission, stored.submission_id)
        result = TriageResult(
            submission_id=submission.id,
            model_version=MACHINE_VERSION,
            masked=submission.text_written,
            place_masked=submission.place,
            category=None,
            urgency=urgency,
            verdict=verdict,
            topic_id=topic_id,
            score=0.9,
            reasons=("都说到“路灯”",),
            title=title,
            content={"title": title, "others": [[one, 0.5] for one in others]},
            grams=(),
            rare=(),
        )
        topic = store_result(session, submission, result, workflow=wiring.workflow, at=wiring.clock.now())
        session.commit()
        return topic.id if topic is not None else None


def told(
    wiring: Wiring,
    code: str,
    text: str,
    *,
    contact: str = "",
    place: str = "",
    verdict: Verdict = Verdict.UNSURE,
    topic_id: int | None = None,
    urgency: Urgency = Urgency.NORMAL,
) -> Stored:
    """A sentence that waits for a member."""
    stored = say(wiring, code, text, contact=contact, place=place)
    triage(wiring, stored, verdict=verdict, topic_id=topic_id, urgency=urgency)
    return stored


def held(wiring: Wiring, code: str, text: str, why: Held) -> Stored:
    """A sentence that the machine held back for staff."""
    stored = say(wiring, code, text)
    with wiring.sessions.begin() as session:
        submission = session.get_one(Submission, stored.submission_id)
        result = TriageResult(
            submission_id=submission.id,
            model_version=MACHINE_VERSION,
            masked=text,
            place_masked="",
            category=None,
            urgency=Urgency.NORMAL,
            verdict=Verdict.UNSURE,
            topic_id=None,
            score=None,
            reasons=(),
            title="",
            content={"screen": {"kind": why.value, "reasons": [{"code": "word", "words": f"提到：{text[-2:]}"}]}},
            grams=(),
            rare=(),
            quarantine=why.value,
        )
        store_result(session, submission, result, workflow=wiring.workflow, at=wiring.clock.now())
    return stored


def deciding(wiring: Wiring, user_id: int, stored: Stored) -> decide.Deciding:
    """What a person holds who has the card on the screen now."""
    with wiring.sessions() as session:
        return decide.Deciding(
            actor=actor(session, user_id),
            submission_id=stored.submission_id,
            version=session.get_one(Submission, stored.submission_id).version,
            at=wiring.clock.now(),
            undo_seconds=wiring.settings.undo_seconds,
        )


def screening(wiring: Wiring, user_id: int, topic_id: int) -> Screening:
    """What a person holds who has the topic on the screen now."""
    with wiring.sessions() as session:
        return Screening(
            actor=actor(session, user_id), topic_id=topic_id, version=session.get_one(Topic, topic_id).version, at=wiring.clock.now()
        )


def attach(wiring: Wiring, user_id: int, stored: Stored, topic_id: int) -> None:
    """A member confirms the submission in the topic."""
    card = deciding(wiring, user_id, stored)
    with wiring.sessions.begin() as session:
        decide.attach(session, card, topic_id=topic_id)


def topic_of(wiring: Wiring, user_id: int, title: str, *voices: Stored) -> int:
    """A candidate topic opened by a member, with `voices` confirmed in it."""
    first, *more = voices
    card = deciding(wiring, user_id, first)
    with wiring.sessions.begin() as session:
        topic_id = decide.open_topic(session, card, title=title).target_topic_id
    assert topic_id is not None
    for voice in more:
        attach(wiring, user_id, voice, topic_id)
    return topic_id


def taken_up(wiring: Wiring, staff_id: int, topic_id: int) -> int:
    """Staff have the topic before them."""
    held = screening(wiring, staff_id, topic_id)
    with wiring.sessions.begin() as session:
        take_up(session, held)
    return topic_id


def decided(wiring: Wiring, staff_id: int, topic_id: int, action: TopicAction, words: str, *, target: int | None = None) -> None:
    """Staff decide."""
    held = screening(wiring, staff_id, topic_id)
    with wiring.sessions.begin() as session:
        screen(session, held, action, words=words, target_topic_id=target)


def proposed(
    wiring: Wiring,
    town: Town,
    kind: ProposalKind,
    topic_ids: Sequence[int],
    *,
    submission_ids: Sequence[int] = (),
    reasons: Sequence[str] = ("同一地点：幸福里",),
) -> int:
    """What the machine proposes for the topics; its id."""
    with wiring.sessions.begin() as session:
        made = propose(
            session,
            district_id=town.district_id,
            kind=kind,
            topic_ids=topic_ids,
            submission_ids=submission_ids,
            score=0.9,
            reasons=reasons,
            model_version=MACHINE_VERSION,
            at=wiring.clock.now(),
        )
        assert made is not None
        return made.id


def topic_row(wiring: Wiring, topic_id: int) -> Topic:
    """Its row as it stands now."""
    with wiring.sessions() as session:
        return session.get_one(Topic, topic_id)


def receipt_path(wiring: Wiring, stored: Stored) -> str:
    """The resident's own link."""
    return f"/r/{stored.receipt_number}/{token_for(wiring.vault, stored.receipt_number, stored.receipt_salt)}"


def words_on_receipt(wiring: Wiring, stored: Stored) -> str:
    """The five words that open it."""
    return code_for(wiring.vault, stored.receipt_number, stored.receipt_salt)
