"""The administrator's and the public pages in every mode, as in test_accessible: points, people, departments, posters, releases."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from config.taxonomy import Taxonomy
from intake.domain.actor import MACHINE
from intake.domain.held import Held
from intake.domain.permission import Role
from intake.domain.point import PointAction
from intake.domain.referral import UnitKind
from intake.domain.release import ReleaseKind
from intake.domain.topic_proposal import ProposalKind
from intake.domain.triage_result import Verdict
from intake.models import Contributor, IntakePoint, Topic
from intake.services.department import DepartmentFacts, create_department
from intake.services.invitation import create_invitation
from intake.services.person import issue_reset
from intake.services.place import change_point, rotate_code, set_rota
from intake.services.poster_batch import order_batch
from intake.services.release import publish
from intake.services.topic_class import open_class
from intake.services.topic_proposal_decide import Answering, dismiss
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories.matters import held, proposed, told, topic_of
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
    klass = shaped(site, town)
    draft = drafted(wiring, town, topic, kind=ReleaseKind.IN_HAND, title="正在换灯", words="市政已经派人看过现场。")
    with wiring.sessions.begin() as session:
        admin = actor(session, town.li_id)
        points = {point.code: point for point in session.query(IntakePoint)}
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
        )  # fmt: skip


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


PHONE_PAGES: dict[str, tuple[str, Open]] = {
    "community": ("", at(lambda seen: f"/c/{seen.community}")),
    "street": ("", at(lambda seen: f"/c/{seen.street}")),
    "public topic": ("", at(lambda seen: f"/t/{seen.topic_number}")),
    "home with results": ("", at("/")),
    "form with proof and duty": ("", at("/p/nvgch2345a")),
    "old poster": ("", at(lambda seen: f"/p/{seen.old_code}")),
    "invitation": ("", at(lambda seen: f"/invite/{seen.invitation}")),
    "invitation with an error": ("", sent(lambda seen: f"/invite/{seen.invitation}", "", login="1", password="short")),
    "unknown invitation": ("", at("/invite/nothing-like-it")),
    "new password": ("", at(lambda seen: f"/reset/{seen.reset}")),
    "parts of the phone": ("", at("/_style")),
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
    "posters": ("chenli", at("/d/posters")),
    "batch": ("chenli", at(lambda seen: f"/d/posters/{seen.batch}")),
    "releases": ("wangjing", at("/d/releases")),
    "new release": ("wangjing", at("/d/releases/new")),
    "draft": ("wangjing", unfolded(lambda seen: f"/d/releases/{seen.draft}")),
    "released": ("wangjing", unfolded(lambda seen: f"/d/releases/{seen.released}")),
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
