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
from intake.domain.row_import import UNDONE_CODE, ImportState
from intake.domain.submission import SubmissionState
from intake.models import RowImport, Submission, SubmissionLease, Topic, User
from intake.services import row_import_work
from intake.services.row_import import forget_files
from intake.services.row_import_rows import Pressing, bring_rows_back, set_rows_aside
from intake.services.submission_submit import Stored
from intake.web.language import filesize
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.hands import recused
from tests.factories.imports import HEADS, as_csv, as_xlsx, call, row_of, send, taken_in, tried
from tests.factories.matters import taken_up
from tests.factories.town import Town, actor
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
    kept = jing.press(f"{page}/rows", "/rows/aside", one=ticks[1])
    assert "1 件留作参考，可以在“只作参考”一栏放回" in words_of(kept)
    assert 'href="' + f'{page}/rows?show=aside"' in kept.get_data(as_text=True)
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


@pytest.mark.parametrize("reached", ["mapped", "tried"])
def test_a_table_whose_file_is_gone_asks_for_another(jing: Person, wiring: Wiring, town: Town, reached: str) -> None:
    import_id = tried(wiring, town, as_csv([call(1)])) if reached == "tried" else send(wiring, town, as_csv([call(1)]))
    row_imports.run()
    page = f"/d/imports/{import_id}"
    assert "请重新上传" not in words_of(jing.get(page))
    with wiring.sessions() as session:
        forget_files(session, [import_id])
        session.commit()
    shown = jing.get(page).get_data(as_text=True)
    assert "换一个文件" in shown
    assert not re.search(f'action="{page}/(check|import)"', shown)


def test_what_was_kept_for_reference_is_brought_back(jing: Person, wiring: Wiring, town: Town) -> None:
    import_id = taken_in(wiring, town, as_csv([call(at, community="龙池社区") for at in range(2)]))
    triage_batch.run()
    page = f"/d/imports/{import_id}/rows"
    assert "以后可以放回" in words_of(jing.get(page))
    whole = jing.get(f"{page}?all=1").get_data(as_text=True)
    assert (whole.count(" checked"), "都不勾" in whole) == (2, True)
    assert re.search('href="/d/imports"[^>]*aria-current', whole)
    assert "勾选这一页的 2 件" in words_of(jing.get(page))
    ticks = re.findall(r'name="one" value="([^"]+)"', whole)
    for one in ticks:
        jing.press(page, "/rows/aside", one=one)
    shown = jing.get(f"{page}?show=aside")
    assert "幸福里" in words_of(shown)
    again, _ = re.findall(r'name="one" value="([^"]+)"', shown.get_data(as_text=True))
    assert "1 件放回等处理" in words_of(jing.press(f"{page}?show=aside", "/rows/back", one=again))
    assert "1 件没有动：刚刚有人处理过" in words_of(jing.press(f"{page}?show=aside", "/rows/back", one=again))
    assert "一件也没有勾选" in words_of(jing.press(f"{page}?show=aside", "/rows/back"))
    assert len(re.findall(r'name="one"', jing.get(page).get_data(as_text=True))) == 1
    assert "这一页没有等处理的" not in words_of(jing.get(page))


# Whoever stepped back from a row reads nothing of it there, and can neither decide on it nor bring it back.
def test_rows_that_one_stepped_back_from_stay_empty(jing: Person, wiring: Wiring, town: Town) -> None:
    import_id = taken_in(wiring, town, as_csv([call(1, "紫薇苑的物业乱收停车费"), call(2, "龙池桥头的井盖没有了")]))
    triage_batch.run()
    person_with(wiring, "guojie", "郭洁", (Role.STAFF, town.district_id))
    with wiring.sessions() as session:
        first, second = session.scalars(select(Submission.id).order_by(Submission.id)).all()
    page = f"/d/imports/{import_id}/rows"
    before = jing.get(page).get_data(as_text=True)
    assert "停车费" in before
    tick = next(one for one in re.findall(r'name="one" value="([^"]+)"', before) if one.startswith(f"{first}_"))
    assert recused(wiring, town.jing_id, Stored(first, "", b"", repeated=False)) is False
    for show in ("waiting", "all"):
        html = jing.get(f"{page}?show={show}").get_data(as_text=True)
        assert ("停车费" in html, "井盖" in html, "您已回避这一件" in html) == (False, True, True), show
        assert [one.split("_")[0] for one in re.findall(r'name="one" value="([^"]+)"', html)] == [str(second)]
        assert f"/submissions/{first}" not in html
    assert "1 件没有动" in words_of(jing.press(page, "/rows/aside", one=tick))
    with wiring.sessions.begin() as session:
        staff = session.scalars(select(User.id).where(User.login == "guojie")).one()
        version = session.get_one(Submission, first).version
        other = Pressing(actor(session, staff), import_id, [(first, version)], wiring.clock.now(), 0)
        assert set_rows_aside(session, other).done == 1
    with wiring.sessions.begin() as session:
        version = session.get_one(Submission, first).version
        own = Pressing(actor(session, town.jing_id), import_id, [(first, version)], wiring.clock.now(), 0)
        assert bring_rows_back(session, own).done == 0
    shown = jing.get(f"{page}?show=aside").get_data(as_text=True)
    assert ("停车费" in shown, 'name="one"' in shown) == (False, False)


