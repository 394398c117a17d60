"""Who a person is: roles, permissions, and the table between them. Policy (which state allows what) stands in the state tables."""

from enum import StrEnum


class Role(StrEnum):
    """What a person does; always granted for an area and everything below it."""

    WORKER = "worker"
    """社区工作者：替人填写、补打回执、张贴结果。"""
    MEMBER = "member"
    """委员：在手机上研判来件。"""
    CONVENOR = "convenor"
    """召集人：委员没空时接手，提出议题。"""
    STAFF = "staff"
    """区政协工作人员：筛选议题。"""
    CHAIR = "chair"
    """主席会议成员：查看。"""
    OFFICE = "office"
    """交办机关：区委办、区政府办、督查室、值班室，把转来的事交给承办单位。"""
    DEPARTMENT = "department"
    """承办单位：签收与答复。"""
    LEADER = "leader"
    """区领导：阅看。"""
    ADMIN = "admin"
    """管理员：区域、直报点、人员、审计。"""
    EVALUATOR = "evaluator"
    """评估人：第三方评估。"""
    AUDITOR = "auditor"
    """审计人：只看审计记录。"""
    CITY = "city"
    """市政协：看各区的汇总，不看来件。"""


class Permission(StrEnum):
    """One thing a person may do."""

    TRIAGE_VIEW = "triage.view"
    """Read masked submissions of the area (看来件)."""
    TRIAGE_DECIDE = "triage.decide"
    """Attach, open, refer, answer, decline (研判)."""
    TOPIC_PROPOSE = "topic.propose"
    """Send a candidate topic to screening (提交筛选)."""
    SCREEN_VIEW = "screen.view"
    """See candidate and proposed topics of the district (看筛选)."""
    SCREEN_DECIDE = "screen.decide"
    """Take up, approve, return, merge, refer, reject (筛选)."""
    CONTACT_REVEAL = "contact.reveal"
    """See a resident's contact, with a reason that is logged (看联系方式)."""
    QUARANTINE_DECIDE = "quarantine.decide"
    """Release or confirm what the machine held back (待核)."""
    TRIAGE_REPORT = "triage.report"
    """How often people agreed with the machine, and which models are in use (研判质量)."""
    POINTS_MANAGE = "points.manage"
    """Create, pause, rotate, retire points (直报点)."""
    PLACES_VIEW = "places.view"
    """See areas, points and who listens there (看直报点)."""
    POSTERS_PRINT = "posters.print"
    """Print posters, alone or for a whole area (海报)."""
    REFERRAL_SEND = "referral.send"
    """Relay a matter to the coordinating office (转报)."""
    REFERRAL_ASSIGN = "referral.assign"
    """Accept for the office, assign, return, decide disputes and extensions (交办)."""
    REFERRAL_ANSWER = "referral.answer"
    """Sign for the unit, report, ask for time, dispute, answer (承办)."""
    REFERRAL_CHECK = "referral.check"
    """See whether an answer answers, send it back or deliver it (核对答复)."""
    REFERRAL_FOLLOW = "referral.follow"
    """See every referral of the district, enter paper answers and order numbers (督办)."""
    INSTRUCTION_REGISTER = "instruction.register"
    """Register leaders' instructions and follow them (批示登记)."""
    LIST_MANAGE = "list.manage"
    """Make, issue and export the lists (清单)."""
    FIGURES_VIEW = "figures.view"
    """Read and export the figures of the whole loop (数据)."""
    ALARM_ANSWER = "alarm.answer"
    """See emergencies, take them in hand, say what was done (紧急呼叫)."""
    DECLINE_CHECK = "decline.check"
    """Look again at a sample of what members declined, and at appeals (复核)."""
    OWN_REMINDERS = "own.reminders"
    """Be told once a day what is due, choose whether, and say when one is away (每日提醒与休假)."""
    EVIDENCE_VIEW = "evidence.view"
    """Open a file behind an answer that one has a part in (看佐证)."""
    MESSAGE_WRITE = "message.write"
    """Write to a resident on the receipt page (留言)."""
    SHEET_PRINT = "sheet.print"
    """Print a community's results for its notice board (张贴结果)."""
    RECEIPT_REPRINT = "receipt.reprint"
    """Print a receipt again for a resident who lost it, after checking contact or slip (补打回执)."""
    WECHAT_MANAGE = "wechat.manage"
    """The district's WeChat account: settings, menu, codes, checks (公众号)."""
    CAMPAIGN_MANAGE = "campaign.manage"
    """Links for a partner's account, and what came of them (推广链接)."""
    NOTICES_MANAGE = "notices.manage"
    """See which notices didn't reach anybody, and send again (通知)."""
    OWN_ACCOUNT = "own.account"
    """One's own password, second step, devices and WeChat (登录与设备)."""
    VOICE_HEAR = "voice.hear"
    """Hear and see what a resident sent beside the words (照片与语音)."""
    ASSISTED_FILE = "assisted.file"
    """File for a resident who can't, and print paper slips (代填)."""
    OPEN_CALL_MANAGE = "open_call.manage"
    """Ask a question of everybody, close it, say what came of it (公开征题)."""
    PHOTO_BLUR = "photo.blur"
    """Make faces and plates on a resident's photo unrecognisable (打码)."""
    API_KEYS_MANAGE = "api_keys.manage"
    """Give other systems a key to file and read by, and take it back (接口密钥)."""
    CAPTURE = "capture"
    """Write down what one saw or was told (随手报)."""
    LEDGER_KEEP = "ledger.keep"
    """One's own calendar, record and year (履职记录)."""
    LEDGER_VIEW = "ledger.view"
    """What one member put on record in a year (查看履职)."""
    DUTY_MANAGE = "duty.manage"
    """Make the duty calendar of the area (排班)."""
    GROUPS_VIEW = "groups.view"
    """Groups, venues and what they cover (委员组织与场所)."""
    GROUPS_MANAGE = "groups.manage"
    """Groups, members' profiles, venues and their checks (管理委员组织与场所)."""
    TOPIC_MERGE = "topic.merge"
    """Merge and split candidate topics of one's areas (合并、分开候选议题)."""
    TEMPLATES_MANAGE = "templates.manage"
    """Words for answers that members start from (常用答复)."""
    TOPIC_SUGGEST = "topic.suggest"
    """Put a matter up as a topic for one's community (两委找题)."""
    TOPIC_REGISTER = "topic.register"
    """Register a topic that came by another route than residents' messages (登记议题来源)."""
    IMPORT_MANAGE = "import.manage"
    """Take in rows of the hotline or a message board (导入)."""
    PLAN_VIEW = "plan.view"
    """Read the year's plan and its road map (看年度计划)."""
    PLAN_MANAGE = "plan.manage"
    """Make the year's plan, record approvals, issue editions (年度计划与审批)."""
    BULLETIN_MANAGE = "bulletin.manage"
    """Draft bulletins, record who signed and who took them up, and what topics turned into (社情民意信息)."""
    POINTS_FUNNEL = "points.funnel"
    """How often each code is scanned, opened and sent from (直报点使用情况)."""
    DASHBOARD_VIEW = "dashboard.view"
    """The district over time and by area (全区情况)."""
    CITY_VIEW = "city.view"
    """The districts of a city side by side, figures alone (全市情况)."""
    RELEASE_PREPARE = "release.prepare"
    """Write what the public shall read of a topic (拟公开内容)."""
    RELEASE_PUBLISH = "release.publish"
    """Release it, or take it down (审核公开)."""
    DISTRICT_MANAGE = "district.manage"
    """Operator, filing numbers, colour and emblem (本区设置)."""
    PEOPLE_MANAGE = "people.manage"
    """Create people and grant roles (人员)."""
    AUDIT_VIEW = "audit.view"
    """Read and verify the audit chain (审计)."""


