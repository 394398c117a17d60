"""导入 in every mode, as in test_accessible."""

from dataclasses import dataclass

import pytest

from intake.queries.row_import_rows import RowFilter, imported_rows
from intake.services.row_import_rows import Pressing, set_rows_aside
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk
from tests.browser.people import People
from tests.factories.imports import as_csv, call, send, taken_in, tried
from tests.factories.town import actor, town_in
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import row_imports, triage_batch

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Imports:
    """One of each kind."""

    new: int
    mapped: int
    tried: int
    imported: int
    failed: int


@pytest.fixture(scope="module")
def seen(site: Site) -> Imports:
    """From a file nobody has looked at to rows that were read."""
    wiring = site.wiring
    with wiring.sessions() as session:
        town = town_in(session)
    rows = [call(number, community="龙池社区") for number in range(4)]
    with jobs_in_this_process(wiring):
        imported = taken_in(wiring, town, as_csv([*rows, call(4, words="")]))
        triage_batch.run()
        with wiring.sessions.begin() as session:
            (one, *_) = imported_rows(session, actor(session, town.jing_id), imported, show=RowFilter.WAITING).rows
            jing = actor(session, town.jing_id)
            chosen = [(one.submission_id, one.version)]
            set_rows_aside(session, Pressing(actor=jing, import_id=imported, chosen=chosen, at=wiring.clock.now(), undo_seconds=0))
        tried_one = tried(wiring, town, as_csv([call(5, community="幸福里片区"), call(6, when="上个月")]))
        failed, mapped = send(wiring, town, as_csv([])), send(wiring, town, as_csv([call(7)]))
        row_imports.run()
    return Imports(new=send(wiring, town, as_csv([call(8)])), mapped=mapped, tried=tried_one, imported=imported, failed=failed)


DESK_PAGES: dict[str, tuple[str, Open]] = {
    "imports": ("wangjing", at("/d/imports")),
    "imports with an error": ("wangjing", sent("/d/imports", "/d/imports", name="")),
    "new import": ("wangjing", at(lambda seen: f"/d/imports/{seen.new}")),
    "columns": ("wangjing", at(lambda seen: f"/d/imports/{seen.mapped}")),
    "columns with an error": ("wangjing", sent(lambda seen: f"/d/imports/{seen.mapped}", "/check", since="2027-01-01")),
    "tried": ("wangjing", at(lambda seen: f"/d/imports/{seen.tried}")),
    "imported": ("wangjing", unfolded(lambda seen: f"/d/imports/{seen.imported}")),
    "failed": ("wangjing", at(lambda seen: f"/d/imports/{seen.failed}")),
    "rows": ("wangjing", at(lambda seen: f"/d/imports/{seen.imported}/rows")),
    "rows all ticked": ("wangjing", at(lambda seen: f"/d/imports/{seen.imported}/rows?all=1")),
    "rows kept for reference": ("wangjing", at(lambda seen: f"/d/imports/{seen.imported}/rows?show=aside")),
    "rows with an error": ("wangjing", sent(lambda seen: f"/d/imports/{seen.imported}/rows", "/attach")),
    "no rows": ("wangjing", at(lambda seen: f"/d/imports/{seen.imported}/rows?show=soon")),
}
"""Name → who looks, and how to get there."""


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Imports, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)
