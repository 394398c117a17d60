"""Posters in batches, from the order to the file: drawn once, told as it goes, taken over when a worker dies, deleted in time."""

import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pypdfium2
import pytest
import zxingcpp
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from intake.adapters.redis_queue import JOB_TIMEOUT, LONG_JOB_TIMEOUT, RqJobQueue
from intake.domain.actor import MACHINE
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany
from intake.domain.point import PointAction, PointKind
from intake.domain.poster_batch import FORMAT_NAMES, BatchState, PosterFormat
from intake.models import Area, AuditEntry, DistrictProfile, HistoryEntry, IntakePoint, PosterBatch
from intake.ports import NullJobQueue, SystemClock, Wake
from intake.queries.poster import PosterPoint, count_to_print, points_to_print
from intake.queries.poster_batch import areas_to_print, batch_detail, batches_of
from intake.services import poster_batch as service
from intake.services.place import change_point, create_point
from intake.services.poster_batch import claim_batch, finish_batch, order_batch, report_batch, retry_batch, take_over_silent
from intake.wiring import Wiring
from qr_assets.poster import Paper
from tests.factories.clock import TestClock
from tests.factories.town import Town, actor
from tests.faults.test_worker_process import Start, eventually, start  # noqa: F401 -- `start` is a fixture
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import apply_retention, print_posters


@pytest.fixture
def in_process(wiring: Wiring) -> Iterator[NullJobQueue]:
    wiring.queue = queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield queue


def order(wiring: Wiring, town: Town, *, who: int | None = None, area: int | None = None, paper: str = "a4") -> int:
    with wiring.sessions.begin() as session:
        person = actor(session, who or town.jing_id)
        return order_batch(session, actor=person, area_id=area or town.district_id, format=paper, at=wiring.clock.now())


def batch(wiring: Wiring, batch_id: int) -> PosterBatch:
    with wiring.sessions() as session:
        return session.get_one(PosterBatch, batch_id)


def more_points(wiring: Wiring, area_id: int, count: int, *, name: str = "第{}网格") -> None:
    with wiring.sessions.begin() as session:
        area = session.get_one(Area, area_id)
        for number in range(count):
            create_point(session, actor=MACHINE, area=area, kind=PointKind.COMMUNITY, name=name.format(number), at=wiring.clock.now())


def stored(wiring: Wiring, batch_id: int) -> bytes:
    key = batch(wiring, batch_id).file_key
    assert key is not None
    with wiring.objects.open(key) as file:
        return file.read()


