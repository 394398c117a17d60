"""Training and measuring on made-up rows: what goes in, what comes out, what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from config.taxonomy import default_taxonomy
from intake.domain.personal_data import personal_data
from workers.triage.learning.__main__ import main
from workers.triage.learning.compare import Judged, judge, not_worse
from workers.triage.learning.correction import Lesson, corrected
from workers.triage.learning.evaluate import calibration_error, classify_figures, threshold_for
from workers.triage.learning.evaluate_redact import made_up_cases, redact_figures
from workers.triage.learning.redact_cases import RedactCase, harmless_cases, personal_cases
from workers.triage.learning.rows import CategoryRow, RowsError, category_rows, message_text
from workers.triage.learning.train import SHORT, fit_classifier, folds_of
from workers.triage.model.base import shipped_model
from workers.triage.model.category import category_model
from workers.triage.stages.classify import Weigher

WORDS = {
    "灯": ("路灯不亮", "楼道灯坏了", "晚上没有灯", "灯杆歪了"),
    "水": ("自来水发黄", "水压太小", "停水两天", "水管漏水"),
    "车": ("没有车位", "车乱停", "占道停车", "僵尸车没人拖"),
}


def row(text: str, label: str = "灯", group: str = "1", body: str = "") -> CategoryRow:
    return CategoryRow(text, body, label, group)


def made_up_rows() -> list[CategoryRow]:
    where = ("幸福里", "紫薇苑", "听松大厦", "双井路")
    return [
        CategoryRow(f"{place}{words}", f"{place}的{words},请派人看看。", label, f"{label}{n}")
        for label, all_words in WORDS.items()
        for n, words in enumerate(all_words)
        for place in where
    ]


def data_file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    lines = [{"title": one.title, "detail": one.body, "label": one.label, "group": one.group} for one in made_up_rows()]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    return path


def test_near_duplicates_stay_in_one_fold_and_folds_are_the_same_every_time() -> None:
    groups = [str(n // 3) for n in range(300)]
    fold = folds_of(groups, 5)
    assert all(len(set(fold[n : n + 3])) == 1 for n in range(0, 300, 3))
    assert np.bincount(fold).tolist() == [60] * 5
    assert folds_of(groups, 5).tolist() == fold.tolist()


def test_a_trained_model_knows_what_it_was_shown_and_the_same_rows_give_the_same_model() -> None:
    labels = tuple(WORDS)
    one, again = (fit_classifier(made_up_rows(), labels, SHORT) for _ in range(2))
    assert np.array_equal(one.weights, again.weights)
    assert [labels[n] for n in one.scores(["路灯又不亮", "水压小", "车位没有"]).argmax(axis=1)] == ["灯", "水", "车"]


def test_figures_of_a_perfect_and_of_a_mixed_up_model() -> None:
    rows = [row("a", "灯"), row("b", "水"), row("c", "灯"), row("d", "水")]
    perfect = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]], np.float32)
    assert classify_figures(rows, perfect, ("灯", "水"))["macro_f1"] == 1.0
    # The last one is wrong, and it is the one the model is least sure of.
    mixed = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.6, 0.4]], np.float32)
    figures = classify_figures(rows, mixed, ("灯", "水"))
    assert figures["accuracy"] == 0.75
    assert figures["accuracy_at_80"] == 1.0
    assert figures["macro_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert figures["confusion"] == {"灯": {"灯": 2}, "水": {"灯": 1, "水": 1}}
    # A label the model doesn't know is wrong.
    assert classify_figures([row("a", "气")], perfect[:1], ("灯", "水"))["accuracy"] == 0.0


def test_the_threshold_is_where_answers_are_right_often_enough() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]], np.float32)
    truth = np.array([0, 0, 1, 0])
    assert threshold_for(probabilities, truth, accuracy=0.95) == pytest.approx(0.8)
    assert threshold_for(probabilities, truth, accuracy=0.75) == pytest.approx(0.6)
    assert threshold_for(probabilities, 1 - truth, accuracy=0.95) == 1.0
    assert calibration_error(probabilities[:1], truth[:1]) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no rows"),
        ("{", "line 1: no JSON"),
        ("[]", "an object"),
        ('{"title": "路灯"}', "row 1: `label`"),
        ('{"label": "灯"}', "`title` and `detail`"),
    ],
)
def test_a_file_of_rows_is_refused_by_name_and_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RowsError, match=said):
        category_rows(path)


@pytest.mark.parametrize(("text", "expected"), [("full", "路灯坏了。在三栋门口"), ("title", "路灯坏了"), ("body60", "在三栋门口")])
def test_a_row_is_a_message_in_three_ways(text: str, expected: str) -> None:
    assert message_text(row("路灯坏了", body="在三栋门口"), text) == expected  # type: ignore[arg-type] # the table holds plain strings


def test_train_and_evaluate_from_the_command_line(tmp_path: Path) -> None:
    data, out, figures = data_file(tmp_path), tmp_path / "model", tmp_path / "figures.json"
    run = CliRunner()
    trained = run.invoke(main, ["train", "--data", str(data), "--out", str(out), "--folds", "2"])
    assert trained.exit_code == 0, trained.output
    assert json.loads((out / "classify.json").read_text(encoding="utf-8"))["rows"] == 48
    model = str(out / "classify.npz")
    measured = run.invoke(
        main, ["evaluate", "--task", "classify", "--data", str(data), "--model", model, "--folds", "2", "--json", str(figures)]
    )
    assert measured.exit_code == 0, measured.output
    assert "100%" in measured.output
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert set(found) == {"macro_f1", "accuracy", "accuracy_at_90", "accuracy_at_80", "confusion", "seen", "out_of_fold"}
    assert found["accuracy"] == 1.0
    assert found["out_of_fold"]["accuracy"] <= 1.0


def test_the_shipped_model_has_not_seen_made_up_rows_and_says_no_such_thing(tmp_path: Path) -> None:
    data = data_file(tmp_path)
    measured = CliRunner().invoke(main, ["evaluate", "--task", "classify", "--data", str(data), "--text", "title"])
    assert measured.exit_code == 0, measured.output
    assert "seen" not in measured.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "--task", "classify"], "--data"),
        (["evaluate", "--task", "pairs", "--data", "ROWS"], "--pairs"),
        (["evaluate", "--task", "classify", "--data", "ROWS", "--model", "ROWS"], "no model file"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(tmp_path: Path, arguments: list[str], said: str) -> None:
    rows = str(data_file(tmp_path))
    refused = CliRunner().invoke(main, [rows if argument == "ROWS" else argument for argument in arguments])
    assert refused.exit_code == 2
    assert said in refused.output


def test_made_up_personal_data_is_found_and_harmless_numbers_are_left_alone() -> None:
    figures = redact_figures(made_up_cases())
    assert figures["recall"] >= 0.995, figures
    assert figures["false_masks"] == 0


def test_the_cases_are_the_same_every_time_and_of_all_kinds() -> None:
    cases = list(personal_cases(400))
    assert cases == list(personal_cases(400))
    assert len({case.kind for case in cases}) == 8
    assert len({case.text for case in harmless_cases()}) > 200
    assert all(case.text[start:end].strip() for case in cases for start, end in case.spans)


def test_what_is_half_masked_is_a_miss_and_what_is_masked_beside_it_is_false() -> None:
    text = "电话13800000021"
    assert redact_figures([RedactCase("phone", text, ((2, 13),))])["recall"] == 1.0
    assert redact_figures([RedactCase("phone", text, ((0, 13),))])["recall"] == 0.0
    assert redact_figures([RedactCase("harmless", text, ())])["false_masks"] == len(personal_data(text)) == 1


LESSONS = [Lesson(f"{place}的灯笼{n}挂歪了", "greenery") for n, place in enumerate(["幸福里", "紫薇苑", "听松里", "双井路"] * 8)]


def weigher() -> Weigher:
    return Weigher(default_taxonomy(), shipped_model())


def test_what_people_said_changes_what_is_suggested_next_time_and_leaves_other_matters_alone() -> None:
    content = corrected(LESSONS, weigher(), {})
    assert content is not None
    taught = Weigher(default_taxonomy(), category_model(content, shipped=shipped_model()))
    before, after = weigher().weigh("门口的灯笼挂歪了"), taught.weigh("门口的灯笼挂歪了")
    greenery = before.codes.index("greenery")
    assert after.probabilities[greenery] > 0.4 > before.probabilities[greenery]
    lamp = "幸福里3栋楼下的路灯坏了,晚上太黑"
    street_lights = before.codes.index("street-lights")
    assert taught.weigh(lamp).probabilities.argmax() == street_lights
    assert corrected(LESSONS, weigher(), {}) == content


def test_one_lesson_alone_changes_little_and_an_unknown_category_teaches_nothing() -> None:
    content = corrected(LESSONS[:1], weigher(), {})
    assert content is not None
    taught = Weigher(default_taxonomy(), category_model(content, shipped=shipped_model()))
    lamp = "幸福里的路灯坏了"
    assert np.abs(taught.weigh(lamp).probabilities - weigher().weigh(lamp).probabilities).max() < 0.2
    assert corrected([Lesson("路灯", "moon")], weigher(), {}) is None


def test_a_new_model_is_judged_by_right_less_wrong_answers() -> None:
    judged = judge(weigher(), [("幸福里的路灯坏了", "street-lights"), ("楼下的路灯坏了", "waste"), ("你好", "waste")])
    assert judged == Judged(examples=3, right=1, wrong=1)
    assert not_worse(Judged(5, 4, 1), Judged(5, 3, 0))
    assert not not_worse(Judged(5, 4, 1), Judged(5, 4, 0))
    assert not not_worse(Judged(0, 0, 0), Judged(0, 0, 0))
