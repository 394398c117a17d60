"""审计: who did, saw and took along what; the chain is checked in pieces while somebody looks, and a filter can be taken along as a file."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, stream_with_context, url_for
from werkzeug.wrappers import Response

from intake.domain.actor import Actor, ActorKind
from intake.domain.audit_act import ACT_KIND_NAMES, DETAIL_NAMES, DID, NOUN_NAMES, SAW, TOOK, ActKind
from intake.domain.errors import DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.queries.audit_page import (
    EXPORT_MOST,
    WORDS,
    ActLine,
    AuditFilter,
    PersonFound,
    acts,
    all_acts,
    chain_stand,
    entity_by,
    last_check,
    people_named,
    person_of,
    require_audit,
)
from intake.queries.entity_history import WORDS as OF_PLACES_AND_PEOPLE
from intake.services.audit_check import check_piece, issue_mark, read_mark
from intake.web.asked import day_asked, id_asked, one_of
from intake.web.errors import status_of
from intake.web.exported import note_visit
from intake.web.guard import actor, requires
from intake.web.labels import translated
from intake.web.language import translate as _
from intake.web.spreadsheet import BEGINNING, cell
from intake.web.unit_of_work import db, wiring

audit = Blueprint("audit", __name__, url_prefix="/d/audit")

Page = str | Response | tuple[str, int]
HEADS = ("时间", "谁", "登录名", "做了什么", "代码", "对象", "编号", "名称", "其他")
ACTOR_NAMES = {ActorKind.MACHINE: "系统", ActorKind.RESIDENT: "居民"}
"""Who acts without a name."""
GROUPS = (("看了", SAW), ("导出", TOOK), ("办理", DID), ("人员和地方", OF_PLACES_AND_PEOPLE))
"""The acts that the form offers."""
LEADS_TO: dict[str, tuple[str, str, Permission]] = {
    "answer_template": ("answer_templates.edit", "template_id", Permission.TEMPLATES_MANAGE),
    "area": ("places.area", "area_id", Permission.PLACES_VIEW),
    "bulletin": ("bulletins.show", "bulletin_id", Permission.BULLETIN_MANAGE),
    "campaign": ("campaigns.show", "campaign_id", Permission.CAMPAIGN_MANAGE),
    "conversion": ("conversions.edit", "conversion_id", Permission.BULLETIN_MANAGE),
    "department": ("departments.edit", "department_id", Permission.PEOPLE_MANAGE),
    "duty_shift": ("duty_desk.shift", "shift_id", Permission.DUTY_MANAGE),
    "group": ("groups.group", "group_id", Permission.GROUPS_VIEW),
    "instruction": ("instructions.show", "instruction_id", Permission.INSTRUCTION_REGISTER),
    "member": ("roster.member", "user_id", Permission.GROUPS_VIEW),
    "official_list": ("lists.show", "list_id", Permission.LIST_MANAGE),
    "open_call": ("open_calls.show", "call_id", Permission.OPEN_CALL_MANAGE),
    "point": ("places.point", "point_id", Permission.PLACES_VIEW),
    "poster_batch": ("posters.batch", "batch_id", Permission.POSTERS_PRINT),
    "referral": ("referrals.show", "referral_id", Permission.REFERRAL_FOLLOW),
    "release": ("releases.show", "release_id", Permission.RELEASE_PREPARE),
    "submission": ("district.submission", "submission_id", Permission.SCREEN_VIEW),
    "row_import": ("imports.show", "import_id", Permission.IMPORT_MANAGE),
    "screening_round": ("screening.round_page", "round_id", Permission.SCREEN_DECIDE),
    "topic": ("district.topic", "topic_id", Permission.SCREEN_VIEW),
    "upward_report": ("upward.show", "report_id", Permission.SCREEN_VIEW),
    "user": ("people.person", "user_id", Permission.PEOPLE_MANAGE),
    "venue": ("venues.venue", "venue_id", Permission.GROUPS_VIEW),
    "year_plan": ("plans.show", "plan_id", Permission.PLAN_VIEW),
    "wechat_account": ("wechat_desk.show", "account_id", Permission.WECHAT_MANAGE),
}
"""The page of a thing, and who may open it; the page itself checks again."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, as it was typed, and read."""

    filter: AuditFilter
    person: PersonFound | None
    people: tuple[PersonFound, ...]
    """To choose from, where a name fits several."""
    typed: dict[str, str]

    @property
    def address(self) -> dict[str, str]:
        """The same in an address."""
        kept = {**self.typed, "person": str(self.person.id) if self.person else "", "who": "" if self.person else self.typed["who"]}
        return {name: value for name, value in kept.items() if value}


@audit.get("")
@requires(Permission.AUDIT_VIEW)
def index() -> Page:
    """The newest first; each look leaves a row of its own."""
    require_audit(db(), actor())
    after = request.args.get("after", "")
    try:
        asked, error = _asked(actor()), None
    except InvalidInput as refused:
        asked, error = Asked(AuditFilter(), None, (), _typed()), refused
    nothing = error is not None or asked.people or (asked.typed["who"] and asked.person is None)
    found = None if nothing else acts(db(), actor(), asked.filter, after=after)
    page = render_template(
        "audit/index.html",
        found=found,
        asked=asked,
        after=after,
        groups=GROUPS,
        kinds=ACT_KIND_NAMES,
        nouns=NOUN_NAMES,
        details=DETAIL_NAMES,
        actors=ACTOR_NAMES,
        leads_to=_address_of,
        most=EXPORT_MOST,
        error=error,
    )
    note_visit("audit.view", "audit", asked.filter.codes())
    return (page, status_of(error)) if error is not None else page


