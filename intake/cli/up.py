"""`zhibao up`: start everything in one data folder and watch it until told to stop."""

import signal
from pathlib import Path
from types import FrameType
from typing import Any

import click

from config.settings import Settings
from intake.cli.installation import Installation


@click.command()
@click.option("--host", help="监听的地址；0.0.0.0 让同一网络的手机也能打开 / address to listen on")
@click.option("--port", type=int, help="端口；0 表示任选 / port, 0 for any")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="数据目录 / data folder")
def up(host: str | None, port: int | None, data: Path | None) -> None:
    """启动数据库、队列、网页和后台进程 / start everything."""
    chosen: dict[str, Any] = {"host": host, "port": port, "data_dir": data}
    settings = Settings.from_env(**{name: value for name, value in chosen.items() if value is not None})
    installation = Installation(settings, report=click.echo)
    stop_on_signals(installation)
    try:
        installation.start()
        if not installation.stopping:
            click.echo(f"已启动：{installation.settings.base_url}（按 Ctrl-C 停止） / running, Ctrl-C stops")
        installation.wait()
    finally:
        installation.stop()
    click.echo("已停止 / stopped")


def stop_on_signals(installation: Installation) -> None:
    """Let Ctrl-C, `kill` and a closed terminal stop `installation` in order instead of in the middle of something."""

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        installation.request_stop()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask)
