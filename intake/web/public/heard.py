"""How many submissions each place had, asked once in a while for the pages of all its district's areas."""

from flask import current_app
from flask.blueprints import BlueprintSetupState

from intake.queries.public_page import Heard, heard
from intake.web.public.blueprint import public
from intake.web.remembered import Remembered
from intake.web.unit_of_work import db, wiring

COUNT_SECONDS = 300
"""How old the numbers may be: counting reads every row of the district."""


@public.record_once
def _remember(state: BlueprintSetupState) -> None:
    state.app.extensions["heard"] = Remembered[Heard](seconds=COUNT_SECONDS)


def heard_in(district_id: int) -> Heard:
    """The counts of the district's areas."""
    memory: Remembered[Heard] = current_app.extensions["heard"]
    return memory.get(district_id, lambda: heard(db(), district_id), at=wiring().clock.now())
