"""What a member of the demo reported (随手报): something seen on the way, and what was told at a door. Everything invented."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from intake.cli.demo_life import key_of
from intake.domain.actor import Actor
from intake.models import Submission
from intake.queries.point import PointView
from intake.services.member_report import Reporting, read_report, read_told, report
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from workers.rehearsal_photo import keep_photo

Triage = Callable[[str, Stored, PointView, str, datetime], None]
"""As in rehearsal_beside."""

SEEN = "学校门口的斑马线磨没了，放学时车不让人，孩子们自己跑过去"
TOLD = "李奶奶说三楼的窗户关不上，下雨就往楼道里灌，请物业看过两回没有修"


def report_on_the_way(session: Session, wiring: Wiring, *, member: Actor, point: PointView, triage: Triage, at: datetime) -> None:
    """One of the member's own with its photo, and one for a resident from a visit; both wait for somebody else."""
    _report(session, wiring, TOLD, "resident", "visit", member=member, point=point, triage=triage, at=at - timedelta(hours=30))
    seen = _report(session, wiring, SEEN, "own", "", member=member, point=point, triage=triage, at=at - timedelta(hours=3))
    keep_photo(session, wiring.objects, seen, scene="crossing-worn", at=at - timedelta(hours=3))


def _report(
    session: Session, wiring: Wiring, text: str, of: str, occasion: str, *, member: Actor, point: PointView, triage: Triage, at: datetime
) -> Submission:
    said = read_report(text=text, place="", contact="", pass_on=False, has_voice=False, has_photo=False)
    told = read_told(report_of=of, consent="spoken", is_child=False, occasion=occasion, day=None)
    mark = f"report/{of}"
    stored = report(session, Reporting(member, point.id, key_of(mark).hex()[:32], said, told), vault=wiring.vault, at=at)
    triage(mark, stored, point, text, at)
    return session.get_one(Submission, stored.submission_id)
