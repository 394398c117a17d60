"""Make anew what residents sent."""

from intake.ports import Wake
from workers.runtime import job


@job(Wake.FILES)
def run() -> None:
    """Make anew what residents sent."""
