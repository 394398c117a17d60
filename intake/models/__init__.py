"""Tables, one noun per file; no queries. Importing this package registers every table on `Base.metadata`."""

from intake.models.activity import Activity, DutyShift
from intake.models.alarm import Alarm, AlarmCall
from intake.models.answer import Answer, Attachment
from intake.models.answer_draft import AnswerDraft
from intake.models.answer_template import AnswerTemplate
from intake.models.api_key import ApiKey
from intake.models.approval import Approval, ApprovalStep
from intake.models.area import Area
from intake.models.assistant_draft import AssistantDraft
from intake.models.assisted import AssistedFiling, PaperSlip
from intake.models.audit import AuditEntry, AuditLink
from intake.models.base import Base
from intake.models.bulletin import Bulletin, BulletinAdoption, BulletinTopic, Conversion
from intake.models.campaign import Campaign, CampaignCount
from intake.models.chat_draft import ChatDraft, ChatPart
from intake.models.check import DeclineCheck, Digest
from intake.models.contributor import Contributor
from intake.models.daily_count import CountedDay, DailyCount, DistrictCount, PointCount
from intake.models.decision import Decision
from intake.models.department import Department
from intake.models.district_profile import DistrictProfile
from intake.models.endorsement import Endorsement
from intake.models.gram import GramCount, GramSightings, SubmissionGrams
from intake.models.history import HistoryEntry
from intake.models.instruction import Instruction, InstructionForward
from intake.models.invitation import Invitation
from intake.models.lease import SubmissionLease
from intake.models.member_group import GroupMembership, MemberGroup, MemberProfile
from intake.models.member_report import MemberReport
from intake.models.message import Message
from intake.models.notification import Notification
from intake.models.official_list import OfficialList
from intake.models.open_call import OpenCall
from intake.models.outcome import Outcome
from intake.models.point import IntakePoint, PointCode, PointListener
from intake.models.poster_batch import PosterBatch
from intake.models.reassignment import Reassignment
from intake.models.referral import Extension, Pause, Referral, ReferralEntry, ReferralHelper
from intake.models.release import Release
from intake.models.release_photo import ReleasePhoto
from intake.models.row_import import ImportedRow, RefusedRow, RowImport
from intake.models.screening import ScreeningDraft, ScreeningRound, TopicMark, TopicWatch
from intake.models.sign_in import LoginSession, RecoveryCode
from intake.models.submission import Finding, Submission, SubmissionKey
from intake.models.submission_file import SubmissionFile
from intake.models.submission_part import SubmissionPart
from intake.models.topic import Topic
from intake.models.topic_brief import TopicBrief, TopicProposer
from intake.models.topic_origin import TopicOrigin
from intake.models.topic_proposal import TopicProposal
from intake.models.triage_model import TrainingExample, TriageModel
from intake.models.upward_report import UpwardAnswer, UpwardReport
from intake.models.user import RoleGrant, User
from intake.models.venue import Venue, VenueCheck, VenueMember
from intake.models.wechat import (
    WeChatAccount,
    WeChatBinding,
    WeChatBindTicket,
    WeChatFollower,
    WeChatMessage,
    WeChatRight,
    WeChatScene,
    WeChatTemplate,
)
from intake.models.year_plan import PlanEdition, PlanItem, PlanReport, YearPlan

__all__ = [
    "Activity",
    "Alarm",
    "AlarmCall",
    "Answer",
    "AnswerDraft",
    "AnswerTemplate",
    "ApiKey",
    "Approval",
    "ApprovalStep",
    "Area",
    "AssistantDraft",
    "AssistedFiling",
    "Attachment",
    "AuditEntry",
    "AuditLink",
    "Base",
    "Bulletin",
    "BulletinAdoption",
    "BulletinTopic",
    "Campaign",
    "CampaignCount",
    "ChatDraft",
    "ChatPart",
    "Contributor",
    "Conversion",
    "CountedDay",
    "DailyCount",
    "Decision",
    "DeclineCheck",
    "Department",
    "Digest",
    "DistrictCount",
    "DistrictProfile",
    "DutyShift",
    "Endorsement",
    "Extension",
    "Finding",
    "GramCount",
    "GramSightings",
    "GroupMembership",
    "HistoryEntry",
    "ImportedRow",
    "Instruction",
    "InstructionForward",
    "IntakePoint",
    "Invitation",
    "LoginSession",
    "MemberGroup",
    "MemberProfile",
    "MemberReport",
    "Message",
    "Notification",
    "OfficialList",
    "OpenCall",
    "Outcome",
    "PaperSlip",
    "Pause",
    "PlanEdition",
    "PlanItem",
    "PlanReport",
    "PointCode",
    "PointCount",
    "PointListener",
    "PosterBatch",
    "Reassignment",
    "RecoveryCode",
    "Referral",
    "ReferralEntry",
    "ReferralHelper",
    "RefusedRow",
    "Release",
    "ReleasePhoto",
    "RoleGrant",
    "RowImport",
    "ScreeningDraft",
    "ScreeningRound",
    "Submission",
    "SubmissionFile",
    "SubmissionGrams",
    "SubmissionKey",
    "SubmissionLease",
    "SubmissionPart",
    "Topic",
    "TopicBrief",
    "TopicMark",
    "TopicOrigin",
    "TopicProposal",
    "TopicProposer",
    "TopicWatch",
    "TrainingExample",
    "TriageModel",
    "UpwardAnswer",
    "UpwardReport",
    "User",
    "Venue",
    "VenueCheck",
    "VenueMember",
    "WeChatAccount",
    "WeChatBindTicket",
    "WeChatBinding",
    "WeChatFollower",
    "WeChatMessage",
    "WeChatRight",
    "WeChatScene",
    "WeChatTemplate",
    "YearPlan",
]
