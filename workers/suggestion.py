"""From a finding to what is stored: looks up earlier submissions in the district's index and lets triage decide."""

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.language.grams import grams_of
from intake.domain.language.lexicon import Lexicon
from intake.domain.language.matching_form import matching_form
from intake.domain.personal_data import mask, personal_data
from intake.domain.submission import Urgency
from intake.domain.triage_result import TriageResult, Verdict
from intake.models import Submission
from intake.queries.same_matter import AreaNames, candidates, document_counts, documents_total
from workers.triage.message import Finding
from workers.triage.pipeline import MODEL_VERSION
from workers.triage.same_matter import ASKED_GRAMS, Candidate, Incoming, SameMatter, choose_rare, decide

FAILED = "+failed"
"""Ends the model version of a result that had to do without the machine."""

ROWS_ASKED = 1000
"""Common grams are left out of the question once the rarer ones promise this many rows, so that a lookup costs the same in any index."""
GRAMS_ASKED_AT_LEAST = 3
TOTAL_KEPT_SECONDS = 300.0
_ALONE = "近期没有发现说同一件事的来件"

_totals: WeakKeyDictionary[Engine, dict[int, tuple[float, int]]] = WeakKeyDictionary()


@dataclass(slots=True)
class Desk:
    """One district's index as one batch sees it, under the district's lock; counts are read once and kept up to date by hand.

    Call `prepare` first.
    """

    session: Session
    district_id: int
    workflow: Workflow
    lexicon: Lexicon
    _documents: dict[int, int] = field(default_factory=dict)
    _total: int = 0

    def result(self, submission: Submission, finding: Finding, area: AreaNames) -> TriageResult:
        """What to store for `submission`."""
        place = mask(submission.place, personal_data(submission.place)) if submission.place else ""
        grams = tuple(sorted({*finding.grams, *grams_of(matching_form(place))}))
        same = self._same_matter(submission, grams, f"{finding.masked}。{place}" if place else finding.masked, area)
        verdict, topic_id = _verdict(same)
        return TriageResult(
            submission_id=submission.id,
            model_version=finding.model_version,
            masked=finding.masked,
            place_masked=place,
            category=finding.category,
            urgency=Urgency(finding.urgency),
            verdict=verdict,
            topic_id=topic_id,
            score=same.score,
            reasons=tuple(reason.words for reason in same.reasons) if topic_id is not None or verdict is Verdict.UNSURE else (_ALONE,),
            title=finding.title_hint or f"{area.names[-1]}来件",
            content=_content(finding, same),
            grams=grams,
            rare=choose_rare(grams, self._documents),
        )

    def prepare(self, grams: Iterable[int]) -> None:
        """Read what is known of a whole batch's grams in one query."""
        self._total = _total(self.session, self.district_id)
        self._learn(set(grams))

    def stored(self, result: TriageResult) -> None:
        """Count a result that was stored, so that the next message of the batch weighs words rightly."""
        self._total += 1
        for gram in result.grams:
            self._documents[gram] = self._documents.get(gram, 0) + 1

    def _same_matter(self, submission: Submission, grams: tuple[int, ...], text: str, area: AreaNames) -> SameMatter:
        self._learn(grams)
        window = self.workflow.same_matter.window_days
        rows = candidates(
            self.session,
            district_id=self.district_id,
            area_path=area.street_path,
            rare=self._asked(grams),
            since=submission.received_at - timedelta(days=window),
        )
        self._learn({gram for row in rows for gram in row.grams})
        return decide(
            Incoming(text, grams, submission.area_id, submission.received_at),
            [Candidate(row.submission_id, row.topic_id, row.grams, row.text, row.area_id, row.received_at) for row in rows],
            df=self._documents,
            total=self._total,
            lexicon=self.lexicon,
            window_days=window,
        )

    def _learn(self, grams: Iterable[int]) -> None:
        unknown = [gram for gram in grams if gram not in self._documents]
        if unknown:
            self._documents.update(dict.fromkeys(unknown, 0))
            self._documents.update(document_counts(self.session, district_id=self.district_id, grams=unknown))

    def _asked(self, grams: tuple[int, ...]) -> dict[int, float]:
        """Rarest first, with weights."""
        asked: dict[int, float] = {}
        rows = 0
        for gram in choose_rare(grams, self._documents, ASKED_GRAMS):
            documents = self._documents[gram]
            rows += documents
            if rows > ROWS_ASKED and len(asked) >= GRAMS_ASKED_AT_LEAST:
                break
            if documents:
                asked[gram] = math.log((max(self._total, documents) + 1) / documents) + 0.1
        return asked


def result_without_machine(submission: Submission, finding: Finding | None, error: Mapping[str, str]) -> TriageResult:
    """What is stored when the machine failed at `submission`: a person decides, sooner than usual, and sees only masked words."""
    return TriageResult(
        submission_id=submission.id,
        model_version=MODEL_VERSION + FAILED,
        masked=finding.masked if finding is not None else _masked_or_nothing(submission.text_written),
        place_masked=_masked_or_nothing(submission.place),
        category=None,
        urgency=Urgency.EMERGENCY if finding is not None and finding.urgency == "emergency" else Urgency.SOON,
        verdict=Verdict.UNSURE,
        topic_id=None,
        score=None,
        reasons=(),
        title="",
        content={"failed": error["error"]},
        grams=(),
        rare=(),
    )


def _masked_or_nothing(text: str) -> str:
    try:
        return mask(text, personal_data(text))
    except Exception:  # noqa: BLE001 -- whatever broke, unmasked words must not reach a screen
        return ""


def _verdict(same: SameMatter) -> tuple[Verdict, int | None]:
    match same.kind:
        case "attach" if same.topic_id is not None:
            return Verdict.ATTACH, same.topic_id
        case "unsure":
            return Verdict.UNSURE, None
        case _:
            # A lone earlier submission has no topic to join: this one opens a candidate, the finding says whom it resembles.
            return Verdict.OPEN, None


def _content(finding: Finding, same: SameMatter) -> dict[str, Any]:
    possible = [(same.topic_id, same.score)] if same.kind == "unsure" and same.topic_id is not None else []
    return {
        "title": finding.title_hint,
        "spans": [span.to_json() for span in finding.spans],
        "category_confidence": finding.category_confidence,
        "category_reasons": [reason.words for reason in finding.category_reasons],
        "urgency_reasons": [reason.words for reason in finding.urgency_reasons],
        "others": [list(other) for other in (*possible, *same.others)],
        "resembles_submission_id": same.submission_id,
    }


def _total(session: Session, district_id: int) -> int:
    """The size of the district's index, up to five minutes old: it only weighs words, and counting a million rows takes 0.1 s."""
    engine = session.get_bind().engine
    known = _totals.setdefault(engine, {})
    counted_at, total = known.get(district_id, (-TOTAL_KEPT_SECONDS, 0))
    if time.monotonic() - counted_at >= TOTAL_KEPT_SECONDS or total < 1000:
        total = documents_total(session, district_id=district_id)
        known[district_id] = (time.monotonic(), total)
    return total
