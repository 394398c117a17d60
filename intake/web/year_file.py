"""A year as a file: what the page says, and each line of the record, for whoever takes it along."""

from io import BytesIO

from flask import send_file
from werkzeug.wrappers import Response

from intake.domain.activity import ACTIVITY_NAMES, ActivityKind
from intake.domain.transition import LABELS
from intake.domain.working_days import SHANGHAI
from intake.domain.year import Year, sections
from intake.ports import Sheet, SheetCell
from intake.queries.district_year import DistrictYear, StreetYear
from intake.queries.year_record import YearRecord
from intake.web.labels import translated
from intake.web.language import translate as _
from intake.web.unit_of_work import wiring

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DISTRICT_HEADS = (
    "街道", "排好的班", "值班（次）", "接待群众（次）", "接待的人次", "走访（次）", "走访的人次", "调解纠纷（起）", "其中调解成功", "为民服务（次）", "服务的人次",
)  # fmt: skip


def person_file(record: YearRecord) -> Response:
    """One member's year: the counts, their topics, their record."""
    heading = _("%(name)s · %(year)s 年履职情况", name=record.name, year=record.year.number)
    return _file((_counts(record, heading), _topics(record, heading), _records(record, heading)), heading)


def district_file(found: DistrictYear, *, name: str) -> Response:
    """A district's year by street, with the sum last."""
    heading = _("%(name)s · %(year)s 年委员履职", name=name, year=found.year.number)
    rows = [_street(one, one.name or _("区里，或没有写地点")) for one in found.streets]
    total = _street(StreetYear(_("合计"), found.shifts, found.done), _("合计"))
    return _file((Sheet(_("按街道"), heading, (tuple(_(head) for head in DISTRICT_HEADS), *rows, total)),), heading)


def year_days(year: Year) -> str:
    """2026-01-01 – 2026-12-31."""
    return f"{year.first} – {year.last}"


def _file(sheets: tuple[Sheet, ...], heading: str) -> Response:
    day = wiring().clock.now().astimezone(SHANGHAI).date()
    answer = send_file(
        BytesIO(wiring().papers.book(sheets, day=day)),
        mimetype=XLSX,
        as_attachment=True,
        download_name=f"{heading.replace(' · ', '-')}.xlsx",
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _counts(record: YearRecord, heading: str) -> Sheet:
    rows: list[tuple[str | int, ...]] = [(_("部分"), _("指标"), _("数"), _("占多少里的"), _("占什么的"))]
    for section in sections(record.counts):
        title = translated(section.title)
        rows += [
            (title, translated(line.words), line.part, "" if line.whole is None else line.whole, translated(line.of))
            for line in section.lines
        ]
        rows += [(title, translated(words)) for words in section.unseen]
    return Sheet(_("数"), heading, tuple(rows))


def _topics(record: YearRecord, heading: str) -> Sheet:
    rows: list[tuple[str | int, ...]] = [(one.number, one.title, translated(LABELS[one.state]), one.into_title) for one in record.topics]
    if record.topics_left_out:
        rows.append((_("更早的 %(count)s 条没有列出，都算在数里。", count=record.topics_left_out),))
    return Sheet(_("议题"), heading, ((_("编号"), _("议题"), _("现在"), _("并入")), *rows))


def _records(record: YearRecord, heading: str) -> Sheet:
    heads = (_("日期"), _("做了什么"), _("地点"), _("场所"), _("人数"), _("调解结果"), _("记的话"))
    rows: list[tuple[SheetCell, ...]] = [
        (
            one.day,
            translated(ACTIVITY_NAMES[one.kind]),
            one.area_name,
            one.venue_name,
            one.people or "",
            "" if one.settled is None else _("调解成功") if one.settled else _("没有调成"),
            one.words,
        )
        for one in record.records
    ]
    if record.records_left_out:
        rows.append((_("更早的 %(count)s 条没有列出，都算在数里。", count=record.records_left_out),))
    return Sheet(_("记录"), heading, (heads, *rows))


def _street(one: StreetYear, name: str) -> tuple[str | int, ...]:
    duty, reception, visit, mediation, service = (one.of(kind) for kind in ActivityKind)
    return (
        name, one.shifts, duty.times, reception.times, reception.people, visit.times, visit.people,
        mediation.times, mediation.settled, service.times, service.people,
    )  # fmt: skip
