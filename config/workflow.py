"""Deadlines, quotas and thresholds that a district may change, read from `workflow.toml`."""

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

DEFAULT_FILE = Path(__file__).with_name("workflow.toml")


class WorkflowError(ValueError):
    """The file can't be used; the message names the entry and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class OwnerRules:
    """Who has a matter, and for how long, before somebody else gets it."""

    convenor_after_working_days: int
    staff_after_working_days: int
    candidate_idle_working_days: int
    needs_detail_days: int
    close_after_silent_days: int
    approval_still_days: int
    """A plan or topic on its way through the approvals, without a step for so long, is brought up again."""


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """How long personal text is kept after it was last needed, and files that can be made anew."""

    contact_days: int
    withdrawn_text_days: int
    poster_file_days: int
    import_file_days: int
    follower_days: int
    """Somebody known through WeChat who hasn't been seen for so long, and of whom nothing is left to do, is forgotten."""


@dataclass(frozen=True, slots=True)
class SameMatterRules:
    """Where earlier messages about the same matter are looked for."""

    window_days: int


@dataclass(frozen=True, slots=True)
class LearningRules:
    """When the machine learns from what people decided."""

    new_examples: int
    """How many categories people must have chosen or confirmed since the last model."""


@dataclass(frozen=True, slots=True)
class ReleaseRules:
    """Who may let the public read what staff prepared."""

    second_person: bool
    """Whether it must be somebody else than whoever wrote it last."""


@dataclass(frozen=True, slots=True)
class ReferralRules:
    """How many working days each step of a referral may take, and how often things may be asked again."""

    accept_working_days: int
    """Until the office takes it in."""
    assign_working_days: int
    """From then until a lead is named."""
    sign_working_days: int
    """Until the lead signs, or says that it isn't theirs."""
    answer_working_days: int
    """From the assignment to the answer, in general."""
    answer_soon_working_days: int
    answer_emergency_working_days: int
    responsibility_working_days: int
    """The same for a measure of a topic's responsibility list."""
    dispute_working_days: int
    check_working_days: int
    extension_most_working_days: int
    extensions_most: int
    due_soon_working_days: int
    """An answer due within so many is told in the daily digest."""
    revisit_days: int
    """After a result was told, somebody looks whether it held."""


@dataclass(frozen=True, slots=True)
class CheckRules:
    """What is looked at a second time."""

    decline_sample_percent: int
    """How many of a hundred declines staff look at again."""
    alarm_repeat_minutes: int
    """An emergency that nobody took is called again."""
    messages_a_day: int
    """On one receipt."""


@dataclass(frozen=True, slots=True)
class MemberRules:
    """The member's phone."""

    lease_minutes: int
    """Whoever opened a card has it for so long."""
    cards_kept: int
    """So many cards at most are kept on the phone for a time without signal."""


@dataclass(frozen=True, slots=True)
class WeChatRules:
    """When a chat is sent, and what the platform allows to be written; the platform changes its numbers, so they stand here."""

    pause_minutes: int
    """After so long without a word a draft is sent."""
    draft_days: int
    """A draft that says nothing is erased after so many."""
    reply_hours: int
    """Customer messages are allowed for so long after a resident's message…"""
    reply_most: int
    """… and so many of them."""
    touch_seconds: int
    """The same after a scan, a menu tap or a follow."""
    touch_most: int
    quiet_from_hour: int
    """No notice leaves from this hour (Shanghai)…"""
    quiet_to_hour: int
    """… to this one."""
    digest_minutes: int
    """Notices of one resident that fall due within so many become one."""
    rate_after_days: int
    """A result without a verdict is asked about once more."""
    notice_days: int
    """A notice that couldn't be sent is no news any more after so many."""


@dataclass(frozen=True, slots=True)
class AnnouncedDays:
    """Days that the calendar package doesn't know or gets wrong; `working` are make-up days."""

    off: frozenset[dt.date]
    working: frozenset[dt.date]


@dataclass(frozen=True, slots=True)
class Workflow:
    """Everything in the file, checked."""

    owner: OwnerRules
    retention: RetentionRules
    same_matter: SameMatterRules
    learning: LearningRules
    release: ReleaseRules
    referral: ReferralRules
    check: CheckRules
    member: MemberRules
    wechat: WeChatRules
    holidays: AnnouncedDays


