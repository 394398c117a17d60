"""The project's own source files, parsed."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "intake", "workers", "qr_assets")


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Path from the project's root and syntax tree of every module under `folders`, all packages when none is named."""
    found = 0
    for folder in folders or PACKAGES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            found += 1
            yield path.relative_to(ROOT).as_posix(), _parsed(path)
    assert found, f"no module under {folders}"
