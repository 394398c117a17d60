"""Is it the same matter as an earlier message? A suggestion with its reasons; a person decides.

A join needs both the place and the problem: the same complaint about another estate is another matter, and so is another complaint
about the same estate. Category and urgency play no part, and neither does who sent it.
"""

from workers.triage.same_matter.decide import ATTACH_AT, UNSURE_AT, decide
from workers.triage.same_matter.evidence import Evidence, PairScorer, compare, likeness, score
from workers.triage.same_matter.index import ASKED_GRAMS, STORED_GRAMS, choose_rare, gram_weight, gram_weights, rare_grams
from workers.triage.same_matter.matter import Candidate, Incoming, SameMatter
from workers.triage.same_matter.reasons import reasons_for

__all__ = [
    "ASKED_GRAMS",
    "ATTACH_AT",
    "STORED_GRAMS",
    "UNSURE_AT",
    "Candidate",
    "Evidence",
    "Incoming",
    "PairScorer",
    "SameMatter",
    "choose_rare",
    "compare",
    "decide",
    "gram_weight",
    "gram_weights",
    "likeness",
    "rare_grams",
    "reasons_for",
    "score",
]