@audit.get("/export.csv")
@requires(Permission.AUDIT_VIEW)
def export() -> Response:
    """What the filter finds, sent piece by piece; the last line says whether it is all."""
    require_audit(db(), actor())
    asked = _asked(actor())
    if asked.people or (asked.typed["who"] and asked.person is None):
        raise InvalidInput("请先选定一个人，再导出。", field="who")
    note_visit("audit.export", "audit", asked.filter.codes())
    lines = all_acts(db(), actor(), asked.filter)
    answer = Response(stream_with_context(_csv(lines)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@audit.get("/check")
@requires(Permission.AUDIT_VIEW)
def check() -> Page:
    """How the chain stood when it was last checked; with `mark`, how far a check has got and its next piece."""
    require_audit(db(), actor())
    user_id, at = actor().user_id, wiring().clock.now()
    assert user_id is not None
    begun = read_mark(wiring().vault, request.args.get("mark", ""), user_id=user_id, at=at) if "mark" in request.args else None
    return render_template(
        "audit/check.html",
        begun=begun,
        mark=request.args.get("mark", ""),
        stand=chain_stand(db()),
        last=last_check(db(), actor()),
    )


@audit.post("/check")
@requires(Permission.AUDIT_VIEW)
def check_on() -> Page:
    """Look at the next piece of the chain, from the beginning where there is no mark."""
    require_audit(db(), actor())
    vault, user_id, at = wiring().vault, actor().user_id, wiring().clock.now()
    assert user_id is not None
    try:
        before = read_mark(vault, request.form.get("mark", ""), user_id=user_id, at=at)
        done = check_piece(db(), actor=actor(), before=before, at=at)
    except DomainError as error:
        db().rollback()
        stand, last = chain_stand(db()), last_check(db(), actor())
        return render_template("audit/check.html", begun=None, mark="", stand=stand, last=last, error=error), status_of(error)
    mark = None if done.ended else issue_mark(vault, done, user_id=user_id, at=at)
    return redirect(url_for("audit.check", mark=mark), code=303)


def _typed() -> dict[str, str]:
    return {
        name: request.args.get(name, "").replace("\x00", "").strip()[:60]
        for name in ("who", "act", "noun", "number", "first", "last", "kind")
    }


def _asked(who: Actor) -> Asked:
    typed = _typed()
    person = _person(who)
    people = () if person is not None or not typed["who"] else people_named(db(), who, typed["who"])
    if len(people) == 1:
        person, people = people[0], ()
    asked = AuditFilter(
        person_id=person.id if person else None,
        kind=one_of(ActKind, typed["kind"]),
        action=typed["act"] if typed["act"] in WORDS else "",
        noun=typed["noun"] if typed["noun"] in NOUN_NAMES else "",
        entity_id=_entity(who, typed),
        first=day_asked("first"),
        last=day_asked("last"),
    )
    return Asked(asked, person, people, typed)


def _person(who: Actor) -> PersonFound | None:
    user_id = id_asked("person")
    return person_of(db(), who, user_id) if user_id is not None else None


def _entity(who: Actor, typed: dict[str, str]) -> int | None:
    """The thing asked for: its kind and its number belong together, since there is no quick way to all things of a kind."""
    noun, number = typed["noun"], typed["number"]
    if not noun and not number:
        return None
    if not noun:
        raise InvalidInput("只有编号查不了，请再选是哪一种。", field="noun")
    if not number:
        raise InvalidInput("请再填编号：回执号、议题号、转报号，或者记录里的数字。", field="number")
    found = entity_by(db(), who, noun, number)
    if found is None:
        raise InvalidInput(f"没有编号是“{number}”的，请核对。", field="number")
    return found


def _address_of(line: ActLine) -> str:
    """Where the thing stands, when the auditor may open it; empty otherwise."""
    found = LEADS_TO.get(line.noun)
    if found is None or line.entity_id is None or not actor().may(found[2]):
        return ""
    values: dict[str, Any] = {found[1]: line.entity_id}
    return url_for(found[0], **values)


def _csv(lines: Iterator[ActLine]) -> Iterator[str]:
    yield BEGINNING + _row([_(head) for head in HEADS])
    count = 0
    for line in lines:
        count += 1
        if count > EXPORT_MOST:
            yield _row([_("只导出最近的 %(count)s 行，更早的请按日期分几次导出。", count=EXPORT_MOST)])
            return
        yield _row(_values(line))
    yield _row([_("以上 %(count)s 行，导出完毕。", count=count)])


def _values(line: ActLine) -> list[object]:
    return [
        line.stamp,
        line.by or translated(ACTOR_NAMES.get(line.actor_kind, "")),
        line.login,
        translated(line.words),
        line.action,
        translated(NOUN_NAMES.get(line.noun, line.noun)),
        "" if line.entity_id is None else line.entity_id,
        line.name,
        "; ".join(f"{translated(DETAIL_NAMES.get(name, name))}={value}" for name, value in line.detail),
    ]


def _row(values: list[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([cell(one) for one in values])
    return text.getvalue()
