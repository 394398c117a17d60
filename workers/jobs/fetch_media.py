"""Fetch pictures and voices from the platform."""

from intake.ports import Wake
from workers.runtime import job


@job(Wake.MEDIA)
def run() -> None:
    """Fetch pictures and voices from the platform."""
