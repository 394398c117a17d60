"""One task as its unit sees it: what is offered there, the demands with a tick where the answer speaks to them, and what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import render_template, request
from werkzeug.wrappers import Response

from intake.domain.attachment import MOST_BYTES, MOST_FILES, AttachmentKind
from intake.domain.errors import DomainError, Forbidden
from intake.domain.language.common_demands import CommonDemand
from intake.domain.language.lexicon import lexicon_of
from intake.domain.language.reply_gate import answered
from intake.domain.referral import AT_DEPARTMENT, EntryKind, HelperState, ReferralState
from intake.queries.answer_draft import DraftShown, draft_of
from intake.queries.leave import leave_of
from intake.queries.referral_page import ReferralPage, referral_page
from intake.queries.referral_parts import AnswerShown, Entry, FileShown, Helping
from intake.queries.referral_units import answering_units
from intake.services.referral_department import NAME_MAX
from intake.services.referral_lock import ANSWER_MAX
from intake.web.asked import typed as typed_now
from intake.web.errors import status_of
from intake.web.guard import actor
from intake.web.referral_step import LONGEST, kept_words, offered_in
from intake.web.reply_check import LookedAt
from intake.web.unit_of_work import db, wiring

Page = str | Response | tuple[str, int]
S = ReferralState
LEADS: dict[str, frozenset[ReferralState]] = {
    "sign": frozenset({S.ASSIGNED}),
    "answer": frozenset({S.IN_PROGRESS}),
    "extension": frozenset({S.IN_PROGRESS}),
    "dispute": frozenset({S.ASSIGNED, S.IN_PROGRESS}),
    "progress": AT_DEPARTMENT,
    "hand-over": AT_DEPARTMENT,
}
"""The lead's forms by what they do, and the states in which they are offered."""
ANSWER_FIELDS = ("outcome", "words", "reason", "signed_name")
_STEP_OF = {S.ASSIGNED: 1, S.IN_PROGRESS: 2, S.DISPUTED: 2, S.REPLIED: 3, S.CHECKED: 3, S.DELIVERED: 5}


@dataclass(frozen=True, slots=True)
class DemandAnswered:
    """One demand, and whether the answer speaks to it; None while nothing is written."""

    demand: CommonDemand
    answered: bool | None


@dataclass(frozen=True, slots=True)
class Task:
    """What the page shows beside the referral itself."""

    demands: tuple[DemandAnswered, ...]
    files: tuple[FileShown, ...]
    draft: DraftShown
    leads: bool
    helping: Helping | None
    step: int
    """How many of the five steps are behind it; 5 when it has ended."""
    urged: Entry | None
    """The last time it was urged, while the unit has it."""
    missing: Entry | None
    """What the checker or a resident found missing, while the unit has it again."""


def find_task(referral_id: int) -> ReferralPage:
    """The referral of the person's unit; Forbidden where the unit neither leads nor helps."""
    found = referral_page(db(), actor(), referral_id, lexicon=lexicon_of(wiring().taxonomy))
    unit = actor().unit_id
    if unit is None or (unit != found.lead_id and unit not in {helper.unit_id for helper in found.helpers}):
        raise Forbidden("这一件不由您单位办理。")
    return found


def demands_in(found: ReferralPage, words: str) -> tuple[DemandAnswered, ...]:
    """The demands, ticked against `words`."""
    if not words.strip():
        return tuple(DemandAnswered(one, None) for one in found.demands)
    ticks = answered(words, [one.text for one in found.demands], lexicon_of(wiring().taxonomy))
    return tuple(DemandAnswered(one, tick) for one, tick in zip(found.demands, ticks, strict=True))


