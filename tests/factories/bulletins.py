"""Bulletins and conversions, made by the services that staff call."""

from datetime import date

from intake.domain.bulletin import AdoptionKind, AdoptionLevel, ConversionKind
from intake.models import Bulletin, Conversion
from intake.services.bulletin import AdoptionFacts, Editing, draft_bulletin, edit_bulletin, record_adoption, send_bulletin, sign_bulletin
from intake.services.conversion import ConversionFacts, convert
from intake.wiring import Wiring
from tests.factories.town import Town, actor

TEXT = "一、基本情况\n幸福里三排路灯不亮。\n二、原因分析\n线路老化。\n三、有关建议\n年内换灯。"
TITLE = "关于幸福里路灯的建议"
TODAY = date(2026, 11, 3)
"""The clock's first day."""


def drafted_bulletin(wiring: Wiring, town: Town, *topic_ids: int) -> int:
    """As the machine begins it; its id."""
    with wiring.sessions.begin() as session:
        return draft_bulletin(session, actor=actor(session, town.jing_id), topic_ids=topic_ids, at=wiring.clock.now()).id


def bulletin_row(wiring: Wiring, bulletin_id: int) -> Bulletin:
    """Its row as it stands now."""
    with wiring.sessions() as session:
        return session.get_one(Bulletin, bulletin_id)


def editing(wiring: Wiring, user_id: int, bulletin_id: int) -> Editing:
    """What a person holds who has it on the screen now."""
    version = bulletin_row(wiring, bulletin_id).version
    with wiring.sessions() as session:
        return Editing(actor=actor(session, user_id), bulletin_id=bulletin_id, version=version, at=wiring.clock.now())


def written(wiring: Wiring, town: Town, bulletin_id: int, *, title: str = TITLE, text: str = TEXT) -> int:
    """Nothing waits to be filled in."""
    held = editing(wiring, town.jing_id, bulletin_id)
    with wiring.sessions.begin() as session:
        edit_bulletin(session, held, title=title, text=text, taken_out=False)
    return bulletin_id


def signed(wiring: Wiring, town: Town, bulletin_id: int) -> int:
    """By the chairman, on paper."""
    held = editing(wiring, town.jing_id, bulletin_id)
    with wiring.sessions.begin() as session:
        sign_bulletin(session, held, signer="郑主席", signed_on=TODAY, looked=True)
    return bulletin_id


def sent_up(wiring: Wiring, town: Town, *topic_ids: int, title: str = TITLE) -> int:
    """A bulletin that went to the city; its id."""
    bulletin_id = signed(wiring, town, written(wiring, town, drafted_bulletin(wiring, town, *topic_ids), title=title))
    held = editing(wiring, town.jing_id, bulletin_id)
    with wiring.sessions.begin() as session:
        send_bulletin(session, held, addressed_to="市政协办公室", sent_on=TODAY, issue_number="2026 年第 12 期")
    return bulletin_id


def taken_up_at(wiring: Wiring, town: Town, bulletin_id: int, level: AdoptionLevel, *, body: str = "市政协") -> int:
    """Adopted there; the entry's id."""
    held = editing(wiring, town.jing_id, bulletin_id)
    facts = AdoptionFacts(level=level, kind=AdoptionKind.ADOPTED, body=body, adopted_on=TODAY, words="")
    with wiring.sessions.begin() as session:
        return record_adoption(session, held, facts).id


def turned_into(
    wiring: Wiring, town: Town, topic_id: int, kind: ConversionKind = ConversionKind.PROPOSAL, *, title: str = "关于路灯的提案"
) -> int:
    """A conversion of the topic; its id."""
    facts = ConversionFacts(kind=kind, title=title, number="", by_whom="周明远", suggestions=2, converted_on=TODAY, outcome="")
    with wiring.sessions.begin() as session:
        return convert(session, facts, actor=actor(session, town.jing_id), topic_id=topic_id, at=wiring.clock.now()).id


def conversion_of(wiring: Wiring, conversion_id: int) -> Conversion:
    """Its row as it stands now."""
    with wiring.sessions() as session:
        return session.get_one(Conversion, conversion_id)
