"""`python -m workers.rehearsal`: the demo district lives through its three months, with the real services and the real triage.

Started by `zhibao demo`, since intake never imports workers. Everything happens in one transaction: nobody sees half a life, the jobs that
run by today's clock find nothing of it before it is over, and what is interrupted leaves nothing behind.
"""

import json
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import Settings, SettingsError
from intake.cli.demo_life import (
    RELEASED_AFTER,
    WITHDRAWN_AFTER,
    Event,
    Handle,
    Invite,
    Join,
    Judge,
    PointStep,
    Publish,
    Reply,
    Say,
    Solved,
    Sweep,
    Timeline,
    TopicStep,
    Withdraw,
    already_lived,
    key_of,
    timeline,
)
from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.invitation import InvitationAction
from intake.domain.language.lexicon import lexicon_of
from intake.domain.notification import NoticeAction, NoticeKind
from intake.domain.outcome import Verdict
from intake.domain.point import PointState
from intake.domain.release import PhotoSource
from intake.domain.submission import OPEN_FOR_DECISION, Channel
from intake.domain.topic import TopicAction
from intake.domain.topic_proposal import ProposalKind
from intake.models import Area, Contributor, Decision, Department, IntakePoint, Invitation, Release, Submission, Topic, TopicProposal, User
from intake.queries.actor import actor_of_user
from intake.queries.point import PointView, point_by_id
from intake.queries.same_matter import AreaNames, area_names
from intake.services import release, submission_decide, topic_finish
from intake.services.area_factor import weigh_communities
from intake.services.audit import record
from intake.services.contribution import warm
from intake.services.notify import announce, claim_due, settle
from intake.services.ownership import escalate_due
from intake.services.place import change_point
from intake.services.release_photo import Chosen, choose_photos
from intake.services.retention import apply_retention
from intake.services.submission_close import close_silent
from intake.services.submission_submit import Origin, Stored, read_sentence, submit
from intake.services.submission_triage import lock_same_matter, store_result
from intake.services.submission_withdraw import withdraw
from intake.services.topic_proposal_decide import Answering, accept
from intake.services.topic_screen import SCREENING, Screening, propose, screen, take_up
from intake.services.transition import begin, move
from intake.wiring import Wiring, wire
from workers.jobs.topic_upkeep import look_over, sum_up
from workers.rehearsal_beside import Beside
from workers.rehearsal_counts import count_the_days
from workers.rehearsal_photo import keep_photo
from workers.rehearsal_referral import Handling
from workers.rehearsal_upward import report_the_class
from workers.runtime import job_session, use_wiring
from workers.suggestion import Case, Desk
from workers.triage.message import Finding, Message
from workers.triage.pipeline import default_pipeline
from workers.triage.same_matter.scorer import base_scorer

Report = Callable[[int, int], None]
"""Told how many of how many events are over."""

REPORT_EVERY = 0.5
"""Seconds between reports."""
TRIAGE_TAKES = timedelta(seconds=4)
BATCH = 1000
INVITED_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Lived:
    """What came of it."""

    submissions: int
    topics: int
    seconds: float


def live(wiring: Wiring, *, now: datetime, report: Report | None = None) -> Lived | None:
    """Live through the three months that end on the last morning before `now`, in one transaction; None when that was done before.

    The district must be seeded. Raises DomainError where the script asks for what the services refuse, leaving nothing behind.
    """
    began = time.monotonic()
    use_wiring(wiring)
    try:
        with job_session() as session:
            if already_lived(session):
                return None
            life = _Life(session, wiring, timeline(now))
            life.run(report or _silent)
    finally:
        use_wiring(None)
    return Lived(len(life.submissions), len(set(life.topics.values())), time.monotonic() - began)


def _silent(done: int, total: int) -> None:
    del done, total


