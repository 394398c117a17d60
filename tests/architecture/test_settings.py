"""Settings are read in one place, and each stands in the table for operators."""

import ast
from dataclasses import fields

from config.settings import Settings
from tests.architecture.sources import ROOT, modules

READER = "config/settings.py"
HANDED_ON = {
    "intake/adapters/embedded/children.py": "copies the environment for our own Python children, who read it through Settings again"
}
NAMES = {"environ", "environb", "getenv", "getenvb"}


def asks_the_environment(tree: ast.Module) -> bool:
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "os" for alias in node.names}
    return bool((attributes | imported) & NAMES)


def test_nothing_else_reads_the_environment() -> None:
    assert {path for path, tree in modules() if asks_the_environment(tree)} == {READER, *HANDED_ON}


def test_the_search_sees_every_way_of_asking() -> None:
    for way in ("os.environ['X']", "os.getenv('X')", "from os import environ", "import os as o; o.environ.get('X')"):
        assert asks_the_environment(ast.parse(way)), way
    assert not asks_the_environment(ast.parse("import os; os.urandom(1)"))


def test_every_setting_stands_in_the_table_with_its_note() -> None:
    table = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in table.splitlines() if line.startswith("| `")}
    assert set(rows) == {f.metadata["variable"] for f in fields(Settings)}
    for f in fields(Settings):
        assert f.metadata["note"] in rows[f.metadata["variable"]]


def test_no_default_is_a_secret() -> None:
    assert [f.name for f in fields(Settings) if f.metadata["secret"] and f.default] == []
