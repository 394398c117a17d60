"""What stands around the form's box: who listens, who is on duty today, the last matter solved; asked for at most once a minute.

It is only for the eye, and the form is what a mass push hits.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app, url_for

from intake.domain.receipt import SHANGHAI
from intake.queries.point import PointView, listeners_at, on_duty_at
from intake.queries.public_page import last_solved
from intake.web.footer import belongs_to
from intake.web.remembered import Remembered
from intake.web.unit_of_work import db

SECONDS = 60


@dataclass(frozen=True, slots=True)
class Proof:
    """The latest released result nearby."""

    title: str
    people: int
    """Behind it; 0 where too few to be told."""
    url: str


@dataclass(frozen=True, slots=True)
class Around:
    """Beside the box."""

    listeners: int
    on_duty: tuple[str, ...]
    proof: Proof | None


def init_around(app: Flask) -> None:
    """The memory of this application."""
    app.extensions["around"] = Remembered[Around](seconds=SECONDS)


def around(point: PointView, *, at: datetime) -> Around:
    """What stands around the form of `point`, at most a minute old; the page's foot names the point's district."""
    belongs_to(point.district_id)
    day = at.astimezone(SHANGHAI).date()

    def look() -> Around:
        solved = last_solved(db(), point)
        return Around(
            listeners=listeners_at(db(), point),
            on_duty=on_duty_at(db(), point, day),
            proof=Proof(solved.title, solved.people, url_for("public.topic", number=solved.topic_number)) if solved else None,
        )

    memory: Remembered[Around] = current_app.extensions["around"]
    return memory.get(f"{point.id} {day}", look, at=at)
