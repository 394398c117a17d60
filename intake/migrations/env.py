"""Alembic's environment; the address comes from the caller's attributes, never from a file."""

from alembic import context
from sqlalchemy import create_engine, pool

from intake.models import Base

config = context.config


def run() -> None:
    """Run on the connection handed in, or on a new one to the configured address."""
    connection = config.attributes.get("connection")
    if connection is not None:
        _on(connection)
        return
    engine = create_engine(config.attributes["url"], poolclass=pool.NullPool)
    with engine.connect() as fresh:
        _on(fresh)


def _on(connection: object) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)  # type: ignore[arg-type]  # Alembic types it as Connection | None
    with context.begin_transaction():
        context.run_migrations()


run()
