"""The tables of states and of permissions are complete: nothing is reachable by accident, and nothing is forgotten."""

import ast
from collections import Counter
from enum import StrEnum
from functools import cache
from pathlib import Path

import pytest

import intake
from intake.domain.alarm import AlarmAction
from intake.domain.attachment import AttachmentAction
from intake.domain.bulletin import BulletinAction
from intake.domain.chat_draft import DraftAction
from intake.domain.errors import InvalidTransition
from intake.domain.instruction import InstructionAction
from intake.domain.invitation import InvitationAction
from intake.domain.notification import NOTICE_TABLE, NoticeAction, NoticeState
from intake.domain.official_list import ListAction
from intake.domain.open_call import OpenCallAction
from intake.domain.permission import GRANTS, ROLE_NAMES, Permission, Role, roles_with
from intake.domain.point import PointAction
from intake.domain.poster_batch import BatchAction
from intake.domain.referral import (
    AT_DEPARTMENT,
    OPEN_REFERRAL,
    REFERRAL_TABLE,
    ExtensionAction,
    HelperAction,
    ReferralAction,
    ReferralState,
)
from intake.domain.release import ReleaseAction
from intake.domain.row_import import ImportAction
from intake.domain.scene_code import SceneAction
from intake.domain.screening import RoundAction
from intake.domain.submission import (
    DECLINE_WORDS,
    OPEN_FOR_DECISION,
    SUBMISSION_TABLE,
    UNDOABLE,
    WITHDRAWABLE,
    DeclineReason,
    SubmissionAction,
    SubmissionState,
)
from intake.domain.submission_file import FileAction
from intake.domain.topic import JOINABLE, ROUTE_NAMES, TOPIC_TABLE, Route, TopicAction, TopicState
from intake.domain.topic_proposal import ProposalAction
from intake.domain.transition import LABELS, StateTable
from intake.domain.triage_model import ModelAction
from intake.domain.upward_report import UpwardAction
from intake.domain.year_plan import PlanAction
from intake.models import IntakePoint, Submission, Topic
from intake.services.topic_screen import SCREENING
from intake.services.transition import TABLES, WITHOUT_HISTORY, initial_state

ACTIONS: dict[str, type[StrEnum]] = {
    "open_call": OpenCallAction,
    "submission": SubmissionAction,
    "topic": TopicAction,
    "point": PointAction,
    "notification": NoticeAction,
    "invitation": InvitationAction,
    "release": ReleaseAction,
    "poster_batch": BatchAction,
    "topic_proposal": ProposalAction,
    "triage_model": ModelAction,
    "referral": ReferralAction,
    "referral_helper": HelperAction,
    "chat_draft": DraftAction,
    "submission_file": FileAction,
    "scene_code": SceneAction,
    "extension": ExtensionAction,
    "attachment": AttachmentAction,
    "alarm": AlarmAction,
    "instruction": InstructionAction,
    "official_list": ListAction,
    "bulletin": BulletinAction,
    "row_import": ImportAction,
    "screening_round": RoundAction,
    "upward_report": UpwardAction,
    "year_plan": PlanAction,
}
NOUNS = pytest.mark.parametrize("table", list(TABLES.values()), ids=lambda table: table.noun)


def reachable(table: StateTable) -> set[StrEnum]:
    found: set[StrEnum] = {table.initial}
    while True:
        more = {t.target for t in table.transitions if t.sources & found} - found
        if not more:
            return found
        found |= more


def test_every_noun_with_states_has_its_table_here() -> None:
    assert {table.noun for table in TABLES.values()} == set(ACTIONS)


@NOUNS
def test_every_state_can_be_reached_from_birth(table: StateTable) -> None:
    assert reachable(table) == set(table.states)


@NOUNS
def test_every_action_moves_something_and_every_move_is_an_action(table: StateTable) -> None:
    assert {t.action for t in table.transitions} == set(ACTIONS[table.noun])
    assert all(type(t.action) is ACTIONS[table.noun] for t in table.transitions)


@NOUNS
def test_no_transition_comes_out_of_nowhere(table: StateTable) -> None:
    for t in table.transitions:
        assert t.sources, t.action
        assert all(type(state) is table.states for state in (*t.sources, t.target, table.initial)), t.action


