"""`zhibao`: one group whose commands are imported only when called, so that help is quick."""

import importlib
import io
import sys
from collections.abc import Sequence
from typing import Any

import click

from config.collector import resting
from config.settings import SettingsError
from intake.domain.errors import DomainError, PermanentError, RetryableError

COMMANDS = {
    "up": ("intake.cli.up:up", "启动全部：数据库、队列、网页、后台 / start everything"),
    "demo": ("intake.cli.demo:demo", "建好示范区并启动 / start with a demo district"),
    "doctor": ("intake.cli.doctor:doctor", "检查缺什么、怎么补 / what is missing and the cure"),
    "serve": ("intake.cli.serve:serve", "只运行网页 / web only"),
    "worker": ("intake.cli.worker:worker", "只运行一个后台进程 / one worker"),
    "schedule": ("intake.cli.schedule:schedule", "只运行定时任务 / the scheduler"),
    "db": ("intake.cli.db:db", "数据表：升级、退回、看版本 / tables: upgrade, downgrade, current revision"),
    "areas": ("intake.cli.areas:areas", "区域：市、区、街道、社区 / the tree of places"),
    "users": ("intake.cli.users:users", "工作人员账号 / staff accounts"),
    "points": ("intake.cli.points:points", "直报点与海报 / intake points and posters"),
    "wechat": ("intake.cli.wechat:wechat", "公众号：接入、列出、检查 / WeChat accounts: add, list, check"),
    "audit": ("intake.cli.audit:audit", "核对审计链 / verify the audit chain"),
    "triage": ("intake.cli.triage:triage", "训练、评估、采用研判模型 / triage models: train, evaluate, adopt"),
    "secret": ("intake.cli.secret:secret", "生成密钥 / make keys"),
    "docs": ("intake.cli.docs:docs", "生成文档 / generate documents"),
}
"""Name → where it is defined and its line in the help."""


class Refusal(click.ClickException):
    """An error shown as a sentence, without a traceback."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the sentence alone."""
        click.echo(self.format_message(), err=file is None, file=file)


class GivenUp(Refusal):
    """What was asked for was right, but a service failed."""

    exit_code = 1


class LazyGroup(click.Group):
    """A group that imports a command when it is called, and turns refusals into sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, in the order of a person's day."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        with resting():
            command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name][0]} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Speak UTF-8 whatever the locale, then run."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8", errors="replace")
        return super().main(args, *rest, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a refusal becomes one sentence and exit code 2, a service given up exit code 1."""
        try:
            return super().invoke(ctx)
        except (DomainError, SettingsError, PermanentError, RetryableError) as error:
            raise (GivenUp if getattr(error, "exit_code", 2) == 1 else Refusal)(str(error)) from error


@click.group(cls=LazyGroup)
@click.version_option(package_name="zhibao")
def cli() -> None:
    """直报：扫一个码，说一件事，看到答复 / from a resident's sentence to an answer."""


if __name__ == "__main__":
    cli(prog_name="zhibao")
