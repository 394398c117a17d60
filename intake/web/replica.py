"""Reading figures from the copy of the database, where there is one (ZHIBAO_REPLICA_URL); what the page then says of it: `_components/replica.html`."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from intake.adapters.replica import Read
from intake.web.unit_of_work import db, wiring

Value = TypeVar("Value")


def read_figures(ask: Callable[[Session], Value]) -> Read[Value]:
    """What `ask` says of the copy; of the database itself where there is none or it can't be used."""
    replica = wiring().replica
    return Read(ask(db())) if replica is None else replica.read(ask, instead=lambda: ask(db()))