def codes(pdf: bytes) -> list[str]:
    """What a scanner reads on each page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [page.render(scale=2).to_pil() for page in document]
        return [found.text for picture in pages for found in zxingcpp.read_barcodes(picture)]
    finally:
        document.close()


def words(pdf: bytes, page: int = 0) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return str(document[page].get_textpage().get_text_bounded()).replace("\r", "").replace("\n", "")
    finally:
        document.close()


def test_formats_are_those_that_can_be_drawn_and_each_has_a_name() -> None:
    assert {one.value for one in PosterFormat} == {one.value for one in Paper}
    assert set(FORMAT_NAMES) == set(PosterFormat)


def test_an_order_becomes_one_file_with_a_page_for_every_point_in_use(wiring: Wiring, town: Town, in_process: NullJobQueue) -> None:
    ordered = order(wiring, town)
    assert batch(wiring, ordered).state is BatchState.WAITING
    print_posters.run()
    made = batch(wiring, ordered)
    assert (made.state, made.done, made.total, made.problems) == (BatchState.DONE, 3, 3, [])
    pdf = stored(wiring, ordered)
    assert made.file_bytes == len(pdf)
    assert codes(pdf) == [f"https://zhibao.example/p/{code}" for code in (town.longchi_code, town.ziwei_code, town.shiqiao_code)]


def test_the_order_wakes_the_workers_and_is_written_down_without_names(wiring: Wiring, town: Town, session: Session) -> None:
    person = actor(session, town.jing_id)
    ordered = order_batch(session, actor=person, area_id=town.street_id, format="a3", at=wiring.clock.now())
    assert Wake.POSTERS in session.info["wakes"]
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "poster_batch.order"))
    assert (entry.noun, entry.entity_id, entry.actor_id, entry.detail) == (
        "poster_batch",
        ordered,
        town.jing_id,
        {"format": "a3", "points": 2},
    )


@pytest.mark.parametrize("paper", list(PosterFormat))
def test_every_format_can_be_ordered(wiring: Wiring, town: Town, in_process: NullJobQueue, paper: PosterFormat) -> None:
    ordered = order(wiring, town, area=town.longchi_id, paper=paper.value)
    print_posters.run()
    url = f"https://zhibao.example/p/{town.longchi_code}"
    assert set(codes(stored(wiring, ordered))) == {url}


def test_a_street_holds_its_own_points_alone_and_no_retired_ones(
    wiring: Wiring, town: Town, session: Session, in_process: NullJobQueue
) -> None:
    point = session.scalars(select(IntakePoint).where(IntakePoint.code == town.ziwei_code)).one()
    change_point(session, actor=MACHINE, point_id=point.id, action=PointAction.RETIRE, note="撤点", at=wiring.clock.now())
    session.commit()
    ordered = order(wiring, town, area=town.street_id)
    print_posters.run()
    assert codes(stored(wiring, ordered)) == [f"https://zhibao.example/p/{town.longchi_code}"]


def test_posters_say_what_the_district_has_said_of_itself(wiring: Wiring, town: Town, session: Session, in_process: NullJobQueue) -> None:
    session.add(
        DistrictProfile(
            district_id=town.district_id, operator="云栖区政协委员联络室", phone="0550-0000009", phone_hours="工作日白天",
            icp_number="", police_number="", poster_title="家门口的事，扫码讲", colour="#0B4F8A", emblem=None, updated_at=wiring.clock.now(),
        )
    )  # fmt: skip
    session.commit()
    ordered = order(wiring, town, area=town.street_id)
    print_posters.run()
    with_phone, without = words(stored(wiring, ordered), 0), words(stored(wiring, ordered), 1)
    for page in (with_phone, without):
        assert "云栖区政协委员联络室" in page
        assert "家门口的事，扫码讲" in page
    assert "0550-0000001" in with_phone
    assert "王姐" in with_phone
    assert "0550-0000009" in without, "the district's telephone stands where the point has none"
    assert "王姐" not in without, "王姐 doesn't answer the district's telephone"


def test_a_district_that_can_not_be_printed_fails_with_what_to_change(
    wiring: Wiring, town: Town, session: Session, in_process: NullJobQueue
) -> None:
    session.add(DistrictProfile(district_id=town.district_id, operator="联络室🐲", updated_at=wiring.clock.now()))
    session.commit()
    ordered = order(wiring, town)
    print_posters.run()
    detail = batch_detail(session, actor(session, town.jing_id), ordered)
    assert detail.row.state is BatchState.FAILED
    assert "🐲" in detail.reason
    assert "本区设置" in detail.reason


def test_points_that_can_not_be_drawn_are_left_out_and_listed_with_the_reason(
    wiring: Wiring, town: Town, session: Session, in_process: NullJobQueue
) -> None:
    more_points(wiring, town.longchi_id, 1, name="龙池🐲服务站")
    ordered = order(wiring, town, area=town.longchi_id)
    print_posters.run()
    detail = batch_detail(session, actor(session, town.jing_id), ordered)
    assert (detail.row.state, detail.row.done, detail.row.left_out) == (BatchState.DONE, 2, 1)
    (left_out,) = detail.left_out
    assert left_out.name == "龙池🐲服务站"
    assert "🐲" in left_out.reason
    assert codes(stored(wiring, ordered)) == [f"https://zhibao.example/p/{town.longchi_code}"]


def test_a_batch_of_which_nothing_can_be_drawn_fails_and_lists_everything(
    wiring: Wiring, town: Town, session: Session, in_process: NullJobQueue
) -> None:
    session.execute(update(IntakePoint).where(IntakePoint.code == town.shiqiao_code).values(name="石桥🐲"))
    session.commit()
    ordered = order(wiring, town, area=town.shiqiao_id)
    print_posters.run()
    detail = batch_detail(session, actor(session, town.jing_id), ordered)
    assert detail.row.state is BatchState.FAILED
    assert "每个直报点都有印不出来的内容" in detail.reason
    assert [one.name for one in detail.left_out] == ["石桥🐲"]


def test_points_retired_between_order_and_drawing_fail_it_in_plain_words(
    wiring: Wiring, town: Town, session: Session, in_process: NullJobQueue
) -> None:
    ordered = order(wiring, town, area=town.shiqiao_id)
    point = session.scalars(select(IntakePoint).where(IntakePoint.code == town.shiqiao_code)).one()
    change_point(session, actor=MACHINE, point_id=point.id, action=PointAction.RETIRE, note="撤点", at=wiring.clock.now())
    session.commit()
    print_posters.run()
    assert "没有在用的直报点" in batch_detail(session, actor(session, town.jing_id), ordered).reason


def test_progress_is_seen_while_the_pages_are_drawn(
    wiring: Wiring, town: Town, in_process: NullJobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_points(wiring, town.longchi_id, 6)
    ordered = order(wiring, town, area=town.longchi_id)
    monkeypatch.setattr(print_posters, "REPORT_SECONDS", 0.0)
    seen: list[tuple[BatchState, int, int]] = []
    report = report_batch

    def look_then_report(*args: Any, **kwargs: Any) -> bool:
        now = batch(wiring, ordered)
        seen.append((now.state, now.done, now.total))
        return report(*args, **kwargs)

    monkeypatch.setattr(print_posters, "report_batch", look_then_report)
    print_posters.run()
    assert {state for state, _, _ in seen} == {BatchState.RUNNING}
    assert [done for _, done, _ in seen] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert {total for _, _, total in seen} == {7}


def test_progress_is_told_at_most_twice_a_second(
    wiring: Wiring, town: Town, in_process: NullJobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_points(wiring, town.longchi_id, 40)
    order(wiring, town, area=town.longchi_id)
    told: list[float] = []
    report = report_batch

    def note(*args: Any, **kwargs: Any) -> bool:
        told.append(time.monotonic())
        return report(*args, **kwargs)

    monkeypatch.setattr(print_posters, "report_batch", note)
    began = time.monotonic()
    print_posters.run()
    assert len(told) <= (time.monotonic() - began) / 0.5 + 1


def test_points_are_read_in_chunks_each_once_in_the_trees_order(
    wiring: Wiring, town: Town, session: Session, in_process: NullJobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_points(wiring, town.longchi_id, 4)
    whole = points_to_print(session, f"/{town.district_id}/", after=None, limit=100)
    assert whole == [], "a path that isn't the district's"
    path = session.get_one(Area, town.district_id).path
    whole = points_to_print(session, path, after=None, limit=100)
    assert len(whole) == count_to_print(session, path) == 7
    assert [(one.area_path, one.id) for one in whole] == sorted((one.area_path, one.id) for one in whole)
    asked: list[list[PosterPoint]] = []

    def note(*args: Any, **kwargs: Any) -> list[PosterPoint]:
        asked.append(points_to_print(*args, **kwargs))
        return asked[-1]

    monkeypatch.setattr(print_posters, "CHUNK", 2)
    monkeypatch.setattr(print_posters, "points_to_print", note)
    ordered = order(wiring, town)
    print_posters.run()
    assert [len(chunk) for chunk in asked] == [2, 2, 2, 1]
    assert [point for chunk in asked for point in chunk] == whole
    assert codes(stored(wiring, ordered)) == [f"https://zhibao.example/p/{point.code}" for point in whole]


# Ordering.


def test_a_double_click_makes_one_batch(wiring: Wiring, town: Town, clock: TestClock) -> None:
    first = order(wiring, town)
    assert order(wiring, town) == first
    assert order(wiring, town, paper="a3") != first
    assert order(wiring, town, who=town.li_id) != first, "another person's order is another order"
    clock.forward(seconds=61)
    assert order(wiring, town) != first


def test_two_clicks_at_the_same_moment_make_one_batch(wiring: Wiring, town: Town) -> None:
    made: list[int] = []
    threads = [threading.Thread(target=lambda: made.append(order(wiring, town))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1


def test_a_failed_batch_does_not_stand_in_the_way_of_the_same_order(
    wiring: Wiring, town: Town, session: Session, in_process: NullJobQueue
) -> None:
    session.execute(update(IntakePoint).where(IntakePoint.code == town.shiqiao_code).values(name="石桥🐲"))
    session.commit()
    first = order(wiring, town, area=town.shiqiao_id)
    print_posters.run()
    assert order(wiring, town, area=town.shiqiao_id) != first


def test_nobody_has_more_than_three_batches_unfinished(wiring: Wiring, town: Town, in_process: NullJobQueue) -> None:
    for area in (town.district_id, town.street_id, town.longchi_id):
        order(wiring, town, area=area)
    with pytest.raises(TooMany, match="还没生成完"):
        order(wiring, town, area=town.ziwei_id)
    order(wiring, town, area=town.ziwei_id, who=town.li_id)
    print_posters.run()
    order(wiring, town, area=town.ziwei_id)


def test_an_empty_area_says_so(wiring: Wiring, town: Town, session: Session) -> None:
    qinghe = session.scalars(select(Area).where(Area.name == "清河街道")).one()
    session.execute(delete(IntakePoint).where(IntakePoint.code == town.shiqiao_code))
    session.commit()
    with pytest.raises(InvalidInput, match="没有在用的直报点") as refused:
        order(wiring, town, area=qinghe.id)
    assert refused.value.field == "area"
    assert "清河街道" not in [one.name for one in areas_to_print(session, actor(session, town.jing_id))]


def test_too_large_an_area_is_to_be_split(wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_POINTS", 2)
    with pytest.raises(InvalidInput, match="按街道分批"):
        order(wiring, town)
    order(wiring, town, area=town.street_id)


def test_an_unknown_format_is_refused(wiring: Wiring, town: Town) -> None:
    with pytest.raises(InvalidInput, match="规格") as refused:
        order(wiring, town, paper="a0")
    assert refused.value.field == "format"


def test_neither_members_nor_the_neighbours_may_order(wiring: Wiring, town: Town) -> None:
    with pytest.raises(Forbidden):
        order(wiring, town, who=town.zhou_id)
    with pytest.raises(InvalidInput, match="没有这个区域"):
        order(wiring, town, who=town.stranger_id)


def test_areas_are_offered_with_what_they_make(session: Session, town: Town) -> None:
    offered = [(one.name, one.depth, one.points) for one in areas_to_print(session, actor(session, town.jing_id))]
    assert offered == [
        ("云栖区", 0, 3), ("丰山街道", 1, 2), ("龙池社区", 2, 1), ("紫薇社区", 2, 1), ("清河街道", 1, 1), ("石桥社区", 2, 1),
    ]  # fmt: skip
    assert areas_to_print(session, actor(session, town.zhou_id)) == ()


def test_the_list_is_paged_newest_first_and_each_batch_stands_in_it_once(
    wiring: Wiring, town: Town, session: Session, clock: TestClock, in_process: NullJobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_WAITING", 100)
    made = []
    for _ in range(45):
        clock.forward(seconds=61)
        made.append(order(wiring, town, area=town.longchi_id))
    person, seen, after = actor(session, town.jing_id), [], ""
    for expected in (20, 20, 5):
        page = batches_of(session, person, after=after)
        assert len(page.rows) == expected
        seen += [row.id for row in page.rows]
        after = page.next_key
    assert after == ""
    assert seen == made[::-1]
    assert batches_of(session, person, after="rubbish").rows[0].id == made[-1]
    assert batches_of(session, actor(session, town.stranger_id)).rows == ()


def test_a_batch_is_not_there_for_the_neighbours_and_closed_to_members(wiring: Wiring, town: Town, session: Session) -> None:
    ordered = order(wiring, town)
    with pytest.raises(NotFound):
        batch_detail(session, actor(session, town.stranger_id), ordered)
    with pytest.raises(Forbidden):
        batch_detail(session, actor(session, town.zhou_id), ordered)


# Workers that die, stop or lose their batch.


def claimed(wiring: Wiring) -> Any:
    with wiring.sessions.begin() as session:
        claim = claim_batch(session, at=wiring.clock.now())
    assert claim is not None
    return claim


def test_a_batch_whose_worker_went_silent_is_drawn_by_the_next(
    wiring: Wiring, town: Town, clock: TestClock, in_process: NullJobQueue
) -> None:
    ordered = order(wiring, town)
    claimed(wiring)
    clock.forward(seconds=60)
    print_posters.run()
    assert batch(wiring, ordered).state is BatchState.RUNNING, "a minute of silence is allowed"
    clock.forward(seconds=1)
    print_posters.run()
    assert batch(wiring, ordered).state is BatchState.DONE


def test_who_lost_a_batch_can_neither_report_nor_settle_it(
    wiring: Wiring, town: Town, clock: TestClock, session: Session, in_process: NullJobQueue
) -> None:
    ordered = order(wiring, town)
    old = claimed(wiring)
    clock.forward(seconds=61)
    print_posters.run()
    for settle in (report_batch, lambda *a, **k: finish_batch(*a, size=1, **k)):
        assert settle(session, old, service.Drawn(1), at=clock.now()) is False
    session.commit()
    assert batch(wiring, ordered).file_bytes > 1


def test_a_worker_that_reports_is_not_taken_over(wiring: Wiring, town: Town, clock: TestClock, session: Session) -> None:
    order(wiring, town)
    claim = claimed(wiring)
    for _ in range(5):
        clock.forward(seconds=50)
        assert report_batch(session, claim, service.Drawn(1), at=clock.now())
        session.commit()
        assert take_over_silent(session, at=clock.now(), limit=10) == 0


def test_after_three_dead_workers_it_is_given_up_and_can_be_asked_for_again(
    wiring: Wiring, town: Town, clock: TestClock, session: Session, in_process: NullJobQueue
) -> None:
    ordered = order(wiring, town)
    for death in range(3):
        claimed(wiring)
        clock.forward(seconds=61)
        take_over_silent(session, at=clock.now(), limit=10)
        session.commit()
        assert batch(wiring, ordered).state is (BatchState.WAITING if death < 2 else BatchState.FAILED)
    assert "试了 3 次" in batch_detail(session, actor(session, town.jing_id), ordered).reason
    retry_batch(session, actor=actor(session, town.jing_id), batch_id=ordered, version=batch(wiring, ordered).version, at=clock.now())
    session.commit()
    claimed(wiring)  # the count begins anew
    clock.forward(seconds=61)
    print_posters.run()
    assert batch(wiring, ordered).state is BatchState.DONE


def test_a_worker_asked_to_end_gives_its_batch_back_and_that_is_no_failed_try(
    wiring: Wiring, town: Town, clock: TestClock, session: Session, in_process: NullJobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_points(wiring, town.longchi_id, 3)
    ordered = order(wiring, town)
    for _ in range(5):
        answers = iter([False, False, True, True])
        with monkeypatch.context() as patch:
            patch.setattr(print_posters, "stopping", answers.__next__)
            print_posters.run()
        given_back = batch(wiring, ordered)
        assert (given_back.state, given_back.done) == (BatchState.WAITING, 0)
    claimed(wiring)
    clock.forward(seconds=61)
    print_posters.run()
    assert batch(wiring, ordered).state is BatchState.DONE


def test_a_full_disk_fails_it_in_plain_words(
    wiring: Wiring, town: Town, session: Session, in_process: NullJobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(key: str, source: BinaryIO) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wiring.objects, "put", full)
    ordered = order(wiring, town)
    print_posters.run()
    detail = batch_detail(session, actor(session, town.jing_id), ordered)
    assert detail.row.state is BatchState.FAILED
    assert "磁盘满了" in detail.reason


def test_only_a_failed_batch_is_drawn_again_and_two_who_ask_at_once_learn_of_each_other(
    wiring: Wiring, town: Town, session: Session, in_process: NullJobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(wiring.objects, "put", lambda key, source: (_ for _ in ()).throw(OSError("full")))
        ordered = order(wiring, town)
        print_posters.run()
    failed = batch(wiring, ordered)
    jing, at = actor(session, town.jing_id), wiring.clock.now()
    with pytest.raises(Forbidden):
        retry_batch(session, actor=actor(session, town.zhou_id), batch_id=ordered, version=failed.version, at=at)
    with pytest.raises(NotFound):
        retry_batch(session, actor=actor(session, town.stranger_id), batch_id=ordered, version=failed.version, at=at)
    retry_batch(session, actor=jing, batch_id=ordered, version=failed.version, at=at)
    session.commit()
    with pytest.raises(Conflict):
        retry_batch(session, actor=jing, batch_id=ordered, version=failed.version, at=at)
    session.rollback()
    print_posters.run()
    done = batch(wiring, ordered)
    assert (done.state, done.problems) == (BatchState.DONE, [])
    with pytest.raises(Conflict):
        retry_batch(session, actor=jing, batch_id=ordered, version=done.version, at=at)


def test_two_workers_never_draw_the_same_batch(wiring: Wiring, town: Town) -> None:
    order(wiring, town)
    with wiring.sessions() as one, wiring.sessions() as other:
        assert claim_batch(one, at=wiring.clock.now()) is not None
        assert claim_batch(other, at=wiring.clock.now()) is None
        one.commit()
        assert claim_batch(other, at=wiring.clock.now()) is None


def test_a_second_run_changes_nothing(wiring: Wiring, town: Town, session: Session, in_process: NullJobQueue) -> None:
    ordered = order(wiring, town)
    print_posters.run()
    steps = select(func.count()).where(HistoryEntry.noun == "poster_batch", HistoryEntry.entity_id == ordered)
    before = (stored(wiring, ordered), session.scalar(steps))
    print_posters.run()
    assert (stored(wiring, ordered), session.scalar(steps)) == before
    assert before[1] == 3


# Retention.


def test_files_are_deleted_after_thirty_days_and_the_batch_remembers(
    wiring: Wiring, town: Town, session: Session, clock: TestClock, in_process: NullJobQueue
) -> None:
    ordered = order(wiring, town)
    print_posters.run()
    key = batch(wiring, ordered).file_key or ""
    clock.forward(days=30)
    apply_retention.run()
    assert wiring.objects.size(key) > 0
    clock.forward(seconds=1)
    apply_retention.run()
    with pytest.raises(FileNotFoundError):
        wiring.objects.size(key)
    row = batch_detail(session, actor(session, town.jing_id), ordered).row
    assert (row.state, row.expired) == (BatchState.DONE, True)
    apply_retention.run()


def test_more_files_than_one_batch_of_the_job_are_all_deleted(
    wiring: Wiring, town: Town, clock: TestClock, in_process: NullJobQueue, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for area in (town.longchi_id, town.ziwei_id, town.shiqiao_id):
        order(wiring, town, area=area)
    print_posters.run()
    assert len(list((tmp_path / "objects").rglob("*.pdf"))) == 3
    monkeypatch.setattr(apply_retention, "BATCH", 2)
    clock.forward(days=31)
    apply_retention.run()
    assert list((tmp_path / "objects").rglob("*.pdf")) == []


# A real worker process.


def test_a_batch_may_take_longer_than_the_jobs_that_triage_waits_behind(wiring: Wiring) -> None:
    RqJobQueue(wiring.redis).wake(Wake.POSTERS)
    RqJobQueue(wiring.redis).wake(Wake.TRIAGE)
    limits = {
        name: [job.timeout for job in Queue(name, connection=wiring.redis, serializer=JSONSerializer).jobs]
        for name in ("documents", "triage")
    }
    assert limits == {"documents": [LONG_JOB_TIMEOUT], "triage": [JOB_TIMEOUT]}
    assert LONG_JOB_TIMEOUT > 600 > JOB_TIMEOUT


def running(wiring: Wiring, ordered: int, *, at_least: int) -> Callable[[], bool]:
    def look() -> bool:
        now = batch(wiring, ordered)
        return now.state is BatchState.RUNNING and now.done >= at_least

    return look


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_worker_process_draws_in_a_child_and_a_killed_child_is_replaced(
    wiring: Wiring,
    town: Town,
    start: Start,  # noqa: F811 -- the fixture
) -> None:
    more_points(wiring, town.longchi_id, 400)
    ordered = order(wiring, town, area=town.longchi_id)
    worker = start("worker", "documents")
    queue = RqJobQueue(wiring.redis)
    queue.wake(Wake.POSTERS)
    eventually(running(wiring, ordered, at_least=1), "drawing")
    (child,) = children(worker.pid)
    os.kill(child, signal.SIGKILL)
    eventually(lambda: children(worker.pid) == [], "the child is gone")
    assert worker.poll() is None
    assert batch(wiring, ordered).state is BatchState.RUNNING
    with wiring.sessions.begin() as session:  # as if an hour had passed; the worker's clock is the machine's
        session.get_one(PosterBatch, ordered).beat_at = SystemClock().now() - timedelta(hours=1)
    wiring.redis.delete("wake:posters")
    queue.wake(Wake.POSTERS)  # what the sweep does within 30 s
    eventually(lambda: batch(wiring, ordered).state is BatchState.DONE, "drawn by the next child")
    assert io.BytesIO(stored(wiring, ordered)).read(5) == b"%PDF-"
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0


def test_a_worker_process_asked_to_end_gives_its_batch_back_at_once(wiring: Wiring, town: Town, start: Start) -> None:  # noqa: F811 -- the fixture
    more_points(wiring, town.longchi_id, 600)
    ordered = order(wiring, town, area=town.longchi_id)
    worker = start("worker", "documents")
    RqJobQueue(wiring.redis).wake(Wake.POSTERS)
    eventually(running(wiring, ordered, at_least=1), "drawing")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert batch(wiring, ordered).state is BatchState.WAITING, "it didn't draw the others first"


def test_a_child_does_not_outlive_its_killed_worker(wiring: Wiring, town: Town, start: Start) -> None:  # noqa: F811 -- the fixture
    more_points(wiring, town.longchi_id, 600)
    ordered = order(wiring, town, area=town.longchi_id)
    worker = start("worker", "documents")
    RqJobQueue(wiring.redis).wake(Wake.POSTERS)
    eventually(running(wiring, ordered, at_least=1), "drawing")
    (child,) = children(worker.pid)
    worker.kill()
    worker.wait()
    eventually(lambda: not Path(f"/proc/{child}").exists(), "the child has ended")
    assert batch(wiring, ordered).state is BatchState.WAITING
