"""`zhibao schedule`: the sweep that wakes workers by the clock, in place of this process."""

import click

from intake.cli.worker import become


@click.command()
def schedule() -> None:
    """只运行定时任务 / the scheduler."""
    become("schedule")
