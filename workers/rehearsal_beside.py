"""What the demo's life has beside messages from the wall: a question to everybody, paper slips with words filed from one, and neighbours who
joined a released matter. Everything invented.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.cli.demo_life import key_of
from intake.domain.actor import Actor
from intake.domain.assisted import Consent, SpokenBy
from intake.domain.language.lexicon import lexicon_of
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import Channel
from intake.models import Area, OpenCall, PaperSlip
from intake.queries.point import PointView, point_by_id
from intake.services.assisted_file import Spoken, file_for
from intake.services.endorse import Endorsing, endorse, read_endorsement
from intake.services.open_call import CallFacts, Calling, create_call, publish_call, report_call
from intake.services.paper_slip import print_slips
from intake.services.submission_submit import Origin, Stored, read_sentence, submit
from intake.wiring import Wiring
from workers.rehearsal_approvals import go_through
from workers.rehearsal_brief import write_briefs
from workers.rehearsal_bulletins import write_bulletins
from workers.rehearsal_duty import keep_calendar
from workers.rehearsal_groups import found_groups
from workers.rehearsal_hands import pass_around
from workers.rehearsal_imports import take_over
from workers.rehearsal_marks import mark_proposed
from workers.rehearsal_parts import part_messages
from workers.rehearsal_plan import plan_the_year
from workers.rehearsal_points import use_points
from workers.rehearsal_reports import report_on_the_way
from workers.rehearsal_rounds import gather_decisions

Triage = Callable[[str, Stored, PointView, str, datetime], None]
"""What the worker does with words just stored: the script's name of them, the row, where, the words, when."""

STAFF, WORKER, MEMBER = "袁佩珊", "王桂兰", "周明远"
COMMUNITY, STREET = "龙池社区", "丰山街道"
OVER = CallFacts(
    title="老菜场改造，先听您的",
    question="丰山街道的老菜场，您最想先改哪一样？",
    background="街道准备改造老菜场，钱只够先做一两样。每一条都有人看，结果写在这里。",
    area_id=0,
    opens_on=None,
    closes_on=None,
)
OVER_RESULT = "大家说得最多的是地面积水和没有坐的地方。地面排水已经列进明年的改造，长凳今年装；摊位怎么排，改造前再来问大家。"
RUNNING = CallFacts(
    title="晚上回家的路，哪一段最黑",
    question="您晚上回家，哪一段路最黑、最不好走？",
    background="区政协准备请有关单位一起看夜路。请写哪条路、从哪里到哪里。哪些路段会去看，结束以后写在这里。",
    area_id=0,
    opens_on=None,
    closes_on=None,
)
ANSWERS = (
    "公交站到菜场后门那一段，两盏灯坏了半年",
    "学校后面的小路，晚自习放学孩子都绕着走",
    "河边步道北头没有灯，台阶看不见",
)
SLIPS = 6
FILED = "我八十四了，手机不会用。楼道里堆的纸箱子没人清，走路要侧着身，怕着火。"
MATTER = "lift-ziwei"
"""紫薇苑3栋加装电梯: released, and still being talked over."""
JOINED = ("我家也是", "", "三楼也盼着，天天听人背老人上楼")
BETWEEN = timedelta(hours=5)
"""Of the last day, so that nobody's time to look is over."""


