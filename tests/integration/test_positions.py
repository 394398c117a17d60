"""Where points hang: many written down from a list at once, and used when somebody in the chat says where it is."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from config.settings import Settings
from intake.cli.installation import environment_of
from intake.cli.main import cli
from intake.domain.position import Position
from intake.models import IntakePoint
from intake.queries.chat import SaidWhere, points_to_pick
from intake.wiring import Wiring
from tests.factories.town import Town


def positions(wiring: Wiring) -> dict[str, tuple[float | None, float | None]]:
    with wiring.sessions() as session:
        return {point.code: (point.latitude, point.longitude) for point in session.query(IntakePoint)}


def test_the_nearest_point_comes_first_and_one_without_position_last(wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        for point in session.query(IntakePoint):
            if point.code == town.ziwei_code:
                point.latitude, point.longitude = 30.1, 124.1
            if point.code == town.shiqiao_code:
                point.latitude, point.longitude = 30.2, 124.2

    def names(near: SaidWhere) -> list[str]:
        with wiring.sessions() as session:
            return [one.name for one in points_to_pick(session, area_id=town.district_id, near=near, page=0, but=None)[0]]

    assert names(SaidWhere("", Position(30.19, 124.19))) == ["石桥社区", "紫薇社区", "龙池社区"]
    assert names(SaidWhere("", Position(30.11, 124.11))) == ["紫薇社区", "石桥社区", "龙池社区"]
    # What the map calls the place says more than how far it is.
    assert names(SaidWhere("云栖区龙池社区3栋", Position(30.19, 124.19)))[0] == "龙池社区"
    assert names(SaidWhere()) == ["龙池社区", "紫薇社区", "石桥社区"]


def test_a_list_is_written_whole_or_not_at_all(
    settings: Settings, wiring: Wiring, town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in {**environment_of(settings), "ZHIBAO_DATA": str(tmp_path / "data")}.items():
        monkeypatch.setenv(variable, value)
    file = tmp_path / "points.csv"
    file.write_text(f'code,position\n{town.longchi_code},"30.1204,124.6071"\n{town.ziwei_code},三号楼\n', encoding="utf-8-sig")
    refused = CliRunner().invoke(cli, ["points", "locate", str(file)])
    assert refused.exit_code != 0
    assert "第 3 行" in f"{refused.output}{refused.exception}"
    assert positions(wiring)[town.longchi_code] == (None, None)
    file.write_text(f'code,position\n{town.longchi_code.upper()},"124.6071，30.1204"\n{town.ziwei_code},\n', encoding="utf-8-sig")
    written = CliRunner().invoke(cli, ["points", "locate", str(file)])
    assert "已写 1 个" in written.output, written.output
    assert positions(wiring)[town.longchi_code] == (30.1204, 124.6071)
