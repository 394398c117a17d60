"""承办单位, 交办机关, and 本区设置 on the desk."""

import io
import re
import struct
import zlib
from collections.abc import Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from intake.models import Department, DistrictProfile, Referral, User
from intake.wiring import Wiring
from tests.factories.administrators import street_administrator
from tests.factories.matters import told
from tests.factories.referrals import assigned, referred
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_places import post
from tests.web.test_query_counts import cost

PATH = "/d/departments"


@pytest.fixture
def chen(client: FlaskClient, town: Town) -> Person:
    """陈立, 管理员 of the district."""
    return sign_in(client, "chenli")


def unit(wiring: Wiring, name: str) -> Department:
    with wiring.sessions() as session:
        return session.query(Department).filter_by(name=name).one()


def make(person: Person, name: str, **fields: object) -> TestResponse:
    return post(person, f"{PATH}/new", {"name": name, "kind": "department", **fields})


def change(person: Person, found: Department, **fields: object) -> TestResponse:
    """Send the form of an answering unit."""
    return post(person, f"{PATH}/{found.id}", {"name": found.name, "kind": "department", "version": found.version, **fields})


def close(person: Person, found: Department, **fields: object) -> TestResponse:
    return post(person, f"{PATH}/{found.id}/close", {"version": found.version, "successor": "", **fields})


def backstops(wiring: Wiring) -> list[str]:
    with wiring.sessions() as session:
        return [one.name for one in session.query(Department).filter_by(is_backstop=True).order_by(Department.id)]


def test_a_department_answers_for_categories(chen: Person, wiring: Wiring, town: Town) -> None:
    codes = [category.code for category in wiring.taxonomy.categories[:2]]
    assert make(chen, "云栖区物业科", duty="房屋、物业", phone="0550-0000100", categories=codes).status_code == 303
    page = words_of(chen.get(PATH))
    assert "云栖区物业科" in page
    assert wiring.taxonomy.categories[1].name in page
    found = unit(wiring, "云栖区物业科")
    edited = chen.get(f"{PATH}/{found.id}").get_data(as_text=True)
    assert len(re.findall(r'name="categories" value="[^"]+" checked', edited)) == 2
    assert "新建承办单位" in edited
    assert "没有找到" in words_of(chen.get(f"{PATH}?q=教育"))
    assert "云栖区物业科" in words_of(chen.get(f"{PATH}?q=物业"))


# There is always exactly one that takes what fits none, and it answers.
def test_there_is_always_exactly_one_backstop(chen: Person, wiring: Wiring, town: Town) -> None:
    assert backstops(wiring) == ["区住房和建设局"]
    make(chen, "二局")
    assert backstops(wiring) == ["区住房和建设局"]
    make(chen, "三局", is_backstop="1")
    assert backstops(wiring) == ["三局"]
    assert change(chen, unit(wiring, "二局"), is_backstop="1").status_code == 303
    assert backstops(wiring) == ["二局"]
    without = change(chen, unit(wiring, "二局"))
    assert without.status_code == 422
    assert "总要有一个单位兜底" in words_of(without)
    office = make(chen, "区委办公室", kind="office", is_backstop="1")
    assert office.status_code == 422
    assert "兜底的要是承办单位" in words_of(office)
    closing = close(chen, unit(wiring, "二局"), successor=str(town.lights_id))
    assert closing.status_code == 422
    assert "兜底的单位不能停用" in words_of(closing)
    assert close(chen, unit(wiring, "三局")).status_code == 303
    asleep = change(chen, unit(wiring, "三局"), is_backstop="1")
    assert asleep.status_code == 422
    assert "停用的单位不能兜底" in words_of(asleep)
    assert backstops(wiring) == ["二局"]