@cache
def default_workflow() -> Workflow:
    """The workflow that ships with the project, read once per process."""
    return load_workflow(DEFAULT_FILE)


def load_workflow(path: Path) -> Workflow:
    """Read a workflow file and the holiday file it names; raises WorkflowError naming the entry at fault."""
    document = _read(path)
    unknown = set(document) - {
        "owner",
        "retention",
        "same_matter",
        "learning",
        "release",
        "referral",
        "check",
        "member",
        "wechat",
        "holidays",
    }
    if unknown:
        raise WorkflowError(f"{path.name}: unknown section [{min(unknown)}]")
    owner = OwnerRules(**_numbers(document, "owner", OwnerRules, path.name))
    if owner.staff_after_working_days <= owner.convenor_after_working_days:
        raise WorkflowError(f"{path.name}: [owner] staff_after_working_days must be greater than convenor_after_working_days")
    return Workflow(
        owner=owner,
        retention=RetentionRules(**_numbers(document, "retention", RetentionRules, path.name)),
        same_matter=SameMatterRules(**_numbers(document, "same_matter", SameMatterRules, path.name)),
        learning=LearningRules(**_numbers(document, "learning", LearningRules, path.name)),
        release=_release(document.get("release"), path.name),
        referral=ReferralRules(**_numbers(document, "referral", ReferralRules, path.name)),
        check=CheckRules(**_numbers(document, "check", CheckRules, path.name)),
        member=MemberRules(**_numbers(document, "member", MemberRules, path.name)),
        wechat=_wechat(document, path.name),
        holidays=_holidays(document.get("holidays", {}), path),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorkflowError(f"{path}: {error}") from error


def _numbers(document: Mapping[str, Any], section: str, shape: type[Any], where: str) -> dict[str, int]:
    raw = document.get(section)
    if not isinstance(raw, dict):
        raise WorkflowError(f"{where}: section [{section}] is missing")
    names = {field.name for field in fields(shape)}
    if set(raw) != names:
        wrong = min(set(raw) ^ names)
        raise WorkflowError(f"{where}: [{section}] {wrong} is {'missing' if wrong in names else 'unknown'}")
    for name, value in raw.items():
        if type(value) is not int or value < 1:
            raise WorkflowError(f"{where}: [{section}] {name} must be a whole number, 1 or more, not {value!r}")
    return raw


def _wechat(document: Mapping[str, Any], where: str) -> WeChatRules:
    rules = WeChatRules(**_numbers(document, "wechat", WeChatRules, where))
    for name in ("quiet_from_hour", "quiet_to_hour"):
        if getattr(rules, name) > 23:
            raise WorkflowError(f"{where}: [wechat] {name} must be an hour from 1 to 23")
    return rules


def _release(raw: object, where: str) -> ReleaseRules:
    if not isinstance(raw, dict) or set(raw) != {"second_person"} or type(raw["second_person"]) is not bool:
        raise WorkflowError(f"{where}: [release] needs second_person = true or false, and nothing else")
    return ReleaseRules(second_person=raw["second_person"])


def _holidays(raw: object, path: Path) -> AnnouncedDays:
    days = _days(raw, f"{path.name}: [holidays]", allowed={"off", "working", "file"})
    extra = raw.get("file", "") if isinstance(raw, dict) else ""
    if not isinstance(extra, str):
        raise WorkflowError(f"{path.name}: [holidays] file must be a path")
    if not extra:
        return days
    more = _days(_read(path.parent / extra), extra, allowed={"off", "working"})
    return AnnouncedDays(days.off | more.off, days.working | more.working)


def _days(raw: object, where: str, *, allowed: set[str]) -> AnnouncedDays:
    if not isinstance(raw, dict) or set(raw) - allowed:
        raise WorkflowError(f"{where}: only {', '.join(sorted(allowed))} are allowed")
    found: dict[str, frozenset[dt.date]] = {}
    for name in ("off", "working"):
        value = raw.get(name, [])
        if not isinstance(value, list) or not all(type(day) is dt.date for day in value):
            raise WorkflowError(f"{where}: {name} must be a list of dates such as 2027-01-01")
        found[name] = frozenset(value)
    both = found["off"] & found["working"]
    if both:
        raise WorkflowError(f"{where}: {min(both)} is both off and working")
    return AnnouncedDays(found["off"], found["working"])
