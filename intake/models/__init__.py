"""Tables, one noun per file; no queries. Importing this package registers every table on `Base.metadata`."""

from intake.models.alarm import Alarm, AlarmCall
from intake.models.answer import Answer, Attachment
from intake.models.answer_draft import AnswerDraft
from intake.models.api_key import ApiKey
from intake.models.area import Area
from intake.models.assistant_draft import AssistantDraft
from intake.models.assisted import AssistedFiling, PaperSlip
from intake.models.audit import AuditEntry, AuditLink
from intake.models.base import Base
from intake.models.campaign import Campaign, CampaignCount
from intake.models.chat_draft import ChatDraft, ChatPart
from intake.models.check import DeclineCheck, Digest
from intake.models.contributor import Contributor
from intake.models.decision import Decision
from intake.models.department import Department
from intake.models.district_profile import DistrictProfile
from intake.models.endorsement import Endorsement
from intake.models.gram import GramCount, GramSightings, SubmissionGrams
from intake.models.history import HistoryEntry
from intake.models.instruction import Instruction, InstructionForward
from intake.models.invitation import Invitation
from intake.models.message import Message
from intake.models.notification import Notification
from intake.models.official_list import OfficialList
from intake.models.open_call import OpenCall
from intake.models.outcome import Outcome
from intake.models.point import IntakePoint, PointCode, PointListener
from intake.models.poster_batch import PosterBatch
from intake.models.referral import Extension, Pause, Referral, ReferralEntry, ReferralHelper
from intake.models.release import Release
from intake.models.release_photo import ReleasePhoto
from intake.models.sign_in import LoginSession
from intake.models.submission import Finding, Submission, SubmissionKey
from intake.models.submission_file import SubmissionFile
from intake.models.topic import Topic
from intake.models.topic_proposal import TopicProposal
from intake.models.triage_model import TrainingExample, TriageModel
from intake.models.user import RoleGrant, User
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

__all__ = [
    "Alarm",
    "AlarmCall",
    "Answer",
    "AnswerDraft",
    "ApiKey",
    "Area",
    "AssistantDraft",
    "AssistedFiling",
    "Attachment",
    "AuditEntry",
    "AuditLink",
    "Base",
    "Campaign",
    "CampaignCount",
    "ChatDraft",
    "ChatPart",
    "Contributor",
    "Decision",
    "DeclineCheck",
    "Department",
    "Digest",
    "DistrictProfile",
    "Endorsement",
    "Extension",
    "Finding",
    "GramCount",
    "GramSightings",
    "HistoryEntry",
    "Instruction",
    "InstructionForward",
    "IntakePoint",
    "Invitation",
    "LoginSession",
    "Message",
    "Notification",
    "OfficialList",
    "OpenCall",
    "Outcome",
    "PaperSlip",
    "Pause",
    "PointCode",
    "PointListener",
    "PosterBatch",
    "Referral",
    "ReferralEntry",
    "ReferralHelper",
    "Release",
    "ReleasePhoto",
    "RoleGrant",
    "Submission",
    "SubmissionFile",
    "SubmissionGrams",
    "SubmissionKey",
    "Topic",
    "TopicProposal",
    "TrainingExample",
    "TriageModel",
    "User",
    "WeChatAccount",
    "WeChatBindTicket",
    "WeChatBinding",
    "WeChatFollower",
    "WeChatMessage",
    "WeChatRight",
    "WeChatScene",
    "WeChatTemplate",
]
