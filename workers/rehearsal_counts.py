"""The days of the demo's life, counted as the hourly job would have counted them."""

from datetime import datetime

from sqlalchemy.orm import Session

from intake.services.daily_count import count_days, due_days


def count_the_days(session: Session, *, district_id: int, at: datetime) -> None:
    """Every past day, so that the figures are there when the first visitor comes."""
    session.flush()
    for period in due_days(session, district_id=district_id, at=at):
        count_days(session, district_id=district_id, period=period, at=at)
