"""A district may bring its own categories and deadlines; what is wrong with them is said before anything starts."""

from pathlib import Path

import pytest

from config.own_files import SHIPPED, rules_file
from config.settings import Settings, SettingsError
from config.taxonomy import load_taxonomy
from intake.cli.doctor import Finding, _rules

OWN = """
[[group]]
code = "streets"
name = "道路"
english = "Streets"
[[group.category]]
code = "street-lights"
name = "我们这里的路灯"
english = "Lamps"
department = "区城市管理局"
words = ["路灯"]
"""


def looked_at(folder: Path | str) -> Finding:
    return _rules(Settings(config_folder=str(folder)))


def test_a_file_of_ones_own_takes_the_place_of_the_shipped_one_and_the_other_stays(tmp_path: Path) -> None:
    (tmp_path / "taxonomy.toml").write_text(OWN, encoding="utf-8")
    assert rules_file(str(tmp_path), "taxonomy.toml") == tmp_path / "taxonomy.toml"
    assert rules_file(str(tmp_path), "workflow.toml") == SHIPPED / "workflow.toml"
    assert load_taxonomy(rules_file(str(tmp_path), "taxonomy.toml")).category("street-lights").name == "我们这里的路灯"
    assert rules_file("", "taxonomy.toml") == SHIPPED / "taxonomy.toml"


def test_a_mistyped_folder_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ZHIBAO_CONFIG_FOLDER"):
        rules_file(str(tmp_path / "nowhere"), "taxonomy.toml")


def test_the_doctor_says_which_categories_are_gone(tmp_path: Path) -> None:
    assert looked_at("").ok
    (tmp_path / "taxonomy.toml").write_text(OWN, encoding="utf-8")
    found = looked_at(tmp_path)
    assert found.ok
    assert "1 个类别" in found.detail
    assert "物业管理" in found.detail


@pytest.mark.parametrize(("name", "held"), [("taxonomy.toml", "[[group"), ("workflow.toml", "[owner]\n")])
def test_the_doctor_names_the_file_at_fault(tmp_path: Path, name: str, held: str) -> None:
    (tmp_path / name).write_text(held, encoding="utf-8")
    found = looked_at(tmp_path)
    assert not found.ok
    assert name in found.detail
    assert found.cure
