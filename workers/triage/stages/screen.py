"""What should wait for staff before a member is asked: nothing said, advertising, abuse, one device flooding."""

from collections.abc import Callable
from dataclasses import replace

from intake.domain.held import Held
from intake.domain.language.danger import danger_in
from intake.domain.language.lexicon import Lexicon
from intake.domain.language.screening import held_back
from workers.triage.message import Finding, Message, Note, Reason

MANY = 60
"""As many from one device in 24 hours. High on purpose: a device is told by address and browser, so a helper's tablet, or an estate of one model
of telephone behind one address, looks like one; what counts is the same words again."""

SAME = 3
"""As often the very same words from one device."""


def screener(lexicon: Lexicon) -> Callable[[Message, Finding], Finding]:
    """A stage that fills `screen`; a message that names a danger is never held back."""

    def screen(message: Message, finding: Finding) -> Finding:
        found = held_back(finding.masked, lexicon)
        if found is not None:
            return replace(finding, screen=Note(found.kind, tuple(Reason("word", f"提到：{word}") for word in found.words)))
        flood = _flood(message)
        if flood and not danger_in(finding.normalised).now:
            return replace(finding, screen=Note(Held.FLOODING, flood))
        return finding

    return screen


def _flood(message: Message) -> tuple[Reason, ...]:
    if message.sender_same_text >= SAME:
        return (Reason("flood", f"同一设备说过同样的话 {message.sender_same_text} 次"),)
    if message.sender_recent >= MANY:
        return (Reason("flood", f"同一设备一天内已提交 {message.sender_recent} 件"),)
    return ()