@dataclass(slots=True)
class _Life:
    """What one life remembers: who is who, and which row each name of the script stands for."""

    session: Session
    wiring: Wiring
    plan: Timeline
    submissions: dict[str, int] = field(default_factory=dict)
    topics: dict[str, int] = field(default_factory=dict)
    district_id: int = 0
    _points: dict[str, PointView] = field(default_factory=dict)
    _areas: dict[int, AreaNames] = field(default_factory=dict)
    _people: dict[str, int] = field(default_factory=dict)
    _actors: dict[int, Actor] = field(default_factory=dict)
    _findings: dict[str, Finding] = field(default_factory=dict)
    _desk: Desk | None = None
    _handlings: Handling | None = None
    _held: list[object] = field(default_factory=list)
    """Rows that come up again and again: the session forgets what nobody holds, and would ask for them anew each time."""

    def run(self, report: Report) -> None:
        """Everything, in order."""
        self._arrive()
        reported = time.monotonic()
        total = len(self.plan.events)
        for done, event in enumerate(self.plan.events):
            if time.monotonic() - reported >= REPORT_EVERY:
                reported = time.monotonic()
                report(done, total)
            self._happen(event)
        Beside(self.session, self.wiring, self.plan.ends, self._points, self.topics, self._named, self._read_and_triage).happen()
        self._look_over()
        count_the_days(self.session, district_id=self.district_id, at=self.plan.ends)
        report(total, total)

    def _look_over(self) -> None:
        """What upkeep makes of the topics this morning: fresh heat, proposals, and one kind of matter that staff gathered at once."""
        at = self.plan.ends
        self.session.flush()
        weigh_communities(self.session, district_id=self.district_id, at=at)
        warm(self.session, self.session.scalars(select(Topic).where(Topic.district_id == self.district_id)).all(), at=at)
        lexicon = lexicon_of(self.wiring.taxonomy)
        sum_up(self.session, district_id=self.district_id, lexicon=lexicon, since=self.plan.begins, at=at)
        look_over(self.session, district_id=self.district_id, lexicon=lexicon, since=self.plan.begins, at=at)
        widest = self.session.scalars(
            select(TopicProposal)
            .where(TopicProposal.district_id == self.district_id, TopicProposal.kind == ProposalKind.CLASS)
            .order_by(TopicProposal.score.desc(), TopicProposal.id)
            .limit(1)
        ).one_or_none()
        if widest is not None:
            actor = self._actor(self._people["林晓燕"])
            answering = Answering(actor=actor, proposal_id=widest.id, version=widest.version, at=at)
            accept(self.session, answering, title=f"{len(widest.topic_ids)} 个社区都有的：{str(widest.reasons[0]).partition('：')[2]}")
            report_the_class(self.session, staff=actor, at=at)

    def _arrive(self) -> None:
        open_points = select(IntakePoint).where(IntakePoint.state == PointState.ACTIVE).order_by(IntakePoint.id.desc())
        for point in self.session.scalars(open_points):
            view = point_by_id(self.session, point.id)
            assert view is not None
            self._points[point.name] = view  # the oldest of a name comes last and stays
        self.district_id = next(iter(self._points.values())).district_id
        self._areas = area_names(self.session, {point.area_id for point in self._points.values()})
        # By login from the last: of two with one name, the seeded one stays.
        people = select(User).where(User.district_id == self.district_id).order_by(User.id.desc())
        self._people = {user.name: user.id for user in self.session.scalars(people)}
        lock_same_matter(self.session, self.district_id)
        self._held += [*self.session.scalars(select(Area)), *self.session.scalars(select(User))]
        stages = default_pipeline(self.wiring.taxonomy)
        for event in self.plan.events:
            if isinstance(event, Say):
                area_id = self._points[event.where].area_id
                self._findings[event.said] = stages(Message(event.text, area_id, self._areas[area_id].names, event.at), Finding())
        self._desk = Desk(self.session, self.district_id, self.wiring.workflow, lexicon_of(self.wiring.taxonomy), base_scorer())

    def _happen(self, event: Event) -> None:
        match event:
            case Say():
                self._say(event)
            case Join():
                self._join(event)
            case Reply():
                self._reply(event)
            case Handle() | Judge():
                self._handling.take(event)
            case Withdraw():
                withdraw(self.session, submission_id=self.submissions[event.said], at=event.at)
            case Solved():
                self._solved(event)
            case TopicStep():
                self._step(event)
            case Publish():
                self._publish(event)
            case PointStep():
                point = self._points[event.name]
                admin = self._administrator()
                change_point(self.session, actor=admin, point_id=point.id, action=event.action, note=event.note, at=event.at)
            case Invite():
                self._invite(event)
            case Sweep():
                self._sweep(event.at)

    @property
    def _handling(self) -> Handling:
        if self._handlings is None:
            self._handlings = Handling(self.session, self.wiring.workflow, self.district_id, self.submissions, self.topics, self._people)
        return self._handlings

    def _say(self, event: Say) -> None:
        """Sent, and triaged a moment later as the worker does it."""
        stored = submit(
            self.session,
            vault=self.wiring.vault,
            point=self._points[event.where],
            key=key_of(event.said),
            sentence=read_sentence(text=event.text, place=event.place, contact=event.contact),
            origin=Origin(
                event.channel,
                device_hash=key_of(event.said) if event.channel is Channel.FORM else None,  # everybody writes with a phone of their own
            ),
            at=event.at,
        )
        self._triage(event.said, stored, self._findings[event.said], event.at)

    def _triage(self, said: str, stored: Stored, finding: Finding, at: datetime) -> None:
        session, desk = self.session, self._desk
        assert desk is not None
        self.submissions[said] = stored.submission_id
        submission = session.get_one(Submission, stored.submission_id)
        (result,) = desk.results([Case(submission, finding, self._areas[submission.area_id])])
        # Its questions don't depend on what it has just changed, so the changes are written together.
        with session.no_autoflush:
            self._held.append(store_result(session, submission, result, workflow=self.wiring.workflow, at=at + TRIAGE_TAKES))
        session.flush()
        self._held.append(submission)

    def _read_and_triage(self, said: str, stored: Stored, point: PointView, words: str, at: datetime) -> None:
        """What isn't in the files of the life: read by the machine here."""
        if point.area_id not in self._areas:
            self._areas |= area_names(self.session, {point.area_id})
        message = Message(words, point.area_id, self._areas[point.area_id].names, at)
        self._triage(said, stored, default_pipeline(self.wiring.taxonomy)(message, Finding()), at)

    def _join(self, event: Join) -> None:
        deciding = self._deciding(event.said, by=event.by, at=event.at)
        if event.matter in self.topics:
            submission_decide.attach(self.session, deciding, topic_id=self.topics[event.matter])
            return
        decision = submission_decide.open_topic(self.session, deciding, title=event.title)
        assert decision.target_topic_id is not None
        self.topics[event.matter] = decision.target_topic_id

    def _reply(self, event: Reply) -> None:
        deciding = self._deciding(event.said, by="", at=event.at)
        if event.reason is not None:
            submission_decide.decline(self.session, deciding, reason=event.reason.value, words=event.words)
        elif event.refer:
            submission_decide.refer(self.session, deciding, words=event.words, workflow=self.wiring.workflow)
        else:
            submission_decide.answer(self.session, deciding, words=event.words)

    def _deciding(self, said: str, *, by: str, at: datetime) -> submission_decide.Deciding:
        submission = self.session.get_one(Submission, self.submissions[said])
        user_id = self._people[by] if by and submission.state in OPEN_FOR_DECISION else submission.owner_id
        assert user_id is not None, f"nobody has {said}"
        return submission_decide.Deciding(
            actor=self._actor(user_id),
            submission_id=submission.id,
            version=submission.version,
            at=at,
            undo_seconds=self.wiring.settings.undo_seconds,
        )

    def _solved(self, event: Solved) -> None:
        self._handling.take(Judge(event.at, event.said, Verdict.SOLVED, ""))

    def _step(self, event: TopicStep) -> None:
        self.session.flush()
        topic = self.session.get_one(Topic, self.topics[event.matter], populate_existing=True)
        actor = self._actor(self._people[event.by])
        screening = Screening(actor=actor, topic_id=topic.id, version=topic.version, at=event.at)
        match event.action:
            case TopicAction.PROPOSE:
                propose(self.session, screening, words=event.words)
            case TopicAction.TAKE_UP:
                take_up(self.session, screening)
            case action if action in SCREENING:
                into = self.topics[event.into] if event.into else None
                screen(self.session, screening, action, words=event.words, target_topic_id=into, workflow=self.wiring.workflow)
            case TopicAction.VERIFY:
                topic_finish.verify(self.session, screening, words=event.words, workflow=self.wiring.workflow)
            case _:
                self._later_step(topic, actor, event)

    def _later_step(self, topic: Topic, actor: Actor, event: TopicStep) -> None:
        """Planning, consulting, reporting: no service has these yet, so the step is written as one would."""
        session = self.session
        decision = Decision(
            district_id=topic.district_id,
            topic_id=topic.id,
            action=event.action.value,
            words=event.words,
            decided_by=actor.user_id,
            decided_at=event.at,
        )
        session.add(decision)
        path = session.get_one(Area, topic.area_id).path
        move(session, topic, event.action, actor=actor, at=event.at, area_path=path, decision=decision)
        record(
            session,
            actor=actor,
            district_id=topic.district_id,
            action=f"topic.{event.action.value}",
            noun="topic",
            entity_id=topic.id,
            at=event.at,
        )
        behind = session.scalars(
            select(Submission)
            .join(Contributor, Contributor.submission_id == Submission.id)
            .where(Contributor.topic_id == topic.id, Contributor.status == ContributorStatus.CONFIRMED)
            .order_by(Submission.id)
        ).all()
        ids = [submission.id for submission in behind]
        announce(session, decision=decision, submission_ids=ids, kind=NoticeKind.TOPIC_DECISION, due_at=event.at, at=event.at)

    def _publish(self, event: Publish) -> None:
        topic = self.session.get_one(Topic, self.topics[event.matter])
        draft = release.Draft(kind=event.kind, area_id=topic.area_id, title=event.title, words=event.words)
        made = release.prepare(self.session, draft, actor=self._actor(self._people[event.prepared_by]), topic_id=topic.id, at=event.at)
        if not event.released_by:
            return
        self._show(event, made)
        editor = self._actor(self._people[event.released_by])
        released_at = min(event.at + RELEASED_AFTER, self.plan.ends)
        releasing = release.Releasing(actor=editor, release_id=made.id, version=made.version, at=released_at)
        release.publish(self.session, releasing, second_person=self.wiring.workflow.release.second_person)
        if event.withdrawn is not None:
            taken_down_at = min(released_at + WITHDRAWN_AFTER, self.plan.ends)
            releasing = release.Releasing(actor=editor, release_id=made.id, version=made.version, at=taken_down_at)
            release.withdraw(self.session, releasing, reason=event.withdrawn)

    def _show(self, event: Publish, made: Release) -> None:
        """The photos of a result, kept beside the words of the first resident behind it."""
        if not event.photos:
            return
        behind = select(Contributor.submission_id).where(
            Contributor.topic_id == made.topic_id, Contributor.status == ContributorStatus.CONFIRMED
        )
        first = self.session.scalars(select(Submission).where(Submission.id.in_(behind)).order_by(Submission.id).limit(1)).one()
        chosen = []
        for one in event.photos:
            file = keep_photo(self.session, self.wiring.objects, first, scene=one.scene, at=event.at)
            chosen.append(Chosen(PhotoSource.RESIDENT, file.id, one.side, one.caption))
        author = self._actor(self._people[event.prepared_by])
        releasing = release.Releasing(actor=author, release_id=made.id, version=made.version, at=event.at)
        choose_photos(self.session, releasing, chosen, nobody_in_them=True)

    def _invite(self, event: Invite) -> None:
        """The secret in its link is known to nobody, so that a visitor can't come in by it."""
        admin = self._administrator()
        assert admin.user_id is not None
        area = self.session.scalars(select(Area).where(Area.name == event.area, Area.district_id == self.district_id)).one()
        in_department = (Department.name == event.department) & (Department.district_id == self.district_id)
        invitation = Invitation(
            district_id=self.district_id,
            name=event.name,
            role=event.role,
            area_id=area.id,
            department_id=self.session.scalar(select(Department.id).where(in_department)) if event.department else None,
            token_hash=secrets.token_bytes(32),
            created_by=admin.user_id,
            created_at=event.at,
            expires_at=event.at + INVITED_FOR,
            version=1,
        )
        begin(self.session, invitation, actor=admin, at=event.at)
        if event.revoked_at is not None:
            move(self.session, invitation, InvitationAction.REVOKE, actor=admin, at=event.revoked_at, area_path=area.path)

    def _sweep(self, at: datetime) -> None:
        """What the jobs by the clock would have done by now."""
        workflow = self.wiring.workflow
        escalate_due(self.session, workflow=workflow, at=at, limit=BATCH)
        close_silent(self.session, workflow=workflow, at=at, limit=BATCH)
        apply_retention(self.session, workflow=workflow, at=at, limit=BATCH)
        self.session.flush()
        with self.session.no_autoflush:
            for notice in claim_due(self.session, at=at, limit=BATCH):
                settle(self.session, notice_id=notice.id, action=NoticeAction.DELIVER, at=at)
        self.session.flush()

    def _administrator(self) -> Actor:
        return self._named("于管家")

    def _named(self, name: str) -> Actor:
        return self._actor(self._people[name])

    def _actor(self, user_id: int) -> Actor:
        if user_id not in self._actors:
            found = actor_of_user(self.session, user_id)
            assert found is not None
            self._actors[user_id] = found
        return self._actors[user_id]


def main() -> int:
    """One life in the installation that the environment names; a JSON object a line tells how far it is. 0 when it is lived."""
    try:
        wiring = _wiring()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        lived = live(wiring, now=wiring.clock.now(), report=lambda done, total: _tell(done=done, total=total))
    except KeyboardInterrupt:
        return 130
    finally:
        wiring.close()
    if lived is not None:
        _tell(submissions=lived.submissions, topics=lived.topics, seconds=round(lived.seconds, 1))
    return 0


def _wiring() -> Wiring:
    settings = Settings.from_env()
    if settings.is_production:
        raise SettingsError("ZHIBAO_ENV：演示的三个月是编的，不能写进生产环境。 / An invented life; not in production.")
    return wire(settings, pool_size=1)


def _tell(**facts: float) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    sys.exit(main())
