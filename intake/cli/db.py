"""`zhibao db`: the shape of the database."""

import click
from alembic.util.exc import CommandError
from sqlalchemy import create_engine, pool
from sqlalchemy.exc import OperationalError

from config.settings import Settings, SettingsError
from intake.adapters import migrate
from intake.cli.installation import attached
from intake.domain.errors import InvalidInput, RetryableError


@click.group()
def db() -> None:
    """数据表 / the shape of the database."""


@db.command()
def upgrade() -> None:
    """升级到最新 / bring the tables to the newest shape."""
    url = _owner_url()
    before = _revision(url)
    migrate.upgrade(url)
    after = _revision(url)
    click.echo(f"数据表已是最新：{after} / up to date" if before == after else f"数据表已升级：{before or '空'} → {after} / upgraded")


@db.command()
@click.argument("revision")
@click.confirmation_option(prompt="退回会丢掉较新的列和表里的数据，确定吗？ / Data in newer tables and columns is lost. Go on?")
def downgrade(revision: str) -> None:
    """退回到 REVISION；base 表示清空全部数据表 / take the tables back; `base` removes them all."""
    url = _owner_url()
    before = _revision(url)
    try:
        migrate.downgrade(url, revision=revision)
    except CommandError as error:
        raise InvalidInput(f"没有“{revision}”这个版本；现在是 {before or '空'}。 / {error}", field="revision") from error
    click.echo(f"数据表已退回：{before or '空'} → {_revision(url) or '空'} / downgraded")


@db.command()
def current() -> None:
    """现在的版本和最新的版本 / the revision the tables are at, and the newest."""
    now, newest = _revision(_owner_url()), migrate.head()
    click.echo(f"{now or '空'}（最新 {newest}） / {'up to date' if now == newest else 'run `zhibao db upgrade`'}")


def _owner_url() -> str:
    settings = attached(Settings.from_env())
    url = settings.owner_database_url or settings.database_url
    if not url:
        raise SettingsError("DATABASE_URL is not set; `zhibao up` upgrades its own database by itself")
    return url


def _revision(url: str) -> str:
    engine = create_engine(url, poolclass=pool.NullPool, connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            return migrate.current(connection)
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise RetryableError(f"数据库没有回应（{reason}）；它启动了吗？ / The database doesn't answer; is it running?") from error
