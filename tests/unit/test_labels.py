"""Screen labels."""

from intake.domain.submission import SUBMISSION_TABLE, SubmissionState
from intake.domain.topic import TOPIC_TABLE, TopicState
from intake.domain.transition import LABELS


def test_states_with_the_same_value_keep_their_own_words() -> None:
    assert LABELS[SubmissionState.REFERRED] == "已转报"
    assert LABELS[TopicState.REFERRED] == "已转办"


def test_every_state_has_a_label() -> None:
    for table in (SUBMISSION_TABLE, TOPIC_TABLE):
        assert all(state in LABELS for state in table.states)