@NOUNS
def test_an_action_out_of_a_state_leads_to_one_place(table: StateTable) -> None:
    ways = Counter((t.action, state) for t in table.transitions for state in t.sources)
    assert [way for way, count in ways.items() if count > 1] == []


@NOUNS
def test_what_the_table_does_not_hold_is_refused_in_a_sentence(table: StateTable) -> None:
    refused = 0
    for state in table.states:
        for action in set(ACTIONS[table.noun]) - set(table.allowed(state)):
            with pytest.raises(InvalidTransition, match=LABELS[state]):
                table.find(action, state)
            refused += 1
    assert refused > 0


@NOUNS
def test_every_state_has_a_label_of_its_own(table: StateTable) -> None:
    labels = [LABELS[state] for state in table.states]
    assert all(labels)
    assert len(set(labels)) == len(labels)


# A resident reads each step; only these three are for nobody's eyes: an undo never happened, a candidate without voices has no readers.
def test_every_step_has_words_for_the_resident() -> None:
    silent = {t.action for table in (SUBMISSION_TABLE, TOPIC_TABLE) for t in table.transitions if not t.words}
    assert silent == {SubmissionAction.UNDO, TopicAction.DISSOLVE, TopicAction.REVIVE, TopicAction.KEEP}


# A person's ending of somebody's matter always says why.
def test_whatever_a_person_ends_needs_a_reason() -> None:
    endings = {
        SubmissionState.DECLINED,
        SubmissionState.REFERRED,
        SubmissionState.ANSWERED,
        TopicState.REJECTED,
        TopicState.REFERRED,
        TopicState.MERGED,
        TopicState.DELIVERED,
    }
    for table in (SUBMISSION_TABLE, TOPIC_TABLE):
        for t in table.transitions:
            if t.permission is not None and t.target in endings:
                assert t.needs_reason, t.action


def test_every_screening_decision_needs_a_reason_and_the_right_to_screen() -> None:
    for t in TOPIC_TABLE.transitions:
        if t.action in SCREENING:
            assert t.needs_reason
            # What nobody has sent to screening yet is the members'.
            assert t.permission is (Permission.TOPIC_MERGE if TopicState.CANDIDATE in t.sources else Permission.SCREEN_DECIDE)


def test_a_resident_may_take_back_anything_whose_outcome_was_not_told() -> None:
    ended = {
        SubmissionState.REPORTED_BACK,
        SubmissionState.DECLINED,
        SubmissionState.CLOSED,
        SubmissionState.WITHDRAWN,
        SubmissionState.REJOINED,
    }
    assert set(WITHDRAWABLE) == set(SubmissionState) - ended


# What staff keep for reference is an imported row: no resident waits for a second thought, and it has its own way back.
def test_every_decision_of_a_member_can_be_undone() -> None:
    kept = SubmissionAction.SET_ASIDE
    (back,) = (t for t in SUBMISSION_TABLE.transitions if t.action is SubmissionAction.BRING_BACK)
    assert back.sources == frozenset({SubmissionState.CLOSED})
    assert back.target is SubmissionState.TRIAGED
    decisions = {t.target for t in SUBMISSION_TABLE.transitions if t.sources == OPEN_FOR_DECISION and t.action is not kept}
    assert decisions == set(UNDOABLE)


def test_nothing_joins_a_topic_that_has_ended() -> None:
    assert set(TopicState) - JOINABLE == {
        TopicState.DELIVERED,
        TopicState.REJECTED,
        TopicState.REFERRED,
        TopicState.MERGED,
        TopicState.DISSOLVED,
    }


# The unit that has it answers for it until somebody else is named (首接负责).
def test_a_disputed_referral_stays_with_its_lead_and_an_ended_one_with_nobody() -> None:
    assert ReferralState.DISPUTED in AT_DEPARTMENT
    assert set(ReferralState) - OPEN_REFERRAL == {ReferralState.DELIVERED, ReferralState.RETURNED, ReferralState.CANCELLED}
    leaving = {t.action for t in REFERRAL_TABLE.transitions if t.sources & (set(ReferralState) - OPEN_REFERRAL)}
    assert leaving == {ReferralAction.REOPEN}


