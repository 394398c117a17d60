"""经过: what was done to one point, person, area or department, read from the audit trail."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import ActorKind
from intake.domain.permission import ROLE_NAMES, Role
from intake.models import Area, AuditEntry, User

LATEST = 30
WORDS = {
    "answer_template.bring_back": "恢复使用",
    "answer_template.change": "修改",
    "answer_template.create": "写好",
    "answer_template.retire": "停用",
    "area.create": "新建区域",
    "area.rename": "改名",
    "area.residents": "改了常住人口",
    "campaign.create": "新建推广链接",
    "campaign.end": "结束推广链接",
    "department.change": "修改承办单位",
    "department.close": "停用承办单位",
    "department.create": "新建承办单位",
    "department.reopen": "恢复承办单位",
    "group.change": "修改资料",
    "group.create": "新建组织",
    "group.end": "结束",
    "group.join": "加了组员",
    "group.leave": "一位组员退出",
    "invitation.accept": "接受邀请",
    "invitation.create": "发出邀请",
    "invitation.revoke": "收回邀请",
    "member.profile": "修改委员档案",
    "open_call.close": "截止征题",
    "open_call.create": "新建征题",
    "open_call.edit": "修改征题",
    "open_call.publish": "发布征题",
    "open_call.report": "反馈结果",
    "point.change": "修改资料",
    "point.create": "新建直报点",
    "point.guard": "改了防刷",
    "point.guarded": "大量提交，防刷自动打开",
    "point.pause": "暂停",
    "point.resume": "恢复",
    "point.retire": "停用",
    "point.rota": "修改值班表",
    "point.rotate": "换了新码",
    "profile.change": "修改本区设置",
    "role.grant": "授予角色",
    "role.revoke": "收回角色",
    "scene.ask": "要了公众号二维码",
    "second_factor.codes": "换了恢复码",
    "second_factor.off": "关闭两步登录",
    "second_factor.on": "打开两步登录",
    "second_factor.recovery": "用了一个恢复码登录",
    "second_factor.taken_off": "两步登录被取消",
    "sign_in.locked": "登录错误次数多，暂时锁定",
    "user.away": "登记休假",
    "user.back": "销假",
    "user.change": "修改资料",
    "user.create": "新建账号",
    "user.deactivate": "停用账号",
    "user.password": "设了新密码",
    "user.reactivate": "恢复账号",
    "user.reset_link": "发出重设密码链接",
    "user.sign_out": "在一台设备上被退出",
    "venue.change": "修改资料",
    "venue.check": "记了一次检查",
    "venue.create": "新建场所",
    "venue.end": "停用",
    "venue.seat": "加了服务的委员",
    "venue.unseat": "去掉一位服务的委员",
    "wechat.add": "接入公众号",
    "wechat.bind": "绑定微信",
    "wechat.change": "修改公众号设置",
    "wechat.check": "检查设置",
    "wechat.menu": "发布菜单",
    "wechat.rotate": "换了回调地址",
    "wechat.template": "设了通知模板",
    "wechat.template_drop": "去掉通知模板",
    "wechat.unbind": "解绑微信",
    "wechat.verification": "修改域名校验文件",
}
"""Screen words by the audit's code; what isn't listed (such as each signing in) isn't shown."""


@dataclass(frozen=True, slots=True)
class Act:
    """One line: when, by whom, what, and about which role in which area; empty where it was about none."""

    at: datetime
    by: str
    """Empty for the machine and the command line."""
    words: str
    role: str
    area: str


def entity_history(session: Session, *, district_id: int, noun: str, entity_id: int, limit: int = LATEST) -> tuple[Act, ...]:
    """The latest acts on one entity, the newest first, in one query."""
    rows = session.execute(
        select(AuditEntry.at, AuditEntry.actor_kind, User.name, AuditEntry.action, AuditEntry.detail["role"].astext, Area.name)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .outerjoin(Area, func.to_jsonb(Area.id) == AuditEntry.detail["area"])
        .where(
            AuditEntry.noun == noun,
            AuditEntry.entity_id == entity_id,
            AuditEntry.district_id == district_id,
            AuditEntry.action.in_(WORDS),
        )
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    return tuple(
        Act(at=at, by=by if kind is ActorKind.PERSON and by else "", words=WORDS[action], role=_role(role), area=area or "")
        for at, kind, by, action, role, area in rows
    )


def _role(role: str | None) -> str:
    return ROLE_NAMES[Role(role)] if role in set(Role) else ""
