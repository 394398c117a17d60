"""导入 on the desk: sent, mapped, tried, taken in, worked through and taken back, all without a script; and who may."""

import io
import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from intake.domain.import_mapping import MOST_BYTES
from intake.domain.permission import Role
from intake.domain.row_import import ImportState
from intake.domain.submission import SubmissionState
from intake.models import RowImport, Submission
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.imports import HEADS, as_csv, as_xlsx, call, row_of, send, taken_in
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost
from workers.jobs import row_imports, triage_batch


@pytest.fixture(autouse=True)
def jobs(wiring: Wiring) -> Iterator[None]:
    with jobs_in_this_process(wiring):
        yield


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def upload(person: Person, town: Town, table: bytes, *, file: str = "热线.csv", **fields: str) -> TestResponse:
    token = hidden(person.get("/d/imports").get_data(as_text=True), "csrf_token")
    data = {"csrf_token": token, "name": "热线十月", "source": "12345 热线", "area": str(town.district_id), **fields}
    return person.client.post("/d/imports", data={**data, "file": (io.BytesIO(table), file)}, follow_redirects=True)


COLUMNS = {"text": "2", "title": "1", "number": "0", "when": "3", "community": "4", "place": "", "category": "", "link": "", "since": ""}


def newest(wiring: Wiring) -> str:
    with wiring.sessions() as session:
        return f"/d/imports/{session.scalar(select(func.max(RowImport.id)))}"


def test_a_table_goes_its_whole_way(jing: Person, wiring: Wiring, town: Town) -> None:
    rows = [*(call(at, community="龙池社区") for at in range(3)), call(3, words="", title="=1+1")]
    assert "正在读表头" in words_of(upload(jing, town, as_csv(rows)))
    page = newest(wiring)
    row_imports.run()
    shown = jing.get(page).get_data(as_text=True)
    assert "13800000001" not in shown
    assert re.search("个人信息，不导入： ?联系电话", words_of(jing.get(page)))
    assert re.search(r'<option value="2" selected>内容</option>', shown)
    assert "已开始试读" in words_of(jing.press(page, "/check", **COLUMNS))
    assert 'hx-get="' in jing.get(page).get_data(as_text=True)
    row_imports.run()
    words = words_of(jing.get(page))
    assert "可以导入 3" in words
    assert "没有正文 1" in words
    refused = jing.get(f"{page}/refused.csv").get_data(as_text=True)
    assert refused.splitlines()[1] == "4,正文,内容,没有正文"
    jing.press(page, "/remap")
    assert "已开始试读" in words_of(jing.press(page, "/check", **COLUMNS))
    row_imports.run()
    assert "已开始导入" in words_of(jing.press(page, "/import"))
    row_imports.run()
    assert "导入了 3" in words_of(jing.get(page))
    triage_batch.run()
    assert "等处理" in words_of(jing.get(f"{page}/rows"))
    ticks = re.findall(r'name="one" value="([^"]+)"', jing.get(f"{page}/rows?show=suggested").get_data(as_text=True))
    assert len(ticks) == 3
    assert "已并入 1 件" in words_of(jing.press(f"{page}/rows", "/rows/attach", one=ticks[0]))
    assert "1 件留作参考" in words_of(jing.press(f"{page}/rows", "/rows/aside", one=ticks[1]))
    assert "没有动" in words_of(jing.press(f"{page}/rows", "/rows/aside", one=ticks[0]))
    assert "一件也没有勾选" in words_of(jing.press(f"{page}/rows", "/rows/attach"))
    assert "已开始撤回" in words_of(jing.press(page, "/undo"))
    row_imports.run()
    words = words_of(jing.get(page))
    assert "撤回了 1 件。还留下 2 件" in words
    assert "已并入议题 1 已办结 1" in words
    with wiring.sessions() as session:
        states = session.scalars(select(Submission.state).order_by(Submission.id)).all()
    assert states == [SubmissionState.IN_TOPIC, SubmissionState.CLOSED, SubmissionState.WITHDRAWN]


