"""公众号二维码 of a point: whether its account can have one, how far it is, and what is left of the quota."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.scene_code import SceneState
from intake.domain.wechat_account import Capability
from intake.models import WeChatScene
from intake.queries.wechat_account import account_of_area


@dataclass(frozen=True, slots=True)
class SceneView:
    """The card on a point's page."""

    account_name: str
    state: SceneState | None
    """None while nobody asked for one."""
    asked_at: datetime | None
    address: str
    refused_because: str
    used: int
    """Of the account's quota, by us."""


def scene_of_point(session: Session, *, point_id: int, area_id: int) -> SceneView | None:
    """In three queries; None where the account that serves the point, if there is one, has no such codes."""
    account = account_of_area(session, area_id)
    if account is None or not account.can(Capability.SCENE_CODE):
        return None
    of_account = WeChatScene.account_id == account.id
    row = session.scalars(select(WeChatScene).where(of_account, WeChatScene.point_id == point_id)).one_or_none()
    used = session.scalar(select(func.count()).where(of_account, WeChatScene.state != SceneState.FAILED)) or 0
    if row is None:
        return SceneView(account.name, state=None, asked_at=None, address="", refused_because="", used=used)
    return SceneView(
        account.name,
        state=row.state,
        asked_at=row.state_changed_at,
        address=row.address,
        refused_because=row.refused_because,
        used=used,
    )
