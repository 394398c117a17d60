"""`zhibao secret`: make keys for the environment of a production installation."""

import click

from intake.cli.installation import new_field_key, new_secret_key


@click.command()
@click.option("--name", default="k1", show_default=True, help="联系方式密钥的编号；换钥时用下一个 / id of the field key")
def secret(name: str) -> None:
    """生成新的密钥，抄进环境变量 / make new keys for the environment."""
    click.echo(f"ZHIBAO_SECRET_KEY={new_secret_key()}")
    click.echo(f"ZHIBAO_FIELD_KEYS={new_field_key(name)}")
    click.echo("请妥善备份：丢了就解不开联系方式。换钥时把新的写在旧的前面，用逗号隔开。 / Back them up.", err=True)
