"""The learnt model as arrays: the same numbers everywhere, a file that can be trusted, texts of any kind."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.taxonomy import default_taxonomy
from workers.triage.model.artifact import LARGEST, Artifact, ArtifactError, read_artifact, write_artifact
from workers.triage.model.base import FILE, shipped_model
from workers.triage.model.category import category_file, category_model
from workers.triage.model.features import FeatureSpace
from workers.triage.model.linear import REPORT, SENTENCE, ByLength, Calibration, TextClassifier, quantised
from workers.triage.model.shelf import Shelf

SPACE = FeatureSpace(longest=2, bits=10, characters=50)


def small_classifier(labels: tuple[str, ...] = ("甲", "乙", "丙")) -> TextClassifier:
    rng = np.random.default_rng(3)
    weights, scale = quantised(rng.normal(size=(SPACE.buckets, len(labels))).astype(np.float32))
    idf = np.where(np.arange(SPACE.buckets) % 7 == 0, 0, 2.5).astype(np.float32)
    return TextClassifier(SPACE, labels, idf, weights, scale, np.zeros(len(labels), np.float32), Calibration(2.0, 0.1))


def file_of(classifier: TextClassifier) -> bytes:
    return category_file(fields=ByLength(classifier, classifier), taught=None, card={"rows": 3}, arrays={})


def test_a_bucket_is_the_same_on_every_machine() -> None:
    grams = FeatureSpace(longest=2, bits=18, characters=10).grams(["路灯"])
    assert list(zip(grams.starts.tolist(), grams.lengths.tolist(), grams.buckets.tolist(), strict=True)) == [
        (-1, 1, 234986),
        (0, 1, 114014),
        (1, 1, 171245),
        (2, 1, 166096),
        (-1, 2, 163208),
        (0, 2, 70545),
        (1, 2, 109656),
    ]


@given(st.lists(st.text(max_size=80), max_size=6))
def test_a_batch_gives_each_text_what_it_gets_alone(texts: list[str]) -> None:
    classifier = small_classifier()
    together = classifier.scores(texts) if texts else np.zeros((0, 3))
    assert together.shape == (len(texts), 3)
    for text, row in zip(texts, together, strict=True):
        assert np.allclose(classifier.scores([text])[0], row, atol=1e-5)


def test_between_a_sentence_and_a_report_both_classifiers_have_their_say() -> None:
    share = ByLength.share_of_long(np.array([0, SENTENCE, (SENTENCE + REPORT) // 2, REPORT, 9_999]))
    assert share.tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]
    short, long = small_classifier(), small_classifier(("甲", "乙", "丙"))
    both = ByLength(short, replace(long, bias=np.array([9, 0, 0], np.float32)))
    alone, blended, report = ("路" * 30, "路" * 90, "路" * 200)
    assert np.allclose(both.probabilities([alone, report])[0], short.probabilities([alone])[0])
    assert np.allclose(both.probabilities([alone, report])[1], both.long.probabilities([report])[0])
    mean = (short.probabilities([blended]) + both.long.probabilities([blended])) / 2
    assert np.allclose(both.probabilities([blended]), mean, atol=1e-6)


def test_what_stands_at_the_beginning_is_counted_once_more_in_buckets_of_its_own() -> None:
    space = FeatureSpace(longest=1, bits=18, characters=100, opening=3)
    grams = space.grams(["路灯坏了"])
    assert sorted(grams.starts.tolist()) == [-1, -1, 0, 0, 1, 1, 2, 2, 3, 4]
    assert len(set(grams.buckets.tolist())) == 10


@given(st.text(max_size=200))
def test_any_text_has_finite_probabilities_that_add_up_to_one(text: str) -> None:
    probabilities = shipped_model().fields([text])[0]
    assert np.isfinite(probabilities).all()
    assert probabilities.sum() == pytest.approx(1, abs=1e-4)
    assert len(shipped_model().speaking(text, 0)) == min(len(text), shipped_model().fields_read.short.space.characters)


def test_a_model_comes_back_from_its_file_as_it_was() -> None:
    classifier = small_classifier()
    content = file_of(classifier)
    model = category_model(content, shipped=None)
    assert np.array_equal(model.fields_read.short.scores(["路灯坏了", ""]), classifier.scores(["路灯坏了", ""]))
    assert model.labels == ("甲", "乙", "丙")
    assert model.card["rows"] == 3
    assert file_of(classifier) == content
    assert model.version.startswith("classify-")


def test_another_content_is_another_version() -> None:
    one = category_model(file_of(small_classifier()), shipped=None)
    other = category_model(file_of(small_classifier(("甲", "乙", "丁"))), shipped=None)
    assert one.version != other.version


def test_what_was_taught_alone_reads_the_fields_with_the_shipped_model() -> None:
    taught = small_classifier(("street-lights", "waste"))
    content = category_file(fields=None, taught=taught, card={}, arrays={})
    model = category_model(content, shipped=shipped_model())
    assert model.labels == shipped_model().labels
    added = model.correction(["路灯"], ("waste", "noise", "street-lights"))[0]
    assert added.tolist() == [taught.scores(["路灯"])[0, 1], 0.0, taught.scores(["路灯"])[0, 0]]
    with pytest.raises(ArtifactError, match="no model of the fields"):
        category_model(content, shipped=None)


def repacked(content: bytes, **changes: bytes) -> bytes:
    """The same file with members replaced."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, changes.get(name.removesuffix(".npy"), old.read(name)))
    return file.getvalue()


