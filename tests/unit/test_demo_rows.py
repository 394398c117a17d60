"""Rows of the demo: our own, and a file replayed in time order."""

import json
from pathlib import Path
from typing import Any

import pytest

from intake.cli.demo_rows import own_messages, parse_time, replay_messages
from intake.cli.district_seed import read_district
from intake.domain.errors import InvalidInput
from intake.domain.text import TEXT_MAX, clean_message

COMMUNITIES = [community.name for community in read_district().communities]


def write(path: Path, *rows: dict[str, Any] | str) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def row(time: str, title: str = "路灯不亮", detail: str = "幸福里三号楼前", **more: str) -> dict[str, Any]:
    return {"time": time, "title": title, "detail": detail, **more}


def test_our_own_messages_name_known_communities_and_pass_the_form() -> None:
    messages = own_messages(communities=COMMUNITIES)
    assert len(messages) == 150
    assert {message.community for message in messages} == set(COMMUNITIES)
    assert all(clean_message(message.text) for message in messages)


def test_a_count_takes_the_first_messages() -> None:
    assert own_messages(communities=COMMUNITIES, count=7) == own_messages(communities=COMMUNITIES)[:7]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        # Unpadded hours: as text 9 would come after 10.
        ("2019/2/8 9:05:01", "2019/2/8 10:00:00"),
        # Unpadded days and months.
        ("2019/2/8 23:59:59", "2019/2/10 0:00:00"),
        ("2019/9/30 1:00:00", "2019/11/1 1:00:00"),
        # Two ways of writing dates in one file.
        ("2019-02-08 09:05:01", "2019/2/8 9:05:02"),
        # A date alone is the beginning of its day.
        ("2019/2/8", "2019/2/8 0:00:01"),
    ],
)
def test_time_is_read_before_it_is_sorted(tmp_path: Path, earlier: str, later: str) -> None:
    file = write(tmp_path / "rows.jsonl", row(later, "后说的事"), row(earlier, "先说的事"))
    first, second = replay_messages(file, communities=COMMUNITIES)
    assert (first.text.splitlines()[0], second.text.splitlines()[0]) == ("先说的事", "后说的事")


def test_rows_of_one_moment_keep_the_order_of_the_file(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", *(row("2019/2/8 9:05:01", f"第{n}件事") for n in range(5)))
    assert [m.text.splitlines()[0] for m in replay_messages(file, communities=COMMUNITIES)] == [f"第{n}件事" for n in range(5)]


def test_the_count_takes_the_earliest_rows_not_the_first_lines(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", row("2019/2/10 9:00:00", "晚"), row("2019/2/9 9:00:00", "早"))
    (only,) = replay_messages(file, communities=COMMUNITIES, count=1)
    assert only.text.startswith("早")


def test_title_and_detail_become_one_text_that_the_form_takes(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", row("2019/2/8 9:05:01", "题目", "正" * 7000))
    (message,) = replay_messages(file, communities=COMMUNITIES)
    assert message.text == "题目\n" + "正" * (TEXT_MAX - 3)
    assert clean_message(message.text).text == message.text


def test_a_user_always_writes_from_the_same_community(tmp_path: Path) -> None:
    rows = [row(f"2019/2/8 9:05:{n:02d}", f"第{n}件事", user=f"u{n % 10}") for n in range(40)]
    file = write(tmp_path / "rows.jsonl", *rows)
    once, again = (replay_messages(file, communities=COMMUNITIES) for _ in range(2))
    assert once == again
    assert all(once[n].community == once[n % 10].community for n in range(40))
    assert len({message.community for message in once}) > 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        # No time, or one that isn't a date.
        ({"title": "路灯不亮", "detail": "三号楼"}, "看不懂"),
        (row("昨天"), "看不懂"),
        (row("2019/13/8 9:05:01"), "看不懂"),
        # A text that the form refuses.
        (row("2019/2/8 9:05:01", "", ""), "一句话"),
        # No JSON, and JSON of another shape.
        ("{", "JSON"),
        ("[1]", "JSON"),
    ],
)
def test_a_bad_line_is_named_in_a_sentence(tmp_path: Path, line: dict[str, Any] | str, reason: str) -> None:
    file = write(tmp_path / "rows.jsonl", row("2019/2/8 9:05:01"), "", line)
    with pytest.raises(InvalidInput, match=reason):
        replay_messages(file, communities=COMMUNITIES)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="打不开"):
        replay_messages(tmp_path / "none.jsonl", communities=COMMUNITIES)


def test_a_byte_order_mark_is_not_text(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(row("2019/2/8 9:05:01")).encode())
    assert len(replay_messages(file, communities=COMMUNITIES)) == 1


def test_a_time_is_six_numbers() -> None:
    assert parse_time("2019/2/8 9:05:01") == (2019, 2, 8, 9, 5, 1)
