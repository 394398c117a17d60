"""The form inside WeChat: who writes is known where the account can tell, photos lie with the platform until a worker fetches them.

Outside WeChat nothing of this happens; inside, a form without any of it works the same.
"""

import re

from flask import request
from werkzeug.wrappers import Response

from intake.domain.submission_file import FileKind
from intake.domain.wechat_account import Capability
from intake.queries.point import PointView
from intake.queries.wechat_follower import FollowerRow, follower_by_id
from intake.services.submission_file import await_media
from intake.services.submission_submit import Stored
from intake.services.wechat_follower import note_point
from intake.web.authorise import ask_platform, may_ask
from intake.web.own_path import own_path
from intake.web.resident.known import known_follower
from intake.web.unit_of_work import db, wiring
from intake.web.wechat_accounts import able, account_of, inside_wechat, js_config_of

PHOTOS_MOST = 9
"""What WeChat lets one choose at once."""
_MEDIA_ID = re.compile(r"[0-9A-Za-z_-]{1,128}")


def to_be_recognised(point: PointView) -> Response | None:
    """The way to the platform and back, for somebody who opens the form inside WeChat and isn't known yet; None for everybody else."""
    if not inside_wechat() or known_follower(point) is not None:
        return None
    account, going = account_of(point.area_id), own_path(request.full_path.rstrip("?"))
    return ask_platform(account, going) if account is not None and going and may_ask(account) else None


def follower_at(point: PointView) -> FollowerRow | None:
    """Whom the account of `point` knows in this browser; None where nobody is, or they have been forgotten since."""
    follower_id = known_follower(point)
    return follower_by_id(db(), follower_id) if follower_id is not None else None


def keep_with(stored: Stored, point: PointView, follower: FollowerRow | None) -> None:
    """What comes with a sentence that was just stored: the point becomes the follower's, and the photos are awaited."""
    at = wiring().clock.now()
    if stored.repeated:
        return
    if follower is not None:
        note_point(db(), follower_id=follower.id, point=point, at=at)
    account = account_of(point.area_id) if photos_sent() else None
    if account is None or not able(account, Capability.JS_SDK):
        return
    for media_id in photos_sent():
        await_media(
            db(),
            account=account.original_id,
            media_id=media_id,
            kind=FileKind.PHOTO,
            submission_id=stored.submission_id,
            district_id=point.district_id,
            at=at,
        )


def photos_sent() -> tuple[str, ...]:
    """The platform's names of the photos that were chosen, each once; what can be no such name is left out."""
    return tuple(one for one in dict.fromkeys(request.form.getlist("photo")) if _MEDIA_ID.fullmatch(one))[:PHOTOS_MOST]


def js_config(point: PointView) -> str:
    """Where the form's script asks for what WeChat's own buttons need; empty where there are none."""
    return js_config_of(account_of(point.area_id)) if inside_wechat() else ""
