"""A command's own connection to the installation that its environment, or the data folder, names."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from config.settings import Settings
from intake.cli.installation import attached
from intake.domain.errors import Conflict, NotFound, RetryableError
from intake.models import Area
from intake.services.wake import send_wakes
from intake.wiring import Wiring, wire


@contextmanager
def connected() -> Iterator[Wiring]:
    """The wiring of the running installation, closed afterwards; SettingsError names what is missing, RetryableError says what is down."""
    wiring = wire(attached(Settings.from_env()), pool_size=1)
    try:
        yield wiring
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise RetryableError(f"数据库没有回应（{reason}）；它启动了吗？ / The database doesn't answer; is it running?") from error
    finally:
        wiring.close()


@contextmanager
def unit_of_work(wiring: Wiring) -> Iterator[Session]:
    """One transaction: committed when the block ends, rolled back when it raises; workers are woken after the commit."""
    with wiring.sessions() as session:
        yield session
        session.commit()
        send_wakes(session, wiring.queue)


def area_called(session: Session, name: str) -> Area:
    """The area with this name or id; NotFound when there is none, Conflict listing the ids when there are several."""
    same = Area.id == int(name) if name.isdecimal() and len(name) < 19 else Area.name == name
    found = session.scalars(select(Area).where(same).order_by(Area.path)).all()
    if not found:
        raise NotFound(f"没有叫“{name}”的区域；名称要写全，例如“丰山街道”。 / No area has this name or id.")
    if len(found) > 1:
        ids = "、".join(str(area.id) for area in found)
        raise Conflict(f"有 {len(found)} 个区域叫“{name}”；请改用编号：{ids}。 / Several areas have this name; use an id.")
    return found[0]
