"""`zhibao docs`: the documents that are written from the code."""

from collections.abc import Callable
from pathlib import Path

import click

from intake.cli.documents import permissions_page, routes_page, settings_page, states_page
from intake.domain.errors import PermanentError

ROOT = Path(__file__).parents[2]
PAGES: dict[str, Callable[[], str]] = {
    "states.md": states_page,
    "permissions.md": permissions_page,
    "routes.md": routes_page,
    "settings.md": settings_page,
}
"""Name below `docs/` → what writes it."""


@click.command()
@click.option("--check", is_flag=True, help="只检查，不写；过时则以 1 退出 / write nothing, exit 1 when one is stale")
def docs(*, check: bool) -> None:
    """生成状态、权限、路由、设置四份文档 / write the documents that come from the code."""
    if not (ROOT / "pyproject.toml").is_file():
        raise PermanentError("这里没有源代码树，文档只在源代码里生成。 / Documents are written in a source tree only.")
    stale = [name for name, render in PAGES.items() if not _is_current(ROOT / "docs" / name, render(), write=not check)]
    if check:
        for name in stale:
            click.echo(f"docs/{name} 过时了，请运行 `zhibao docs` / is stale, run `zhibao docs`", err=True)
        if stale:
            raise click.exceptions.Exit(1)
    else:
        click.echo(f"写了 {len(stale)} 份，{len(PAGES) - len(stale)} 份没有变化 / written, unchanged")


def _is_current(path: Path, text: str, *, write: bool) -> bool:
    current = path.is_file() and path.read_text(encoding="utf-8") == text
    if not current and write:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return current
