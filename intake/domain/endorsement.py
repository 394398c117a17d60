"""附议: who may join what, and how often; an endorsement is a submission of its own channel (docs/adr/0028)."""

from dataclasses import dataclass
from datetime import timedelta

from intake.domain.errors import InvalidInput
from intake.domain.held import Held
from intake.domain.language.danger import danger_in
from intake.domain.language.lexicon import Lexicon
from intake.domain.language.matching_form import matching_form
from intake.domain.language.screening import held_back
from intake.domain.personal_data import mask, personal_data
from intake.domain.submission import Urgency
from intake.domain.text import CleanText, clean

WORDS_MAX = 300
"""Where and how long: whoever has more to say says it on the form."""
PER_DEVICE = 3
"""So many people of one device join one topic in a day; the next are held for staff. A device is told by address and browser: neighbours
behind one address with one model of telephone look like one.
"""
A_DAY = timedelta(days=1)
_HOLDING = frozenset({Held.ADVERTISING, Held.ABUSE, Held.GIBBERISH})
"""What keeps words from a topic until staff looked; few words are no fault here."""


@dataclass(frozen=True, slots=True)
class WordsRead:
    """What the machine makes of the words of an endorsement, without a queue: they are few, and their topic is known."""

    masked: str
    place_masked: str
    urgency: Urgency
    held: Held | None
    """Why staff look first; None for what may stand in the topic."""


def clean_words(raw: str) -> CleanText:
    """The optional words; InvalidInput (field `text`) when they are too many."""
    cleaned = clean(raw)
    if len(cleaned.text) > WORDS_MAX:
        raise InvalidInput(f"附议最多写 {WORDS_MAX} 个字。要多说几句，请回到填写的页面另外写一件。", field="text")
    return cleaned


def read_words(text: str, place: str, *, crowded: bool, lexicon: Lexicon) -> WordsRead:
    """Masked, with their urgency, and why they are held: by themselves, or since the device is `crowded`. Who names a danger is never held."""
    masked = mask(text, personal_data(text))
    danger = danger_in(matching_form(text))
    urgency = Urgency.EMERGENCY if danger.now else Urgency.SOON if danger.soon else Urgency.NORMAL
    found = held_back(masked, lexicon) if masked else None
    held = Held.FLOODING if crowded else found.kind if found is not None and found.kind in _HOLDING else None
    return WordsRead(masked, mask(place, personal_data(place)), urgency, None if danger.now else held)
