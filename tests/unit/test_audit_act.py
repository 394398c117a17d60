"""Every act that is recorded has words of its own, and each word stands once."""

import re
from pathlib import Path

from intake.domain.audit_act import DID, NOUN_NAMES, SAW, TOOK
from intake.queries.audit_page import WORDS
from intake.queries.entity_history import WORDS as OF_PLACES_AND_PEOPLE

ROOT = Path(__file__).parents[2]
SOURCES = [*ROOT.glob("intake/services/*.py"), *ROOT.glob("intake/web/**/*.py")]
ACT = re.compile(r'action="([a-z_]+(?:\.[a-z_]+)+)"')
NOUN = re.compile(r'noun="([a-z_]+)"')
TAKEN = re.compile(r'note_export\(\s*"([a-z_]+)"|note_visit\(\s*"([a-z_]+\.[a-z_]+)"')


def found(pattern: re.Pattern[str]) -> set[str]:
    return {
        match for path in SOURCES for one in pattern.findall(path.read_text()) for match in (one if isinstance(one, tuple) else (one,))
    } - {""}


def test_acts_that_are_named_in_the_code_have_words() -> None:
    named = found(ACT) | {one if "." in one else f"{one}.export" for one in found(TAKEN)}
    assert len(named) > 60
    assert named - set(WORDS) == set(), "write them into intake/domain/audit_act.py"


def test_things_that_are_named_in_the_code_have_words() -> None:
    assert found(NOUN) - set(NOUN_NAMES) == set(), "write them into intake/domain/audit_act.py"


def test_no_code_stands_in_two_tables() -> None:
    assert len(WORDS) == sum(len(table) for table in (DID, SAW, TOOK, OF_PLACES_AND_PEOPLE))
