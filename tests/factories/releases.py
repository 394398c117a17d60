"""Topics of which something is told, made by the services staff would call."""

from intake.domain.permission import Role
from intake.domain.release import ReleaseKind, WithdrawReason
from intake.domain.topic import TopicAction
from intake.models import Area, Release
from intake.services.person import create_user, grant_role
from intake.services.release import Draft, Releasing, prepare, publish, withdraw
from intake.wiring import Wiring
from tests.factories.matters import decided, taken_up, told, topic_of
from tests.factories.town import BORN, ENCODED, Town, actor

REASON = "路灯归市政管，区政协请他们一周内换灯。"


def pooled_topic(wiring: Wiring, town: Town, *, code: str | None = None, title: str = "幸福里路灯不亮", voices: int = 1) -> int:
    """A topic that residents of 丰山街道 opened and staff took into the pool with `REASON`."""
    stored = [told(wiring, code or town.longchi_code, f"幸福里第{number}排路灯一直不亮，晚上看不见路") for number in range(voices)]
    topic_id = topic_of(wiring, town.shiqiao_member_id if code == town.shiqiao_code else town.zhou_id, title, *stored)
    taken_up(wiring, town.jing_id, topic_id)
    decided(wiring, town.jing_id, topic_id, TopicAction.APPROVE, REASON)
    return topic_id


def drafted(
    wiring: Wiring,
    town: Town,
    topic_id: int,
    *,
    kind: ReleaseKind = ReleaseKind.RESULT,
    title: str = "幸福里的路灯换好了",
    words: str = "市政换了十二盏灯，晚上都亮了。",
    area_id: int | None = None,
    by: int | None = None,
) -> int:
    """The id of a draft that waits for release."""
    with wiring.sessions.begin() as session:
        release = prepare(
            session,
            Draft(kind=kind, area_id=area_id or town.longchi_id, title=title, words=words),
            actor=actor(session, by or town.jing_id),
            topic_id=topic_id,
            at=wiring.clock.now(),
        )
        return release.id


def release_row(wiring: Wiring, release_id: int) -> Release:
    """Its row as it stands now."""
    with wiring.sessions() as session:
        return session.get_one(Release, release_id)


def releasing(wiring: Wiring, user_id: int, release_id: int) -> Releasing:
    """What a person holds who has it on the screen now."""
    with wiring.sessions() as session:
        return Releasing(
            actor=actor(session, user_id),
            release_id=release_id,
            version=session.get_one(Release, release_id).version,
            at=wiring.clock.now(),
        )


def let_out(wiring: Wiring, user_id: int, release_id: int, *, second_person: bool = False) -> int:
    """The public reads it from now on."""
    held = releasing(wiring, user_id, release_id)
    with wiring.sessions.begin() as session:
        publish(session, held, second_person=second_person)
    return release_id


def taken_down(wiring: Wiring, user_id: int, release_id: int, reason: WithdrawReason = WithdrawReason.WRONG) -> None:
    """The public reads it no more."""
    held = releasing(wiring, user_id, release_id)
    with wiring.sessions.begin() as session:
        withdraw(session, held, reason=reason)


def street_staff(wiring: Wiring, street: str, login: str) -> int:
    """The id of a staff member for one street only."""
    with wiring.sessions.begin() as session:
        area = session.query(Area).filter(Area.name == street).one()
        user = create_user(
            session,
            district_id=area.district_id or 0,
            login=login,
            name=f"{street}小林",
            password="",
            at=BORN,
            password_hash=ENCODED,
        )
        grant_role(session, actor=actor(session, user.id), user=user, role=Role.STAFF, area=area, at=BORN)
        return user.id
