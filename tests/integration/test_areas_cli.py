"""`zhibao areas` and `zhibao points create` against a running installation."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from config.settings import Settings
from intake.cli.district_seed import PASSWORD as DEMO_PASSWORD
from intake.cli.installation import environment_of
from intake.cli.main import cli
from intake.domain.actor import ActorKind
from intake.domain.point import AreaKind, PointKind, PointState
from intake.models import Area, HistoryEntry, IntakePoint, User
from intake.queries.point import point_by_scene
from intake.services.person import create_user
from intake.wiring import Wiring
from tests.factories.town import Town


@pytest.fixture
def zhibao(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Zhibao":
    """The command line, in an environment that names the test's installation."""
    for variable, value in {**environment_of(settings), "ZHIBAO_DATA": str(tmp_path / "data")}.items():
        monkeypatch.setenv(variable, value)
    return Zhibao()


class Zhibao:
    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments)

    def area(self, kind: str, name: str, parent: str) -> int:
        """Make it; its id."""
        made = self("areas", "create", "--kind", kind, name, "--parent", parent)
        assert made.exit_code == 0, made.output
        found = re.search(r"编号 (\d+)", made.output)
        assert found is not None
        return int(found[1])


def count(wiring: Wiring, model: type[Area | IntakePoint]) -> int:
    with wiring.sessions() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_no_real_district_is_made_beside_accounts_with_a_public_password(zhibao: Zhibao, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        create_user(session, district_id=town.district_id, login="staff", name="林晓燕", password=DEMO_PASSWORD, at=wiring.clock.now())
    refused = zhibao("areas", "create", "--kind", "district", "真区", "--parent", "临江市")
    assert refused.exit_code != 0
    assert "演示账号（staff 等）" in refused.output
    with wiring.sessions.begin() as session:
        assert session.scalar(select(Area.id).where(Area.name == "真区")) is None
        session.query(User).filter_by(login="staff").one().active = False
    assert zhibao("areas", "create", "--kind", "district", "真区", "--parent", "临江市").exit_code == 0


def test_a_town_is_made_from_nothing_but_commands(zhibao: Zhibao, wiring: Wiring) -> None:
    assert zhibao("areas", "create", "--kind", "city", "新江市").exit_code == 0
    district = zhibao.area("district", "新区", "新江市")
    street = zhibao.area("street", "新街道", str(district))
    community = zhibao.area("community", "新社区", "新街道")
    with wiring.sessions() as session:
        area = session.get_one(Area, community)
        assert (area.kind, area.parent_id, area.district_id) == (AreaKind.COMMUNITY, street, district)
        assert area.path.endswith(f"/{district}/{street}/{community}/")
    made = zhibao("points", "create", "--area", "新社区")
    assert made.exit_code == 0, made.output
    code, state, name, url = made.output.rstrip("\n").split("\t")
    assert (state, name, url) == ("在用", "新社区（新社区）", f"https://zhibao.example/p/{code}")
    assert made.output.split("\t")[0] in zhibao("points", "list", "--area", "新区").output


def test_the_tree_is_listed_with_ids(zhibao: Zhibao, town: Town) -> None:
    lines = zhibao("areas", "list").output.splitlines()
    assert lines[0].startswith("临江市（市） ")
    # Depth first: a street's communities stand below it, before the next street.
    assert lines[1:5] == [
        f"  云栖区（区） {town.district_id}",
        f"    丰山街道（街道） {town.street_id}",
        f"      龙池社区（社区） {town.longchi_id}",
        f"      紫薇社区（社区） {town.ziwei_id}",
    ]
    assert lines[-1].startswith("  望江区（区） ")
    assert len(lines) == 8


def test_making_an_area_twice_changes_nothing(zhibao: Zhibao, wiring: Wiring, town: Town) -> None:
    before = count(wiring, Area)
    again = zhibao("areas", "create", "--kind", "community", " 龙池社区 ", "--parent", "丰山街道")
    assert again.exit_code == 0
    assert f"已经有龙池社区（社区，编号 {town.longchi_id}" in again.output
    assert zhibao("areas", "create", "--kind", "city", "临江市").output.startswith("已经有临江市")
    assert count(wiring, Area) == before


def test_areas_of_one_name_are_told_apart_by_id(zhibao: Zhibao, wiring: Wiring, town: Town) -> None:
    twin = zhibao.area("community", "龙池社区", "清河街道")
    points = count(wiring, IntakePoint)
    for refused in (
        zhibao("points", "create", "--area", "龙池社区"),
        zhibao("users", "create", "qianlu", "--name", "钱路", "--role", "member", "--area", "龙池社区", "--password-stdin"),
    ):
        assert refused.exit_code == 2
        assert "有 2 个区域叫“龙池社区”" in refused.output
        assert f"{town.longchi_id}、{twin}" in refused.output
    assert count(wiring, IntakePoint) == points
    assert zhibao("points", "create", "--area", str(twin)).exit_code == 0
    with wiring.sessions() as session:
        assert session.scalars(select(IntakePoint.name).where(IntakePoint.area_id == twin)).all() == ["龙池社区"]


def test_a_parent_of_one_name_is_told_apart_by_id(zhibao: Zhibao, town: Town) -> None:
    twin = zhibao.area("street", "丰山街道", "望江区")
    refused = zhibao("areas", "create", "--kind", "community", "新社区", "--parent", "丰山街道")
    assert refused.exit_code == 2
    assert f"{town.street_id}、{twin}" in refused.output


# What can't be made says why: no parent, an unknown one, one of the wrong level, a level that has none, no name, a name like an id, too long a
# name, a name that stands there at another level.
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--kind", "street", "新街道"), "--parent"),
        (("--kind", "street", "新街道", "--parent", "没有的区"), "没有叫“没有的区”的区域"),
        (("--kind", "street", "新街道", "--parent", "临江市"), "街道要建在区下面，“临江市”是市"),
        (("--kind", "city", "新市", "--parent", "临江市"), "市在最上面"),
        (("--kind", "street", "  ", "--parent", "云栖区"), "请填写区域名称"),
        (("--kind", "street", "12", "--parent", "云栖区"), "不能只是数字"),
        (("--kind", "street", "长" * 61, "--parent", "云栖区"), "最多 60 个字"),
        (("--kind", "community", "丰山街道", "--parent", "云栖区"), "它是街道"),
    ],
)
def test_an_area_that_does_not_fit_is_a_sentence(
    zhibao: Zhibao, wiring: Wiring, town: Town, arguments: tuple[str, ...], sentence: str
) -> None:
    before = count(wiring, Area)
    result = zhibao("areas", "create", *arguments)
    assert result.exit_code == 2
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert count(wiring, Area) == before


