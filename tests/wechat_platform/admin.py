"""The back door for tests and the demo: `/__sent`, `/__people`, `/__faults`, `/__clock`, `/__reset`; JSON in and out."""

from dataclasses import asdict
from typing import Any

from tests.wechat_platform.calls import Asked
from tests.wechat_platform.codes import Refused
from tests.wechat_platform.faults import Fault
from tests.wechat_platform.world import Account, World


def _sent(world: World, asked: Asked) -> Any:
    return [asdict(one) for one in world.sent(asked.query.get("openid"))]


def _people(world: World, asked: Asked) -> Any:
    """GET lists them; POST {"openid", "does": follow|unfollow|write|touch|subscribe, "template_id", "notices"} lets one do something."""
    account = _account(world, asked)
    if asked.method == "POST":
        facts = asked.json()
        people, openid = account.people, str(facts["openid"])
        if facts["does"] == "subscribe":
            people.subscribe(openid, str(facts["template_id"]), int(facts.get("notices", 1)))
        else:
            {"follow": people.follow, "unfollow": people.unfollow, "write": people.write, "touch": people.touch}[facts["does"]](openid)
    return [asdict(person) for person in account.people.all()]


def _faults(world: World, asked: Asked) -> Any:
    """POST {"path", "fault", "times", "seconds", "code"} orders one; GET says what is left."""
    if asked.method == "POST":
        facts = asked.json()
        world.faults.order(str(facts.pop("path", "")), Fault(facts.pop("fault")), **facts)
    return [asdict(order) for order in world.faults.left()]


def _tokens(world: World, asked: Asked) -> Any:
    """POST {"does": withdraw|spoil}: the account's tokens are worthless from now on."""
    desk = _account(world, asked).tokens
    {"withdraw": desk.withdraw, "spoil": desk.spoil}[asked.json()["does"]]()
    return {}


def _clock(world: World, asked: Asked) -> Any:
    if asked.method == "POST":
        world.forward(**asked.json())
    return {"now": world.now()}


def _counts(world: World, asked: Asked) -> Any:
    account = _account(world, asked)
    return {path: {"asked": asked_, "busiest_minute": account.most_in_a_minute(path)} for path, asked_ in world.asked.items()}


def _account(world: World, asked: Asked) -> Account:
    wanted = asked.query.get("appid")
    found = world.accounts.get(wanted) if wanted else next(iter(world.accounts.values()), None)
    if found is None:
        raise Refused(40013)
    return found


DOORS = {
    "/__sent": _sent,
    "/__people": _people,
    "/__faults": _faults,
    "/__tokens": _tokens,
    "/__clock": _clock,
    "/__counts": _counts,
}
