"""How far a chain has come: sent back, skipped, changed under way."""

import pytest

from intake.domain.approval import ApprovalDecision, Recorded, done_steps

P, K, B = ApprovalDecision.PASSED, ApprovalDecision.SKIPPED, ApprovalDecision.SENT_BACK


@pytest.mark.parametrize(
    ("recorded", "done"),
    [
        # Nothing is done before anything is written down.
        ([], {}),
        # Passed and skipped both count.
        ([(1, P, None), (2, K, None)], {1: 1, 2: 2}),
        # Sent back to an earlier step: that one and all after it are open again.
        ([(1, P, None), (2, P, None), (3, B, 2)], {1: 1}),
        # Sent back to the first: nothing stands.
        ([(1, P, None), (2, B, 1)], {}),
        # Sent back to itself: what was before it stands.
        ([(1, P, None), (2, B, 2)], {1: 1}),
        # A step that was moved to the front meanwhile: what was decided before it stands all the same.
        ([(2, P, None), (1, P, None), (3, B, 1)], {2: 1}),
        # Passed anew afterwards: by the later one.
        ([(1, P, None), (2, P, None), (3, B, 2), (2, P, None)], {1: 1, 2: 4}),
    ],
)  # fmt: skip
def test_what_is_done(recorded: list[tuple[int, ApprovalDecision, int | None]], done: dict[int, int]) -> None:
    entries = [Recorded(number, *one) for number, one in enumerate(recorded, start=1)]
    assert done_steps(entries) == done
