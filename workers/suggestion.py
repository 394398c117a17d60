"""From findings to what is stored: looks up earlier submissions in the district's index and lets triage decide, a batch at a time."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from rq.timeouts import BaseTimeoutException
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
from intake.queries.same_matter import (
    SIGHTINGS_KEPT,
    AreaNames,
    EarlierRow,
    Question,
    document_counts,
    documents_total,
    earlier_rows,
    sharing_rare_grams,
)
from intake.services.submission_triage import draw_topic_ids
from workers.holding import held_in
from workers.runtime import describe
from workers.triage.message import Finding
from workers.triage.pipeline import MODEL_VERSION
from workers.triage.same_matter import (
    ASKED_GRAMS,
    STORED_GRAMS,
    Candidate,
    Incoming,
    PairScorer,
    SameMatter,
    decide,
    gram_weights,
    rare_grams,
)

log = structlog.get_logger(__name__)

FAILED = "+failed"
"""Ends the model version of a result that had to do without the machine."""

NOTHING_WRITTEN = "nothing_written"
"""Spoken or pictured alone, and nobody has written a word of it down: there is nothing for the machine to read."""

CANDIDATES = 20
"""Earlier messages that are compared with a new one."""
CANDIDATES_ANYHOW, LEAST_SHARED = 5, 0.05
"""Beyond the first few only those that share this much of what the message weighs: comparing takes time, and of 600 joins of real messages
two shared less; the first few are compared anyway."""
LOOKED_UP = 2 * CANDIDATES
"""Some of those that share most were taken back, or stand at another street's code."""
ROWS_ASKED = 600
"""Common grams are left out of the question once the rarer ones promise this many sightings."""
COUNTS_KEPT_SECONDS = 60.0
COUNTS_KEPT = 200_000
_ALONE = "近期没有发现说同一件事的来件"

Found = Finding | Mapping[str, str]
"""What the stages found, or the error they met."""


@dataclass(frozen=True, slots=True)
class Case:
    """One submission, what was found in it without the database, and where it came from."""

    submission: Submission
    found: Found
    area: AreaNames


@dataclass(frozen=True, slots=True)
class _Reading:
    """A message as the index compares it."""

    finding: Finding
    place: str
    """Masked."""
    grams: tuple[int, ...]

    @property
    def text(self) -> str:
        return f"{self.finding.masked}。{self.place}" if self.place else self.finding.masked


@dataclass(slots=True)
class _Twins:
    """The messages of a batch that were decided before, found by the grams that the index will know them by."""

    rows: list[EarlierRow] = field(default_factory=list)
    known_by: dict[int, list[int]] = field(default_factory=dict)

    def sharing(self, asked: Mapping[int, float]) -> Iterable[tuple[float, EarlierRow]]:
        """Those that share grams of `asked`, with the weight of what they share."""
        weights: dict[int, float] = {}
        for gram, weight in asked.items():
            for at in self.known_by.get(gram, ()):
                weights[at] = weights.get(at, 0.0) + weight
        return [(weight, self.rows[at]) for at, weight in weights.items()]

    def add(self, row: EarlierRow, rare: Iterable[int]) -> None:
        for gram in rare:
            self.known_by.setdefault(gram, []).append(len(self.rows))
        self.rows.append(row)


@dataclass(slots=True)
class _Counts:
    """How common words are in a district, as this process last read it: they only weigh, so a minute doesn't matter."""

    total: int
    documents: dict[int, int] = field(default_factory=dict)
    read_at: float = field(default_factory=time.monotonic)

    @property
    def fresh(self) -> bool:
        return time.monotonic() - self.read_at < COUNTS_KEPT_SECONDS and len(self.documents) < COUNTS_KEPT


_counts: WeakKeyDictionary[Engine, dict[int, _Counts]] = WeakKeyDictionary()


