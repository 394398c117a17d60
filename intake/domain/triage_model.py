"""研判模型: versions of the learnt part of triage, and which one a district uses."""

from enum import StrEnum

from intake.domain.transition import LABELS, StateTable, Transition


class ModelState(StrEnum):
    """Where a version stands."""

    CANDIDATE = "candidate"
    """待比较."""
    ADOPTED = "adopted"
    """在用."""
    RETIRED = "retired"
    """已停用."""
    REFUSED = "refused"
    """没有更好，未采用."""


class ModelAction(StrEnum):
    """What moves a version."""

    ADOPT = "adopt"
    """采用: it was not worse on the held-out examples."""
    REFUSE = "refuse"
    """不采用."""
    RETIRE = "retire"
    """停用: a newer one took its place."""


S, A = ModelState, ModelAction
LABELS.add({S.CANDIDATE: "待比较", S.ADOPTED: "在用", S.RETIRED: "已停用", S.REFUSED: "没有更好，未采用"})

MODEL_TABLE = StateTable(
    noun="triage_model",
    states=S,
    initial=S.CANDIDATE,
    transitions=(
        Transition(A.ADOPT, frozenset({S.CANDIDATE, S.RETIRED}), S.ADOPTED, None, ""),
        Transition(A.REFUSE, frozenset({S.CANDIDATE}), S.REFUSED, None, ""),
        Transition(A.RETIRE, frozenset({S.ADOPTED}), S.RETIRED, None, ""),
    ),
)
"""Source: triage.md: a new version is adopted only when it is not worse on the held-out part of the district's own examples."""


class ExampleKind(StrEnum):
    """What a person's decision teaches."""

    CATEGORY = "category"
    """类别: `label` is the code of the category a person chose or confirmed."""
    SAME = "same"
    """是一件事: `submission_id` and `other_submission_id` belong together."""
    DIFFERENT = "different"
    """不是一件事: a person took them apart."""
    SCREEN = "screen"
    """待核: `label` says whether it was rightly held back (`spam`) or not (`fine`)."""


HELD_OUT_EVERY = 5
"""One example in five is never learnt from; it judges whether a new version is adopted."""


def is_held_out(submission_id: int) -> bool:
    """Whether examples of this submission judge instead of teach: by a fixed mixing of its id, so that it never changes sides."""
    return (submission_id * 2_654_435_761 >> 7) % HELD_OUT_EVERY == 0
