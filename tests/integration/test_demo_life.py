"""The demo district's three months, lived through with the real services and the real triage."""

import os
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import func, select, text

from config.settings import Settings
from intake.adapters.migrate import upgrade
from intake.cli import demo_life
from intake.cli.demo_life import FIRST, Join, Say, Timeline, key_of, timeline
from intake.cli.district_seed import read_district, seed_district
from intake.domain.errors import Forbidden
from intake.domain.notification import NoticeState
from intake.domain.open_call import OpenCallState
from intake.domain.outcome import Verdict
from intake.domain.permission import Role
from intake.domain.referral import ReferralState
from intake.domain.release import ReleaseKind, ReleaseState
from intake.domain.submission import OPEN_FOR_DECISION, Channel, SubmissionState, Urgency
from intake.domain.topic import TopicState
from intake.models import (
    Answer,
    Area,
    AssistedFiling,
    Endorsement,
    Finding,
    HistoryEntry,
    Notification,
    OpenCall,
    Outcome,
    PaperSlip,
    Referral,
    Release,
    Submission,
    SubmissionKey,
    Topic,
)
from intake.queries.receipt import receipt_view
from intake.services.ownership import escalate_due
from intake.services.retention import apply_retention
from intake.services.submission_close import close_silent
from intake.wiring import Wiring, wire
from tests.conftest import _libpq, test_database_url
from tests.factories.clock import TestClock
from workers import rehearsal
from workers.rehearsal import Lived, live


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    """The seeded demo district in a database of its own, and a clock that stands on Tuesday 2026-11-03, 9:00."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    admin_url = _libpq(test_database_url("zhibao_super", "postgres"))
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} OWNER zhibao_owner TEMPLATE zhibao STRATEGY FILE_COPY")
    upgrade(test_database_url("zhibao_owner", name))
    clock = TestClock()
    settings = Settings(
        environment="test",
        object_folder=str(tmp_path_factory.mktemp("objects")),
        database_url=test_database_url("zhibao_app", name),
        redis_url=os.environ["ZHIBAO_TEST_VALKEY"],
        secret_key="t" * 64,
        field_keys="k1:" + "A" * 43 + "=",
    )
    wiring = wire(settings, clock=clock, pool_size=2)
    with wiring.sessions.begin() as session:
        seed_district(session, read_district(), at=timeline(clock.now()).begins)
    yield wiring
    wiring.close()
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_life_that_meets_a_refusal_leaves_nothing_behind(installed: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    at = installed.clock.now() - timedelta(days=2)
    said = Say(at, FIRST, "龙池社区", "幸福里路灯不亮", "", "", Channel.FORM)
    # A member of another street has no say in 龙池社区.
    stranger = Join(at + timedelta(hours=1), FIRST, "lamp", "路灯不亮", "沈若兰")
    monkeypatch.setattr(rehearsal, "timeline", lambda now: Timeline(at, now, (said, stranger)))
    with pytest.raises(Forbidden):
        live(installed, now=installed.clock.now())
    with installed.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 0
        assert not demo_life.already_lived(session)


@pytest.fixture(scope="module")
def lived(installed: Wiring) -> Lived:
    """The outcome of the one life these tests look at."""
    seen: list[tuple[int, int]] = []
    lived = live(installed, now=installed.clock.now(), report=lambda done, total: seen.append((done, total)))
    assert lived is not None
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
    return lived


def every_page_has_something_to_show(installed: Wiring, lived: Lived) -> None:
    with installed.sessions() as session:
        fengshan = session.scalars(select(Area.path).where(Area.name == "丰山街道")).one()
        of_zhou = (
            select(func.count()).select_from(Submission).join(Area, Area.id == Submission.area_id).where(Area.path.startswith(fengshan))
        )
        assert session.scalar(of_zhou.where(Submission.state.in_(OPEN_FOR_DECISION))) == 16
        waiting = session.execute(select(Submission.owner_role, Submission.urgency).where(Submission.state.in_(OPEN_FOR_DECISION))).all()
        assert 40 <= len(waiting) <= 70
        assert sum(role is Role.STAFF for role, _ in waiting) == 3
        assert sum(urgency is Urgency.EMERGENCY for _, urgency in waiting) == 1
        topics = Counter(session.scalars(select(Topic.state)))
        assert set(topics) == set(TopicState)
        assert (topics[TopicState.PROPOSED], topics[TopicState.POOLED]) == (8, 8)
        assert 12 <= topics[TopicState.CANDIDATE] <= 30
        releases = Counter(session.scalars(select(Release.state)))
        assert releases[ReleaseState.RELEASED] >= 10
        assert releases[ReleaseState.DRAFT] >= 1
        assert releases[ReleaseState.WITHDRAWN] >= 1
        own = Submission.channel != Channel.IMPORT
        states = Counter(session.scalars(select(Submission.state).where(own)))
        joined = session.scalar(select(func.count()).select_from(Endorsement)) or 0
        assert lived.submissions == sum(states.values()) - joined == session.scalar(select(func.count()).select_from(Finding))
        assert {SubmissionState.CLOSED, SubmissionState.DECLINED, SubmissionState.REFERRED, SubmissionState.WITHDRAWN} < set(states)


def a_call_runs_a_slip_is_filed_and_neighbours_joined(installed: Wiring, lived: Lived) -> None:
    del lived
    with installed.sessions() as session:
        calls = {call.state: call for call in session.scalars(select(OpenCall))}
        assert set(calls) == {OpenCallState.OPEN, OpenCallState.REPORTED}
        running = calls[OpenCallState.OPEN]
        today = installed.clock.now().date()
        assert running.opens_on < today < running.closes_on
        assert session.scalar(select(func.count()).where(Submission.open_call_id == running.id)) == 3
        filed = session.scalars(select(AssistedFiling)).one()
        assert filed.slip_id is not None
        assert (session.scalar(select(func.count()).select_from(PaperSlip)) or 0) > 1
        assert Counter(session.scalars(select(Endorsement.topic_id))).most_common(1)[0][1] == 3


def referrals_stand_at_every_station(installed: Wiring, lived: Lived) -> None:
    del lived
    with installed.sessions() as session:
        states = Counter(session.scalars(select(Referral.state)))
        assert {ReferralState.SENT, ReferralState.ACCEPTED, ReferralState.DISPUTED} <= set(states)
        assert {ReferralState.ASSIGNED, ReferralState.IN_PROGRESS, ReferralState.REPLIED, ReferralState.DELIVERED} <= set(states)
        assert states[ReferralState.DELIVERED] >= 15
        told = session.scalar(select(func.count()).select_from(Outcome).where(Outcome.referral_id.is_not(None))) or 0
        said = Counter(session.scalars(select(Outcome.verdict).where(Outcome.verdict.is_not(None))))
        assert told >= 10
        assert set(said) == {Verdict.SOLVED, Verdict.PARTLY, Verdict.NOT_SOLVED}
        assert session.scalar(select(func.count()).where(Answer.written_at > installed.clock.now())) == 0


def the_real_machine_suggested_most_places_rightly(installed: Wiring, lived: Lived) -> None:
    del lived
    with installed.sessions() as session:
        rows = session.execute(text("SELECT topic_id, model_version IS NOT NULL FROM contributors WHERE status = 'confirmed'")).all()
        by_machine = sum(machine for _, machine in rows)
        assert by_machine > 0.6 * len(rows)
        # What was withdrawn and emptied leaves the index, while its words stay counted.
        kept = "SELECT g.gram, count(*) AS n FROM submission_grams s, unnest(s.grams) AS g(gram) GROUP BY 1"
        short = f"SELECT count(*) FROM ({kept}) AS k LEFT JOIN gram_counts c USING (gram) WHERE coalesce(c.documents, 0) < k.n"
        assert session.scalar(text(short)) == 0


def the_resident_who_spoke_first_reads_every_step_to_the_end(installed: Wiring, lived: Lived) -> None:
    del lived
    with installed.sessions() as session:
        first = session.get_one(SubmissionKey, key_of(FIRST)).submission_id
        page = receipt_view(session, first, at=installed.clock.now(), workflow=installed.workflow)
        assert page.topic_title == "幸福里片区路灯不亮"
        assert page.topic_people == 22
        reasons = [step.written for step in page.steps if step.written]
        assert len(reasons) == 7  # the lead told how far it was
        assert reasons[-1].startswith("41盏灯全部换新")
        assert [step.at for step in page.steps] == sorted(step.at for step in page.steps)
        topic = session.scalars(select(Topic).where(Topic.title == page.topic_title)).one()
        told = session.scalars(select(Release).where(Release.topic_id == topic.id).order_by(Release.released_at)).all()
        assert [release.kind for release in told] == [ReleaseKind.IN_HAND, ReleaseKind.DECISION, ReleaseKind.RESULT]
        assert all(release.state is ReleaseState.RELEASED and release.released_by != release.prepared_by for release in told)


def the_jobs_of_today_find_nothing_that_was_forgotten(installed: Wiring, lived: Lived) -> None:
    del lived
    now, workflow = installed.clock.now(), installed.workflow
    with installed.sessions() as session:
        assert escalate_due(session, workflow=workflow, at=now, limit=100) <= 3
        assert close_silent(session, workflow=workflow, at=now, limit=100) <= 1
        assert apply_retention(session, workflow=workflow, at=now, limit=100) == 0
        unsent = select(func.count()).where(Notification.state != NoticeState.SENT, Notification.due_at <= now)
        assert session.scalar(unsent) == 0
        assert session.scalar(select(func.count()).where(HistoryEntry.at > now)) == 0
        unread = select(func.count()).where(Submission.state == SubmissionState.RECEIVED)
        assert session.scalar(unread.where(Submission.channel != Channel.IMPORT)) == 0
        assert session.scalar(unread) == 6, "what was imported the worker reads when it starts"
        waiting = Submission.state.in_(OPEN_FOR_DECISION) & (Submission.owner_role != Role.STAFF)
        oldest = session.scalar(select(func.min(Submission.received_at)).where(waiting))
        assert oldest is not None
        assert oldest > now - timedelta(days=7)
        session.rollback()


def a_life_is_lived_once(installed: Wiring, lived: Lived) -> None:
    assert live(installed, now=installed.clock.now() + timedelta(days=1)) is None
    with installed.sessions() as session:
        said = select(func.count()).where(Submission.channel.not_in((Channel.ENDORSEMENT, Channel.IMPORT)))
        assert session.scalar(said) == lived.submissions


def test_one_life_and_all_that_is_asked_of_it(installed: Wiring, lived: Lived, subtests: pytest.Subtests) -> None:
    """One test, so that the three months are lived in one process only."""
    for look in (
        every_page_has_something_to_show,
        a_call_runs_a_slip_is_filed_and_neighbours_joined,
        referrals_stand_at_every_station,
        the_real_machine_suggested_most_places_rightly,
        the_resident_who_spoke_first_reads_every_step_to_the_end,
        the_jobs_of_today_find_nothing_that_was_forgotten,
        a_life_is_lived_once,
    ):
        with subtests.test(look.__name__):
            look(installed, lived)
