"""What the benches of the desks share: how large a house is asked for, and how long an answer takes."""

import argparse
import time
from collections.abc import Callable

from sqlalchemy.orm import Session

Ask = Callable[[Session], object]


def size_asked(purpose: str | None, *, referrals: int, submissions: int) -> argparse.Namespace:
    """`count` and `submissions` from the command line; these where nothing was said. The first line of `purpose` is the help."""
    parser = argparse.ArgumentParser(description=(purpose or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=referrals, help="referrals")
    parser.add_argument("--submissions", type=int, default=submissions, help="at least as many as referrals")
    parser.add_argument("--only", default="", help="what the names of the lists to be measured begin with, parted by commas")
    return parser.parse_args()


def milliseconds(ask: Ask, session: Session) -> float:
    """How long the answer took."""
    begun = time.perf_counter()
    ask(session)
    return (time.perf_counter() - begun) * 1000
