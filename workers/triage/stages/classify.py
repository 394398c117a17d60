"""The category by the taxonomy's words; says nothing when there is no evidence or the evidence is tied."""

from collections.abc import Callable
from dataclasses import replace

from intake.domain.language.lexicon import Lexicon
from workers.triage.message import Finding, Message, Reason

DOUBT = 2.0
"""How many characters of evidence for "something else" are assumed: a single two-character word gives a confidence of one half."""

TIED = 1.0
"""The runner-up must have less than the best by at least this many characters of evidence, else the stage abstains."""


def classifier(lexicon: Lexicon) -> Callable[[Message, Finding], Finding]:
    """A stage that fills the category, its confidence from 0 to 1 and the words that speak for it."""

    def classify(message: Message, finding: Finding) -> Finding:  # noqa: ARG001 -- the signature of every stage
        words = lexicon.category_words(lexicon.words_in(finding.normalised))
        weights = {code: float(sum(map(len, found))) for code, found in words.items()}
        if not weights:
            return replace(finding, category=None, category_confidence=0.0, category_reasons=())
        ranked = sorted(weights, key=lambda code: (-weights[code], code))
        best = ranked[0]
        confidence = round(weights[best] / (sum(weights.values()) + DOUBT), 3)
        if len(ranked) > 1 and weights[best] - weights[ranked[1]] < TIED:
            return replace(finding, category=None, category_confidence=min(confidence, 0.3), category_reasons=())
        reasons = tuple(Reason("word", f"提到：{word}") for word in words[best])
        return replace(finding, category=best, category_confidence=confidence, category_reasons=reasons)

    return classify