_MEMBER = frozenset(
    {
        Permission.TRIAGE_VIEW,
        Permission.TRIAGE_DECIDE,
        Permission.TOPIC_PROPOSE,
        Permission.REFERRAL_SEND,
        Permission.REFERRAL_CHECK,
        Permission.ALARM_ANSWER,
        Permission.OWN_REMINDERS,
        Permission.EVIDENCE_VIEW,
        Permission.MESSAGE_WRITE,
        Permission.VOICE_HEAR,
        Permission.OWN_ACCOUNT,
        Permission.CAPTURE,
        Permission.LEDGER_KEEP,
        Permission.GROUPS_VIEW,
        Permission.TOPIC_MERGE,
        Permission.PLAN_VIEW,
    }
)

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.WORKER: frozenset(
        {
            Permission.SHEET_PRINT,
            Permission.RECEIPT_REPRINT,
            Permission.ASSISTED_FILE,
            Permission.TOPIC_SUGGEST,
            Permission.OWN_ACCOUNT,
        }
    ),
    Role.MEMBER: _MEMBER,
    Role.CONVENOR: _MEMBER | {Permission.DUTY_MANAGE},
    Role.STAFF: frozenset(
        {
            Permission.TRIAGE_VIEW,
            Permission.TRIAGE_DECIDE,
            Permission.TOPIC_PROPOSE,
            Permission.SCREEN_VIEW,
            Permission.SCREEN_DECIDE,
            Permission.CONTACT_REVEAL,
            Permission.QUARANTINE_DECIDE,
            Permission.TRIAGE_REPORT,
            Permission.PLACES_VIEW,
            Permission.POSTERS_PRINT,
            Permission.RELEASE_PREPARE,
            Permission.RELEASE_PUBLISH,
            Permission.REFERRAL_SEND,
            Permission.REFERRAL_CHECK,
            Permission.REFERRAL_FOLLOW,
            Permission.INSTRUCTION_REGISTER,
            Permission.LIST_MANAGE,
            Permission.FIGURES_VIEW,
            Permission.ALARM_ANSWER,
            Permission.DECLINE_CHECK,
            Permission.OWN_REMINDERS,
            Permission.EVIDENCE_VIEW,
            Permission.MESSAGE_WRITE,
            Permission.SHEET_PRINT,
            Permission.RECEIPT_REPRINT,
            Permission.CAMPAIGN_MANAGE,
            Permission.NOTICES_MANAGE,
            Permission.ASSISTED_FILE,
            Permission.OPEN_CALL_MANAGE,
            Permission.PHOTO_BLUR,
            Permission.VOICE_HEAR,
            Permission.OWN_ACCOUNT,
            Permission.LEDGER_VIEW,
            Permission.DUTY_MANAGE,
            Permission.GROUPS_VIEW,
            Permission.GROUPS_MANAGE,
            Permission.TOPIC_MERGE,
            Permission.TEMPLATES_MANAGE,
            Permission.TOPIC_SUGGEST,
            Permission.TOPIC_REGISTER,
            Permission.IMPORT_MANAGE,
            Permission.PLAN_VIEW,
            Permission.PLAN_MANAGE,
            Permission.BULLETIN_MANAGE,
            Permission.POINTS_FUNNEL,
            Permission.DASHBOARD_VIEW,
        }
    ),
    Role.CHAIR: frozenset(
        {
            Permission.SCREEN_VIEW,
            Permission.FIGURES_VIEW,
            Permission.GROUPS_VIEW,
            Permission.PLAN_VIEW,
            Permission.DASHBOARD_VIEW,
            Permission.OWN_ACCOUNT,
        }
    ),
    Role.OFFICE: frozenset(
        {
            Permission.REFERRAL_ASSIGN,
            Permission.ALARM_ANSWER,
            Permission.OWN_REMINDERS,
            Permission.EVIDENCE_VIEW,
            Permission.OWN_ACCOUNT,
        }
    ),
    Role.DEPARTMENT: frozenset({Permission.REFERRAL_ANSWER, Permission.OWN_REMINDERS, Permission.EVIDENCE_VIEW, Permission.OWN_ACCOUNT}),
    Role.LEADER: frozenset(
        {
            Permission.SCREEN_VIEW,
            Permission.FIGURES_VIEW,
            Permission.GROUPS_VIEW,
            Permission.PLAN_VIEW,
            Permission.DASHBOARD_VIEW,
            Permission.OWN_ACCOUNT,
        }
    ),
    Role.ADMIN: frozenset(
        {
            Permission.TRIAGE_REPORT,
            Permission.PLACES_VIEW,
            Permission.POSTERS_PRINT,
            Permission.POINTS_MANAGE,
            Permission.PEOPLE_MANAGE,
            Permission.DISTRICT_MANAGE,
            Permission.AUDIT_VIEW,
            Permission.WECHAT_MANAGE,
            Permission.CAMPAIGN_MANAGE,
            Permission.API_KEYS_MANAGE,
            Permission.POINTS_FUNNEL,
            Permission.OWN_ACCOUNT,
        }
    ),
    Role.EVALUATOR: frozenset({Permission.OWN_ACCOUNT}),
    Role.AUDITOR: frozenset({Permission.AUDIT_VIEW, Permission.OWN_ACCOUNT}),
    Role.CITY: frozenset({Permission.CITY_VIEW, Permission.OWN_ACCOUNT}),
}
"""Complete over Role (a test checks): a role without permissions yet is listed with none."""

ROLE_NAMES: dict[Role, str] = {
    Role.WORKER: "社区工作者",
    Role.MEMBER: "委员",
    Role.CONVENOR: "召集人",
    Role.STAFF: "区政协工作人员",
    Role.CHAIR: "主席会议成员",
    Role.OFFICE: "交办机关",
    Role.DEPARTMENT: "承办单位",
    Role.LEADER: "区领导",
    Role.ADMIN: "管理员",
    Role.EVALUATOR: "评估人",
    Role.AUDITOR: "审计人",
    Role.CITY: "市政协",
}
"""Screen names."""


def roles_with(permission: Permission) -> frozenset[Role]:
    """Every role that holds `permission`."""
    return frozenset(role for role, permissions in GRANTS.items() if permission in permissions)