def test_the_first_that_answers_is_the_backstop_and_an_office_never(chen: Person, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        for person in session.query(User).filter(User.department_id.is_not(None)):
            person.department_id = None
        session.query(Department).delete()
    make(chen, "区委办公室", kind="office")
    assert backstops(wiring) == []
    make(chen, "一局")
    make(chen, "二局")
    assert backstops(wiring) == ["一局"]


# People were given their roles by the kind of their unit, and an office can't answer.
def test_a_units_kind_stays_while_people_hold_it(chen: Person, wiring: Wiring, town: Town) -> None:
    office = change(chen, unit(wiring, "区城市管理局"), kind="office")
    assert office.status_code == 422
    assert "这个单位还有人" in words_of(office)
    make(chen, "区委办公室", kind="office")
    assert "交办机关" in words_of(chen.get(f"{PATH}?q=区委办"))
    assert change(chen, unit(wiring, "区委办公室"), kind="duty").status_code == 303
    assert change(chen, unit(wiring, "区委办公室")).status_code == 303
    assert change(chen, unit(wiring, "区委办公室"), kind="ministry").status_code == 422


def test_a_unit_without_work_is_closed_and_opened_again(chen: Person, wiring: Wiring, town: Town) -> None:
    lights = unit(wiring, "区城市管理局")
    assert "它没有没办完的事" in words_of(chen.get(f"{PATH}/{lights.id}"))
    assert close(chen, lights).status_code == 303
    assert "停用" in words_of(chen.get(f"{PATH}?q=城市管理"))
    page = words_of(chen.get(f"{PATH}/{lights.id}"))
    assert "停用承办单位" in page
    assert "停用时没有没办完的事" in page
    assert close(chen, unit(wiring, "区城市管理局")).status_code == 409
    assert post(chen, f"{PATH}/{lights.id}/reopen", version=unit(wiring, "区城市管理局").version).status_code == 303
    assert post(chen, f"{PATH}/{lights.id}/reopen", version=unit(wiring, "区城市管理局").version).status_code == 409
    assert unit(wiring, "区城市管理局").active


def test_a_unit_with_work_needs_somebody_who_goes_on(app: Flask, chen: Person, wiring: Wiring, town: Town) -> None:
    one = assigned(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "幸福里2栋路灯不亮")))
    lights = unit(wiring, "区城市管理局")
    html = chen.get(f"{PATH}/{lights.id}").get_data(as_text=True)
    assert "主办 1 件，交办 0 件，协办 0 件" in html
    assert f'<option value="{town.homes_id}" selected>区住房和建设局' in html, "the backstop is offered first"
    nobody = close(chen, lights)
    assert nobody.status_code == 422
    assert "请选由哪个单位接着办" in words_of(nobody)
    wrong = close(chen, lights, successor=str(town.office_id))
    assert wrong.status_code == 422
    assert "承办单位的事由承办单位接" in words_of(wrong)
    assert close(chen, lights, successor=str(town.homes_id), version=lights.version + 1).status_code == 409
    assert close(chen, lights, successor=str(town.homes_id)).status_code == 303
    assert "由区住房和建设局接办" in words_of(chen.get(f"{PATH}?q=城市管理"))
    with wiring.sessions() as session:
        assert session.get_one(Referral, one).lead_id == town.homes_id
    gao = sign_in(app.test_client(), "gaoqiang")
    told_him = words_of(gao.get("/account/digest"))
    assert "“区城市管理局”已停用，没办完的事由“区住房和建设局”接着办" in told_him


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "请填写单位名称"),
        ({"name": "局" * 41}, "最多 40 个字"),
        ({"name": "区城市管理局"}, "已经有“区城市管理局”了"),
        ({"duty": "责" * 301}, "最多 300 个字"),
        ({"phone": "0" * 41}, "最多 40 个字"),
        ({"categories": ["no-such-code"]}, "系统不认识"),
        ({"kind": ""}, "请先选一个"),
    ],
)
def test_a_department_with_a_mistake_is_not_made(
    chen: Person, wiring: Wiring, town: Town, fields: dict[str, object], sentence: str
) -> None:
    answer = post(chen, f"{PATH}/new", {"name": "新局", "kind": "department", "phone": "0550-0000111", **fields})
    assert answer.status_code == 422
    assert sentence in words_of(answer)
    with wiring.sessions() as session:
        assert session.query(Department).count() == 3


def test_two_who_change_one_department_meet(chen: Person, wiring: Wiring, town: Town) -> None:
    lights = unit(wiring, "区城市管理局")
    assert change(chen, lights, name="先改的").status_code == 303
    slower = change(chen, lights, name="后改的")
    assert slower.status_code == 409
    assert 'value="后改的"' in slower.get_data(as_text=True)