def test_a_point_is_made_with_all_it_can_have(zhibao: Zhibao, wiring: Wiring, town: Town) -> None:
    helper = ("--helper-name", "王姐", "--helper-phone", "0550-0000009", "--helper-hours", "周一至周五 9–17 时")
    result = zhibao(
        "points", "create", "--area", "紫薇社区", "--kind", "station", "--name", "紫薇委员工作站", "--scene", "ziwei-2", *helper
    )
    assert result.exit_code == 0, result.output
    code = result.output.split("\t")[0]
    assert result.output.rstrip("\n").endswith(f"\thttps://zhibao.example/p/{code}")
    with wiring.sessions() as session:
        point = session.scalars(select(IntakePoint).where(IntakePoint.code == code)).one()
        assert (point.area_id, point.kind, point.name, point.state) == (
            town.ziwei_id,
            PointKind.STATION,
            "紫薇委员工作站",
            PointState.ACTIVE,
        )
        assert (point.helper_name, point.helper_phone, point.helper_hours) == helper[1::2]
        found = point_by_scene(session, "ziwei-2")
        assert found is not None
        assert found.code == code
        begun = session.scalars(select(HistoryEntry).where(HistoryEntry.noun == "point", HistoryEntry.entity_id == point.id)).one()
        assert (begun.action, begun.to_state, begun.actor_kind) == ("begin", "active", ActorKind.MACHINE)


def test_the_platforms_prefix_is_no_part_of_a_scene(zhibao: Zhibao, wiring: Wiring, town: Town) -> None:
    assert zhibao("points", "create", "--area", "紫薇社区", "--scene", "qrscene_ziwei-2").exit_code == 0
    with wiring.sessions() as session:
        assert point_by_scene(session, "ziwei-2") is not None


# A scene is one point's; a city has no points; a phone needs its hours; what is too long for the poster is told at once.
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--area", "紫薇社区", "--scene", "scene-nvgch2345a"), "已经给了龙池社区（nvgch2345a）"),
        (("--area", "紫薇社区", "--scene", "长" * 65), "--scene"),
        (("--area", "临江市"), "区、街道或社区下面"),
        (("--area", "没有的社区"), "没有叫“没有的社区”的区域"),
        (("--area", "紫薇社区", "--helper-phone", "0550-0000009"), "--helper-hours"),
        (("--area", "紫薇社区", "--helper-name", "长" * 13), "--helper-name：最多 12 个字"),
    ],
)
def test_a_point_that_does_not_fit_is_a_sentence(
    zhibao: Zhibao, wiring: Wiring, town: Town, arguments: tuple[str, ...], sentence: str
) -> None:
    before = count(wiring, IntakePoint)
    result = zhibao("points", "create", *arguments)
    assert result.exit_code == 2
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert count(wiring, IntakePoint) == before


def test_the_help_names_what_there_is(zhibao: Zhibao) -> None:
    shown = zhibao("--help").output
    assert "areas" in shown
    assert "备份" not in shown
