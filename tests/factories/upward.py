"""Classes of matters that are reported to a body above, and what came of it."""

from datetime import date

from intake.domain.upward_report import UpwardBody
from intake.models import UpwardReport
from intake.services import upward_answer
from intake.services import upward_report as service
from intake.services.submission_submit import Stored
from intake.services.topic_class import open_class
from intake.services.upward_answer import AnswerFacts
from intake.services.upward_report import Reporting
from intake.wiring import Wiring
from tests.factories.matters import told, topic_of
from tests.factories.town import Town, actor

TITLE = "几个社区的公交末班车太早"
SAID = "末班公交七点半就没有了，下晚班的人回不了家"
ANSWER = "市交通运输局答复：从十二月起，三条线路末班车延到二十一点。"


def class_of(wiring: Wiring, town: Town) -> tuple[int, list[Stored]]:
    """The id of a class with two matters in two communities of 丰山街道, and what residents said."""
    said = [
        told(wiring, code, SAID if code == town.longchi_code else "公交收班早，学生补课回不来")
        for code in (town.longchi_code, town.ziwei_code)
    ]
    topics = [topic_of(wiring, town.zhou_id, title, one) for title, one in zip(("龙池末班车太早", "紫薇末班车太早"), said, strict=True)]
    with wiring.sessions.begin() as session:
        staff = actor(session, town.jing_id)
        return open_class(session, actor=staff, topic_ids=topics, title=TITLE, at=wiring.clock.now()).id, said


def reporting(wiring: Wiring, user_id: int, report_id: int) -> Reporting:
    """What a person holds who has it on the screen now."""
    with wiring.sessions() as session:
        version = session.get_one(UpwardReport, report_id).version
        return Reporting(actor=actor(session, user_id), report_id=report_id, version=version, at=wiring.clock.now())


def report_drafted(wiring: Wiring, town: Town, class_id: int, *, body: UpwardBody = UpwardBody.CITY_COMMITTEE) -> int:
    """The id of a fresh draft."""
    with wiring.sessions.begin() as session:
        staff = actor(session, town.jing_id)
        return service.draft(session, actor=staff, topic_id=class_id, body=body, body_name="", at=wiring.clock.now()).id


def report_written(wiring: Wiring, town: Town, report_id: int) -> int:
    """With what is asked of the body above."""
    held = reporting(wiring, town.jing_id, report_id)
    with wiring.sessions.begin() as session:
        found = session.get_one(UpwardReport, report_id)
        text = found.text.split("四、请求事项")[0] + "四、请求事项\n请协调延长末班车。"
        service.save(session, held, title=found.title, text=text, body=found.body, body_name="")
    return report_id


def report_answered(wiring: Wiring, town: Town, report_id: int) -> int:
    """Sent on paper, and answered."""
    report_written(wiring, town, report_id)
    held = reporting(wiring, town.jing_id, report_id)
    with wiring.sessions.begin() as session:
        service.send(session, held, document_number="云协〔2026〕9号", signer="陈启明", sent_on=date(2026, 11, 2))
    held = reporting(wiring, town.jing_id, report_id)
    with wiring.sessions.begin() as session:
        upward_answer.answer(session, held, AnswerFacts(ANSWER, "临交函〔2026〕4号", date(2026, 11, 2)))
    return report_id


def report_row(wiring: Wiring, report_id: int) -> UpwardReport:
    """Its row as it stands now."""
    with wiring.sessions() as session:
        return session.get_one(UpwardReport, report_id)
