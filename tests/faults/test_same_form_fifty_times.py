"""An impatient thumb, or a proxy that repeats: fifty sends of one opened form at once make one submission and one receipt."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.models import HistoryEntry, Submission, SubmissionKey
from tests.factories.town import Town
from tests.faults.conftest import Serve
from tests.faults.visitors import Answer, form_key, get, post

pytestmark = pytest.mark.faults

TIMES = 50


@pytest.mark.parametrize("limits", [{}, {"device_limit": "20/hour"}], ids=["within the limits", "beyond the device's limit"])
def test_fifty_sends_at_once_make_one_submission(serve: Serve, town: Town, session: Session, limits: dict[str, str]) -> None:
    web = serve(**limits)
    path = f"/p/{town.longchi_code}"
    fields = {"key": form_key(web.port, town.longchi_code), "text": "幸福里3号楼路灯不亮"}
    together = threading.Barrier(TIMES)

    def send(_number: int) -> Answer:
        together.wait()
        return post(web.port, path, fields)

    with ThreadPoolExecutor(TIMES) as phones:
        answers = list(phones.map(send, range(TIMES)))
    assert {answer.status for answer in answers} == {303}
    (receipt,) = {answer.location for answer in answers}
    stored = session.scalars(select(Submission)).one()
    assert stored.receipt_number in receipt
    assert "幸福里3号楼路灯不亮" in get(web.port, receipt).words
    assert len(session.scalars(select(SubmissionKey)).all()) == 1
    assert len(session.scalars(select(HistoryEntry).where(HistoryEntry.noun == "submission")).all()) == 1
