"""The demo's simulated platform, as it is started beside the servers."""

import json
from pathlib import Path

from config.settings import Settings
from intake.adapters.embedded.runtime_paths import DataPaths
from intake.cli.demo_wechat import demo_account, platform


def test_its_chat_page_has_its_file_before_anything_is_seeded(tmp_path: Path) -> None:
    """A fresh folder: the page answers only with it, and the demo waits for the page before it seeds."""
    settings = Settings.from_env(data_dir=tmp_path, wechat_api_url="http://127.0.0.1:9800")
    DataPaths.of(tmp_path).prepare()
    (started,) = platform(settings)
    file = Path(started.argv[-1])
    assert json.loads(file.read_text(encoding="utf-8"))["people"]
    assert json.loads(file.read_text(encoding="utf-8"))["account"]["app_id"] == demo_account(DataPaths.of(tmp_path)).app_id