@dataclass(slots=True)
class Beside:
    """Where it happens, and who acts."""

    session: Session
    wiring: Wiring
    ends: datetime
    points: Mapping[str, PointView]
    topics: Mapping[str, int]
    """By their code in life_topics.toml."""
    actor: Callable[[str], Actor]
    triage: Triage

    def happen(self) -> None:
        """All of it, in the last weeks before the end."""
        found_groups(self.session, self.wiring, self.actor(STAFF), at=self.ends - timedelta(days=80))
        over = self._call(OVER, begins=40, days=15)
        report_call(self.session, self._calling(over, back=20), words=OVER_RESULT)
        self._answer(self._call(RUNNING, begins=6, days=30))
        self._file_from_a_slip()
        self._join()
        part_messages(
            self.session,
            self.wiring,
            staff=self.actor(STAFF),
            member=self.actor(MEMBER),
            point=self.points[COMMUNITY],
            triage=self.triage,
            at=self.ends,
        )
        report_on_the_way(
            self.session, self.wiring, member=self.actor(MEMBER), point=self.points[COMMUNITY], triage=self.triage, at=self.ends
        )
        write_briefs(self.session, actor=self.actor, ends=self.ends)
        pass_around(self.session, self.wiring, at=self.ends - timedelta(hours=2))
        gather_decisions(self.session, staff=self.actor(STAFF), ends=self.ends)
        keep_calendar(self.session, self.wiring, staff=self.actor(STAFF), actor=self.actor, ends=self.ends)
        plan_the_year(self.session, self.wiring, staff=self.actor(STAFF), at=self.ends - timedelta(hours=1))
        write_bulletins(self.session, staff=self.actor(STAFF), ends=self.ends)
        use_points(self.session, staff=self.actor(STAFF), actor=self.actor, ends=self.ends)
        mark_proposed(self.session, first=self.actor(STAFF), second=self.actor("林晓燕"), ends=self.ends)
        take_over(self.session, self.wiring, staff=self.actor(STAFF), ends=self.ends)
        go_through(self.session, self.wiring, staff=self.actor(STAFF), ends=self.ends)

    def _call(self, facts: CallFacts, *, begins: int, days: int) -> OpenCall:
        street = self.session.scalars(select(Area).where(Area.name == STREET, Area.district_id == self.points[COMMUNITY].district_id)).one()
        at = self.ends - timedelta(days=begins)
        first = at.astimezone(SHANGHAI).date()
        asked = CallFacts(facts.title, facts.question, facts.background, street.id, first, first + timedelta(days=days))
        call = create_call(self.session, asked, actor=self.actor(STAFF), at=at)
        publish_call(self.session, self._calling(call, back=begins))
        return call

    def _calling(self, call: OpenCall, *, back: int) -> Calling:
        self.session.flush()
        return Calling(actor=self.actor(STAFF), call_id=call.id, version=call.version, at=self.ends - timedelta(days=back))

    def _answer(self, call: OpenCall) -> None:
        point = point_by_id(self.session, call.point_id)
        assert point is not None
        for number, words in enumerate(ANSWERS):
            said, at = f"call-night-road/{number}", self.ends - (number + 1) * BETWEEN
            origin = Origin(Channel.FORM, device_hash=key_of(said), open_call_id=call.id)
            sentence = read_sentence(text=words, place="", contact="")
            stored = submit(self.session, vault=self.wiring.vault, point=point, key=key_of(said), sentence=sentence, origin=origin, at=at)
            self.triage(said, stored, point, words, at)

    def _file_from_a_slip(self) -> None:
        worker, point, at = self.actor(WORKER), self.points[COMMUNITY], self.ends - timedelta(days=1)
        first = print_slips(self.session, actor=worker, point_id=point.id, count=SLIPS, at=at - timedelta(days=3))
        spoken = Spoken(SpokenBy.SELF, Consent.WRITTEN, is_child=False, slip=self.session.get_one(PaperSlip, first).number)
        said, sentence = "slip/0", read_sentence(text=FILED, place="", contact="")
        stored = file_for(
            self.session, vault=self.wiring.vault, actor=worker, point=point, key=key_of(said), sentence=sentence, spoken=spoken, at=at
        )
        self.triage(said, stored, point, FILED, at)

    def _join(self) -> None:
        """Neighbours of a released matter that is under way."""
        point = self.points[COMMUNITY]
        for number, words in enumerate(JOINED):
            who = hashlib.sha256(key_of(f"joined/{number}")).digest()
            joining = Endorsing(
                topic_id=self.topics[MATTER],
                point=point,
                person=who,
                device=who,
                openid_hash=None,
                follower_id=None,
                sentence=read_endorsement(text=words, contact=""),
                at=self.ends - (number + 1) * BETWEEN,
            )
            endorse(self.session, joining, vault=self.wiring.vault, lexicon=lexicon_of(self.wiring.taxonomy))
