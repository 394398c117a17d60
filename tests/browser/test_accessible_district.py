"""The administrator's and the public pages in every mode, as in test_accessible: points, people, departments, posters, releases."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from config.taxonomy import Taxonomy
from intake.domain.actor import MACHINE
from intake.domain.held import Held
from intake.domain.permission import Role
from intake.domain.point import PointAction, PointGuard
from intake.domain.referral import UnitKind
from intake.domain.release import PhotoSide, PhotoSource, ReleaseKind
from intake.domain.suspicion import Suspicion
from intake.domain.topic_proposal import ProposalKind
from intake.domain.triage_result import Verdict
from intake.models import Contributor, IntakePoint, Submission, Topic
from intake.services.department import DepartmentFacts, create_department
from intake.services.invitation import create_invitation
from intake.services.person import issue_reset
from intake.services.place import change_point, rotate_code, set_rota
from intake.services.poster_batch import order_batch
from intake.services.release import publish
from intake.services.release_photo import Chosen, choose_photos
from intake.services.topic_class import open_class
from intake.services.topic_proposal_decide import Answering, dismiss
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories.calls import Called, published_call
from tests.factories.matters import held, proposed, told, topic_of
from tests.factories.photos import photo_said
from tests.factories.releases import drafted, pooled_topic, releasing
from tests.factories.town import Town, actor, town_in

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class District:
    """What has been prepared for looking at."""

    street: int
    community: int
    point: int
    paused: int
    old_code: str
    topic_number: str
    draft: int
    released: int
    department: int
    member: int
    invitation: str
    reset: str
    batch: int
    topic: int
    klass: int
    call: Called
    """One that runs, its form guarded."""
    coming: Called
    suspect: int
    """A message that a program sent."""


@pytest.fixture(scope="module")
def seen(site: Site) -> District:
    """Something of everything."""
    wiring = site.wiring
    now = wiring.clock.now()
    with wiring.sessions() as session:
        town = town_in(session)
    topic = pooled_topic(wiring, town, voices=4)
    released = drafted(wiring, town, topic)
    with wiring.sessions.begin() as session:
        publish(session, releasing(wiring, town.jing_id, released), second_person=False)
    shown(site, town, topic, draft=drafted(wiring, town, topic, title="换灯前后"))
    klass = shaped(site, town)
    call, coming = published_call(wiring, town), published_call(wiring, town, opens_in=4)
    suspect = held(wiring, town.longchi_code, "便宜贷款加我微信", Held.ADVERTISING).submission_id
    draft = drafted(wiring, town, topic, kind=ReleaseKind.IN_HAND, title="正在换灯", words="市政已经派人看过现场。")
    with wiring.sessions.begin() as session:
        admin = actor(session, town.li_id)
        points = {point.code: point for point in session.query(IntakePoint)}
        points[call.code].guard = PointGuard.ON
        session.get_one(Submission, suspect).suspicion = Suspicion.TRAP
        for number, one in enumerate(points.values()):
            one.latitude, one.longitude = 30.0 + number / 100, 124.0 + number / 50
        point, paused, rotated = points[town.longchi_code], points[town.ziwei_code], points[town.shiqiao_code]
        set_rota(session, actor=admin, point_id=point.id, version=point.version, days={0: [town.zhou_id], 3: [town.laozhou_id]}, at=now)
        change_point(session, actor=MACHINE, point_id=paused.id, action=PointAction.PAUSE, note="服务台装修，请到龙池社区说。", at=now)
        old_code = rotated.code
        rotate_code(session, actor=admin, point_id=rotated.id, version=rotated.version, at=now)
        facts = DepartmentFacts("区交通运输局", UnitKind.DEPARTMENT, "市容、占道、路灯", "0550-0000030", (), is_backstop=False)
        department = create_department(session, actor=admin, facts=facts, taxonomy=_taxonomy(site), at=now)
        _, invitation = create_invitation(
            session, actor=admin, name="林晓", role=Role.MEMBER, area_id=town.street_id, department_id=None, days=7, at=now
        )
        member = town.zhou_id
        reset = issue_reset(session, vault=wiring.vault, actor=admin, user_id=member, version=1, at=now)
        batch = order_batch(session, actor=admin, area_id=town.district_id, format="a4", at=now)
        return District(
            street=town.street_id, community=town.longchi_id, point=point.id, paused=paused.id, old_code=old_code,
            topic_number=session.get_one(Topic, topic).number, draft=draft, released=released, department=department.id, member=member,
            invitation=invitation, reset=reset, batch=batch, topic=topic, klass=klass,
            call=call, coming=coming, suspect=suspect,
        )  # fmt: skip


def shown(site: Site, town: Town, topic: int, *, draft: int) -> None:
    """A result with a photo on each side."""
    wiring = site.wiring
    chosen = [
        Chosen(PhotoSource.RESIDENT, photo_said(wiring, topic, colour=colour), side, "幸福里3栋北面")
        for side, colour in ((PhotoSide.BEFORE, "navy"), (PhotoSide.AFTER, "gold"))
    ]
    with wiring.sessions.begin() as session:
        choose_photos(session, releasing(wiring, town.jing_id, draft), chosen, nobody_in_them=True)
    with wiring.sessions.begin() as session:
        publish(session, releasing(wiring, town.jing_id, draft), second_person=False)


def shaped(site: Site, town: Town) -> int:
    """A proposal of each kind, one that was answered, something held back; the id of a class."""
    wiring = site.wiring
    lamps = [
        topic_of(
            wiring,
            town.jing_id,
            f"{side}路灯不亮",
            told(wiring, town.longchi_code, f"{side}的路灯不亮", verdict=Verdict.OPEN),
            told(wiring, town.ziwei_code, f"{side}没有灯"),
        )
        for side in ("北门", "南门", "东门", "西门", "后门", "侧门")
    ]
    with wiring.sessions() as session:
        leaving = session.scalars(select(Contributor.submission_id).where(Contributor.topic_id == lamps[0])).first()
    assert leaving is not None
    proposed(wiring, town, ProposalKind.SPLIT, lamps[:1], submission_ids=[leaving])
    proposed(wiring, town, ProposalKind.MERGE, lamps[:2])
    proposed(wiring, town, ProposalKind.CLASS, lamps[:3])
    answered = proposed(wiring, town, ProposalKind.MERGE, lamps[2:4])
    held(wiring, town.longchi_code, "办证刻章电话联系", Held.ADVERTISING)
    with wiring.sessions.begin() as session:
        staff = actor(session, town.jing_id)
        dismiss(session, Answering(actor=staff, proposal_id=answered, version=1, at=wiring.clock.now()))
        return open_class(session, actor=staff, topic_ids=lamps[4:], title="几处路灯不亮", at=wiring.clock.now()).id


def _taxonomy(site: Site) -> Taxonomy:
    return site.wiring.taxonomy


def photo_without_words(page: Page, seen: District) -> None:
    """A photo is chosen and nothing written below it."""
    page.goto(f"/d/releases/{seen.draft}/photos")
    page.locator("select[name^=side-]").first.select_option("before")
    with page.expect_navigation():
        page.locator("form[action$='/photos']").evaluate("one => one.submit()")
    assert page.locator("[role=alert]").count() == 1, "it was to be refused"


def held_together_without_reason(page: Page, seen: District) -> None:
    """All are declined, and why was forgotten."""
    page.goto(f"/d/quarantine/together/point/{seen.suspect}")
    with page.expect_navigation():
        page.locator("main form").evaluate("one => one.submit()")
    assert page.locator("[role=alert]").count() == 1, "it was to be refused"


PHONE_PAGES: dict[str, tuple[str, Open]] = {
    "community": ("", at(lambda seen: f"/c/{seen.community}")),
    "street": ("", at(lambda seen: f"/c/{seen.street}")),
    "public topic": ("", at(lambda seen: f"/t/{seen.topic_number}")),
    "joining a public topic": ("", unfolded(lambda seen: f"/t/{seen.topic_number}/endorse")),
    "joining with an error": ("", sent(lambda seen: f"/t/{seen.topic_number}/endorse", "/endorse", text="灯" * 301)),
    "similar matters": ("", at("/p/nvgch2345a/similar?q=路灯不亮")),
    "home with results": ("", at("/")),
    "search": ("", at("/search?q=路灯")),
    "search that finds nothing": ("", at("/search?q=飞船")),
    "cases": ("", at("/cases")),
    "map": ("", at(lambda seen: f"/map?area={seen.street}")),
    "open data": ("", unfolded("/open-data")),
    "calls": ("", at("/calls")),
    "guarded form of a call": ("", at(lambda seen: f"/p/{seen.call.code}")),
    "call to come": ("", at(lambda seen: f"/p/{seen.coming.code}")),
    "form with proof and duty": ("", at("/p/nvgch2345a")),
    "old poster": ("", at(lambda seen: f"/p/{seen.old_code}")),
    "invitation": ("", at(lambda seen: f"/invite/{seen.invitation}")),
    "invitation with an error": ("", sent(lambda seen: f"/invite/{seen.invitation}", "", login="1", password="short")),
    "unknown invitation": ("", at("/invite/nothing-like-it")),
    "new password": ("", at(lambda seen: f"/reset/{seen.reset}")),
    "parts of the phone": ("", at("/_style")),
    "interface": ("", at("/api")),
    "reminders and leave": ("gaoqiang", at("/account/digest")),
    "leave with an error": ("gaoqiang", sent("/account/digest", "/account/away", last_day="")),
}
"""Name → who looks, and how to get there."""

DESK_PAGES: dict[str, tuple[str, Open]] = {
    "home of an administrator": ("chenli", at("/start")),
    "proposals": ("wangjing", unfolded("/d/proposals")),
    "answered proposals": ("wangjing", unfolded("/d/proposals?show=decided")),
    "proposals with an error": ("wangjing", sent("/d/proposals", "/accept", title="")),
    "topic with proposals": ("wangjing", unfolded("/d/topics?q=北门")),
    "class": ("wangjing", unfolded(lambda seen: f"/d/topics/{seen.klass}")),
    "new class": ("wangjing", at("/d/classes/new")),
    "new class with an error": ("wangjing", sent("/d/classes/new", "/d/classes", title="")),
    "splitting": ("wangjing", at(lambda seen: f"/d/topics/{seen.topic}/split")),
    "splitting with an error": ("wangjing", sent(lambda seen: f"/d/topics/{seen.topic}/split", "/split", title="")),
    "lineage": ("wangjing", at(lambda seen: f"/d/topics/{seen.topic}/lineage")),
    "held back": ("wangjing", unfolded("/d/quarantine")),
    "held back with an error": ("wangjing", sent("/d/quarantine", "/confirm", words="")),
    "held together": ("wangjing", at(lambda seen: f"/d/quarantine/together/point/{seen.suspect}")),
    "held together with an error": ("wangjing", held_together_without_reason),
    "calls": ("wangjing", at("/d/calls")),
    "call": ("wangjing", unfolded(lambda seen: f"/d/calls/{seen.call.id}")),
    "new call with an error": ("wangjing", sent("/d/calls/new", "/d/calls/new", title="")),
    "report of agreement": ("wangjing", at("/d/triage")),
    "figures": ("wangjing", at("/d/figures")),
    "figures with an error": ("wangjing", at("/d/figures?first=2026-11-05&last=2026-11-01")),
    "points": ("chenli", at("/d/points")),
    "no points found": ("chenli", at("/d/points?q=没有这个")),
    "point": ("chenli", unfolded(lambda seen: f"/d/points/{seen.point}")),
    "paused point": ("chenli", unfolded(lambda seen: f"/d/points/{seen.paused}")),
    "new point": ("chenli", at("/d/points/new")),
    "new point with an error": ("chenli", sent("/d/points/new", "/d/points/new", name="长" * 90)),
    "facts of a point": ("chenli", at(lambda seen: f"/d/points/{seen.point}/facts")),
    "new code": ("chenli", at(lambda seen: f"/d/points/{seen.point}/rotate")),
    "rota": ("chenli", at(lambda seen: f"/d/points/{seen.point}/rota")),
    "areas": ("chenli", unfolded("/d/areas")),
    "area": ("chenli", unfolded(lambda seen: f"/d/areas/{seen.street}")),
    "people": ("chenli", at("/d/people")),
    "person": ("chenli", unfolded(lambda seen: f"/d/people/{seen.member}")),
    "new person": ("chenli", at("/d/people/new")),
    "invitations": ("chenli", unfolded("/d/people/invitations")),
    "invite": ("chenli", at("/d/people/invitations/new")),
    "departments": ("chenli", at("/d/departments")),
    "department": ("chenli", unfolded(lambda seen: f"/d/departments/{seen.department}")),
    "settings": ("chenli", at("/d/settings")),
    "keys": ("chenli", unfolded("/d/api-keys")),
    "keys with an error": ("chenli", sent("/d/api-keys", "/new", name="")),
    "posters": ("chenli", at("/d/posters")),
    "batch": ("chenli", at(lambda seen: f"/d/posters/{seen.batch}")),
    "releases": ("wangjing", at("/d/releases")),
    "new release": ("wangjing", at("/d/releases/new")),
    "draft": ("wangjing", unfolded(lambda seen: f"/d/releases/{seen.draft}")),
    "released": ("wangjing", unfolded(lambda seen: f"/d/releases/{seen.released}")),
    "photos of a draft": ("wangjing", at(lambda seen: f"/d/releases/{seen.draft}/photos")),
    "photos with an error": ("wangjing", photo_without_words),
    "edit a draft": ("wangjing", at(lambda seen: f"/d/releases/{seen.draft}/edit")),
    "parts of the desk": ("", at("/_style/desk")),
}


@pytest.mark.parametrize("name", PHONE_PAGES)
def test_phone_page(name: str, people: People, seen: District, site: Site) -> None:
    login, open_page = PHONE_PAGES[name]
    wrong = wrong_on_phone(people.page_of(login, desk=False), open_page, seen, site)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: District, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)
