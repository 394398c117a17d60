"""`zhibao audit`: whether the record of who did what is whole."""

import click

from intake.cli.connected import connected
from intake.services.audit import verify as first_broken_link


@click.group()
def audit() -> None:
    """审计记录 / the record of who did what."""


@audit.command()
def verify() -> None:
    """核对审计链；断开则以 1 退出 / check the chain of the audit; 1 when it is broken."""
    with connected() as wiring, wiring.sessions() as session:
        broken = first_broken_link(session)
    if broken is not None:
        click.echo(f"审计链在第 {broken} 环断开：此处或之前的记录被改过。请保全数据库并报告管理员。 / The chain breaks at link {broken}.")
        raise click.exceptions.Exit(1)
    click.echo("审计链完整 / the chain is whole")
