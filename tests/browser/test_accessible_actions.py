"""What a member does beside deciding, in every mode, as in test_accessible: splitting a message, merging and splitting candidates, ready
answers; and the receipt of what was split.
"""

from dataclasses import dataclass

import pytest

from intake.domain.topic_proposal import ProposalKind
from intake.models import Submission
from intake.queries.submission_part import family_of
from intake.services.answer_template import take_defaults
from intake.services.submission_split import split
from intake.services.submission_submit import Stored
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories.matters import deciding, proposed, receipt_path, told, topic_of, triage
from tests.factories.town import actor, town_in

pytestmark = pytest.mark.browser

TWO = "幸福里3号楼路灯坏了半个月。另外菜场门口垃圾没人收，天热味道大。"
SECOND = TWO.index("另外")


@pytest.fixture(scope="module")
def seen(site: Site) -> "Seen":
    """A message in parts, one that may be, two candidates alike, and the ready answers."""
    wiring = site.wiring
    with wiring.sessions() as session:
        town = town_in(session)
    with wiring.sessions.begin() as session:
        take_defaults(session, actor=actor(session, town.jing_id), at=wiring.clock.now())
    whole, parted = told(wiring, town.longchi_code, TWO), told(wiring, town.longchi_code, TWO)
    card = deciding(wiring, town.zhou_id, parted)
    with wiring.sessions.begin() as session:
        split(session, card, choice={SECOND: 1}, vault=wiring.vault)
        (part,) = family_of(session, parted.submission_id).parts
    stored = Stored(part.submission_id, part.number, part.salt, repeated=False)
    triage(wiring, stored)
    north = topic_of(
        wiring, town.zhou_id, "北门路灯", told(wiring, town.longchi_code, "路灯不亮"), told(wiring, town.longchi_code, "没有灯")
    )
    lamp = topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.ziwei_code, "灯坏了"))
    proposed(wiring, town, ProposalKind.MERGE, [north, lamp])
    wiring.clock.forward(minutes=2)  # type: ignore[attr-defined]  # the clock of tests
    with wiring.sessions() as session:
        assert session.get_one(Submission, stored.submission_id).parent_id == parted.submission_id
    return Seen(
        whole=f"/m/cards/{whole.submission_id}",
        parted=f"/m/cards/{parted.submission_id}",
        part=f"/m/cards/{stored.submission_id}",
        receipt=receipt_path(wiring, parted),
        part_receipt=receipt_path(wiring, stored),
        north=f"/m/topics/{north}",
        lamp=lamp,
    )


@dataclass(slots=True)
class Seen:
    """Addresses of what was made."""

    whole: str
    parted: str
    part: str
    receipt: str
    part_receipt: str
    north: str
    lamp: int


PHONE_PAGES: dict[str, tuple[str, Open]] = {
    "splitting": ("zhou", at(lambda seen: f"{seen.whole}/split")),
    "splitting, looked at": ("zhou", at(lambda seen: f"{seen.whole}/split?s0=0&s{SECOND}=1")),
    "splitting with an error": ("zhou", at(lambda seen: f"{seen.whole}/split?s0=1&s{SECOND}=1")),
    "card with all unfolded": ("zhou", unfolded(lambda seen: seen.whole)),
    "a gap left open": ("zhou", sent(lambda seen: seen.whole, "/ask", words="请写清〔哪里〕。")),
    "card of what was split": ("zhou", unfolded(lambda seen: seen.parted)),
    "card of a part": ("zhou", unfolded(lambda seen: seen.part)),
    "receipt of what was split": ("", at(lambda seen: seen.receipt)),
    "receipt of a part": ("", at(lambda seen: seen.part_receipt)),
    "merging": ("zhou", at(lambda seen: f"{seen.north}/merge")),
    "merging, one chosen": ("zhou", at(lambda seen: f"{seen.north}/merge?with={seen.lamp}")),
    "splitting a candidate with an error": ("zhou", sent(lambda seen: f"{seen.north}/split", "/split", title="")),
}
DESK_PAGES: dict[str, tuple[str, Open]] = {
    "ready answers": ("wangjing", at("/d/templates")),
    "a ready answer with an error": ("wangjing", sent("/d/templates/new", "/d/templates/new", title="")),
}
"""Name → who looks, and how to get there."""


@pytest.mark.parametrize("name", PHONE_PAGES)
def test_phone_page(name: str, people: People, seen: Seen, site: Site) -> None:
    login, open_page = PHONE_PAGES[name]
    wrong = wrong_on_phone(people.page_of(login, desk=False), open_page, seen, site)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Seen, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)
