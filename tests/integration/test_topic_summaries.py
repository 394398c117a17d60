"""Topics say in two sentences of residents' own words what they are about."""

from collections.abc import Sequence

import pytest

from config.taxonomy import default_taxonomy
from intake.domain.actor import Actor
from intake.domain.language.lexicon import Lexicon, lexicon_of
from intake.domain.language.summarise import Summary, summarise
from intake.models import Submission, Topic
from intake.services.audit import record
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import told, topic_of, topic_row
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import topic_upkeep
from workers.topic_upkeep import refresh_summaries

LEXICON = lexicon_of(default_taxonomy())
SAID = ("幸福里3号楼路灯坏了快一个月，晚上摸黑走", "幸福里路灯不亮，老人怕摔", "幸福里路灯坏了，打13800000021找我")


def lamps(wiring: Wiring, town: Town) -> int:
    return topic_of(wiring, town.zhou_id, "幸福里路灯不亮", *(told(wiring, town.longchi_code, text) for text in SAID))


def refreshed(wiring: Wiring, topic_id: int) -> tuple[int, str, list[str]]:
    with wiring.sessions() as session:
        changed = refresh_summaries(session, [topic_id], LEXICON, wiring.clock.now())
        session.commit()
        topic = session.get_one(Topic, topic_id)
        return changed, topic.summary, list(topic.keywords)


def test_a_topic_is_summed_up_once_and_then_left_alone(wiring: Wiring, town: Town) -> None:
    topic_id = lamps(wiring, town)
    changed, summary, keywords = refreshed(wiring, topic_id)
    assert changed == 1
    assert all(any(line in text for text in SAID[:2]) for line in summary.splitlines())
    assert 1 <= len(summary.splitlines()) <= 2
    assert "路灯" in keywords[0]
    assert refreshed(wiring, topic_id) == (0, summary, keywords)


def test_words_that_were_cleared_are_gone_from_the_summary(wiring: Wiring, town: Town) -> None:
    topic_id = lamps(wiring, town)
    refreshed(wiring, topic_id)
    with wiring.sessions() as session:
        for submission in session.query(Submission):
            submission.text_masked = ""
        session.commit()
    assert refreshed(wiring, topic_id) == (1, "", [])


def test_a_summary_that_a_person_adopted_stays(wiring: Wiring, town: Town) -> None:
    topic_id = lamps(wiring, town)
    with wiring.sessions() as session:
        jing: Actor = actor(session, town.jing_id)
        topic = session.get_one(Topic, topic_id)
        topic.summary = "幸福里的路灯坏了三盏。"
        record(
            session,
            actor=jing,
            district_id=topic.district_id,
            action="assistant.adopt",
            noun="topic",
            entity_id=topic_id,
            at=wiring.clock.now(),
            purpose="summary",
        )
        session.commit()
    assert refreshed(wiring, topic_id)[1] == "幸福里的路灯坏了三盏。"


def test_what_was_withdrawn_is_gone_from_the_summary_at_once_and_written_anew(wiring: Wiring, town: Town, clock: TestClock) -> None:
    mine = told(wiring, town.longchi_code, "幸福里3号楼路灯坏了，我家老人摔了一跤")
    topic_id = topic_of(wiring, town.zhou_id, "幸福里路灯不亮", mine, told(wiring, town.longchi_code, "幸福里的路灯全黑了"))
    assert "摔了一跤" in refreshed(wiring, topic_id)[1]
    clock.forward(days=2)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=mine.submission_id, at=clock.now())
    assert topic_row(wiring, topic_id).summary == ""
    with jobs_in_this_process(wiring):
        topic_upkeep.run()
    assert topic_row(wiring, topic_id).summary == "幸福里的路灯全黑了"
    assert "老人" not in topic_row(wiring, topic_id).keywords


# Summing up takes a while; whoever takes words back meanwhile doesn't wait for it.
def test_words_taken_back_while_others_are_summed_up_are_not_written(
    wiring: Wiring, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = told(wiring, town.longchi_code, "幸福里3号楼路灯坏了，我家老人摔了一跤")
    topic_id = topic_of(wiring, town.zhou_id, "幸福里路灯不亮", mine, told(wiring, town.longchi_code, "幸福里的路灯全黑了"))

    def slow(texts: Sequence[str], lexicon: Lexicon) -> Summary:
        with wiring.sessions.begin() as session:
            withdraw(session, submission_id=mine.submission_id, at=clock.now())
        return summarise(texts, lexicon)

    monkeypatch.setattr("workers.topic_upkeep.summarise", slow)
    assert refreshed(wiring, topic_id) == (0, "", [])
    monkeypatch.undo()
    changed, summary, _ = refreshed(wiring, topic_id)
    assert (changed, "全黑" in summary, "摔" in summary) == (1, True, False)
