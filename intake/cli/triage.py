"""`zhibao triage`: training, measuring and adopting models; a process of the workers' own, since intake never imports them."""

import os
import sys

import click

from config.settings import Settings
from intake.adapters.embedded.children import inherited_environment
from intake.cli.installation import attached, environment_of

_PASS_ON = {"ignore_unknown_options": True, "help_option_names": []}


@click.group()
def triage() -> None:
    """训练、评估、采用研判模型 / train, evaluate and adopt triage models."""


@triage.command(context_settings=_PASS_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def train(arguments: tuple[str, ...]) -> None:
    """从本区的数据训练一个模型：--data FILE… --out DIR [--task classify|same-matter] / make a model."""
    _become("workers.triage.learning", "train", *arguments)


@triage.command(context_settings=_PASS_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def evaluate(arguments: tuple[str, ...]) -> None:
    """量一量：--task classify|same-matter|pairs|redact --data FILE [--events] [--pairs] [--text] [--json] / measure."""
    _become("workers.triage.learning", "evaluate", *arguments)


@triage.command(context_settings=_PASS_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def adopt(arguments: tuple[str, ...]) -> None:
    """给一个区换上 DIR 里的模型，只要在它自己的例子上不更差：DIR --district 区名 / adopt if not worse."""
    env = environment_of(attached(Settings.from_env()))
    _become("workers.adoption", *arguments, env=env)


def _become(module: str, *arguments: str, env: dict[str, str] | None = None) -> None:
    """Run the workers' command in place of this process, so that its output and exit code are ours."""
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", module, *arguments], {**inherited_environment(), **(env or {})})  # noqa: S606 -- as for `zhibao worker`
