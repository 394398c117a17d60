"""Send drafts whose pause is over."""

from intake.ports import Wake
from workers.runtime import job


@job(Wake.DRAFTS)
def run() -> None:
    """Send drafts whose pause is over."""