@dataclass(slots=True)
class Desk:
    """One district's index as one transaction sees it, under the district's lock.

    Counts are read once a minute and kept up to date by hand.
    """

    session: Session
    district_id: int
    workflow: Workflow
    lexicon: Lexicon
    scorer: PairScorer
    """The one in force in the district."""
    _counts: _Counts = field(init=False)

    def __post_init__(self) -> None:
        """Take what is known of the district's words."""
        known = _counts.setdefault(self.session.get_bind().engine, {})
        found = known.get(self.district_id)
        if found is None or not found.fresh:
            found = known[self.district_id] = _Counts(documents_total(self.session, district_id=self.district_id))
        self._counts = found

    def forget(self) -> None:
        """What was counted by hand was not stored after all: the next desk reads anew."""
        self._counts.read_at -= COUNTS_KEPT_SECONDS

    def results(self, cases: Sequence[Case]) -> list[TriageResult]:
        """What to store for each of `cases`, in order, each as if those before it were stored: store all of them, or `forget`.

        The number of questions to the database doesn't grow with the number of cases. Where the machine fails at a case, its result is one
        without the machine; an error of the database is raised.
        """
        readings = [self._read(case) for case in cases]
        held = held_in(self.session, cases)
        self._learn(gram for reading in readings if isinstance(reading, _Reading) for gram in reading.grams)
        rarest = [
            self._telling(reading) if isinstance(reading, _Reading) and case.submission.id not in held else ()
            for case, reading in zip(cases, readings, strict=True)
        ]
        asked = [weights_of(grams[:ASKED_GRAMS], self._counts.documents, total=self._counts.total) for grams in rarest]
        earlier = self._earlier(cases, asked)
        new_ids = iter(draw_topic_ids(self.session, len(cases)))
        twins = _Twins()
        results = []
        for case, reading, grams, question, rows in zip(cases, readings, rarest, asked, earlier, strict=True):
            if not isinstance(reading, _Reading):
                result = replace(self._without_machine(case, reading), quarantine=held.get(case.submission.id))
            elif case.submission.id in held:
                result = _quarantined(case, reading, held[case.submission.id])
            else:
                try:
                    near = self._nearest(case, question, [*rows, *twins.sharing(question)])
                    result = self._decided(case, reading, near, rare=grams[:STORED_GRAMS], new_id=next(new_ids))
                except BaseTimeoutException:
                    raise
                except Exception as error:  # noqa: BLE001 -- one message that breaks the scorer must not hold up the others
                    result = self._without_machine(case, describe(error))
            self._stored(case, result, twins)
            results.append(result)
        return results

    def _read(self, case: Case) -> _Reading | Mapping[str, str]:
        if not isinstance(case.found, Finding):
            return case.found
        try:
            place = mask(case.submission.place, personal_data(case.submission.place)) if case.submission.place else ""
            return _Reading(case.found, place, tuple(sorted({*case.found.grams, *grams_of(matching_form(place))})))
        except BaseTimeoutException:
            raise
        except Exception as error:  # noqa: BLE001 -- as above
            return describe(error)

    def _telling(self, reading: _Reading) -> tuple[int, ...]:
        """The grams by which the message is looked up and found again, most telling first."""
        counts = self._counts
        return rare_grams(reading.finding.masked, reading.place, df=counts.documents, total=counts.total, n=max(ASKED_GRAMS, STORED_GRAMS))

    def _earlier(self, cases: Sequence[Case], asked: Sequence[Mapping[int, float]]) -> list[list[tuple[float, EarlierRow]]]:
        questions = [Question(rare, case.submission.received_at - self._window) for case, rare in zip(cases, asked, strict=True)]
        shared = sharing_rare_grams(self.session, district_id=self.district_id, questions=questions, limit=LOOKED_UP)
        rows = earlier_rows(self.session, {submission_id for one in shared for submission_id, _ in one})
        self._learn({gram for row in rows.values() for gram in row.grams})
        return [[(weight, rows[submission_id]) for submission_id, weight in one if submission_id in rows] for one in shared]

    def _nearest(self, case: Case, asked: Mapping[int, float], rows: Sequence[tuple[float, EarlierRow]]) -> list[EarlierRow]:
        """Those that share most within the window, at most CANDIDATES.

        The whole district is searched, since residents stand at another street's code or write through WeChat; being in the same street
        counts as one more shared gram of the heaviest kind, so that the street comes first among equals without hiding a far better match
        elsewhere.
        """
        bonus = max(asked.values(), default=0.0)
        since = case.submission.received_at - self._window
        near = [
            (weight + bonus * row.area_path.startswith(case.area.street_path), row.submission_id, row)
            for weight, row in rows
            # A part holds the very words of the message it was split off; a person has just said that it is another matter.
            if row.received_at >= since and row.submission_id != case.submission.parent_id
        ]
        near.sort(key=lambda entry: entry[:2], reverse=True)
        least = LEAST_SHARED * sum(sorted(asked.values(), reverse=True)[:STORED_GRAMS])
        return [row for place, (weight, _, row) in enumerate(near[:CANDIDATES]) if place < CANDIDATES_ANYHOW or weight >= least]

    def _decided(self, case: Case, reading: _Reading, rows: Sequence[EarlierRow], *, rare: tuple[int, ...], new_id: int) -> TriageResult:
        submission, finding = case.submission, reading.finding
        same = decide(
            Incoming(reading.text, reading.grams, submission.area_id, submission.received_at),
            [Candidate(row.submission_id, row.topic_id, row.grams, row.text, row.area_id, row.received_at) for row in rows],
            df=self._counts.documents,
            total=self._counts.total,
            lexicon=self.lexicon,
            window_days=self.workflow.same_matter.window_days,
            scorer=self.scorer,
        )
        verdict, topic_id = _verdict(same)
        return TriageResult(
            submission_id=submission.id,
            model_version=finding.model_version,
            masked=finding.masked,
            place_masked=reading.place,
            category=finding.category,
            urgency=Urgency(finding.urgency),
            verdict=verdict,
            topic_id=new_id if verdict is Verdict.OPEN else topic_id,
            score=same.score,
            reasons=tuple(reason.words for reason in same.reasons) if topic_id is not None or verdict is Verdict.UNSURE else (_ALONE,),
            title=finding.title_hint or f"{case.area.names[-1]}来件",
            content=_content(finding, same),
            grams=reading.grams,
            rare=rare,
            sentence=_within(same.sentence, finding.masked) if topic_id is not None else None,
        )

    def _without_machine(self, case: Case, error: Mapping[str, str]) -> TriageResult:
        if error["error"] != NOTHING_WRITTEN:
            log.error("triage_without_machine", submission=case.submission.id, **error)
        return result_without_machine(case.submission, case.found if isinstance(case.found, Finding) else None, error)

    def _stored(self, case: Case, result: TriageResult, twins: _Twins) -> None:
        """Let those that come after see it."""
        if result.quarantine:
            return
        self._counts.total += 1
        documents = self._counts.documents
        for gram in result.grams:
            documents[gram] = documents.get(gram, 0) + 1
        text = f"{result.masked}。{result.place_masked}" if result.place_masked else result.masked
        submission = case.submission
        twins.add(
            EarlierRow(
                submission.id, result.topic_id, result.grams, text, submission.area_id, case.area.street_path, submission.received_at
            ),
            result.rare,
        )

    @property
    def _window(self) -> timedelta:
        return timedelta(days=self.workflow.same_matter.window_days)

    def _learn(self, grams: Iterable[int]) -> None:
        unknown = {gram for gram in grams if gram not in self._counts.documents}
        if unknown:
            self._counts.documents.update(dict.fromkeys(unknown, 0))
            self._counts.documents.update(document_counts(self.session, district_id=self.district_id, grams=unknown))


