"""Who of an account's followers opens a resident's page: known by a cookie that WeChat's browser alone has, never by name."""

from intake.queries.point import PointView
from intake.web.follower_cookie import known
from intake.web.wechat_accounts import account_of


def known_follower(point: PointView | None = None) -> int | None:
    """The follower's id; None for everybody else, and at `point` for whoever another account knows. Costs no statement.

    The row may have been erased since: ask for it before a row of one's own names it.
    """
    found = known()
    if found is None or point is None:
        return found.follower_id if found else None
    account = account_of(point.area_id)
    return found.follower_id if account is not None and account.original_id == found.account else None
