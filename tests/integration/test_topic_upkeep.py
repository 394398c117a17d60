"""What the hourly job does to topics: heat cools with time, one noisy sender can't raise it, and what is alike is proposed once."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from intake.domain.topic import TopicAction
from intake.domain.topic_proposal import ProposalKind, ProposalState
from intake.models import Contributor, Finding, Submission, Topic, TopicProposal
from intake.services.contribution import recount
from intake.services.submission_decide import detach
from intake.services.submission_withdraw import withdraw
from intake.services.topic_proposal import propose
from intake.services.topic_proposal_decide import Answering, accept
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import MACHINE_VERSION, attach, decided, deciding, proposed, taken_up, told, topic_of, topic_row
from tests.factories.sentences import say
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import topic_upkeep, triage_batch
from workers.triage import same_matter


@pytest.fixture(autouse=True)
def _jobs(wiring: Wiring) -> Iterator[None]:
    with jobs_in_this_process(wiring):
        yield


def test_a_thousand_messages_of_one_device_are_one_person(wiring: Wiring, town: Town, clock: TestClock) -> None:
    quiet = topic_of(wiring, town.zhou_id, "一个人说一次", told(wiring, town.longchi_code, "路灯不亮"))
    noisy = topic_of(wiring, town.zhou_id, "一个人说一千次", told(wiring, town.longchi_code, "电梯坏了"))
    with wiring.sessions.begin() as session:
        for number, topic_id in enumerate((quiet, noisy)):
            voice = session.scalars(select(Submission).join(Contributor).where(Contributor.topic_id == topic_id)).one()
            voice.device_hash = bytes([number]) * 16
        first = session.scalars(select(Submission).join(Contributor).where(Contributor.topic_id == noisy)).one()
        columns = {
            one.name: getattr(first, one.name)
            for one in Submission.__table__.columns
            if one.name not in {"id", "receipt_number", "received_at", "area_id"}
        }
        for number in range(999):
            row = {
                **columns,
                "id": 10_000 + number,
                "receipt_number": f"X{number}",
                "area_id": (town.longchi_id, town.ziwei_id, town.shiqiao_id)[number % 3],
            }
            session.execute(insert(Submission), {**row, "received_at": first.received_at + timedelta(minutes=number)})
            session.add(
                Contributor(
                    district_id=town.district_id,
                    topic_id=noisy,
                    submission_id=10_000 + number,
                    status="suggested",
                    reasons=[],
                    created_at=clock.now(),
                )
            )
        recount(session, {quiet, noisy}, at=clock.now())
    one, thousand = topic_row(wiring, quiet), topic_row(wiring, noisy)
    assert thousand.confirmed_count + thousand.suggested_count == 1000
    assert thousand.people_count == one.people_count == 1
    assert thousand.heat == one.heat > 0


def test_heat_cools_as_weeks_pass_and_is_counted_anew_once_it_is_stale(wiring: Wiring, town: Town, clock: TestClock) -> None:
    topic = topic_of(wiring, town.zhou_id, "路灯", *(told(wiring, town.longchi_code, f"第 {n} 句") for n in range(6)))
    hot = topic_row(wiring, topic).heat
    topic_upkeep.run()
    counted = topic_row(wiring, topic).heat_at
    assert counted is not None
    clock.forward(days=10)
    topic_upkeep.run()
    assert topic_row(wiring, topic).heat < hot
    assert topic_row(wiring, topic).heat_at == clock.now()
    version = topic_row(wiring, topic).version
    clock.forward(seconds=3600)
    topic_upkeep.run()
    assert topic_row(wiring, topic).heat_at == clock.now() - timedelta(hours=1)
    assert topic_row(wiring, topic).version == version


def test_a_kind_of_matter_in_three_communities_is_proposed_once(wiring: Wiring, town: Town, clock: TestClock) -> None:
    for code, title in ((town.longchi_code, "幸福里路灯不亮"), (town.ziwei_code, "紫薇苑路灯不亮"), (town.shiqiao_code, "石桥路灯不亮")):
        topic_of(wiring, town.jing_id, title, told(wiring, code, title))
    topic_upkeep.run()
    topic_upkeep.run()
    with wiring.sessions() as session:
        (found,) = session.scalars(select(TopicProposal)).all()
        assert found.kind is ProposalKind.CLASS
        assert len(found.topic_ids) == 3
        assert found.reasons[1:] == ["分布在 3 个社区", "共 3 件来件"]


def test_a_topic_with_two_matters_is_proposed_for_splitting(wiring: Wiring, town: Town, clock: TestClock) -> None:
    lamps = ["幸福里3栋路灯不亮", "幸福里3栋门口路灯不亮了", "幸福里路灯不亮，3栋这边全黑", "幸福里3栋路灯又不亮"]
    lifts = ["紫薇苑5栋电梯坏了", "紫薇苑5栋电梯又坏了", "紫薇苑电梯坏了没人修，5栋"]
    topic = _mixed(wiring, town, [*lamps, *lifts])
    topic_upkeep.run()
    with wiring.sessions() as session:
        found = session.scalars(select(TopicProposal).where(TopicProposal.kind == ProposalKind.SPLIT)).one()
        leaving = session.scalars(select(Submission.text_masked).where(Submission.id.in_(found.submission_ids))).all()
    assert found.topic_ids == [topic]
    assert sorted(leaving) == sorted(lifts)
    assert any("电梯" in str(reason) for reason in found.reasons)


def test_one_matter_is_not_proposed_for_splitting(wiring: Wiring, town: Town, clock: TestClock) -> None:
    _mixed(
        wiring,
        town,
        [
            "幸福里3栋路灯不亮",
            "幸福里3栋门口路灯不亮了",
            "幸福里路灯不亮，3栋这边全黑",
            "路灯坏了半个月没人管",
            "幸福里3栋路灯又不亮",
            "老人晚上不敢下楼，灯不亮",
        ],
    )
    topic_upkeep.run()
    with wiring.sessions() as session:
        assert session.scalars(select(TopicProposal)).all() == []


def test_two_topics_about_one_matter_are_proposed_for_merging(wiring: Wiring, town: Town, clock: TestClock) -> None:
    lamps = ["幸福里3栋路灯不亮", "幸福里3栋门口路灯不亮了", "幸福里3栋路灯又不亮", "幸福里3栋的路灯不亮，晚上全黑"]
    one, other = _mixed(wiring, town, lamps[:2]), _mixed(wiring, town, lamps[2:])
    with wiring.sessions.begin() as session:
        for finding in session.scalars(select(Finding)):
            finding.content = {**finding.content, "others": [[one, 0.7]]}
    topic_upkeep.run()
    with wiring.sessions() as session:
        found = session.scalars(select(TopicProposal)).one()
    assert found.kind is ProposalKind.MERGE
    assert sorted(found.topic_ids) == sorted([one, other])
    assert any("路灯" in str(reason) for reason in found.reasons)


def _mixed(wiring: Wiring, town: Town, texts: list[str]) -> int:
    """A topic that a member made of messages the index knows."""
    stored = [say(wiring, town.longchi_code, text) for text in texts]
    triage_batch.run()
    topic = topic_of(wiring, town.zhou_id, "都在一起", stored[0])
    for voice in stored[1:]:
        attach(wiring, town.zhou_id, voice, topic)
    return topic


def test_of_many_workers_who_propose_the_same_one_does(wiring: Wiring, town: Town, clock: TestClock) -> None:
    topics = [topic_of(wiring, town.zhou_id, f"议题 {n}", told(wiring, town.longchi_code, f"第 {n} 句")) for n in range(2)]
    ready, made = threading.Barrier(6), list[TopicProposal | None]()

    def work() -> None:
        with wiring.sessions() as session:
            ready.wait()
            made.append(
                propose(
                    session,
                    district_id=town.district_id,
                    kind=ProposalKind.MERGE,
                    topic_ids=topics,
                    score=0.9,
                    reasons=[],
                    model_version=MACHINE_VERSION,
                    at=clock.now(),
                )
            )
            session.commit()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one is not None for one in made) == 1
    with wiring.sessions() as session:
        assert len(session.scalars(select(TopicProposal)).all()) == 1


def test_a_refused_subject_is_not_proposed_again(wiring: Wiring, town: Town, clock: TestClock) -> None:
    topics = [topic_of(wiring, town.zhou_id, f"议题 {n}", told(wiring, town.longchi_code, f"第 {n} 句")) for n in range(2)]
    proposed(wiring, town, ProposalKind.MERGE, topics)
    with pytest.raises(AssertionError):
        proposed(wiring, town, ProposalKind.MERGE, topics[::-1])


def test_nothing_more_is_compared_when_the_time_is_over_and_the_rest_is_done_all_the_same(
    wiring: Wiring, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = _mixed(wiring, town, ["幸福里3栋路灯不亮", "紫薇苑5栋电梯坏了"])
    monkeypatch.setattr(topic_upkeep, "SECONDS", -1.0)
    monkeypatch.setattr("workers.topic_proposals.compare", lambda *_args, **_kwargs: pytest.fail("no time is left to compare"))
    with wiring.sessions.begin() as session:
        for finding in session.scalars(select(Finding)):
            finding.content = {**finding.content, "others": [[1, 0.7], [2, 0.7]]}
    topic_upkeep.run()
    assert topic_row(wiring, topic).heat_at == clock.now()
    assert topic_row(wiring, topic).summary


def test_a_pair_that_a_person_answered_is_not_compared_every_hour(
    wiring: Wiring, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamps = ["幸福里3栋路灯不亮", "幸福里3栋路灯又不亮"]
    one, other = _mixed(wiring, town, lamps[:1]), _mixed(wiring, town, lamps[1:])
    with wiring.sessions.begin() as session:
        for finding in session.scalars(select(Finding)):
            finding.content = {**finding.content, "others": [[one, 0.7]]}
    proposed(wiring, town, ProposalKind.MERGE, [one, other])
    monkeypatch.setattr("workers.topic_proposals.compare", lambda *_args, **_kwargs: pytest.fail("this was asked before"))
    topic_upkeep.run()


def test_topics_are_not_locked_while_messages_are_compared(
    wiring: Wiring, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = _mixed(wiring, town, ["幸福里3栋路灯不亮", "紫薇苑5栋电梯坏了"])
    looked: list[int] = []

    def compare(*args: Any, **kwargs: Any) -> Any:
        with wiring.sessions() as session:
            looked.append(session.scalars(select(Topic.id).where(Topic.id == topic).with_for_update(nowait=True)).one())
        return same_matter.compare(*args, **kwargs)

    monkeypatch.setattr("workers.topic_proposals.compare", compare)
    topic_upkeep.run()
    assert looked


def test_a_split_of_words_that_were_withdrawn_is_proposed_no_longer(wiring: Wiring, town: Town, clock: TestClock) -> None:
    voices = [told(wiring, town.longchi_code, f"第 {n} 句") for n in range(3)]
    topic = topic_of(wiring, town.zhou_id, "两件事", *voices)
    split = proposed(wiring, town, ProposalKind.SPLIT, [topic], submission_ids=[voices[1].submission_id, voices[2].submission_id])
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=voices[2].submission_id, at=clock.now())
    with wiring.sessions() as session:
        assert session.get_one(TopicProposal, split).state is ProposalState.OUTDATED


def test_a_class_without_one_of_its_topics_may_still_be_gathered(wiring: Wiring, town: Town, clock: TestClock) -> None:
    codes = (town.longchi_code, town.ziwei_code, town.shiqiao_code)
    voices = [told(wiring, code, f"第 {n} 处路灯不亮") for n, code in enumerate(codes)]
    topics = [topic_of(wiring, town.jing_id, f"第 {n} 处路灯", voice) for n, voice in enumerate(voices)]
    proposal = proposed(wiring, town, ProposalKind.CLASS, topics)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=voices[1].submission_id, at=clock.now())
    with wiring.sessions.begin() as session:
        asked = session.get_one(TopicProposal, proposal)
        assert (asked.state, asked.topic_ids, asked.version) == (ProposalState.OPEN, [topics[0], topics[2]], 2)
        accept(session, Answering(actor(session, town.jing_id), proposal, asked.version, clock.now()), title="多个社区路灯不亮")
        assert asked.result_topic_id == session.get_one(Topic, topics[2]).class_topic_id


def test_a_class_of_which_one_topic_is_left_is_none(wiring: Wiring, town: Town, clock: TestClock) -> None:
    voices = [told(wiring, code, "路灯不亮") for code in (town.longchi_code, town.ziwei_code)]
    topics = [topic_of(wiring, town.jing_id, f"第 {n} 处路灯", voice) for n, voice in enumerate(voices)]
    proposal = proposed(wiring, town, ProposalKind.CLASS, topics)
    taken_up(wiring, town.jing_id, topics[0])
    decided(wiring, town.jing_id, topics[0], TopicAction.REJECT, "不立项")
    with wiring.sessions() as session:
        assert session.get_one(TopicProposal, proposal).state is ProposalState.OUTDATED


def test_what_members_changed_one_by_one_is_cleared_away(wiring: Wiring, town: Town, clock: TestClock) -> None:
    voices = [told(wiring, town.longchi_code, f"第 {n} 句") for n in range(4)]
    topic = topic_of(wiring, town.zhou_id, "两件事", *voices[:3])
    other = topic_of(wiring, town.zhou_id, "另一件", voices[3])
    split = proposed(wiring, town, ProposalKind.SPLIT, [topic], submission_ids=[voices[1].submission_id, voices[2].submission_id])
    merge = proposed(wiring, town, ProposalKind.MERGE, [topic, other])
    for stored in (voices[2], voices[3]):
        card = deciding(wiring, town.zhou_id, stored)
        with wiring.sessions.begin() as session:
            detach(session, card, words="不是这里的", workflow=wiring.workflow)
    topic_upkeep.run()
    with wiring.sessions() as session:
        assert [session.get_one(TopicProposal, one).state for one in (split, merge)] == [ProposalState.OUTDATED] * 2


def test_a_class_that_lost_its_oldest_topic_is_not_proposed_a_second_time(wiring: Wiring, town: Town, clock: TestClock) -> None:
    titles = ((town.longchi_code, "幸福里路灯不亮"), (town.ziwei_code, "紫薇苑路灯不亮"), (town.shiqiao_code, "石桥路灯不亮"))
    oldest, *_ = [topic_of(wiring, town.jing_id, title, told(wiring, code, title)) for code, title in titles]
    topic_upkeep.run()
    taken_up(wiring, town.jing_id, oldest)
    decided(wiring, town.jing_id, oldest, TopicAction.REJECT, "不立项")
    topic_of(wiring, town.jing_id, "龙池路灯不亮", told(wiring, town.longchi_code, "龙池路灯不亮"))
    topic_upkeep.run()
    with wiring.sessions() as session:
        (one,) = session.scalars(select(TopicProposal)).all()
        assert one.state is ProposalState.OPEN
