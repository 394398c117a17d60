"""邀请: from the desk's form to the invited person's first page, and every way in which a link can't be used."""

import re
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.errors import DomainError
from intake.domain.invitation import InvitationState
from intake.domain.permission import Role
from intake.models import AuditEntry, Department, HistoryEntry, Invitation, RoleGrant, User
from intake.services.invitation import accept_invitation
from intake.wiring import Wiring
from tests.factories.administrators import street_administrator
from tests.factories.clock import TestClock
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_people import link_in
from tests.web.test_places import post
from tests.web.test_query_counts import cost

PATH = "/d/people/invitations"


@pytest.fixture
def chen(client: FlaskClient, town: Town) -> Person:
    """陈立, 管理员 of the district."""
    return sign_in(client, "chenli")


def invite(person: Person, area_id: int, **fields: object) -> TestResponse:
    return post(person, f"{PATH}/new", {"name": "林晓", "role": "member", "area": area_id, "days": "7", **fields})


@pytest.fixture
def link(chen: Person, town: Town) -> str:
    """An invitation for 林晓 to be a member for 龙池社区."""
    return link_in(invite(chen, town.longchi_id))


def accept(
    client: FlaskClient, link: str, login: str = "linxiao", password: str = "a-long-password", again: str | None = None
) -> TestResponse:
    page = client.get(link)
    if page.status_code != 200:
        return page
    token = hidden(page.get_data(as_text=True), "csrf_token")
    return client.post(
        link, data={"csrf_token": token, "login": login, "password": password, "again": password if again is None else again}
    )


def the_invitation(wiring: Wiring) -> Invitation:
    with wiring.sessions() as session:
        return session.query(Invitation).one()


# --- the good way -----------------------------------------------------------------------------------------------------------------------


def test_an_invited_person_chooses_a_name_and_starts_work(app: Flask, chen: Person, wiring: Wiring, town: Town, link: str) -> None:
    browser = app.test_client()
    page = words_of(browser.get(link))
    for words in ("林晓，您好", "陈立 邀请您", "委员", "龙池社区", "云栖区", "11 月 10 日 09:00"):
        assert words in page, words
    answer = accept(browser, link)
    assert answer.status_code == 303
    assert browser.get("/m").status_code == 200
    with wiring.sessions() as session:
        user = session.query(User).filter_by(login="linxiao").one()
        assert (user.name, user.district_id) == ("林晓", town.district_id)
        assert [(grant.role, grant.area_id) for grant in session.query(RoleGrant).filter_by(user_id=user.id)] == [
            (Role.MEMBER, town.longchi_id)
        ]
        invitation = session.query(Invitation).one()
        assert (invitation.state, invitation.user_id) == (InvitationState.USED, user.id)
        assert [row.to_state for row in session.query(HistoryEntry).filter_by(noun="invitation").order_by(HistoryEntry.id)] == [
            "open",
            "used",
        ]
    assert "已接受" in words_of(chen.get(PATH))


def test_the_link_is_shown_once_and_stored_nowhere(chen: Person, wiring: Wiring, town: Town) -> None:
    answer = invite(chen, town.longchi_id)
    secret = link_in(answer).rsplit("/", 1)[1]
    assert "<svg" in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(secret) >= 32
    assert secret not in chen.get(PATH).get_data(as_text=True)
    row = the_invitation(wiring)
    assert secret.encode() not in row.token_hash
    with wiring.sessions() as session:
        for entry in session.query(AuditEntry).filter_by(noun="invitation"):
            assert secret not in str(entry.detail)
            assert "林晓" not in str(entry.detail)