# A topic that was taken up with rows alone that are gone now isn't forgotten on the board.
def test_topics_that_an_undone_import_leaves_without_a_voice_are_named(jing: Person, wiring: Wiring, town: Town) -> None:
    import_id = taken_in(wiring, town, as_csv([call(at, community="龙池社区") for at in range(3)]))
    triage_batch.run()
    with wiring.sessions() as session:
        topic = session.scalars(select(Topic)).one()
        topic_id, title = topic.id, topic.title
    page = f"/d/imports/{import_id}"
    taken_up(wiring, town.jing_id, topic_id)
    jing.press(page, "/undo")
    assert "一件也没有了" not in words_of(jing.get(page))
    row_imports.run()
    shown = jing.get(page)
    assert "1 个议题只有撤回的这些来件，现在一件也没有了" in words_of(shown)
    assert f'href="/d/topics/{topic_id}"' in shown.get_data(as_text=True)
    assert f"{title} " in words_of(shown)
    # Rows that open a candidate which nobody took up leave nothing to be named.
    other = taken_in(wiring, town, as_csv([call(at, "河边的树倒了压住步道", community="石桥社区") for at in range(11, 13)]))
    triage_batch.run()
    jing.press(f"/d/imports/{other}", "/undo")
    row_imports.run()
    assert "撤回了 2 件" in words_of(jing.get(f"/d/imports/{other}"))


# Of two that are taken back at once, the one that went last has emptied the topic; so it is where history doesn't yet say which it was.
@pytest.mark.parametrize("code_says_which", [True, False])
def test_a_topic_that_two_undone_imports_leave_is_named_with_the_last(
    jing: Person, wiring: Wiring, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch, code_says_which: bool
) -> None:
    first, second = (taken_in(wiring, town, as_csv([call(at, community="龙池社区")])) for at in range(2))
    triage_batch.run()
    with wiring.sessions() as session:
        topic = session.scalars(select(Topic)).one()
        assert topic.suggested_count == 2
    taken_up(wiring, town.jing_id, topic.id)
    if not code_says_which:
        monkeypatch.setattr(row_import_work, "undone_code", lambda _: UNDONE_CODE)
    jing.press(f"/d/imports/{first}", "/undo")
    if code_says_which:
        jing.press(f"/d/imports/{second}", "/undo")
    row_imports.run()
    if not code_says_which:
        clock.forward(minutes=1)
        jing.press(f"/d/imports/{second}", "/undo")
        row_imports.run()
    pages = [words_of(jing.get(f"/d/imports/{one}")) for one in (first, second)]
    assert all("已撤回" in page for page in pages)
    assert ["现在一件也没有了" in page for page in pages] == [False, True]


def test_names_of_communities_are_placed_before_the_import(jing: Person, wiring: Wiring, town: Town) -> None:
    import_id = tried(wiring, town, as_csv([call(1, community="幸福里片区"), call(2, community="幸福里片区"), call(3, community="山那边")]))
    page = f"/d/imports/{import_id}"
    words = words_of(jing.get(page))
    assert "这些社区名称没有对上" in words
    assert re.search("共 3 行，不选就放到“云栖区”", words)
    assert re.search("幸福里片区 2 .*山那边 1 ", words)
    refused = jing.press(page, "/import", to_0=str(10**6), to_1=str(town.longchi_id))
    assert refused.status_code == 422
    assert "要放的地方已经不在了" in words_of(refused)
    assert f'<option value="{town.longchi_id}" selected>' in refused.get_data(as_text=True)
    assert "已开始导入" in words_of(jing.press(page, "/import", to_0=str(town.longchi_id), to_1=""))
    row_imports.run()
    with wiring.sessions() as session:
        areas = session.scalars(select(Submission.area_id).order_by(Submission.id)).all()
    assert areas == [town.longchi_id, town.longchi_id, town.district_id]
    later = tried(wiring, town, as_csv([call(4, community="幸福里片区")]))
    assert f'<option value="{town.longchi_id}" selected>' in jing.get(f"/d/imports/{later}").get_data(as_text=True)