def weights_of(telling: Sequence[int], documents: Mapping[int, int], *, total: int) -> dict[int, float]:
    """What the index is asked for, with weights: those grams that nobody has said before too, since another worker may have heard them."""
    asked: list[int] = []
    rows = 0
    for gram in telling:
        rows += min(documents.get(gram, 0), SIGHTINGS_KEPT)
        if rows > ROWS_ASKED:
            break
        asked.append(gram)
    return {gram: round(weight, 3) for gram, weight in gram_weights(asked, df=documents, total=total).items()}


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


def _quarantined(case: Case, reading: _Reading, why: str) -> TriageResult:
    finding = reading.finding
    return TriageResult(
        submission_id=case.submission.id,
        model_version=finding.model_version,
        masked=finding.masked,
        place_masked=reading.place,
        category=finding.category,
        urgency=Urgency(finding.urgency),
        verdict=Verdict.UNSURE,
        topic_id=None,
        score=None,
        reasons=(),
        title="",
        content=_content(finding, None),
        grams=(),
        rare=(),
        quarantine=why,
    )


def _verdict(same: SameMatter) -> tuple[Verdict, int | None]:
    match same.kind:
        case "attach" if same.topic_id is not None:
            return Verdict.ATTACH, same.topic_id
        case "unsure":
            return Verdict.UNSURE, None
        case _:
            # A lone earlier submission has no topic to join: this one opens a candidate, the finding says whom it resembles.
            return Verdict.OPEN, None


def _within(sentence: tuple[int, int] | None, masked: str) -> tuple[int, int] | None:
    """The part of `sentence` that stands in the words themselves; the place behind them is no sentence."""
    return (sentence[0], min(sentence[1], len(masked))) if sentence is not None and sentence[0] < len(masked) else None


def _content(finding: Finding, same: SameMatter | None) -> dict[str, Any]:
    found = finding.to_json()
    possible = [(same.topic_id, same.score)] if same is not None and same.kind == "unsure" and same.topic_id is not None else []
    return {
        **{name: found[name] for name in ("spans", "screen", "route_out", "places", "demands", "category_confidence")},
        **{name: found[name] for name in ("category_others", "field", "field_confidence")},
        "field_reasons": [reason.words for reason in finding.field_reasons],
        "title": finding.title_hint,
        "category_reasons": [reason.words for reason in finding.category_reasons],
        "urgency_reasons": [reason.words for reason in finding.urgency_reasons],
        "others": [list(other) for other in (*possible, *(same.others if same is not None else ()))],
        "resembles_submission_id": same.submission_id if same is not None else None,
    }