def test_the_secret_reaches_no_log(
    app: Flask, link: str, town: Town, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = app.test_client()
    accept(browser, link)
    browser.get(link)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(link)

    monkeypatch.setattr("intake.web.account.invitation.find_invitation", broken)
    assert browser.get(link).status_code == 500
    written = "".join(capfd.readouterr())
    assert link.rsplit("/", 1)[1] not in written


# --- the ways it can't be used ------------------------------------------------------------------------------------------------------------


def test_an_unknown_link_says_what_to_do(client: FlaskClient, town: Town) -> None:
    for token in ("x", "a" * 32, "a" * 3000, "%00", "图"):
        answer = client.get(f"/invite/{token}")
        assert answer.status_code == 404, token
        assert "请邀请您的人再发一次" in words_of(answer)


def test_a_used_link_says_so(app: Flask, link: str) -> None:
    assert accept(app.test_client(), link).status_code == 303
    again = app.test_client().get(link)
    assert again.status_code == 409
    assert "已经用过了" in words_of(again)
    assert "去登录" in words_of(again)


def test_an_expired_link_says_so(app: Flask, wiring: Wiring, link: str, clock: TestClock) -> None:
    browser = app.test_client()
    token = hidden(browser.get(link).get_data(as_text=True), "csrf_token")
    clock.forward(days=7)
    assert browser.get(link).status_code == 410
    late = browser.post(link, data={"csrf_token": token, "login": "linxiao", "password": "a-long-password", "again": "a-long-password"})
    assert late.status_code == 410
    assert "过期了" in words_of(late)
    with wiring.sessions() as session:
        assert session.query(User).filter_by(login="linxiao").count() == 0


def test_a_link_taken_back_says_so(app: Flask, chen: Person, wiring: Wiring, link: str) -> None:
    page = chen.press(PATH, f"/{the_invitation(wiring).id}/revoke")
    assert "已收回" in words_of(page)
    answer = app.test_client().get(link)
    assert answer.status_code == 410
    assert "已经收回" in words_of(answer)
    assert post(chen, f"{PATH}/{the_invitation(wiring).id}/revoke").status_code == 409


def test_whoever_may_no_longer_invite_has_no_invitations_out(app: Flask, chen: Person, wiring: Wiring, town: Town) -> None:
    gu_id = street_administrator(wiring, town.street_id)
    link = link_in(invite(sign_in(app.test_client(), "guning"), town.longchi_id))
    assert app.test_client().get(link).status_code == 200
    post(chen, f"/d/people/{gu_id}/deactivate", version=1)
    refused = app.test_client().get(link)
    assert refused.status_code == 403
    assert "不再负责" in words_of(refused)
    post(chen, f"/d/people/{gu_id}/reactivate", version=2)
    with wiring.sessions.begin() as session:
        session.query(RoleGrant).filter_by(user_id=gu_id).delete()
    assert app.test_client().get(link).status_code == 403


@pytest.mark.parametrize(
    ("login", "password", "again", "sentence"),
    [
        ("", "a-long-password", None, "登录名用小写字母开头"),
        ("zhou", "a-long-password", None, "已经有人用了"),
        ("linxiao", "short", None, "密码至少 10 个字符"),
        ("linxiao", "a-long-password", "a-long-passwort", "两次写的密码不一样"),
        ("linxiao", "长" * 300, None, "密码最多"),
        ("x\x00y", "a-long-password", "a-long-passwor", "不一样"),
    ],
)
def test_a_mistake_keeps_the_login_and_the_invitation(
    app: Flask, wiring: Wiring, link: str, login: str, password: str, again: str | None, sentence: str
) -> None:
    answer = accept(app.test_client(), link, login, password, again)
    assert answer.status_code == 422
    assert sentence in words_of(answer)
    assert password not in answer.get_data(as_text=True)
    assert the_invitation(wiring).state is InvitationState.OPEN
    assert accept(app.test_client(), link).status_code == 303


def test_a_send_without_a_token_is_refused(app: Flask, wiring: Wiring, link: str) -> None:
    assert app.test_client().post(link, data={"login": "linxiao", "password": "a-long-password"}).status_code == 400
    assert the_invitation(wiring).state is InvitationState.OPEN


def test_guessing_links_is_stopped_and_a_hall_full_of_guests_is_not(app: Flask, link: str, town: Town) -> None:
    browser = app.test_client()
    for _ in range(40):
        assert browser.get(link).status_code == 200
    for number in range(30):
        assert browser.get(f"/invite/guess{number}").status_code == 404
    assert browser.get("/invite/guess").status_code == 429
    assert browser.get(link).status_code == 429


def test_two_who_use_one_link_at_once_make_one_account(wiring: Wiring, link: str) -> None:
    token = link.rsplit("/", 1)[1]
    done, refused = [], []
    ready = threading.Barrier(2)

    def use(login: str) -> None:
        ready.wait()
        try:
            with wiring.sessions.begin() as session:
                accept_invitation(session, token=token, login=login, password="a-long-password", at=wiring.clock.now())
            done.append(login)
        except DomainError as error:
            refused.append(error)

    both = [threading.Thread(target=use, args=(login,)) for login in ("one", "two")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(done) == len(refused) == 1
    with wiring.sessions() as session:
        assert session.query(User).filter(User.login.in_(["one", "two"])).count() == 1


# --- a new link for one that expired -------------------------------------------------------------------------------------------------------


def test_who_let_an_invitation_expire_gets_another_link(
    app: Flask, chen: Person, wiring: Wiring, link: str, clock: TestClock, town: Town
) -> None:
    assert "重新邀请" not in words_of(chen.get(PATH)), "the first still works"
    clock.forward(days=8)
    chen = sign_in(app.test_client(), "chenli")
    old = the_invitation(wiring).id
    answer = chen.press(PATH, f"/{old}/again")
    new = link_in(answer)
    assert new != link
    assert "11 月 18 日 09:00" in words_of(answer)
    browser = app.test_client()
    assert "已经收回" in words_of(browser.get(link))
    assert accept(browser, new).status_code == 303
    with wiring.sessions() as session:
        rows = session.query(Invitation).order_by(Invitation.id).all()
        assert [(row.name, row.role, row.area_id, row.state) for row in rows] == [
            ("林晓", Role.MEMBER, town.longchi_id, InvitationState.REVOKED),
            ("林晓", Role.MEMBER, town.longchi_id, InvitationState.USED),
        ]
        acts = [row.action for row in session.query(AuditEntry).filter_by(noun="invitation").order_by(AuditEntry.id)]
    assert acts == ["invitation.create", "invitation.revoke", "invitation.create", "invitation.accept"]


def test_one_that_still_works_was_used_or_taken_back_gets_no_other_link(app: Flask, chen: Person, wiring: Wiring, link: str) -> None:
    one = the_invitation(wiring).id
    early = post(chen, f"{PATH}/{one}/again")
    assert early.status_code == 409
    assert "还没有过期" in words_of(early)
    assert app.test_client().get(link).status_code == 200, "the link was lost"
    accept(app.test_client(), link)
    assert post(chen, f"{PATH}/{one}/again").status_code == 409
    assert the_invitation(wiring).state is InvitationState.USED


def test_pressed_twice_it_makes_one_link(app: Flask, wiring: Wiring, link: str, clock: TestClock) -> None:
    clock.forward(days=8)
    chen = sign_in(app.test_client(), "chenli")
    one = the_invitation(wiring).id
    assert [post(chen, f"{PATH}/{one}/again").status_code for _ in range(2)] == [200, 409]
    with wiring.sessions() as session:
        assert session.query(Invitation).count() == 2


def test_only_who_may_give_the_role_there_invites_again(app: Flask, wiring: Wiring, link: str, clock: TestClock, town: Town) -> None:
    street_administrator(wiring, town.street_id)
    chen = sign_in(app.test_client(), "chenli")
    invite(chen, town.street_id, role="admin", name="又一位")
    clock.forward(days=8)
    with wiring.sessions() as session:
        local, wide = session.query(Invitation).order_by(Invitation.id).all()
    for login, status in (("zhou", 403), ("wangjing", 403), ("sunyi", 403)):
        assert post(sign_in(app.test_client(), login), f"{PATH}/{local.id}/again").status_code == status
    gu = sign_in(app.test_client(), "guning")
    assert post(gu, f"{PATH}/{wide.id}/again").status_code == 422
    assert post(gu, f"{PATH}/{local.id}/again").status_code == 200
    assert post(gu, f"{PATH}/999999/again").status_code == 404
    with wiring.sessions() as session:
        assert session.get_one(Invitation, wide.id).state is InvitationState.OPEN, "it was taken back all the same"


# --- who may invite whom --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "请填写姓名"),
        ({"name": "林" * 41}, "最多 40 个字"),
        ({"days": "0"}, "有效期是 1 到 30 天"),
        ({"days": "31"}, "有效期是 1 到 30 天"),
        ({"days": "x"}, "请先选一个"),
        ({"role": "king"}, "请先选一个"),
        ({"area": ""}, "请选择负责的区域"),
        ({"area": "1"}, "没有这个区域"),
        ({"role": "department"}, "承办单位和交办机关的人要选单位"),
    ],
)
def test_an_invitation_with_a_mistake_is_not_made(chen: Person, wiring: Wiring, town: Town, fields: dict[str, str], sentence: str) -> None:
    answer = invite(chen, town.longchi_id, **fields)
    assert answer.status_code == 422
    assert sentence in words_of(answer)
    with wiring.sessions() as session:
        assert session.query(Invitation).count() == 0