def test_a_formula_without_its_result_is_shown_and_refused_as_one(jing: Person, wiring: Wiring, town: Town) -> None:
    import_id = send(wiring, town, as_xlsx([("1", "灯", "=A1&B1", "2026-10-03", "", ""), call(2)]), name="热线.xlsx")
    row_imports.run()
    page = f"/d/imports/{import_id}"
    assert "公式，没有结果" in words_of(jing.get(page))
    jing.press(page, "/check", **COLUMNS)
    row_imports.run()
    assert re.search("这一格是公式，文件里没有它的结果。.*“选择性粘贴”成“值”.* 1", words_of(jing.get(page)))
    assert "1,正文,内容,这一格是公式" in jing.get(f"{page}/refused.csv").get_data(as_text=True)


def test_sizes_are_said_in_the_language_of_the_page(jing: Person, wiring: Wiring, town: Town) -> None:
    import_id = send(wiring, town, as_csv([call(1)]))
    size = row_of(wiring, import_id).size
    assert f"大小 {size} 字节" in words_of(jing.get(f"/d/imports/{import_id}"))
    assert f"{size} bytes" in words_of(jing.get(f"/d/imports/{import_id}?lang=en"))
    with jing.client.application.test_request_context():
        said = [filesize(one) for one in (0, 999, 1_000, 12_345, 999_499, 999_500, 1_234_567, 31_457_280, 2_500_000_000)]
    assert said == ["0 字节", "999 字节", "1 KB", "12 KB", "999 KB", "1.0 MB", "1.2 MB", "31 MB", "2.5 GB"]


# A member comes upon it by an address somebody sent: it says what it is, where it stands, and asks nothing of them.
def test_a_row_opened_as_a_card_says_what_it_is(client: FlaskClient, jing: Person, wiring: Wiring, town: Town) -> None:
    import_id = taken_in(wiring, town, as_csv([call(1, community="龙池社区")]))
    triage_batch.run()
    with wiring.sessions() as session:
        row = session.scalars(select(Submission)).one()
    zhou, card = sign_in(client.application.test_client(), "zhou"), f"/m/cards/{row.id}"
    words = words_of(zhou.get(card))
    assert "从“12345 热线”转来，那边的编号是 GD00001。" in words
    assert "由区政协工作人员处理，您不用办。" in words
    assert "<form" not in zhou.get(card).get_data(as_text=True).split("<main")[1].split("</main")[0]
    token = hidden(zhou.get("/m/me").get_data(as_text=True), "csrf_token")
    forged = zhou.client.post(f"{card}/open-topic", data={"csrf_token": token, "version": row.version, "title": "路灯"})
    assert (forged.status_code, "由区政协工作人员处理，您不用办" in words_of(forged)) == (403, True)
    with wiring.sessions() as session:
        assert session.scalar(select(func.count()).select_from(SubmissionLease)) == 0
    assert "怎么处理这一件" in words_of(jing.get(card))
    refused = jing.press(card, f"/m/cards/{row.id}/attach", topic="999")
    assert refused.status_code == 404
    assert "没有这个议题" in words_of(refused)
    done = jing.press(card, "/attach")
    assert "已经并入议题：" in words_of(done)
    assert "您不用办" not in words_of(done)
    assert "/m/topics/" in zhou.get(card).get_data(as_text=True)
    jing.press(card, "/undo")
    assert "1 件留作参考" in words_of(jing.press(card, f"/d/imports/{import_id}/rows/aside"))


# What the table calls a day is a day; rows may be years old.
def test_rows_say_when_they_were_said_with_the_year(jing: Person, wiring: Wiring, town: Town) -> None:
    import_id = taken_in(wiring, town, as_csv([call(1, when="2019-10-03"), call(2, when="2026-10-03 08:05")]))
    triage_batch.run()
    words = words_of(jing.get(f"/d/imports/{import_id}/rows"))
    assert re.search("2019-10-03 · GD00001 .*2026-10-03 08:05 · GD00002", words)


def test_what_was_begun_is_said_until_it_is_done(jing: Person, wiring: Wiring, town: Town) -> None:
    import_id = send(wiring, town, as_csv([call(1)]))
    row_imports.run()
    page = f"/d/imports/{import_id}"
    shown = jing.press(page, "/check", **COLUMNS).get_data(as_text=True)
    assert shown.index('id="progress"') < shown.index("已开始试读")
    assert "已开始试读" not in jing.get(f"{page}/progress").get_data(as_text=True)


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
