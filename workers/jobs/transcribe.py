"""Write down voices."""

from intake.ports import Wake
from workers.runtime import job


@job(Wake.TRANSCRIBE)
def run() -> None:
    """Write down voices."""
