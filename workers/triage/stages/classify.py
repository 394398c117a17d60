"""The category: the taxonomy's words, weighed by a learnt model's idea of the field; says nothing when neither is clear."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest

import numpy as np

from config.taxonomy import Taxonomy
from intake.domain.language.lexicon import Lexicon, lexicon_of
from workers.triage.message import Finding, Message, Reason
from workers.triage.model.category import CategoryModel
from workers.triage.model.features import Floats

NOTHING = 0.6
"""Characters of evidence assumed for a matter that stands in no category."""

UNSAID = 0.02
"""Characters of evidence assumed for each category of which no word was found."""

HELD_BACK = 0.4
"""What is left of a word's weight when the model is sure that the message is about another field."""

CATEGORY_AT = 0.40
FIELD_AT = 0.75
"""Below these probabilities the stage says nothing; FIELD_AT is where 95 of 100 titles are right, chosen on one half of the rows."""

AHEAD = 0.05
"""The runner-up must be less likely by at least this much."""

OTHERS = 2
SHOWN_AT = 0.03
_WORDS_SHOWN = 3
_RUN = re.compile(r"[^\W_]+")
_SPEAKING = re.compile(r"x{2,}")
_LONGEST_WORD = 6
_READ = 200


@dataclass(frozen=True, slots=True)
class Weighed:
    """One text: the probability of each category, what is left being none of them, and the model's idea of the field."""

    codes: tuple[str, ...]
    probabilities: Floats
    words: Mapping[str, tuple[str, ...]]
    fields: Floats


class Weigher:
    """Weighs categories for one taxonomy and one model."""

    def __init__(self, taxonomy: Taxonomy, model: CategoryModel) -> None:
        self.model = model
        self.codes = tuple(category.code for category in taxonomy.categories)
        self._lexicon: Lexicon = lexicon_of(taxonomy)
        self.words = tuple(self._lexicon.categories)
        self._ahead: dict[str, Floats] = {}
        self._index = {code: n for n, code in enumerate(self.codes)}
        labels = {label: n for n, label in enumerate(model.labels)}
        # A category that no field stands for gets the mean of them all.
        self._field = np.array([labels.get(category.trained, len(labels)) for category in taxonomy.categories], np.int64)

    def read_ahead(self, texts: Sequence[str]) -> None:
        """The next texts in matching form that `weigh` will be asked about: read together they cost a third. Those of before are forgotten."""
        asked = list(dict.fromkeys(texts))
        self._ahead = dict(zip(asked, self.model.fields(asked), strict=True)) if asked else {}

    def weigh(self, normalised: str) -> Weighed:
        """What is known of a text in matching form."""
        words = self._lexicon.category_words(self._lexicon.words_in(normalised))
        fields = self._ahead[normalised] if normalised in self._ahead else self.model.fields([normalised])[0]
        scores = self._scores(words, fields) + self.model.correction([normalised], self.codes)[0]
        top = max(float(scores.max()), 0.0)
        powers = np.exp(scores - top)
        probabilities = (powers / (powers.sum() + NOTHING * np.exp(-top))).astype(np.float32)
        return Weighed(self.codes, probabilities, words, fields)

    def untaught(self, normalised: str) -> Floats:
        """Log of each category's evidence, without what a district has taught."""
        words = self._lexicon.category_words(self._lexicon.words_in(normalised))
        return self._scores(words, self.model.fields([normalised])[0])

    def _scores(self, words: Mapping[str, Sequence[str]], fields: Floats) -> Floats:
        evidence = np.full(len(self.codes), UNSAID, np.float32)
        for code, found in words.items():
            evidence[self._index[code]] = sum(map(len, found))
        trust = HELD_BACK + (1 - HELD_BACK) * np.append(fields, fields.mean())[self._field]
        scores: Floats = np.log(evidence * trust).astype(np.float32)
        return scores


def classifier(weigher: Weigher) -> Callable[[Message, Finding], Finding]:
    """A stage that fills category and field with confidences from 0 to 1, other possibilities, and the words that speak for them."""

    def classify(message: Message, finding: Finding) -> Finding:  # noqa: ARG001 -- the signature of every stage
        return _told(finding, weigher.weigh(finding.normalised), weigher.model)

    return classify


def answer_of(weighed: Weighed) -> str | None:
    """The category to suggest; None when none is likely enough, or two are nearly as likely."""
    at = int(weighed.probabilities.argmax())
    best, others = weighed.probabilities[at], np.delete(weighed.probabilities, at)
    ahead = best - (others.max() if len(others) else 0)
    return weighed.codes[at] if best >= CATEGORY_AT and ahead >= AHEAD else None


def _told(finding: Finding, weighed: Weighed, model: CategoryModel) -> Finding:
    likely: list[float] = weighed.probabilities.tolist()
    ranked = nsmallest(OTHERS + 1, range(len(likely)), key=lambda n: (-likely[n], weighed.codes[n]))
    confidence = _rounded(likely[ranked[0]])
    category = answer_of(weighed)
    others = ranked[1 : OTHERS + 1] if category else ranked[:OTHERS]
    field = int(weighed.fields.argmax())
    sure = float(weighed.fields[field]) >= FIELD_AT
    telling = telling_words(finding.normalised, model, field) if sure else ()
    words = sorted(weighed.words.get(category, ()), key=len, reverse=True) if category else ()
    return replace(
        finding,
        category=category,
        category_confidence=confidence,
        category_reasons=_mentioned(words or telling) if category else (),
        category_others=tuple((weighed.codes[n], _rounded(likely[n])) for n in others if likely[n] >= SHOWN_AT),
        field=model.labels[field] if sure else None,
        field_confidence=_rounded(float(weighed.fields[field])),
        field_reasons=_mentioned(telling),
    )


def _rounded(probability: float) -> float:
    return round(probability, 3)


def _mentioned(words: Sequence[str]) -> tuple[Reason, ...]:
    return tuple(Reason("word", f"提到：{word}") for word in words)


def telling_words(normalised: str, model: CategoryModel, field: int) -> tuple[str, ...]:
    """At most three pieces of the beginning, two to six characters each, that speak most for the field; heaviest first."""
    told = model.speaking(normalised[:_READ], field)
    if not told.size or told.max() <= 0:
        return ()
    loud = told > 0
    high, speaks = told[loud].mean(), "".join("x" if one else " " for one in loud.tolist())
    pieces: dict[str, float] = {}
    for run in _RUN.finditer(normalised[: len(told)]):
        for speaking in _SPEAKING.finditer(speaks, run.start(), run.end()):
            start, end = _loudest(speaking.start(), speaking.end(), told)
            if told[start:end].max() >= high:
                pieces[normalised[start:end]] = float(told[start:end].sum())
    return tuple(sorted(pieces, key=lambda piece: (-pieces[piece], piece))[:_WORDS_SHOWN])


def _loudest(start: int, end: int, told: Floats) -> tuple[int, int]:
    """Where the piece starts and ends: all of it, or the six characters of it that say most."""
    if end - start <= _LONGEST_WORD:
        return start, end
    sums = np.convolve(told[start:end], np.ones(_LONGEST_WORD), mode="valid")
    start += int(sums.argmax())
    return start, start + _LONGEST_WORD
