"""`zhibao areas`: the tree of places in which points hang and people work."""

from collections.abc import Iterable

import click
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from intake.cli.connected import area_called, connected, unit_of_work
from intake.cli.district_seed import refuse_beside_demo
from intake.domain.errors import Conflict, InvalidInput
from intake.domain.point import AreaKind
from intake.domain.text import clean_line
from intake.models import Area
from intake.services.place import create_area

KIND_NAMES = {AreaKind.CITY: "市", AreaKind.DISTRICT: "区", AreaKind.STREET: "街道", AreaKind.COMMUNITY: "社区"}
PARENTS: dict[AreaKind, tuple[AreaKind, ...]] = {
    AreaKind.CITY: (),
    AreaKind.DISTRICT: (AreaKind.CITY,),
    AreaKind.STREET: (AreaKind.DISTRICT,),
    AreaKind.COMMUNITY: (AreaKind.STREET, AreaKind.DISTRICT),
}
"""What an area may lie directly below; a city stands at the top."""


@click.group()
def areas() -> None:
    """区域：市、区、街道、社区 / the tree of places."""


@areas.command()
@click.argument("name")
@click.option("--kind", type=click.Choice([kind.value for kind in AreaKind]), required=True, help="哪一级 / level")
@click.option("--parent", help="上一级的名称或编号；市不用 / name or id of the area above; none for a city")
def create(name: str, kind: str, parent: str | None) -> None:
    """建一个区域；已经有了就不再建 / create an area, or say that it is there."""
    with connected() as wiring, unit_of_work(wiring) as session:
        above = area_called(session, parent) if parent is not None else None
        area, born = found_or_made(session, kind=AreaKind(kind), name=name, above=above)
        if born and area.kind is AreaKind.DISTRICT:
            refuse_beside_demo(session)
        below = f"，在{above.name}下面" if above else ""
        line = f"{area.name}（{KIND_NAMES[area.kind]}，编号 {area.id}{below}）"
    click.echo(f"已建：{line} / created" if born else f"已经有{line}，没有再建。 / Already there; nothing changed.")


@areas.command("list")
def list_areas() -> None:
    """列出全部区域和编号 / the tree with ids."""
    with connected() as wiring, wiring.sessions() as session:
        lines = list(area_lines(session))
    for line in lines or ["还没有区域；用 `zhibao areas create` 从市建起。 / No area yet; begin with the city."]:
        click.echo(line)


def found_or_made(session: Session, *, kind: AreaKind, name: str, above: Area | None) -> tuple[Area, bool]:
    """The area called `name` directly below `above`, and whether it was made now; flushes.

    Raises InvalidInput when the name or the level doesn't fit, Conflict when the name stands there at another level or is being made there.
    """
    name = clean_line(name, limit=60, field="name")
    if name.isdecimal():  # elsewhere on the command line digits are an id
        raise InvalidInput("区域名称不能只是数字，那样会和编号混淆。 / A name of digits alone would be taken for an id.", field="name")
    _check_level(kind, above)
    same_parent = Area.parent_id == above.id if above else Area.parent_id.is_(None)
    found = session.scalar(select(Area).where(same_parent, Area.name == name).order_by(Area.id).limit(1))
    if found is None:
        try:
            return create_area(session, kind=kind, name=name, parent=above), True
        except IntegrityError as error:
            raise Conflict(f"“{name}”刚由别人建好；用 `zhibao areas list` 查看。 / Somebody else has just made it.") from error
    if found.kind is not kind:
        raise Conflict(
            f"这里已经有“{name}”，但它是{KIND_NAMES[found.kind]}（编号 {found.id}），不是{KIND_NAMES[kind]}。 / It is there as another kind."
        )
    return found, False


def area_lines(session: Session) -> Iterable[str]:
    """One line an area, two blanks a level: name, kind, id; siblings in the order they were made."""
    below: dict[int | None, list[Area]] = {}
    for area in session.scalars(select(Area).order_by(Area.id)):
        below.setdefault(area.parent_id, []).append(area)
    waiting = [(area, 0) for area in reversed(below.get(None, []))]
    while waiting:
        area, depth = waiting.pop()
        yield f"{'  ' * depth}{area.name}（{KIND_NAMES[area.kind]}） {area.id}"
        waiting += [(child, depth + 1) for child in reversed(below.get(area.id, []))]


def _check_level(kind: AreaKind, above: Area | None) -> None:
    allowed = "或".join(KIND_NAMES[one] for one in PARENTS[kind])
    if above is None and allowed:
        raise InvalidInput(f"{KIND_NAMES[kind]}要建在{allowed}下面，请加 --parent。 / Give --parent: the area above.", field="parent")
    if above is not None and above.kind not in PARENTS[kind]:
        wanted = f"要建在{allowed}下面" if allowed else "在最上面，不要 --parent"
        raise InvalidInput(
            f"{KIND_NAMES[kind]}{wanted}，“{above.name}”是{KIND_NAMES[above.kind]}。 / The area above is of the wrong kind.", field="parent"
        )
