"""分件: which sentences of a message leave as submissions of their own, and what each of them says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from intake.domain.errors import InvalidInput
from intake.domain.language.sentences import sentences_in
from intake.domain.personal_data import mask, masked_at, personal_data
from intake.domain.submission import SubmissionState
from intake.domain.text import TEXT_MAX

PARTS_MOST = 6
"""Of one message, those that left before counted."""
TAKEN_BACK = "（这几句已撤回。）"
"""Stands in a message where its resident took sentences back; ends as a sentence does, so that the next begins where it began."""
STAYS = 0
"""The choice of a sentence that stays; others are the number of the part it leaves with."""
UNDECIDED = frozenset({SubmissionState.RECEIVED, SubmissionState.QUARANTINED, SubmissionState.TRIAGED, SubmissionState.NEEDS_DETAIL})
"""States of a part that is withdrawn with the message it came from: nothing was decided about it."""

Span = tuple[int, int]
"""From the first code point up to, not including, the second; in the masked words."""


@dataclass(frozen=True, slots=True)
class Words:
    """A message as it was written beside what screens show of it."""

    written: str
    masked: str

    @property
    def hides(self) -> tuple[Span, ...]:
        """Where in the masked words something is masked, as far as that can be told."""
        return tuple(one.shown for one in masked_at(self.written, personal_data(self.written))) if self._known else ()

    @property
    def _known(self) -> bool:
        """Whether the masked words come of the written ones by today's rules; not so of what was heard in a voice."""
        return mask(self.written, personal_data(self.written)) == self.masked

    def sentences(self, *, starts: Iterable[int] = ()) -> tuple[Span, ...]:
        """What may leave: the sentences, cut at the demands' `starts` as well, and never inside of what is masked."""
        return sentences_in(self.masked, starts=starts, whole=self.hides)

    def shown(self, spans: Sequence[Span]) -> str:
        """What screens show of the sentences at `spans`."""
        return "\n".join(part for start, end in _runs(spans) if (part := self.masked[start:end].strip()))

    def taken(self, spans: Sequence[Span]) -> str:
        """The words of the sentences at `spans` for a submission of their own: as written, where the same is masked in them alone; else as
        shown, since what hides a telephone number may stand in another sentence.
        """
        shown = self.shown(spans)
        if not self._known:
            return shown
        parts = (self.written[self._written(start) : self._written(end)].strip() for start, end in _runs(spans))
        written = "\n".join(part for part in parts if part)
        return written if mask(written, personal_data(written)) == shown else shown

    def without(self, spans: Sequence[Span]) -> "Words":
        """The message with TAKEN_BACK in place of the sentences at `spans`.

        Where written words that aren't shown as they are can't be told apart, all of them become the shown ones: none taken back may stay.
        """
        cores = _cores(spans, self.masked)
        masked = _replaced(self.masked, cores)
        if self._known:
            written = _replaced(self.written, [(self._written(start), self._written(end)) for start, end in cores])
        elif all(self.masked[start:end] in self.written for start, end in cores):
            written = self.written
            for start, end in cores:
                written = written.replace(self.masked[start:end], TAKEN_BACK, 1)
        else:
            written = masked if self.written else ""
        return Words(written if len(written) <= TEXT_MAX else written.replace(TAKEN_BACK, ""), masked)

    def _written(self, position: int) -> int:
        """The place in the written words of one in the masked words, outside of what is masked."""
        shift = 0
        for one in masked_at(self.written, personal_data(self.written)):
            if one.shown[1] > position:
                break
            shift = one.written[1] - one.shown[1]
        return position + shift


def parts_of_choice(choice: Mapping[int, int], sentences: Sequence[Span], *, gone: Iterable[Span]) -> tuple[tuple[Span, ...], ...]:
    """The parts that were chosen, each its sentences in order; `choice` is the part's number, or STAYS, by the place where a sentence begins.

    Raises InvalidInput (field `parts`) when nothing leaves, when nothing would stay, or when there are more parts than PARTS_MOST.
    """
    left = set(gone)
    free = [one for one in sentences if one not in left]
    numbers = sorted({number for start, _ in free if (number := choice.get(start, STAYS)) != STAYS})
    if not numbers:
        raise InvalidInput("请先选哪几句要分出去。", field="parts")
    if all(choice.get(start, STAYS) != STAYS for start, _ in free):
        raise InvalidInput("请至少留下一句在这一件里；其余的再分出去。", field="parts")
    if len(numbers) > PARTS_MOST:
        raise InvalidInput(f"一件最多分出 {PARTS_MOST} 件，请把相近的放在一起。", field="parts")
    return tuple(tuple(one for one in free if choice.get(one[0], STAYS) == number) for number in numbers)


def moved(spans: Sequence[Span], taken: Sequence[Span], *, masked: str) -> tuple[Span, ...]:
    """Where `spans` of the message `masked` stand once TAKEN_BACK has come in place of the sentences `taken`; each in its place."""
    cores = _cores(taken, masked)
    return tuple((_moved(start, cores), _moved(end, cores, is_end=True)) for start, end in spans)


def _moved(position: int, cores: Sequence[Span], *, is_end: bool = False) -> int:
    shift = 0
    for start, end in cores:
        if position >= end:
            shift += len(TAKEN_BACK) - (end - start)
        elif position > start:  # inside of what was taken: the note stands for all of it
            return start + shift + (len(TAKEN_BACK) if is_end else 0)
    return position + shift


def _cores(spans: Sequence[Span], text: str) -> list[Span]:
    """The stretches without the blanks around them."""
    found = []
    for start, end in _runs(spans):
        piece = text[start:end]
        if piece.strip():
            found.append((start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())))
    return found


def _replaced(text: str, stretches: Sequence[Span]) -> str:
    for start, end in reversed(stretches):
        text = text[:start] + TAKEN_BACK + text[end:]
    return text


def _runs(spans: Sequence[Span]) -> list[Span]:
    """Sentences that follow each other, joined."""
    runs: list[Span] = []
    for start, end in sorted(spans):
        if runs and runs[-1][1] == start:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs
