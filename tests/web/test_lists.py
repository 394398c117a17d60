"""清单 on the desk: from referrals to an issued edition and the files of it, by those who may."""

from io import BytesIO
from urllib.parse import unquote

import openpyxl
import pypdfium2
import pytest
from docx import Document
from flask.testing import FlaskClient

from intake.domain.official_list import ListKind, ListState
from intake.models import OfficialList, Referral
from intake.wiring import Wiring
from tests.factories.lists import TITLE, being_delivered, followed, issued, list_row, listed, relayed
from tests.factories.referrals import assigned, delivered
from tests.factories.releases import pooled_topic, street_staff
from tests.factories.town import Town
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def number_of(wiring: Wiring, referral_id: int) -> str:
    with wiring.sessions() as session:
        return session.get_one(Referral, referral_id).number


def test_staff_make_a_list_issue_it_write_down_its_paper_and_begin_the_next(jing: Person, wiring: Wiring, town: Town) -> None:
    assigned(wiring, town, relayed(wiring, town))
    choosing = words_of(jing.get("/d/lists/new?kind=responsibility"))
    assert "共 1 项" in choosing
    assert "幸福里2栋路灯不亮" in choosing
    made = jing.press("/d/lists/new?kind=responsibility", "/d/lists/new?kind=responsibility", title=TITLE)
    assert "草稿编好了" in words_of(made)
    with wiring.sessions() as session:
        list_id = session.query(OfficialList).one().id
    page = f"/d/lists/{list_id}"
    assert "区城市管理局" in words_of(made)
    assert "/paper" not in [part for part in made.get_data(as_text=True).split('"') if part.endswith("/paper")]
    assert "印发" in words_of(jing.press(page, "/issue"))
    assert list_row(wiring, list_id).state is ListState.ISSUED
    wrong = jing.press(page, "/paper", document_number="云协〔2026〕12号", signer="主席", signed_on="")
    assert (wrong.status_code, "请填写签发日期" in words_of(wrong)) == (422, True)
    assert "云协〔2026〕12号" in wrong.get_data(as_text=True), "what was typed was lost"
    right = words_of(jing.press(page, "/paper", document_number="云协〔2026〕12号", signer="主席", signed_on="2026-11-03"))
    assert "已登记" in right
    assert "云协〔2026〕12号" in words_of(jing.get("/d/lists"))
    assert "云协〔2026〕12号" in words_of(jing.get("/d/lists?q=12号"))
    assert "这里还没有清单" in words_of(jing.get("/d/lists?q=不存在"))
    begun = words_of(jing.press(page, "/next-edition"))
    assert "第 2 版" in begun
    assert "与第 1 版相比" in begun


def test_a_list_of_a_topic_holds_its_measures(jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = being_delivered(wiring, pooled_topic(wiring, town))
    assert f"topic={topic_id}" in jing.get("/d/lists/new").get_data(as_text=True)
    page = words_of(jing.get(f"/d/lists/new?topic={topic_id}&kind=result"))
    assert "没有可以列入的转报" in page
    pooled = pooled_topic(wiring, town, code=town.shiqiao_code)
    assert jing.get(f"/d/lists/new?topic={pooled}&kind=result").status_code == 404


def test_a_row_that_lacks_something_is_named_before_and_at_issuing(jing: Person, wiring: Wiring, town: Town) -> None:
    number = number_of(wiring, relayed(wiring, town))
    list_id = listed(wiring, town)
    page = f"/d/lists/{list_id}"
    assert f"{number} · 还没有主办单位" in words_of(jing.get(page))
    refused = jing.press(page, "/issue")
    assert refused.status_code == 422
    assert f"序号 1（{number}）" in words_of(refused)
    english = words_of(jing.get(f"{page}?lang=en"))
    assert "No lead yet" in english


def test_rows_are_left_out_put_in_and_ordered_without_script(jing: Person, wiring: Wiring, town: Town) -> None:
    first, second = relayed(wiring, town), relayed(wiring, town, words="井盖松动")
    list_id = listed(wiring, town)
    third = relayed(wiring, town, words="垃圾成堆")
    edit = f"/d/lists/{list_id}/edit"
    html = jing.get(edit).get_data(as_text=True)
    version = html.split('name="version" value="')[1].split('"')[0]
    token = html.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "version": version, "title": TITLE, "row": [str(first), str(second)]}
    places = {f"place-{first}": "2", f"place-{second}": "1"}
    wrong = jing.client.post(edit, data={**fields, **places, "added": "ZB2026-9999"})
    assert (wrong.status_code, "ZB2026-9999" in wrong.get_data(as_text=True)) == (422, True)
    assert jing.client.post(edit, data={**fields, **places, "added": number_of(wiring, third)}).status_code == 303
    assert list_row(wiring, list_id).referral_ids == [second, first, third]
    # The same form again is somebody's stale screen.
    stale = jing.client.post(edit, data={**fields, "title": "后写的标题", "row": [str(first)]})
    assert (stale.status_code, "后写的标题" in stale.get_data(as_text=True)) == (409, True)


