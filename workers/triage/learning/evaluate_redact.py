"""How much personal data the rules find, and how often they mask what is none."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from intake.domain.personal_data import personal_data
from workers.triage.learning.redact_cases import RedactCase, harmless_cases, personal_cases
from workers.triage.learning.rows import RowsError, read_json_lines


def cases_in(path: Path) -> list[RedactCase]:
    """Rows with `text` and `spans`, each span an object with start and end, or a pair."""
    cases = []
    for number, row in enumerate(read_json_lines(path), start=1):
        try:
            spans = tuple(
                (int(span["start"]), int(span["end"])) if isinstance(span, dict) else (int(span[0]), int(span[1])) for span in row["spans"]
            )
            cases.append(RedactCase(str(row.get("kind", "row")), str(row["text"]), spans))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise RowsError(f"{path.name}, row {number}: `text` and `spans` with start and end are needed") from error
    return cases


def made_up_cases() -> list[RedactCase]:
    """The seeded cases, personal and harmless."""
    return [*personal_cases(), *harmless_cases()]


def redact_figures(cases: Iterable[RedactCase]) -> dict[str, Any]:
    """recall (personal data masked from its first to its last character), false_masks (masked pieces that touch none), and misses by kind."""
    wanted: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    false_masks = 0
    for case in cases:
        found = [(span.start, span.end) for span in personal_data(case.text)]
        covered = {place for start, end in found for place in range(start, end)}
        for start, end in case.spans:
            wanted[case.kind] += 1
            missed[case.kind] += not covered.issuperset(range(start, end))
        false_masks += sum(all(end <= start or stop <= begin for start, stop in case.spans) for begin, end in found)
    total = sum(wanted.values())
    recall = 1 - sum(missed.values()) / total if total else 1.0
    return {"recall": recall, "false_masks": false_masks, "missed": {kind: count for kind, count in missed.items() if count}}
