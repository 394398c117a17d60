"""The data folder's layout, lock, keys and socket folder; no server is started."""

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import Settings, SettingsError
from intake.adapters.embedded import binaries
from intake.adapters.embedded.errors import DataFolderInUse, DataFolderUnusable
from intake.adapters.embedded.identity import current_identity
from intake.adapters.embedded.runtime_paths import SOCKET_PATH_LIMIT, DataLock, DataPaths, is_held, runtime_folder, write_private
from intake.adapters.embedded.supervisor import RestartPolicy
from intake.cli.installation import attached, environment_of, with_secrets

ME = current_identity()


@pytest.fixture
def paths() -> Iterator[DataPaths]:
    """A prepared data folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="zb-", dir="/tmp") as folder:
        found = DataPaths.of(Path(folder))
        found.prepare()
        yield found
        runtime = Path("/tmp") / f"zhibao-{ME.uid}-{found.digest}"
        if runtime.is_symlink():
            runtime.unlink()
        elif runtime.exists():
            runtime.rmdir()


def test_a_second_supervisor_is_told_who_holds_the_folder(paths: DataPaths) -> None:
    with DataLock(paths):
        assert is_held(paths)
        with pytest.raises(DataFolderInUse, match=str(os.getpid())):
            DataLock(paths).acquire()
    assert not is_held(paths)


def test_a_released_folder_can_be_taken_again(paths: DataPaths) -> None:
    for _ in range(2):
        with DataLock(paths):
            assert is_held(paths)


def test_a_folder_that_cannot_be_made_is_refused_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderUnusable, match="--data"):
        DataPaths.of(tmp_path / "file" / "data").prepare()


def test_the_folder_never_changes_the_mode_of_its_parent(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    DataPaths.of(tmp_path / "data").prepare()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_sockets_of_a_deep_data_folder_stay_within_the_limit(tmp_path: Path) -> None:
    deep = DataPaths.of(tmp_path.joinpath(*["很深的目录" * 3] * 8))
    folder = runtime_folder(deep, ME)
    try:
        assert len(os.fsencode(folder / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_LIMIT
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert runtime_folder(deep, ME) == folder
    finally:
        folder.rmdir()


def test_a_link_laid_in_the_shared_folder_is_not_followed(paths: DataPaths, tmp_path: Path) -> None:
    trap = runtime_folder(paths, ME)
    trap.rmdir()
    trap.symlink_to(tmp_path)
    chosen = runtime_folder(paths, ME)
    assert chosen != trap
    assert list(tmp_path.iterdir()) == []


def test_a_folder_open_to_others_is_not_used(paths: DataPaths) -> None:
    first = runtime_folder(paths, ME)
    first.chmod(0o777)
    assert runtime_folder(paths, ME) != first


def test_private_files_are_readable_by_their_owner_alone(paths: DataPaths) -> None:
    write_private(paths.secrets, "x")
    assert stat.S_IMODE(paths.secrets.stat().st_mode) == 0o600


def test_keys_are_made_once_and_then_kept(paths: DataPaths) -> None:
    settings = Settings(data_dir=paths.root, environment="test")
    first = with_secrets(settings, paths)
    assert len(first.secret_key) == 64
    assert first.field_keys.startswith("k1:")
    assert with_secrets(settings, paths) == first
    assert stat.S_IMODE(paths.secrets.stat().st_mode) == 0o600


def test_keys_of_the_environment_win(paths: DataPaths) -> None:
    settings = Settings(data_dir=paths.root, environment="test", secret_key="s" * 40)
    assert with_secrets(settings, paths).secret_key == "s" * 40


def test_damaged_keys_are_never_replaced(paths: DataPaths) -> None:
    paths.secrets.write_text("{")
    with pytest.raises(DataFolderUnusable, match="备份"):
        with_secrets(Settings(data_dir=paths.root), paths)
    assert paths.secrets.read_text() == "{"


def test_production_brings_its_own_keys(paths: DataPaths) -> None:
    settings = Settings(data_dir=paths.root, environment="production", base_url="https://example.test")
    with pytest.raises(SettingsError, match="zhibao secret"):
        with_secrets(settings, paths)
    assert not paths.secrets.exists()


def test_settings_survive_the_way_through_the_environment(paths: DataPaths) -> None:
    settings = Settings(data_dir=paths.root, environment="test", port=8123, redis_url="redis://queue", controller_name="示范区政协办公室")
    assert Settings.from_env(environment_of(settings)) == settings


def test_a_command_in_another_window_finds_the_running_servers(paths: DataPaths) -> None:
    addresses = {"database_url": "postgresql://d", "owner_database_url": "postgresql://o", "redis_url": "unix:///q", "base_url": "http://b"}
    write_private(paths.running, json.dumps(addresses))
    settings = Settings(data_dir=paths.root, environment="test")
    assert attached(settings) == settings, "what a killed supervisor left behind is not believed"
    with DataLock(paths):
        found = attached(settings)
        assert (found.database_url, found.owner_database_url, found.redis_url) == ("postgresql://d", "postgresql://o", "unix:///q")
        assert found.secret_key
        own = attached(replace(settings, database_url="postgresql://mine"))
        assert (own.database_url, own.owner_database_url) == ("postgresql://mine", "")


def test_restarts_come_ever_more_slowly_up_to_half_a_minute() -> None:
    policy = RestartPolicy()
    assert [policy.delay(failures) for failures in range(1, 9)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_copied_binaries_are_whole_and_kept(tmp_path: Path) -> None:
    base = tmp_path / "site"
    (base / "server" / "bin").mkdir(parents=True)
    (base / "server" / "bin" / "program").write_text("#!/bin/sh\n")
    (base / "server" / "bin" / "program").chmod(0o700)
    home = tmp_path / "cache"
    for _ in range(2):
        assert binaries._copied(base, home, ("server",)) == home
    assert stat.S_IMODE((home / "server" / "bin" / "program").stat().st_mode) == 0o755
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "site"], "no draft is left behind"