def array_bytes(array: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]", *, pickled: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=pickled)
    return file.getvalue()


def with_version(content: bytes, version: int) -> bytes:
    """The same file, said to need a later version of the format."""
    place = content.index(b"PK\x01\x02") + 6
    return content[:place] + bytes([version]) + content[place + 1 :]


GOOD = file_of(small_classifier())
CARD = {"format": "zhibao-triage-1", "task": "classify", "card": {"classifiers": {}}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        # No file of ours at all.
        (b"", "damaged"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        # Cut short, or a bit fell over.
        (GOOD[: len(GOOD) // 2], "damaged"),
        (GOOD[:400] + bytes([GOOD[400] ^ 255]) + GOOD[401:], "damaged"),
        (GOOD.replace(b"PK\x01\x02", b"PK\x01\x02\xff\xff\xff\xff"), "damaged"),
        (with_version(GOOD, 248), "damaged"),
        (repacked(GOOD, short_bias=array_bytes(np.zeros(3, np.float32)).replace(b"}", b" ")), "damaged"),
        # Another program's arrays.
        (repacked(GOOD, card=array_bytes(np.zeros(3))), "damaged|another kind"),
        (repacked(GOOD, card=array_bytes(np.frombuffer(json.dumps({**CARD, "format": "x"}).encode(), np.uint8))), "another kind"),
        # A model for another task.
        (repacked(GOOD, card=array_bytes(np.frombuffer(json.dumps({**CARD, "task": "pairs"}).encode(), np.uint8))), "'pairs'"),
        # Ours, without a part or with one that doesn't fit.
        (repacked(GOOD, card=array_bytes(np.frombuffer(json.dumps(CARD).encode(), np.uint8))), "no model of the fields"),
        (repacked(GOOD, short_bias=array_bytes(np.zeros(4, np.float32))), "don't fit"),
        (repacked(GOOD, short_weights=array_bytes(np.zeros((1024, 3)))), "wrong one"),
        (repacked(GOOD, short_bias=array_bytes(np.array([0, np.nan, 0], np.float32))), "no number"),
        # Something that would run when unpacked.
        (repacked(GOOD, short_bias=array_bytes(np.array([print], dtype=object), pickled=True)), "damaged"),
    ],
)
def test_a_foreign_or_damaged_file_is_refused_with_a_reason(content: bytes, said: str) -> None:
    with pytest.raises(ArtifactError, match=said):
        category_model(content, shipped=None)


def test_a_file_that_unpacks_to_too_much_is_refused_unread() -> None:
    content = write_artifact(Artifact("classify", {"much": np.zeros(LARGEST + 1, np.uint8)}, {}))
    assert len(content) < 1_000_000
    with pytest.raises(ArtifactError, match="more than"):
        read_artifact(content, task="classify")


def test_the_shipped_model_is_small_and_knows_the_taxonomys_fields() -> None:
    assert FILE.stat().st_size <= 2_000_000
    trained = {category.trained for category in default_taxonomy().categories if category.trained}
    assert trained <= set(shipped_model().labels)


def test_the_shipped_model_holds_no_text() -> None:
    with np.load(FILE, allow_pickle=False) as file:
        kinds = {name: file[name].dtype.kind for name in file.files}
        card = file["card"].tobytes().decode()
    assert set(kinds.values()) <= {"f", "i", "u"}
    assert len(card) < 12_000


def test_a_shelf_keeps_what_was_used_last() -> None:
    shelf = Shelf(kept=2)
    for number in (1, 2):
        shelf.put(number, GOOD)
    assert shelf.get(1) is not None
    shelf.put(3, GOOD)
    assert shelf.get(2) is None
    assert shelf.get(1) is not None