# Every refusal stands at its field, with what was typed still there.
@pytest.mark.parametrize(
    ("table", "file", "fields", "words"),
    [
        (b"", "a.csv", {}, "文件是空的"),
        (b"a,b\n1,2", "a.xlsm", {}, "带宏"),
        (b"a,b\n1,2", "a.csv", {"name": ""}, "请起个名字"),
        (b"a,b\n1,2", "a.csv", {"source": ""}, "来自哪个系统"),
        (b"a,b\n1,2", "a.csv", {"area": "999"}, "没有写明社区"),
        (b"x" * (MOST_BYTES + 1), "a.csv", {}, "超过 30 MB"),
        (b"x" * (MOST_BYTES + 1024 * 1024), "a.csv", {}, "内容太大"),
    ],
)
def test_what_cannot_be_sent_is_told_at_its_field(
    jing: Person, wiring: Wiring, town: Town, table: bytes, file: str, fields: dict[str, str], words: str
) -> None:
    answer = upload(jing, town, table, file=file, **fields)
    assert answer.status_code in {413, 422}
    assert words in words_of(answer)
    if answer.status_code == 422 and "source" not in fields:
        assert "12345 热线" in answer.get_data(as_text=True)
    with wiring.sessions() as session:
        assert session.scalar(select(func.count()).select_from(RowImport)) == 0


def test_a_mapping_that_cannot_be_keeps_what_was_chosen(jing: Person, wiring: Wiring, town: Town) -> None:
    import_id = send(wiring, town, as_csv([call(1)]))
    row_imports.run()
    page = f"/d/imports/{import_id}"
    answer = jing.press(page, "/check", **{**COLUMNS, "place": "5", "since": "2026-01-01"})
    assert answer.status_code == 422
    assert "个人信息" in words_of(answer)
    assert 'value="2026-01-01"' in answer.get_data(as_text=True)
    for fields, words in (({"since": "昨天"}, "日期看不懂"), ({"since": "2027-01-01"}, "还没到"), ({"text": ""}, "哪一列是正文")):
        assert words in words_of(jing.press(page, "/check", **{**COLUMNS, **fields}))
    assert row_of(wiring, import_id).state is ImportState.MAPPING


def test_another_sheet_can_be_chosen_and_a_table_let_go(jing: Person, wiring: Wiring, town: Town) -> None:
    from openpyxl import load_workbook  # only here

    book = load_workbook(io.BytesIO(as_xlsx([call(1)])))
    other = book.create_sheet("十一月")
    for row in (HEADS[::-1], call(2)[::-1]):
        other.append(list(row))
    file = io.BytesIO()
    book.save(file)
    import_id = send(wiring, town, file.getvalue(), name="a.xlsx")
    row_imports.run()
    page = f"/d/imports/{import_id}"
    assert "十一月" in words_of(jing.get(page))
    jing.press(page, "/sheet", sheet="1")
    row_imports.run()
    assert row_of(wiring, import_id).columns == list(HEADS[::-1])
    jing.press(page, "/sheet", sheet="7")
    row_imports.run()
    assert "没有这张工作表" in words_of(jing.get(page))
    assert "已放弃" in words_of(jing.press(page, "/discard"))
    assert row_of(wiring, import_id).state is ImportState.DISCARDED


def test_only_staff_of_the_district_see_imports(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    import_id = taken_in(wiring, town, as_csv([call(1)]))
    person_with(wiring, "wangjie", "王姐", (Role.WORKER, town.longchi_id))
    for login, status in (("zhou", 403), ("wangjie", 403), ("sunyi", 404)):
        person = sign_in(client.application.test_client(), login)
        for path in (f"/d/imports/{import_id}", f"/d/imports/{import_id}/rows", f"/d/imports/{import_id}/refused.csv"):
            assert person.get(path).status_code == status


def test_the_pages_cost_the_same_for_one_and_for_twenty(jing: Person, wiring: Wiring, town: Town) -> None:
    import_id = taken_in(wiring, town, as_csv([call(1)]))
    triage_batch.run()
    paths = (("/d/imports", "热线十月"), (f"/d/imports/{import_id}", "导入了"), (f"/d/imports/{import_id}/rows", "幸福里"))
    one = [cost(wiring, jing, path, shows) for path, shows in paths]
    for _ in range(3):
        send(wiring, town, as_csv([call(1)]))
    many = taken_in(wiring, town, as_csv([call(at) for at in range(2, 40)]))
    triage_batch.run()
    paths = (("/d/imports", "热线十月"), (f"/d/imports/{many}", "导入了"), (f"/d/imports/{many}/rows", "幸福里"))
    assert [cost(wiring, jing, path, shows) for path, shows in paths] == one
