"""Staff end a candidate that nobody proposed: taken up and not taken further, in one step."""

from dataclasses import replace

from sqlalchemy.orm import Session

from intake.domain.topic import TopicAction
from intake.models import Topic
from intake.services.topic_decision import words_of
from intake.services.topic_screen import Screening, screen, take_up


def reject_idle(session: Session, screening: Screening, *, words: str) -> None:
    """Take the candidate up and reject it with `words`, which everyone behind it reads; raises what the two steps raise."""
    text = words_of(words)
    take_up(session, screening)
    version = session.get_one(Topic, screening.topic_id).version
    screen(session, replace(screening, version=version), TopicAction.REJECT, words=text)
