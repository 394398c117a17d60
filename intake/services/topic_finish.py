"""办结: every responsibility of a topic is verified; everyone behind it hears the result, and a day to look again is set."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.errors import Conflict, InvalidInput
from intake.domain.receipt import SHANGHAI
from intake.domain.referral import OPEN_REFERRAL, ReferralKind, ReferralState
from intake.domain.topic import TopicAction, TopicKind, TopicState
from intake.domain.transition import label
from intake.models import Decision, Referral
from intake.services.outcome import report_back
from intake.services.topic_decision import Screening, lock_topic, tell, words_of, written
from intake.services.transition import move

NAMED_MOST = 5
"""Unfinished responsibilities that a refusal names."""


def verify(session: Session, screening: Screening, *, words: str, workflow: Workflow) -> Decision:
    """Staff end a topic in `delivering`; `words` are the result that every resident behind it reads.

    Raises InvalidInput (field `words`) when there are none, and naming what is missing while a responsibility is open or none was delivered;
    Conflict when the topic isn't being delivered, or somebody was faster.
    """
    text = words_of(words)
    topic, path = lock_topic(session, screening)
    if topic.kind is TopicKind.CLASS:
        raise InvalidInput("一类事跟着里面的议题办结，不单独办结。")
    if topic.state is not TopicState.DELIVERING:
        raise Conflict(f"现在是“{label(topic.state)}”，不能办结。请刷新后再看。")
    done = _all_delivered(
        session.scalars(
            select(Referral)
            .where(Referral.topic_id == topic.id, Referral.kind == ReferralKind.RESPONSIBILITY)
            .order_by(Referral.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
    )
    decision = written(session, screening, topic, TopicAction.VERIFY, words=text)
    move(session, topic, TopicAction.VERIFY, actor=screening.actor, at=screening.at, area_path=path, decision=decision)
    look_again = screening.at.astimezone(SHANGHAI).date() + timedelta(days=workflow.referral.revisit_days)
    for referral in done:
        referral.revisit_on, referral.revisited_at = look_again, None
    report_back(session, topic, decision, referral_id=None, at=screening.at)
    tell(session, decision, topic, at=screening.at)
    return decision


def _all_delivered(responsibilities: Sequence[Referral]) -> list[Referral]:
    """Those that were delivered; InvalidInput that names what is open, or says that nothing was done."""
    still_open = [one for one in responsibilities if one.state in OPEN_REFERRAL]
    if still_open:
        named = "；".join(f"{one.number} {one.title}（{label(one.state)}）" for one in still_open[:NAMED_MOST])
        raise InvalidInput(f"还有 {len(still_open)} 项责任事项没有办完：{named}。办完核对以后再办结。")
    delivered = [one for one in responsibilities if one.state is ReferralState.DELIVERED]
    if not delivered:
        raise InvalidInput("还没有一项责任事项办完。请先登记责任事项，交承办单位办理。")
    return delivered
