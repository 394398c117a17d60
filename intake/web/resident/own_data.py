"""下载我的资料: everything of one's own about a submission, in one file."""

from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from flask import render_template, send_file
from werkzeug.wrappers import Response

from intake.domain.errors import TooMany
from intake.queries.receipt import receipt_of
from intake.services.own_data import own_data, write_archive
from intake.web.guard import open_to_all
from intake.web.language import translate as _
from intake.web.resident.blueprint import resident
from intake.web.resident.receipt_link import received_by_link
from intake.web.unit_of_work import db, wiring

TAKEN = "6/hour"
"""Times that the data of one receipt is packed."""
_IN_MEMORY = 1024 * 1024
"""Bytes; a larger archive is written to the disk while it is packed and sent."""


@resident.get("/r/<number>/<token>/data.zip")
@open_to_all
def take_own_data(number: str, token: str) -> Response:
    """Words, contact, steps, messages, verdicts, photos and voices: a page to read, the same for machines, and the files."""
    found, wired = received_by_link(number, token), wiring()
    if not wired.limiter.hit(TAKEN, "own-data", found.secret.number):
        raise TooMany(_("一小时里下载得太多了，请过一会儿再试。"))
    at = wired.clock.now()
    view = receipt_of(db(), found, at=at, workflow=wired.workflow)
    data = own_data(db(), view, vault=wired.vault, at=at)
    packed = SpooledTemporaryFile[bytes](max_size=_IN_MEMORY)
    write_archive(cast("BinaryIO", packed), data, page=render_template("resident/own_data.html", data=data, at=at), store=wired.objects)
    size = packed.tell()
    packed.seek(0)
    answer = send_file(packed, mimetype="application/zip", as_attachment=True, download_name=f"{view.number}.zip")
    answer.content_length = size
    answer.headers["Cache-Control"] = "no-store"
    return answer
