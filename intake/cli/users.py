"""`zhibao users`: accounts of those who sign in."""

import sys
from collections.abc import Iterable
from itertools import groupby

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.cli.connected import area_called, connected, unit_of_work
from intake.domain.actor import MACHINE
from intake.domain.errors import InvalidInput, NotFound
from intake.domain.granting import ABOVE_DISTRICTS
from intake.domain.permission import ROLE_NAMES, Role
from intake.domain.point import AreaKind
from intake.models import Area, RoleGrant, User
from intake.services.answer_template import seed_defaults
from intake.services.person import create_user, grant_role
from intake.services.second_factor import drop


@click.group()
def users() -> None:
    """工作人员账号 / staff accounts."""


@users.command()
@click.argument("login")
@click.option("--name", required=True, help="姓名 / the person's name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="角色 / role")
@click.option("--area", required=True, help="区域名称或编号，含其下各级 / name or id of the area, what lies below included")
@click.option("--password-stdin", is_flag=True, help="从标准输入读密码，供脚本使用 / read the password from standard input")
def create(login: str, name: str, role: str, area: str, *, password_stdin: bool) -> None:
    """建一个账号并授予一个角色 / create an account with one role."""
    with connected() as wiring, unit_of_work(wiring) as session:
        place = area_called(session, area)
        home = _home_of(place, Role(role))
        password = _password(from_stdin=password_stdin)
        now = wiring.clock.now()
        user = create_user(session, district_id=home, login=login, name=name, password=password, at=now)
        grant_role(session, actor=MACHINE, user=user, role=Role(role), area=place, at=now)
        if Role(role) is Role.STAFF:  # a new district has answers to start from
            seed_defaults(session, actor=MACHINE, district_id=home, by=user.id, at=now)
        line = f"已建：{user.login} {user.name}（{ROLE_NAMES[Role(role)]}，{place.name}） / created"
    click.echo(line)


@users.command("list")
def list_users() -> None:
    """列出账号和角色 / accounts and their roles."""
    with connected() as wiring, wiring.sessions() as session:
        lines = list(account_lines(session))
    for line in lines or ["还没有账号；用 `zhibao users create` 建一个。 / No account yet."]:
        click.echo(line)


@users.command("drop-second-factor")
@click.argument("login")
def drop_second_factor(login: str) -> None:
    """取消一个账号的两步登录（唯一的管理员丢了手机时用） / take the second step off, for the only administrator whose phone is gone."""
    with connected() as wiring, unit_of_work(wiring) as session:
        user = session.scalars(select(User).where(User.login == login.strip().lower()).with_for_update()).one_or_none()
        if user is None:
            raise NotFound(f"没有“{login}”这个账号；用 `zhibao users list` 看看。 / No such account.")
        drop(session, actor=MACHINE, user=user, at=wiring.clock.now())
    click.echo(f"已取消：{user.login}，所有设备都已退出。 / taken off, every device signed out")


def account_lines(session: Session) -> Iterable[str]:
    """One line an account, by login: login, name, roles with their areas."""
    rows = session.execute(
        select(User.login, User.name, User.active, RoleGrant.role, Area.name)
        .outerjoin(RoleGrant, RoleGrant.user_id == User.id)
        .outerjoin(Area, Area.id == RoleGrant.area_id)
        .order_by(User.login, Area.path, RoleGrant.id)
    )
    for (login, name, active), grants in groupby(rows, key=lambda row: (row[0], row[1], row[2])):
        roles = "、".join(f"{ROLE_NAMES[role]}@{area}" for *_, role, area in grants if role is not None)
        yield "\t".join((login, name, roles or "没有角色", *(() if active else ("停用",))))


def _home_of(place: Area, role: Role) -> int:
    """Where the account belongs: the district, or for those who look at several the city itself, so that every page of a district is empty to
    them.
    """
    if role in ABOVE_DISTRICTS:
        if place.kind is not AreaKind.CITY:
            raise InvalidInput(f"“{place.name}”不是市，{ROLE_NAMES[role]}的账号要属于一个市。 / The area must be a city.", field="area")
        return place.id
    if place.district_id is None:
        raise InvalidInput(f"“{place.name}”不在任何一个区里，账号要属于一个区。 / The area must lie in a district.", field="area")
    return place.district_id


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("密码 / password", hide_input=True, confirmation_prompt="再输一次 / again"))