def test_departments_belong_to_the_whole_district(app: Flask, chen: Person, wiring: Wiring, town: Town) -> None:
    make(chen, "一局")
    one = unit(wiring, "一局")
    street_administrator(wiring, town.street_id)
    gu = sign_in(app.test_client(), "guning")
    assert "一局" in words_of(gu.get(PATH))
    assert "新建承办单位" not in words_of(gu.get(PATH))
    assert make(gu, "二局").status_code == 403
    assert change(gu, one, name="改了").status_code == 403
    assert close(gu, one).status_code == 403
    assert post(gu, f"{PATH}/{one.id}/reopen", version=1).status_code == 403
    for login in ("zhou", "wangjing", "sunyi"):
        other = sign_in(app.test_client(), login)
        assert other.client.get(PATH).status_code == 403
        assert make(other, "二局").status_code == 403
    assert app.test_client().get(PATH).status_code == 303
    assert chen.get(f"{PATH}/999999").status_code == 404
    assert post(chen, f"{PATH}/999999", name="x", kind="department", version=1).status_code == 404


def test_a_list_of_two_pages_costs_the_same(chen: Person, wiring: Wiring, town: Town) -> None:
    make(chen, "第 00 局")
    few = cost(wiring, chen, PATH, "第 00 局")
    for number in range(1, 33):
        make(chen, f"第 {number:02d} 局")
    assert cost(wiring, chen, PATH, "第 00 局") == few <= 8
    path = f"{PATH}/{unit(wiring, '第 00 局').id}"
    assert cost(wiring, chen, path, "停用或并入别的单位") <= 8
    first = chen.get(PATH).get_data(as_text=True)
    path = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = chen.get(path).get_data(as_text=True)
    names = [re.findall(r">(第 \d\d 局)<", page) for page in (first, second)]
    assert names[0] + names[1] == [f"第 {number:02d} 局" for number in range(33)]


# --- 本区设置 -------------------------------------------------------------------------------------------------------------------------------


def picture(size: tuple[int, int] = (200, 200), form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#0F6B5C").save(out, form)
    return out.getvalue()


def settings_of(wiring: Wiring) -> DistrictProfile | None:
    with wiring.sessions() as session:
        return session.query(DistrictProfile).one_or_none()


def save(person: Person, fields: Mapping[str, object] = {}, *, emblem: bytes | None = None, version: object = None) -> TestResponse:
    html = person.get("/d/settings").get_data(as_text=True)
    data: dict[str, object] = {
        "csrf_token": hidden(html, "csrf_token"),
        "version": hidden(html, "version") if version is None else version,
        **fields,
    }
    if emblem is not None:
        data["emblem"] = (io.BytesIO(emblem), "emblem.png")
    return person.client.post("/d/settings", data=data, content_type="multipart/form-data")


GOOD = {
    "operator": "云栖区政协办公室",
    "phone": "0550-0000000",
    "phone_hours": "工作日 9–17 时",
    "icp_number": "临ICP备00000000号",
    "police_number": "临公网安备 00000000000000号",
    "poster_title": "身边的事，扫码说",
    "colour": "#0f6b5c",
}


def test_settings_are_saved_and_shown_again(chen: Person, wiring: Wiring, town: Town) -> None:
    assert save(chen, GOOD).status_code == 303
    html = chen.get("/d/settings").get_data(as_text=True)
    for value in ("云栖区政协办公室", "临ICP备00000000号", "#0F6B5C"):
        assert f'value="{value}"' in html
    assert "修改本区设置" in html
    assert save(chen).status_code == 303
    found = settings_of(wiring)
    assert found is not None
    assert (found.operator, found.version) == ("", 2)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"colour": "red"}, "颜色应写成 #RRGGBB"),
        ({"colour": "#FFFF00"}, "颜色太浅"),
        ({"colour": "#0F6B5C; x"}, "最多 7 个字"),
        ({"operator": "云" * 200}, "最多"),
        ({"icp_number": "1" * 61}, "最多 60 个字"),
        ({"poster_title": "说" * 100}, "最多"),
        ({"phone_hours": ""}, "什么时候有人接"),
    ],
)
def test_a_setting_that_does_not_fit_keeps_the_others(
    chen: Person, wiring: Wiring, town: Town, fields: dict[str, str], sentence: str
) -> None:
    answer = save(chen, {**GOOD, **fields})
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert sentence in html
    assert 'value="0550-0000000"' in html
    assert settings_of(wiring) is None


