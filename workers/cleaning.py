"""What the jobs have in common that make files anew: one after another through quarantine, and the result into the store."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from intake.adapters.file_cleaning import Cleaned
from intake.ports import ObjectStore
from intake.services.attachment import small_key
from workers.runtime import job_session, stopping

BATCH = 50


class Numbered(Protocol):
    """A row by its id."""

    @property
    def id(self) -> int:
        """Rises with time."""
        ...


One = TypeVar("One", bound=Numbered)


def clean_all(waiting: Callable[[Session, int, int], Sequence[One]], settle: Callable[[One], None]) -> None:
    """`settle` each of what `waiting(session, after, limit)` finds, in the order of ids, until none is left or the process is to stop."""
    after = 0
    while not stopping():
        with job_session() as session:
            batch = waiting(session, after, BATCH)
        if not batch:
            return
        for one in batch:
            if stopping():
                return
            settle(one)
            after = one.id


def store_cleaned(objects: ObjectStore, key: str, made: Cleaned) -> int:
    """Store the file, and its small picture beside it where there is one; the file's bytes."""
    if made.small is not None:
        with made.small.open("rb") as file:
            objects.put(small_key(key), file)
    with made.large.open("rb") as file:
        return objects.put(key, file)
