"""Words offered where staff write to the residents behind a topic; they may change them."""

from dataclasses import dataclass

from intake.services.topic_proposal_decide import MERGE_WORDS, UNMERGE_WORDS
from intake.services.topic_split import SPLIT_WORDS, UNSPLIT_WORDS


@dataclass(frozen=True, slots=True)
class Offered:
    """By what is done."""

    merge: str = MERGE_WORDS
    unmerge: str = UNMERGE_WORDS
    split: str = SPLIT_WORDS
    unsplit: str = UNSPLIT_WORDS


OFFERED = Offered()
