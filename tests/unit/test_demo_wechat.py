"""The demo's simulated platform, as it is started beside the servers."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from config.own_files import rules_file
from config.settings import Settings
from config.workflow import default_workflow, load_workflow
from intake.adapters.embedded.runtime_paths import DataPaths
from intake.cli.demo_wechat import beside_platform, demo_account, platform
from intake.domain.quiet_hours import out_of_quiet


def test_its_chat_page_has_its_file_before_anything_is_seeded(tmp_path: Path) -> None:
    """A fresh folder: the page answers only with it, and the demo waits for the page before it seeds."""
    settings = Settings.from_env(data_dir=tmp_path, wechat_api_url="http://127.0.0.1:9800")
    DataPaths.of(tmp_path).prepare()
    (started,) = platform(settings)
    file = Path(started.argv[-1])
    assert json.loads(file.read_text(encoding="utf-8"))["people"]
    assert json.loads(file.read_text(encoding="utf-8"))["account"]["app_id"] == demo_account(DataPaths.of(tmp_path)).app_id


def test_it_writes_to_residents_at_night_too(tmp_path: Path) -> None:
    """Whoever tries the demo at ten in the evening waits for nothing."""
    settings = beside_platform(Settings.from_env({}, data_dir=tmp_path))
    rules = load_workflow(rules_file(settings.config_folder, "workflow.toml"))
    night = datetime(2026, 11, 3, 16, 0, tzinfo=UTC)
    assert out_of_quiet(night, rules.wechat) == night
    assert replace(rules.wechat, quiet_from_hour=default_workflow().wechat.quiet_from_hour) == default_workflow().wechat
    assert settings.plays_wechat
    assert not Settings().plays_wechat
