"""打码: staff cover parts of a resident's photo; until that is drawn nobody else sees it, and afterwards nobody sees what was covered."""

import random
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image, ImageChops, ImageStat
from werkzeug.test import TestResponse

from intake.adapters.blurring import draw_blurred
from intake.domain.errors import InvalidInput
from intake.domain.photo_blur import PARTS_MOST, Part, read_parts
from intake.models import AuditEntry, SubmissionFile
from intake.wiring import Wiring
from tests.factories import files
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_form_photos import rows, send, stored
from workers.jobs import apply_retention, clean_files, triage_batch

FACE = {"left": "25", "top": "0", "width": "50", "height": "50"}


def work(wiring: Wiring, *jobs: object) -> None:
    with jobs_in_this_process(wiring):
        for job in jobs or (clean_files,):
            job.run()  # type: ignore[attr-defined]  # a module of workers.jobs


@pytest.fixture
def receipt(app: Flask, town: Town, wiring: Wiring) -> str:
    """Of a submission with a photo whose left half is teal."""
    path = str(send(app.test_client(), town, files.photo(320, 192)).location.split("?")[0])
    work(wiring, clean_files, triage_batch)
    return path


@pytest.fixture
def staff(app: Flask, town: Town) -> Person:
    return sign_in(app.test_client(), "wangjing")


def photo_row(wiring: Wiring) -> SubmissionFile:
    (one,) = rows(wiring)
    return one


def editor(wiring: Wiring) -> str:
    return f"/d/photos/{photo_row(wiring).id}"


def cover(staff: Person, wiring: Wiring, **fields: object) -> TestResponse:
    """Open the editor and save; `version` where another page was open."""
    page = staff.client.get(editor(wiring)).get_data(as_text=True)
    carried = {name: hidden(page, name) for name in ("csrf_token", "version")}
    return staff.client.post(editor(wiring), data={**carried, **fields})


def colour(data: bytes, at: tuple[int, int]) -> tuple[int, ...]:
    with Image.open(BytesIO(data)) as picture:
        assert picture.size == (320, 192)
        found = picture.getpixel(at)
    assert isinstance(found, tuple)
    return found


def is_teal(data: bytes, at: tuple[int, int]) -> bool:
    red, green, _ = colour(data, at)
    return red < 60 and green > 90


def test_a_covered_photo_is_seen_by_nobody_until_drawn_and_only_covered_afterwards(
    receipt: str, app: Flask, staff: Person, wiring: Wiring
) -> None:
    one, resident, zhou = photo_row(wiring), app.test_client(), sign_in(app.test_client(), "zhou").client
    seen_by = [(resident, f"{receipt}/said/{one.id}"), (zhou, f"/said/{one.id}"), (staff.client, f"/said/{one.id}")]
    first = resident.get(seen_by[0][1])
    assert is_teal(first.data, (100, 10))
    assert editor(wiring) in staff.client.get(f"/d/submissions/{one.submission_id}").get_data(as_text=True)
    # Two rows: the second reaches over the edge and is cut off there.
    answer = cover(
        staff, wiring, **{side: [value, other] for (side, value), other in zip(FACE.items(), ("90", "90", "40", "10.5"), strict=True)}
    )
    assert answer.status_code == 303
    assert photo_row(wiring).blur == [[0.25, 0, 0.5, 0.5], [0.9, 0.9, 0.1, 0.1]]
    assert [client.get(path).status_code for client, path in seen_by] == [404, 404, 404]
    assert "照片正在打码" in words_of(resident.get(receipt))
    assert is_teal(staff.client.get(f"{editor(wiring)}/whole").data, (100, 10)), "staff who cover it see all of it"
    work(wiring)
    tag = {"If-None-Match": first.headers["ETag"]}
    for client, path in seen_by:
        shown = client.get(path, headers=tag)
        assert shown.status_code == 200, "a browser that kept the old one asks, and learns that it is another"
        assert not is_teal(shown.data, (100, 10))
        assert is_teal(shown.data, (10, 150)), "the rest is as it was"
        assert client.get(f"{path}?small=1").status_code == 200
        assert client.get(path, headers={"If-None-Match": shown.headers["ETag"]}).status_code == 304
    with wiring.sessions() as session:
        (entry,) = session.query(AuditEntry).filter_by(action="photo.blur")
    assert (entry.entity_id, entry.detail) == (one.id, {"submission": one.submission_id, "parts": 2})


def test_it_is_changed_and_taken_back(receipt: str, app: Flask, staff: Person, wiring: Wiring) -> None:
    shown = f"{receipt}/said/{photo_row(wiring).id}"
    cover(staff, wiring, **FACE)
    work(wiring)
    assert len(stored(wiring)) == 4
    assert 'value="50"' in staff.client.get(editor(wiring)).get_data(as_text=True)
    cover(staff, wiring, **{**FACE, "left": "50"})
    work(wiring)
    assert len(stored(wiring)) == 4, "the first drawing is gone"
    assert is_teal(app.test_client().get(shown).data, (100, 10))
    cover(staff, wiring, clear="1", **FACE)
    assert is_teal(app.test_client().get(shown).data, (100, 10)), "at once"
    work(wiring)
    assert len(stored(wiring)) == 2
    assert photo_row(wiring).blurred_key == ""
    work(wiring)
    before = photo_row(wiring).version
    cover(staff, wiring, clear="1")
    assert photo_row(wiring).version == before, "nothing changed"


