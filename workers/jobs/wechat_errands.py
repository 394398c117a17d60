"""Do what was asked of the platform."""

from intake.ports import Wake
from workers.runtime import job


@job(Wake.WECHAT)
def run() -> None:
    """Do what was asked of the platform."""
