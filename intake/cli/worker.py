"""`zhibao worker QUEUE`: one worker process, in place of this one."""

import os
import sys

import click

from config.settings import Settings
from intake.adapters.embedded.children import inherited_environment
from intake.cli.installation import attached, environment_of
from intake.ports import JOBS

QUEUES = sorted({queue for queue, _ in JOBS.values()})


@click.command()
@click.argument("queue", type=click.Choice(QUEUES))
def worker(queue: str) -> None:
    """只运行一个后台进程：triage 整理来件，housekeeping 定期事务，wechat 通知与公众号，documents 海报与附件，assistant 起草助手 / one worker."""
    become("worker", queue)


def become(*arguments: str) -> None:
    """Run `python -m workers …` in place of this process, so that signals reach it; intake never imports workers."""
    env = {**inherited_environment(), **environment_of(attached(Settings.from_env()))}
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", "workers", *arguments], env)  # noqa: S606 -- our own module, a fixed list