def show_task(
    referral_id: int,
    *,
    error: DomainError | None = None,
    panel: str = "",
    looked_at: LookedAt | None = None,
    typed: Mapping[str, str] | None = None,
) -> tuple[str, int]:
    """The page and its status; with an error, `panel` is the form it came from, and what was typed there stands in it again.

    `typed`: what to show in place of what this request typed; empty where its body can't be read.
    """
    found = find_task(referral_id)
    shown = typed if typed is not None else typed_now(longest=LONGEST) if error is not None or looked_at is not None else {}
    draft = draft_of(db(), actor(), referral_id)
    begun = _begun(found, draft)
    fields = {name: shown.get(name, "") if panel == "answer" and shown else getattr(begun, name) for name in ANSWER_FIELDS}
    said = (fields["words"], fields["reason"])
    if found.state not in AT_DEPARTMENT and found.answer is not None:
        said = (found.answer.words, found.answer.reason)
    task = _task(found, draft, "\n".join(said))
    offered = _offered(found, task)
    page = render_template(
        "department/referral.html",
        page=found,
        task=task,
        offered=offered,
        answer=fields,
        typed=shown,
        panel=panel or request.args.get("panel", ""),
        looked_at=looked_at,
        error=error,
        kept=kept_words(offered, panel) if error is not None and panel and typed is None else "",
        done=request.args.get("done", "") if error is None and looked_at is None else "",
        units=answering_units(db(), actor(), category=found.category) if "dispute" in offered else (),
        colleagues=_colleagues(found) if "hand-over" in offered else (),
        rules=wiring().workflow.referral,
        words_most=ANSWER_MAX,
        name_most=NAME_MAX,
        most_files=MOST_FILES,
        most_megabytes=MOST_BYTES // 1024 // 1024,
    )
    return page, status_of(error) if error is not None else 422 if looked_at is not None and looked_at.remarks else 200


def _begun(found: ReferralPage, draft: DraftShown) -> DraftShown | AnswerShown:
    """What stands in the form at first: the person's draft; else the answer that was sent back, to be completed rather than written anew."""
    missing = _missing(found)
    sent_back = missing is not None and missing.kind is EntryKind.SEND_BACK
    return found.answer if draft.saved_at is None and sent_back and found.answer is not None else draft


def _urged(found: ReferralPage) -> Entry | None:
    if found.state not in AT_DEPARTMENT:
        return None
    return next((entry for entry in reversed(found.entries) if entry.kind is EntryKind.URGE), None)


def _missing(found: ReferralPage) -> Entry | None:
    again = [entry for entry in found.entries if entry.kind in {EntryKind.SEND_BACK, EntryKind.REOPENING}]
    at_department = found.state in AT_DEPARTMENT and (found.sent_back or found.reopened)
    return again[-1] if again and at_department else None


def _task(found: ReferralPage, draft: DraftShown, words: str) -> Task:
    unit = actor().unit_id
    return Task(
        demands=demands_in(found, words),
        files=tuple(one for one in found.drafted_files if one.kind is AttachmentKind.EVIDENCE),
        draft=draft,
        leads=unit == found.lead_id,
        helping=next((helper for helper in found.helpers if helper.unit_id == unit), None) if unit != found.lead_id else None,
        step=_STEP_OF.get(found.state, 0),
        urged=_urged(found),
        missing=_missing(found),
    )


def _offered(found: ReferralPage, task: Task) -> frozenset[str]:
    if task.leads:
        offered = offered_in(found, LEADS)
        return offered - {"extension"} if found.time_asked else offered
    if task.helping is None or found.state not in AT_DEPARTMENT:
        return frozenset()
    return frozenset({"help-sign", "help"}) if task.helping.state is HelperState.ASKED else frozenset({"help"})


def _colleagues(found: ReferralPage) -> tuple[tuple[int, str], ...]:
    """Who may take it over: those of the unit who are there, the person included, but for whoever has it."""
    person = actor()
    there = leave_of(db(), person.user_id or 0, at=wiring().clock.now()).colleagues
    return tuple(one for one in (*there, (person.user_id or 0, person.name)) if one[0] != found.officer_id)