def test_nothing_is_delivered_that_nobody_checked() -> None:
    into = {source for t in REFERRAL_TABLE.transitions if t.target is ReferralState.DELIVERED for source in t.sources}
    assert into == {ReferralState.CHECKED}
    by_whom = {t.permission for t in REFERRAL_TABLE.transitions if t.target is ReferralState.CHECKED}
    assert by_whom == {Permission.REFERRAL_CHECK}


# A channel asked for another try or refused it, or a person decided; nothing else sends a notice a second time.
def test_a_notice_that_left_the_house_is_never_pending_again_unless_the_channel_or_a_person_asked() -> None:
    back = {t.action for t in NOTICE_TABLE.transitions if t.target is NoticeState.PENDING}
    assert back == {NoticeAction.RETRY, NoticeAction.FALL_BACK, NoticeAction.SEND_AGAIN}
    from_unknown = {t.action: t.permission for t in NOTICE_TABLE.transitions if NoticeState.UNCERTAIN in t.sources}
    assert from_unknown == {NoticeAction.SEND_AGAIN: Permission.NOTICES_MANAGE}


def test_rows_written_many_at_once_are_born_like_the_others() -> None:
    for kind in WITHOUT_HISTORY:
        assert initial_state(kind) is TABLES[kind].initial
    for other in (Submission, Topic, IntakePoint):
        with pytest.raises(AssertionError):
            initial_state(other)


# --- permissions --------------------------------------------------------------------------------------------------------------------


def test_every_role_has_a_row_and_a_name() -> None:
    assert set(GRANTS) == set(ROLE_NAMES) == set(Role)


def test_every_permission_is_somebodys() -> None:
    assert [permission for permission in Permission if not roles_with(permission)] == []


def test_every_permission_a_table_asks_for_is_somebodys() -> None:
    for table in TABLES.values():
        for t in table.transitions:
            assert t.permission is None or roles_with(t.permission), t.action


# Who looks after people must not read their words, and who only looks must not decide.
def test_duties_are_kept_apart() -> None:
    deciding = {Permission.TRIAGE_DECIDE, Permission.SCREEN_DECIDE, Permission.CONTACT_REVEAL, Permission.QUARANTINE_DECIDE}
    for role in (Role.ADMIN, Role.AUDITOR, Role.CHAIR, Role.LEADER, Role.EVALUATOR, Role.DEPARTMENT, Role.WORKER):
        assert not GRANTS[role] & deciding, role
    assert Permission.TRIAGE_VIEW not in GRANTS[Role.ADMIN] | GRANTS[Role.AUDITOR]
    assert roles_with(Permission.CONTACT_REVEAL) == {Role.STAFF}


# --- words ------------------------------------------------------------------------------------------------------------------------------


def test_every_reason_and_every_route_has_words() -> None:
    assert set(DECLINE_WORDS) == set(DeclineReason)
    assert set(ROUTE_NAMES) == set(Route)


@cache
def enums() -> list[tuple[str, ast.ClassDef]]:
    sources = [(path, path.read_text(encoding="utf-8")) for path in sorted(Path(intake.__file__).parent.rglob("*.py"))]
    return [
        (f"{path.name}:{node.name}", node)
        for path, source in sources
        if "StrEnum" in source
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef) and any(isinstance(base, ast.Name) and base.id == "StrEnum" for base in node.bases)
    ]


@pytest.mark.parametrize(("name", "node"), enums(), ids=[name for name, _ in enums()])
def test_every_member_of_an_enum_says_what_it_means(name: str, node: ast.ClassDef) -> None:
    body = node.body
    members = [position for position, line in enumerate(body) if isinstance(line, ast.Assign)]
    assert members, name
    for position in members:
        assert position + 1 < len(body), name
        line = body[position + 1]
        assert isinstance(line, ast.Expr), ast.unparse(body[position])
        assert isinstance(line.value, ast.Constant), ast.unparse(body[position])
        assert isinstance(line.value.value, str), ast.unparse(body[position])
        assert line.value.value.strip(), ast.unparse(body[position])


def test_enums_there_are() -> None:
    assert len(enums()) >= 15
