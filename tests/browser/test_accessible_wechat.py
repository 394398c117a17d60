"""公众号 and 推广链接 in every mode, as in test_accessible."""

from dataclasses import dataclass

import pytest

from intake.domain.notification import NoticeChannel, NoticeKind
from intake.domain.wechat_account import AccountKind
from intake.domain.wechat_finding import OwnCheck
from intake.models import IntakePoint, WeChatAccount, WeChatTemplate
from intake.services.campaign import CampaignFacts, create_campaign, end_campaign
from intake.services.scene_code import ask_scene, note_scene
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories.town import actor, town_in
from tests.factories.wechat import make_account

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Accounts:
    """What has been prepared for looking at."""

    checked: int
    waiting: int
    partner: int
    made_at: int
    refused_at: int
    campaign: int
    code: str
    ended_code: str


@pytest.fixture(scope="module")
def seen(site: Site) -> Accounts:
    """An account that was checked, one that waits, a borrowed one; codes made and refused; a link in use and one that is over."""
    wiring = site.wiring
    with wiring.sessions.begin() as session:
        town = town_in(session)
        now = wiring.clock.now()
        checked = make_account(session, wiring.vault, area_id=town.district_id)
        waiting = make_account(session, wiring.vault, area_id=town.district_id, original_id="gh_000000000002", callback_key="second")
        partner = make_account(
            session, wiring.vault, area_id=town.district_id, kind=AccountKind.PARTNER, original_id="", callback_key="third"
        )
        found = (
            (OwnCheck.HTTPS, True, ""), ("ip_whitelist", False, "203.0.113.7"), (OwnCheck.TEMPLATES, False, "rate,message"),
            (OwnCheck.MENU, False, "48001"), ("template", True, "TM-progress-0001 办理进度提醒"),
        )  # fmt: skip
        account = session.get_one(WeChatAccount, checked)
        account.checked_at = now
        account.check_result = [{"code": str(code), "ok": ok, "detail": detail, "at": now.isoformat()} for code, ok, detail in found]
        session.get_one(WeChatAccount, waiting).check_asked_at = now
        session.add(
            WeChatTemplate(
                district_id=town.district_id, account_id=checked, kind=NoticeKind.OUTCOME, channel=NoticeChannel.TEMPLATE,
                template_id="TM-progress-0001", fields={"thing2": "what", "time3": "when"},
            )
        )  # fmt: skip
        li = actor(session, town.li_id)
        points = {point.code: point.id for point in session.query(IntakePoint)}
        for code, came in ((town.longchi_code, {"address": "http://weixin.qq.com/q/02tests"}), (town.ziwei_code, {"refused": "45029"})):
            scene = ask_scene(session, actor=li, point_id=points[code], at=now)
            note_scene(session, scene_id=scene.id, at=now, **came)
        facts = CampaignFacts(
            name="十一月征集", partner="应城通", area_id=town.district_id, point_code="", starts_on=now.date(), ends_on=None
        )
        campaign = create_campaign(session, actor=li, facts=facts, at=now)
        over = create_campaign(session, actor=li, facts=facts, at=now)
        end_campaign(session, actor=li, campaign_id=over.id, version=1, at=now)
        return Accounts(
            checked=checked,
            waiting=waiting,
            partner=partner,
            made_at=points[town.longchi_code],
            refused_at=points[town.ziwei_code],
            campaign=campaign.id,
            code=campaign.code,
            ended_code=over.code,
        )


PHONE_PAGES: dict[str, tuple[str, Open]] = {
    "points to pick": ("", at(lambda seen: f"/c/{seen.code}")),
    "no points found": ("", at(lambda seen: f"/c/{seen.code}?q=没有这个")),
    "link that is over": ("", at(lambda seen: f"/c/{seen.ended_code}")),
    "no such link": ("", at("/c/nosuchlink")),
}
DESK_PAGES: dict[str, tuple[str, Open]] = {
    "accounts": ("chenli", at("/d/wechat")),
    "new account": ("chenli", at("/d/wechat/new")),
    "new account with an error": ("chenli", sent("/d/wechat/new", "/new", name="云栖", app_id="gh_1")),
    "account that was checked": ("chenli", unfolded(lambda seen: f"/d/wechat/{seen.checked}")),
    "account that waits": ("chenli", at(lambda seen: f"/d/wechat/{seen.waiting}")),
    "borrowed account": ("chenli", at(lambda seen: f"/d/wechat/{seen.partner}")),
    "settings with an error": ("chenli", sent(lambda seen: f"/d/wechat/{seen.checked}/settings", "/settings", name="")),
    "menu": ("chenli", at(lambda seen: f"/d/wechat/{seen.checked}/menu")),
    "menu with an error": ("chenli", sent(lambda seen: f"/d/wechat/{seen.checked}/menu", "/menu", **{"path-1": "/nowhere"})),
    "verification file with an error": (
        "chenli",
        sent(lambda seen: f"/d/wechat/{seen.checked}/verification", "/verification", verify_name="index.html"),
    ),
    "templates": ("chenli", unfolded(lambda seen: f"/d/wechat/{seen.checked}/templates")),
    "templates with an error": ("chenli", sent(lambda seen: f"/d/wechat/{seen.checked}/templates", "/templates", template_id="x")),
    "point with a code": ("chenli", at(lambda seen: f"/d/points/{seen.made_at}")),
    "point whose code was refused": ("chenli", at(lambda seen: f"/d/points/{seen.refused_at}")),
    "campaigns": ("wangjing", at("/d/campaigns")),
    "new campaign": ("wangjing", at("/d/campaigns/new")),
    "new campaign with an error": ("wangjing", sent("/d/campaigns/new", "/new", name="")),
    "campaign": ("wangjing", unfolded(lambda seen: f"/d/campaigns/{seen.campaign}")),
}
"""Name → who looks, and how to get there."""


@pytest.mark.parametrize("name", PHONE_PAGES)
def test_phone_page(name: str, people: People, seen: Accounts, site: Site) -> None:
    login, open_page = PHONE_PAGES[name]
    wrong = wrong_on_phone(people.page_of(login, desk=False), open_page, seen, site)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Accounts, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)
