"""`zhibao db` against a real database."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, inspect, pool

from config.settings import Settings
from intake.adapters.migrate import head
from intake.cli.installation import environment_of
from intake.cli.main import cli


@pytest.fixture
def installation(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """The environment names the test's installation."""
    for variable, value in {**environment_of(settings), "ZHIBAO_DATA": str(tmp_path / "data")}.items():
        monkeypatch.setenv(variable, value)
    return settings


def zhibao(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(cli, arguments, input=typed)


def tables(settings: Settings) -> set[str]:
    engine = create_engine(settings.owner_database_url, poolclass=pool.NullPool)
    return set(inspect(engine).get_table_names())


def test_the_revision_is_told(installation: Settings) -> None:
    result = zhibao("db", "current")
    assert result.exit_code == 0
    assert result.output.startswith(f"{head()}（最新 {head()}）")


def test_down_to_nothing_and_up_again(installation: Settings) -> None:
    down = zhibao("db", "downgrade", "base", "--yes")
    assert down.exit_code == 0, down.output
    assert "submissions" not in tables(installation)
    assert zhibao("db", "current").output.startswith("空")
    up = zhibao("db", "upgrade")
    assert up.exit_code == 0, up.output
    assert f"空 → {head()}" in up.output
    assert "submissions" in tables(installation)


def test_upgrading_twice_is_harmless(installation: Settings) -> None:
    result = zhibao("db", "upgrade")
    assert result.exit_code == 0
    assert head() in result.output
    assert "submissions" in tables(installation)


def test_a_downgrade_asks_first(installation: Settings) -> None:
    assert zhibao("db", "downgrade", "base", typed="n\n").exit_code == 1
    assert "submissions" in tables(installation)


def test_an_unknown_revision_is_a_sentence(installation: Settings) -> None:
    result = zhibao("db", "downgrade", "nothing", "--yes")
    assert result.exit_code == 2
    assert "没有“nothing”这个版本" in result.output


def test_without_a_database_the_variable_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("DATABASE_URL", "OWNER_DATABASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("ZHIBAO_DATA", str(tmp_path / "data"))
    result = zhibao("db", "upgrade")
    assert result.exit_code == 2
    assert "DATABASE_URL" in result.output


@pytest.mark.parametrize("command", [("db", "current"), ("db", "upgrade"), ("users", "list"), ("points", "list")])
def test_a_database_that_is_down_is_a_sentence(installation: Settings, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    for variable in ("DATABASE_URL", "OWNER_DATABASE_URL"):
        monkeypatch.setenv(variable, "postgresql+psycopg://zhibao_app@127.0.0.1:9/zhibao")
    result = zhibao(*command)
    assert result.exit_code in {1, 2}
    assert "数据库没有回应" in result.output
    assert "Traceback" not in result.output