def test_the_second_of_two_reads_so_and_keeps_the_numbers(receipt: str, app: Flask, staff: Person, wiring: Wiring) -> None:
    version = hidden(staff.client.get(editor(wiring)).get_data(as_text=True), "version")
    cover(staff, wiring, **FACE)
    late = cover(staff, wiring, version=version, left="12.5", top="1", width="2", height="3")
    assert late.status_code == 409
    assert 'value="12.5"' in late.get_data(as_text=True)
    assert photo_row(wiring).blur == [[0.25, 0, 0.5, 0.5]]


def test_parts_changed_while_a_worker_draws_are_drawn_again(
    receipt: str, staff: Person, wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    cover(staff, wiring, **FACE)

    def changed_meanwhile(*how: object) -> None:
        monkeypatch.setattr(clean_files, "draw_blurred", draw_blurred)
        cover(staff, wiring, **{**FACE, "left": "50"})
        draw_blurred(*how)  # type: ignore[arg-type]  # what the job gives

    monkeypatch.setattr(clean_files, "draw_blurred", changed_meanwhile)
    work(wiring)
    assert photo_row(wiring).blurred_key == "", "what was drawn is what nobody asks for any more"
    assert len(stored(wiring)) == 2
    work(wiring)
    assert photo_row(wiring).blurred_key == f"said/{photo_row(wiring).id}-b{photo_row(wiring).version}.jpg"


def test_a_covered_photo_that_is_taken_back_leaves_nothing(receipt: str, app: Flask, staff: Person, wiring: Wiring) -> None:
    cover(staff, wiring, **FACE)
    work(wiring)
    app.test_client().post(f"{receipt}/photos/{photo_row(wiring).id}/remove")
    work(wiring, apply_retention)
    assert stored(wiring) == []
    assert staff.client.get(editor(wiring)).status_code == 404


@pytest.mark.parametrize(
    "row",
    ["x 0 50 50", "0 0 _ 50", "0 0 0 50", "-1 0 50 50", "0 0 50 101", "0 100 50 50", "nan 0 50 50", "0 0 inf 50", "0 0 0.1 50"],
)
def test_numbers_that_make_no_sense_are_refused(row: str) -> None:
    with pytest.raises(InvalidInput, match="百分比") as refused:
        read_parts([("", " ", "", ""), tuple(row.replace("_", "").split(" "))])
    assert refused.value.field == "parts"


def test_a_row_that_reaches_over_the_edge_ends_there_and_a_dozen_are_enough() -> None:
    assert read_parts([("90", "95.5", "100", "40")]) == (Part(0.9, 0.955, 0.1, 0.045),)
    with pytest.raises(InvalidInput, match="12 处"):
        read_parts([tuple(FACE.values())] * (PARTS_MOST + 1))


def test_a_refusal_keeps_the_numbers(receipt: str, staff: Person, wiring: Wiring) -> None:
    answer = cover(staff, wiring, **{**FACE, "left": "七", "top": "8.25"})
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert 'aria-invalid="true"' in html
    assert ('value="七"' in html, 'value="8.25"' in html) == (True, True)
    assert photo_row(wiring).blur == []


def test_nobody_else_covers_or_sees_it_whole(receipt: str, app: Flask, wiring: Wiring) -> None:
    """A member, staff of another district, a community worker, nobody."""
    for login in ("zhou", "chenli", "gaoqiang", None):
        client = app.test_client()
        if login is not None:
            sign_in(client, login)
        assert {client.get(path).status_code for path in (editor(wiring), f"{editor(wiring)}/whole")} <= {303, 403, 404}


def test_nothing_of_what_was_covered_is_left() -> None:
    """Two photos that differ in nothing but what is covered, and have one mean colour there, become the same."""
    chance, made = random.Random(5), []
    base = Image.effect_noise((320, 192), 40).convert("RGB")
    for _ in range(2):
        cells = [255] * 400 + [0] * 400
        chance.shuffle(cells)
        secret = Image.new("L", (40, 20))
        secret.putdata(cells)
        picture = base.copy()
        picture.paste(secret.resize((160, 80), Image.Resampling.NEAREST).convert("RGB"), (80, 48))
        source, large, small = BytesIO(), BytesIO(), BytesIO()
        picture.save(source, "JPEG", quality=95)
        draw_blurred(source, [Part(80 / 320, 48 / 192, 160 / 320, 80 / 192)], large, small)
        made.append(Image.open(large))
    inside = ImageChops.difference(*made).crop((80, 48, 240, 128))
    assert max(ImageStat.Stat(inside).extrema[0]) <= 2, "nothing but the rounding of one mean"