def test_two_who_change_the_settings_meet(chen: Person, wiring: Wiring, town: Town) -> None:
    assert save(chen, GOOD).status_code == 303
    slower = save(chen, {**GOOD, "operator": "后来的"}, version=0)
    assert slower.status_code == 409
    assert 'value="后来的"' in slower.get_data(as_text=True)
    found = settings_of(wiring)
    assert found is not None
    assert found.operator == "云栖区政协办公室"


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_an_emblem_is_drawn_anew(chen: Person, wiring: Wiring, town: Town, form: str) -> None:
    original = picture(form=form) + b"<script>alert(1)</script>"
    assert save(chen, GOOD, emblem=original).status_code == 303
    shown = chen.get("/d/settings/emblem")
    assert shown.mimetype == "image/png"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.data.startswith(b"\x89PNG")
    assert b"script" not in shown.data
    assert Image.open(io.BytesIO(shown.data)).size == (200, 200)
    # Saving without a file keeps it; ticking the box takes it away.
    assert save(chen, GOOD).status_code == 303
    assert chen.get("/d/settings/emblem").status_code == 200
    assert save(chen, {**GOOD, "remove_emblem": "1"}).status_code == 303
    assert chen.get("/d/settings/emblem").status_code == 404


def bomb() -> bytes:
    """A PNG of 50,000 × 50,000 pixels in a few bytes."""
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


HOSTILE = {
    "bomb": bomb(),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "gif": picture(form="GIF"),
    "truncated": picture()[:200],
    "head only": picture()[:30],
    "text": b"not a picture",
    "tiny": picture((4, 4)),
    "long": picture((2000, 40)),
    "too large": picture() + b"\0" * (512 * 1024),
}


@pytest.mark.parametrize("what", list(HOSTILE))
def test_what_is_no_emblem_is_a_sentence_and_nothing_is_saved(chen: Person, wiring: Wiring, town: Town, what: str) -> None:
    answer = save(chen, GOOD, emblem=HOSTILE[what])
    assert answer.status_code == 422, what
    assert "徽标" in words_of(answer)
    assert 'id="emblem-error"' in answer.get_data(as_text=True)
    assert settings_of(wiring) is None


def test_a_flood_is_refused_before_it_is_read(chen: Person, wiring: Wiring, town: Town) -> None:
    answer = save(chen, GOOD, emblem=b"\0" * (2 * 1024 * 1024))
    assert answer.status_code == 413
    assert "徽标文件太大，最多 512 kB" in words_of(answer)
    assert 'id="emblem-error"' in answer.get_data(as_text=True), "the sentence doesn't stand at the field"
    assert "什么都没有保存" in words_of(answer)
    assert settings_of(wiring) is None


def test_a_flood_from_somebody_else_shows_no_settings(app: Flask, town: Town) -> None:
    for browser in (app.test_client(), sign_in(app.test_client(), "zhou").client, sign_in(app.test_client(), "wangjing").client):
        answer = browser.post("/d/settings", data={"emblem": (io.BytesIO(b"\0" * (2 * 1024 * 1024)), "emblem.png")})
        assert answer.status_code == 413
        assert 'name="emblem"' not in answer.get_data(as_text=True)
        assert "内容太大了" in words_of(answer)


def test_only_the_districts_administrator_has_settings(app: Flask, wiring: Wiring, town: Town) -> None:
    nobody = app.test_client()
    for path in ("/d/settings", "/d/settings/emblem"):
        assert nobody.get(path).status_code == 303
        for login in ("zhou", "wangjing", "sunyi"):
            assert sign_in(app.test_client(), login).client.get(path).status_code == 403, (path, login)
    street_administrator(wiring, town.street_id)
    gu = sign_in(app.test_client(), "guning")
    assert save(gu, GOOD).status_code == 403
    assert settings_of(wiring) is None
