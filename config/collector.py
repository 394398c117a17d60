"""The garbage collector of a process that lives long: what is imported lives to its end, so looking at it again and again is for nothing."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting() -> Iterator[None]:
    """Let the collector rest while modules are imported, which takes a fourth longer with it; what they made isn't looked at afterwards."""
    worked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if worked:
            gc.enable()


def spare_the_collector(*, between: int = 20_000) -> None:
    """What was made so far lives as long as the process; of what comes the youngest are looked at after so many, not after a few hundred.

    A page is a circle (its template holds what it shows) that lives until it is looked at: those that outlive the first look are looked at
    again soon, so that no visitor waits for the pages of many others.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(between, 4, 250)
