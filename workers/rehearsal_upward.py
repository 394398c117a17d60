"""一类事上报 of the demo: what staff gathered as one kind of matter is on its way to the city. All invented."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.topic import TopicKind
from intake.domain.upward_report import UpwardBody
from intake.domain.working_days import SHANGHAI
from intake.models import Topic
from intake.queries.upward_report import REPORTABLE
from intake.services.upward_report import Reporting, draft, save, send

REQUEST = "请市政协协调有关部门，一并研究解决的办法和时间。"


def report_the_class(session: Session, *, staff: Actor, at: datetime) -> None:
    """The first class there is, drafted, written to its end and sent on paper; nothing where there is none."""
    of_district = (Topic.district_id == staff.district_id, Topic.kind == TopicKind.CLASS, Topic.state.in_(REPORTABLE))
    klass = session.scalars(select(Topic).where(*of_district).order_by(Topic.id).limit(1)).first()
    if klass is None:
        return
    made = draft(session, actor=staff, topic_id=klass.id, body=UpwardBody.CITY_COMMITTEE, body_name="", at=at)
    text = f"{made.text.partition('【待补')[0]}{REQUEST}"
    save(session, Reporting(staff, made.id, made.version, at), title=made.title, text=text, body=made.body, body_name="")
    day = at.astimezone(SHANGHAI).date()
    send(session, Reporting(staff, made.id, made.version, at), document_number="云协〔2026〕9号", signer="陈启明", sent_on=day)