def test_a_streets_administrator_invites_for_the_street_alone(app: Flask, chen: Person, wiring: Wiring, town: Town, link: str) -> None:
    street_administrator(wiring, town.street_id)
    gu = sign_in(app.test_client(), "guning")
    assert link_in(invite(gu, town.street_id, role="convenor"))
    assert invite(gu, town.shiqiao_id).status_code == 422
    assert invite(gu, town.street_id, role="admin").status_code == 422
    assert invite(gu, town.district_id).status_code == 422
    for_shiqiao = invite(chen, town.shiqiao_id, name="石桥的人")
    assert for_shiqiao.status_code == 200
    assert "石桥的人" not in words_of(gu.get(PATH))
    with wiring.sessions() as session:
        foreign = session.query(Invitation).filter_by(name="石桥的人").one().id
    assert post(gu, f"{PATH}/{foreign}/revoke").status_code == 403
    assert post(gu, f"{PATH}/999999/revoke").status_code == 404


def test_members_invite_nobody(app: Flask, wiring: Wiring, town: Town) -> None:
    for login in ("zhou", "wangjing"):
        assert invite(sign_in(app.test_client(), login), town.longchi_id).status_code == 403
    with wiring.sessions() as session:
        assert session.query(Invitation).count() == 0


def test_a_list_of_two_pages_shows_each_once_and_costs_the_same(chen: Person, wiring: Wiring, town: Town) -> None:
    invite(chen, town.longchi_id, name="客人00")
    few = cost(wiring, chen, PATH, "客人00")
    for number in range(1, 33):
        invite(chen, town.longchi_id, name=f"客人{number:02d}")
    assert cost(wiring, chen, PATH, "客人32") == few <= 8
    first = chen.get(f"{PATH}?state=open").get_data(as_text=True)
    path = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = chen.get(path).get_data(as_text=True)
    pages = [re.findall(r"<td>(客人\d\d)</td>", page) for page in (first, second)]
    assert pages[0] + pages[1] == [f"客人{number:02d}" for number in range(32, -1, -1)]
    assert "这里还没有邀请" in words_of(chen.get(f"{PATH}?state=used"))


def test_a_name_is_shown_as_it_was_typed(chen: Person, app: Flask, town: Town) -> None:
    link = link_in(invite(chen, town.longchi_id, name="<b>林晓</b>"))
    assert "<b>林晓</b>" not in app.test_client().get(link).get_data(as_text=True)


def test_an_invited_persons_department_comes_with_the_role(app: Flask, chen: Person, wiring: Wiring, town: Town) -> None:
    post(chen, "/d/departments/new", name="云栖区城管局", kind="department")
    with wiring.sessions() as session:
        department = session.query(Department).filter_by(name="云栖区城管局").one().id
    link = link_in(invite(chen, town.district_id, role="department", department=department))
    assert "云栖区城管局" in words_of(app.test_client().get(link))
    accept(app.test_client(), link)
    with wiring.sessions() as session:
        assert session.query(User).filter_by(login="linxiao").one().department_id == department
