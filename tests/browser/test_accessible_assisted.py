"""A community worker's pages in every mode, as in test_accessible: filing, what was filed, slips; and the picture of a receipt."""

from dataclasses import dataclass

import pytest

from intake.domain.assisted import Consent, SpokenBy
from intake.domain.permission import Role
from intake.queries.point import point_by_code
from intake.services import submission_decide as decide
from intake.services.assisted_file import Spoken, file_for
from intake.services.paper_slip import print_slips
from intake.services.submission_submit import read_sentence
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_phone
from tests.browser.people import People
from tests.factories.administrators import person_with
from tests.factories.matters import deciding, receipt_path, triage
from tests.factories.town import actor, town_in

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Seen:
    """What 王姐 has done."""

    filed: int
    """A submission that was answered, and nobody told its resident."""
    printing: int
    receipt: str


@pytest.fixture(scope="module")
def seen(site: Site) -> Seen:
    """A slip filed and answered, and two that are out."""
    wiring, now = site.wiring, site.wiring.clock.now()
    with wiring.sessions() as session:
        town = town_in(session)
    worker_id = person_with(wiring, "wangjie", "王姐", (Role.WORKER, town.longchi_id))
    with wiring.sessions.begin() as session:
        worker, point = actor(session, worker_id), point_by_code(session, town.longchi_code)
        assert point is not None
        printing = print_slips(session, actor=worker, point_id=point.id, count=3, at=now)
        sentence = read_sentence(text="三号楼的扶手松了，我腿脚不好，不敢下楼", place="三号楼", contact="")
        spoken = Spoken(SpokenBy.SELF, Consent.SPOKEN, is_child=False, slip="")
        stored = file_for(session, vault=wiring.vault, actor=worker, point=point, key=b"elder", sentence=sentence, spoken=spoken, at=now)
    triage(wiring, stored)
    card = deciding(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="扶手已经请物业焊牢，您下楼试试。")
    wiring.clock.forward(minutes=2)  # type: ignore[attr-defined]  # the clock of tests
    return Seen(filed=stored.submission_id, printing=printing, receipt=receipt_path(wiring, stored))


PAGES: dict[str, tuple[str, Open]] = {
    "file": ("wangjie", at("/worker/file")),
    "file without consent": ("wangjie", sent("/worker/file", "/worker/file", text="扶手松了", spoken_by="self")),
    "filed": ("wangjie", at("/worker/filed")),
    "filed, to print": ("wangjie", at(lambda seen: f"/worker/filed/{seen.filed}?new=1&left=1")),
    "slips": ("wangjie", at("/worker/slips")),
    "too many slips": ("wangjie", sent("/worker/slips", "/worker/slips", count="41")),
    "one printing": ("wangjie", at(lambda seen: f"/worker/slips/{seen.printing}")),
    "card of one that was filed": ("zhou", at(lambda seen: f"/m/cards/{seen.filed}")),
    "receipt of one that was filed": ("", unfolded(lambda seen: seen.receipt)),
    "receipt as a picture": ("", at(lambda seen: f"{seen.receipt}/picture")),
}
"""Name → who looks, and how to get there."""


@pytest.mark.parametrize("name", PAGES)
def test_page(name: str, people: People, seen: Seen, site: Site) -> None:
    login, open_page = PAGES[name]
    wrong = wrong_on_phone(people.page_of(login, desk=False), open_page, seen, site)
    assert not wrong, "\n".join(wrong)
