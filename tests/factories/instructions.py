"""Leaders' instructions, registered and sent on by the services that staff call."""

from datetime import date
from typing import Any

from intake.models import Instruction
from intake.services.instruction import Following, InstructionFacts, register, send_on
from intake.wiring import Wiring
from tests.factories.town import Town, actor

EXTRACT = "请城管局牵头，年底前把路灯修好。"
LEADER = "分管副区长刘明"


def facts(**other: Any) -> InstructionFacts:
    """What stands on the paper."""
    made: dict[str, Any] = {
        "number": "〔2026〕7号",
        "given_on": date(2026, 11, 2),
        "given_by": LEADER,
        "extract": EXTRACT,
        "subject": "",
        "about": "路灯",
        "due_on": None,
    }
    return InstructionFacts(**{**made, **other})


def registered(wiring: Wiring, town: Town, **other: Any) -> int:
    """The id of one that 王静 registered."""
    with wiring.sessions.begin() as session:
        return register(session, facts(**other), actor=actor(session, town.jing_id), at=wiring.clock.now()).id


def following(wiring: Wiring, user_id: int, instruction_id: int) -> Following:
    """What a person holds who has it on the screen now."""
    with wiring.sessions() as session:
        version = session.get_one(Instruction, instruction_id).version
        return Following(actor=actor(session, user_id), instruction_id=instruction_id, version=version, at=wiring.clock.now())


def sent_on(
    wiring: Wiring, town: Town, instruction_id: int, *unit_ids: int, outside: tuple[str, ...] = (), due_on: date | None = None
) -> list[int]:
    """The ids of the forwards."""
    held = following(wiring, town.jing_id, instruction_id)
    with wiring.sessions.begin() as session:
        return [one.id for one in send_on(session, held, unit_ids=unit_ids, outside=outside, due_on=due_on)]


def instruction_row(wiring: Wiring, instruction_id: int) -> Instruction:
    """Its row as it stands now."""
    with wiring.sessions() as session:
        return session.get_one(Instruction, instruction_id)