def test_the_page_shows_what_is_different_cell_by_cell(jing: Person, wiring: Wiring, town: Town) -> None:
    referral_id = relayed(wiring, town)
    assigned(wiring, town, referral_id)
    list_id = issued(wiring, town, listed(wiring, town))
    with wiring.sessions.begin() as session:
        session.get_one(Referral, referral_id).basis = "居民又反映了两次。"
    html = jing.get(f"/d/lists/{followed(wiring, town, list_id)}").get_data(as_text=True)
    assert "<del>请城管部门修灯。</del>" in html
    assert "<ins>居民又反映了两次。</ins>" in html


@pytest.mark.parametrize("kind", list(ListKind))
def test_the_files_hold_the_list_under_its_chinese_name(jing: Person, wiring: Wiring, town: Town, kind: ListKind) -> None:
    number = number_of(wiring, delivered(wiring, town, relayed(wiring, town)))
    list_id = listed(wiring, town, kind=kind)
    files = {ending: jing.get(f"/d/lists/{list_id}/paper.{ending}") for ending in ("docx", "pdf", "xlsx")}
    for ending, answer in files.items():
        assert answer.status_code == 200
        said = answer.headers["Content-Disposition"]
        assert said.startswith("attachment")
        assert unquote(said.partition("filename*=UTF-8''")[2]) == f"{TITLE}-第1版-稿.{ending}"
        assert answer.headers["Cache-Control"] == "no-store"
        assert jing.get(f"/d/lists/{list_id}/paper.{ending}").data == answer.data
    assert number in Document(BytesIO(files["docx"].data)).tables[0].rows[1].cells[1].text
    assert number in pypdfium2.PdfDocument(files["pdf"].data)[1].get_textpage().get_text_range()
    assert number in openpyxl.load_workbook(BytesIO(files["xlsx"].data)).active["B4"].value
    assert jing.get(f"/d/lists/{list_id}/paper.exe").status_code == 404


@pytest.mark.parametrize("login", ["zhou", "chenli", "gaoqiang", "fangmin", "hemiao"])
def test_others_neither_see_lists_nor_take_files(client: FlaskClient, wiring: Wiring, town: Town, login: str) -> None:
    relayed(wiring, town)
    list_id = listed(wiring, town)
    person = sign_in(client, login)
    for path in ("/d/lists", "/d/lists/new", f"/d/lists/{list_id}", f"/d/lists/{list_id}/paper.xlsx"):
        assert person.get(path).status_code == 403


def test_staff_of_a_street_and_of_another_district_see_none(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    relayed(wiring, town)
    list_id = listed(wiring, town)
    street_staff(wiring, "丰山街道", "fengshan")
    of_street = sign_in(client, "fengshan")
    for path in ("/d/lists", "/d/lists/new", f"/d/lists/{list_id}", f"/d/lists/{list_id}/paper.pdf"):
        assert of_street.get(path).status_code == 403
    stranger = sign_in(client.application.test_client(), "sunyi")
    assert TITLE not in words_of(stranger.get("/d/lists"))
    assert stranger.get(f"/d/lists/{list_id}").status_code == 404
    assert stranger.get(f"/d/lists/{list_id}/paper.pdf").status_code == 404


def test_the_index_costs_the_same_for_one_list_and_for_a_page_of_them(jing: Person, wiring: Wiring, town: Town) -> None:
    relayed(wiring, town)
    listed(wiring, town, title="第 0 份")
    one = cost(wiring, jing, "/d/lists", "第 0 份")
    for number in range(1, 32):
        listed(wiring, town, title=f"第 {number} 份")
    assert cost(wiring, jing, "/d/lists", "第 31 份") == one
    first = jing.get("/d/lists").get_data(as_text=True)
    assert "第 2 份" in first
    assert "第 1 份" not in first
    after = first.split("/d/lists?after=")[1].split('"')[0]
    assert "第 1 份" in jing.get(f"/d/lists?after={after}").get_data(as_text=True)


def test_a_unit_is_chosen_by_its_name_among_its_kind(jing: Person, town: Town) -> None:
    page = jing.get("/d/lists/new?kind=result").get_data(as_text=True)
    assert f'<optgroup label="承办单位"><option value="{town.lights_id}">区城市管理局</option>' in page
    assert f'<option value="{town.office_id}">区政府办公室</option>' in page
    chosen = jing.get(f"/d/lists/new?kind=result&unit={town.lights_id}").get_data(as_text=True)
    assert f'<option value="{town.lights_id}" selected>' in chosen
