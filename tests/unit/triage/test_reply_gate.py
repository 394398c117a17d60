"""Remarks on a draft answer: on sentences we wrote, and on a sample of real answers read by hand."""

import json
import os
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from config.taxonomy import default_taxonomy
from intake.domain.language.lexicon import lexicon_of
from intake.domain.language.reply_gate import check_reason, check_reply

SETS = Path(__file__).parent / "sets"
REPLIES = Path(__file__).parents[3].parent / "shared" / "data" / "civic" / "replies.jsonl"
LEXICON = lexicon_of(default_taxonomy())


def codes(draft: str, about: list[str]) -> set[str]:
    return {remark.code for remark in check_reply(draft, about, LEXICON)}


def test_on_our_own_answers_little_is_missed_and_good_ones_are_let_through() -> None:
    rows: list[dict[str, Any]] = [json.loads(line) for line in (SETS / "replies.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 40
    hit = wanted = given = clean = good = 0
    for row in rows:
        expected, found = set(row["expect"]), codes(row["draft"], row["about"])
        if expected & {"stock", "short"}:
            found.discard("untouched")  # who says nothing answers nothing
        hit, wanted, given = hit + len(expected & found), wanted + len(expected), given + len(found)
        good += not expected
        clean += not expected and not found
    assert hit / wanted >= 0.95
    assert hit / given >= 0.85
    assert clean / good >= 0.9


def test_on_answers_read_by_hand_passing_on_is_seen_and_the_matter_found() -> None:
    if not REPLIES.is_file():
        if os.environ.get("CI"):
            pytest.fail(f"{REPLIES} is needed in CI")
        pytest.skip(f"{REPLIES} is not here")
    labels: dict[str, list[int]] = tomllib.loads((SETS / "reply_sample.toml").read_text(encoding="utf-8"))
    asked = set(labels["passes_on"]) | set(labels["touches"]) | set(labels["other"])
    rows = {int(row["id"]): row for row in map(json.loads, REPLIES.read_text(encoding="utf-8").splitlines()) if int(row["id"]) in asked}
    found = {number: codes(row["reply"], [f"{row['title']}。{row['detail']}"]) for number, row in rows.items()}
    assert len(found) == len(asked) >= 40

    def measured(wanted: set[int], *given: str) -> tuple[float, float]:
        said = {number for number, remarks in found.items() if remarks & set(given)}
        return len(said & wanted) / len(said), len(said & wanted) / len(wanted)

    assert measured(set(labels["passes_on"]), "stock", "short") >= (0.95, 0)
    assert measured(set(labels["passes_on"]), "stock", "short")[1] >= 0.9
    precision, recall = measured(asked - set(labels["touches"]), "untouched", "stock")
    assert precision >= 0.95
    assert recall >= 0.75
    precision, recall = measured(set(labels["vague"]), "when")
    assert precision >= 0.7
    assert recall >= 0.65


@pytest.mark.parametrize(
    ("reason", "remarks"),
    [
        # A reason may be short.
        ("同意。", set()),
        ("城管局已排进本月的计划。", set()),
        # It may not be empty talk, blame, or somebody's telephone.
        ("我们高度重视，将尽快处理。", {"stock", "when"}),
        ("是居民素质差。", {"blame"}),
        ("请打13800000021。", {"personal"}),
    ],
)
def test_a_reason_is_held_to_less_than_an_answer(reason: str, remarks: set[str]) -> None:
    assert {remark.code for remark in check_reason(reason)} == remarks


def test_remarks_say_what_to_do_and_name_what_was_left_out() -> None:
    words = [
        remark.words
        for remark in check_reply(
            "物业将于周五前更换丰乐里的路灯，有问题打社区电话。", ["丰乐里3栋路灯坏了", "2、垃圾桶满了没人清运"], LEXICON
        )
    ]
    assert "没有答到：垃圾桶满了没人清运" in words


@pytest.mark.parametrize("piece", ["网友", "市民朋友", "😀网友在", "感谢", "我局十分", "已转交", "会认真积极", "有关部门、", "2024年"])
def test_a_long_draft_of_one_word_is_looked_at_in_no_time(piece: str) -> None:
    draft = (piece * 5_000)[:5_000]
    began = time.process_time()
    check_reply(draft, ["路灯坏了"], LEXICON)
    check_reason(draft)
    assert time.process_time() - began < 2
