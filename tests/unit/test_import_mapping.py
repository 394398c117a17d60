"""Which column is what, and what a row says."""

from datetime import UTC, date, datetime

import pytest

from intake.domain.errors import InvalidInput
from intake.domain.import_mapping import ColumnMapping, ImportField, Refusal, Said, Unfit, choose, guess, is_contact, read_row, read_when

F = ImportField
NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("heads", "found"),
    [
        # The hotline's export, as it comes.
        (["工单编号", "标题", "诉求内容", "来电时间", "所在社区", "联系电话"], {F.NUMBER: 0, F.TITLE: 1, F.TEXT: 2, F.WHEN: 3, F.COMMUNITY: 4}),
        # English names of a message board; a field's first name wins over a later one.
        (["id", "forumName", "subject", "domainName", "dateline", "content"],
         {F.NUMBER: 0, F.COMMUNITY: 1, F.TITLE: 2, F.CATEGORY: 3, F.WHEN: 4, F.TEXT: 5}),
        (["river", "detail", "reply"], {F.PLACE: 0, F.TEXT: 1}),
        # A head that holds our word, where none is it.
        (["序", "群众反映的主要内容"], {F.TEXT: 1}),
        # Columns about people are nothing to us, whatever else they are called.
        (["联系地址", "来电人内容", "手机"], {}),
    ],
)  # fmt: skip
def test_heads_say_what_columns_are(heads: list[str], found: dict[ImportField, int]) -> None:
    assert guess(heads) == found


@pytest.mark.parametrize(
    "head", ["姓名", "联系电话", "手机号", "身份证号", "phone", "UserName", "投诉人", "反映人", "经办人员", "网友昵称", "author"]
)
def test_columns_about_people_are_known(head: str) -> None:
    assert is_contact(head)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("2026-10-03 08:05:30", "2026-10-03T00:05:30"),
        ("2026/10/3 8:05", "2026-10-03T00:05:00"),
        ("2026年10月3日8时5分", "2026-10-03T00:05:00"),
        ("2026.10.03", "2026-10-02T16:00:00"),
        ("20261003", "2026-10-02T16:00:00"),
        ("2026-10-03T08:05:00Z", "2026-10-03T08:05:00"),
        ("2026-10-03T08:05:00+0800", "2026-10-03T00:05:00"),
        ("1614721286000", "2021-03-02T21:41:26"),
        ("1614721286", "2021-03-02T21:41:26"),
        # A serial number of Excel: day 46298 is 2026-10-03, a half of it noon.
        ("46298.5", "2026-10-03T04:00:00"),
        ("2026-13-03", None),
        ("2026-02-30", None),
        ("昨天", None),
        ("12", None),
        ("9" * 400, None),
    ],
)
def test_times_are_read_as_tables_write_them(raw: str, said: str | None) -> None:
    found = read_when(raw)
    assert (found.replace(tzinfo=None).isoformat() if found else None) == said


MAPPING = ColumnMapping({F.TEXT: 0, F.TITLE: 1, F.WHEN: 2, F.NUMBER: 3, F.LINK: 4}, since=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["路灯坏了", "灯", "", "7", "https://a.example/7"], ("灯\n路灯坏了", "7", "https://a.example/7")),
        # A title that the text begins with is said once.
        (["路灯坏了很久", "路灯坏了", "", "", ""], ("路灯坏了很久", "", "")),
        # What looks like a formula is words.
        (['=HYPERLINK("http://a")&"路灯"', "", "", "", ""], ('=HYPERLINK("http://a")&"路灯"', "", "")),
        (["路\x00灯", "", "", "", "javascript:alert(1)"], ("路\ufffd灯", "", "")),
        # A row shorter than the heads.
        (["路灯坏了"], ("路灯坏了", "", "")),
        ([" ", "标题", "", "", ""], Unfit(F.TEXT, Refusal.NO_TEXT)),
        (["？", "咨询", "", "", ""], Unfit(F.TEXT, Refusal.SAYS_NOTHING)),
        (["好", "", "", "", ""], Unfit(F.TEXT, Refusal.SAYS_NOTHING)),
        (["长" * 5000, "题", "", "", ""], Unfit(F.TEXT, Refusal.TOO_LONG)),
        (["路灯坏了", "", "上月", "", ""], Unfit(F.WHEN, Refusal.BAD_DATE)),
        (["路灯坏了", "", "2025-12-31", "", ""], Unfit(F.WHEN, Refusal.OUTSIDE_DATES)),
        (["路灯坏了", "", "2026-11-03", "", ""], Unfit(F.WHEN, Refusal.OUTSIDE_DATES)),
    ],
)
def test_a_row_says_something_or_why_not(cells: list[str], said: tuple[str, str, str] | Unfit) -> None:
    found = read_row(cells, MAPPING, now=NOW)
    assert ((found.text, found.number, found.link) if isinstance(found, Said) else found) == said


@pytest.mark.parametrize(
    ("columns", "field", "words"),
    [
        ({}, "text", "哪一列是正文"),
        ({F.TEXT: 9}, "text", "没有这一列"),
        ({F.TEXT: 0, F.TITLE: 0}, "text", "选了两次"),
        ({F.TEXT: 0, F.PLACE: 1}, "place", "个人信息"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_at_its_field(columns: dict[ImportField, int | None], field: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        choose(["内容", "手机"], columns, sheet=0, since=None)
    assert refused.value.field == field


def test_a_mapping_is_kept_whole() -> None:
    assert ColumnMapping.read(MAPPING.stored()) == MAPPING
    assert ColumnMapping.read({}) == ColumnMapping({})
