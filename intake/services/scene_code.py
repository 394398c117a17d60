"""公众号二维码: asked for on a point's page, made by a worker, counted against the account's quota."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE, Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.granting import require
from intake.domain.permission import Permission
from intake.domain.point import PointState
from intake.domain.scene_code import MOST_SCENES, SceneAction, SceneState
from intake.domain.wechat_account import Capability
from intake.models import Area, IntakePoint, WeChatScene
from intake.ports import Vault, Wake, WeChatKeys
from intake.queries.wechat_account import account_by_id, account_of_area
from intake.services.audit import record
from intake.services.place import new_code
from intake.services.transition import begin, move
from intake.services.wake import wake_after_commit
from intake.services.wechat_account import keys_of


@dataclass(frozen=True, slots=True)
class SceneErrand:
    """A code to be made."""

    id: int
    scene: str
    asked_at: datetime
    keys: WeChatKeys


def ask_scene(session: Session, *, actor: Actor, point_id: int, at: datetime) -> WeChatScene:
    """Ask for the point's code of the account that serves it, or again after a refusal; asking twice is asking once.

    InvalidInput where there is no account that can, or its quota is used up; Conflict for a point that is no longer in use.
    """
    point = session.scalars(select(IntakePoint).where(IntakePoint.id == point_id).with_for_update(key_share=True)).one_or_none()
    if point is None or point.district_id != actor.district_id:
        raise NotFound("没有这个直报点，或者不在您的区。")
    require(actor, Permission.POINTS_MANAGE, area_path=session.get_one(Area, point.area_id).path)
    if point.state is PointState.RETIRED:
        raise Conflict("这个直报点已经停用，不能再生成二维码。")
    account = account_of_area(session, point.area_id)
    if account is None or not account.can(Capability.SCENE_CODE):
        raise InvalidInput("现在的公众号不能生成这种二维码，要认证服务号才行。海报上的网址码照常可用。")
    scene = session.scalars(
        select(WeChatScene).where(WeChatScene.account_id == account.id, WeChatScene.point_id == point.id).with_for_update()
    ).one_or_none()
    if scene is not None and scene.state is not SceneState.FAILED:
        return scene
    if scenes_used(session, account.id) >= MOST_SCENES:
        raise InvalidInput(f"这个公众号的 {MOST_SCENES} 个二维码已经用完。这个直报点请用海报上的网址码。")
    if scene is None:
        scene = WeChatScene(
            district_id=point.district_id,
            account_id=account.id,
            point_id=point.id,
            scene=new_code(),
            address="",
            refused_because="",
            asked_by=actor.user_id,
            created_at=at,
            version=1,
        )
        begin(session, scene, actor=actor, at=at)
    else:
        scene.refused_because = ""
        move(session, scene, SceneAction.ASK, actor=actor, at=at)
    record(session, actor=actor, district_id=point.district_id, action="scene.ask", noun="point", entity_id=point.id, at=at)
    wake_after_commit(session, Wake.WECHAT)
    session.flush()
    return scene


def scenes_used(session: Session, account_id: int) -> int:
    """How many of the account's codes we made or asked for."""
    used = select(func.count()).where(WeChatScene.account_id == account_id, WeChatScene.state != SceneState.FAILED)
    return session.scalar(used) or 0


def scenes_waiting(session: Session, *, vault: Vault, after: int, limit: int) -> tuple[SceneErrand, ...]:
    """Codes that were asked for, beyond the id `after`."""
    rows = session.scalars(
        select(WeChatScene).where(WeChatScene.state == SceneState.ASKED, WeChatScene.id > after).order_by(WeChatScene.id).limit(limit)
    ).all()
    keys: dict[int, WeChatKeys] = {}
    for row in rows:
        if row.account_id not in keys:
            account = account_by_id(session, row.account_id)
            assert account is not None
            keys[row.account_id] = keys_of(vault, account)
    return tuple(SceneErrand(row.id, row.scene, row.state_changed_at, keys[row.account_id]) for row in rows)


def note_scene(session: Session, *, scene_id: int, address: str = "", refused: str = "", at: datetime) -> None:
    """The platform gave `address`, or refused with a code; a scene that another worker settled meanwhile stays as it is."""
    scene = session.scalars(
        select(WeChatScene).where(WeChatScene.id == scene_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if scene.state is not SceneState.ASKED:
        return
    if address:
        scene.address = address
        move(session, scene, SceneAction.MAKE, actor=MACHINE, at=at)
    else:
        scene.refused_because = refused
        move(session, scene, SceneAction.FAIL, actor=MACHINE, at=at, reason_code=refused or None)
    session.flush()
