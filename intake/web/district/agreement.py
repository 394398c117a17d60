"""研判质量: how often people agreed with the machine, and which models are in use."""

import csv
import io

from flask import render_template
from werkzeug.wrappers import Response

from intake.domain.learnt_part import PAIRS_NEEDED, LearntPart
from intake.domain.permission import Permission
from intake.queries.agreement import AgreementMonth, Share, agreement, models_shown
from intake.web.district.blueprint import district
from intake.web.exported import note_export
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

SHARES = ("suggested", "unsure", "confirmed", "changed", "elsewhere", "joins", "sure", "likely", "category")
"""As they stand in AgreementMonth; in the file each has a column for the part and one for the whole."""


@district.get("/triage")
@requires(Permission.TRIAGE_REPORT)
def triage_report() -> str:
    """Month by month, with every numerator and denominator."""
    months = agreement(db(), actor(), at=wiring().clock.now())
    learnt = models_shown(db(), actor())
    return render_template("district/agreement.html", months=months, learnt=learnt, part=LearntPart, pairs_needed=PAIRS_NEEDED)


@district.get("/triage.csv")
@requires(Permission.TRIAGE_REPORT)
def triage_report_file() -> Response:
    """The same as a file for a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["month", "decided", *(f"{name}_{side}" for name in SHARES for side in ("part", "whole")), "models"])
    for month in agreement(db(), actor(), at=wiring().clock.now()):
        writer.writerow(_line(month))
    note_export("agreement")
    # With its mark, spreadsheets read it as UTF-8.
    file = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    file.headers["Content-Disposition"] = 'attachment; filename="triage-agreement.csv"'
    return file


def _line(month: AgreementMonth) -> list[object]:
    shares: list[Share] = [getattr(month, name) for name in SHARES]
    return [
        f"{month.month:%Y-%m}",
        month.decided,
        *(number for share in shares for number in (share.part, share.whole)),
        " ".join(month.versions),
    ]
