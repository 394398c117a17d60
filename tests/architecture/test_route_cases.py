"""Every guarded route that names a row: somebody of another district or area reaches nothing, and what has ended takes no further step.

With tests/architecture/test_routes.py (stranger, wrong role) and tests/reached.py (each route succeeds somewhere in the suite) these are the five
cases of a route. All of it goes by the routes themselves: a new one is tried as soon as it is there, and one whose row nobody can make here fails.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, Rule
from werkzeug.test import TestResponse

from intake.domain.actor import MACHINE
from intake.domain.permission import Role
from intake.domain.referral import UnitKind
from intake.models import Area, Department
from intake.services.person import create_user, grant_role
from intake.wiring import Wiring
from tests import reached
from tests.apps import lent
from tests.architecture.test_routes import access, methods, rules
from tests.factories.clock import TestClock
from tests.factories.everything import SECRET, Everything
from tests.factories.town import BORN, ENCODED, Town
from tests.web.pages import Person, hidden, sign_in

TABLE_OF = {
    "account_id": "wechat_accounts",
    "activity_id": "activities",
    "adoption_id": "bulletin_adoptions",
    "alarm_id": "alarms",
    "approval_id": "approvals",
    "area_id": "areas",
    "attachment_id": "attachments",
    "batch_id": "poster_batches",
    "bulletin_id": "bulletins",
    "call_id": "open_calls",
    "campaign_id": "campaigns",
    "check_id": "decline_checks",
    "conversion_id": "conversions",
    "department_id": "departments",
    "digest_id": "digests",
    "draft_id": "assistant_drafts",
    "file_id": "submission_files",
    "forward_id": "instruction_forwards",
    "grant_id": "role_grants",
    "group_id": "member_groups",
    "import_id": "row_imports",
    "instruction_id": "instructions",
    "invitation_id": "invitations",
    "key_id": "api_keys",
    "like": "submissions",
    "list_id": "official_lists",
    "membership_id": "group_memberships",
    "notice_id": "notifications",
    "item_id": "plan_items",
    "outcome_id": "outcomes",
    "plan_id": "year_plans",
    "point_id": "intake_points",
    "printing_id": "paper_slips",
    "proposal_id": "topic_proposals",
    "proposer_id": "topic_proposers",
    "referral_id": "referrals",
    "release_id": "releases",
    "round_id": "screening_rounds",
    "report_id": "upward_reports",
    "session_id": "login_sessions",
    "shift_id": "duty_shifts",
    "slip_id": "paper_slips",
    "step_id": "approval_steps",
    "subject_id": "year_plans",
    "submission_id": "submissions",
    "template_id": "wechat_templates",
    "topic_id": "topics",
    "user_id": "users",
    "venue_id": "venues",
}
"""The row that an argument of an address names."""
OF_BLUEPRINT = {"answer_templates": {"template_id": "answer_templates"}, "screening": {"draft_id": "screening_drafts"}}
"""Arguments that name another row there."""
HELD = ("district.release_held", "district.confirm_held", "district.held_together", "district.confirm_held_together")
"""Routes on a submission that was held back."""
NO_ROW = {"by": "point", "edition": 1, "ending": "pdf", "kind": "", "subject": "", "year": 2026}
"""Arguments that name none; an empty one is the first of the words that the address takes."""
FORM = {"words": "请看一看。", "reason": "other", "title": "路灯", "name": "某某", "text": "看看", "note": "看看"}
FORMS: dict[str, dict[str, str]] = {
    "alarms.close": {"reason": "false_alarm"},
    "alarms.give_back": {"reason": "cannot_come"},
    "departments.change": {"kind": "department"},
    "groups.change": {"kind": "liaison"},
    "member.join": {"answer": "yes"},
    "roster.save": {"level": "district"},
    "venues.change": {"kind": "station"},
}
"""What a form must hold to be read at all."""


NOW = object()
ENDED: dict[str, dict[str, object]] = {
    "answer_templates": {"retired_at": NOW},
    "activities": {"removed_at": NOW},
    "alarms": {"state": "closed"},
    "api_keys": {"revoked_at": NOW},
    "approval_steps": {"ended_at": NOW},
    "approvals": {"undone_at": NOW},
    "assistant_drafts": {"outcome": "refused"},
    "bulletin_adoptions": {"undone_at": NOW},
    "bulletins": {"state": "abandoned"},
    "campaigns": {"ended_at": NOW},
    "conversions": {"undone_at": NOW},
    "decline_checks": {"agrees": True, "checked_at": NOW},
    "duty_shifts": {"cancelled_at": NOW},
    "group_memberships": {"until": BORN.date() + timedelta(days=1)},
    "held": {"state": "withdrawn"},
    "instructions": {"state": "closed"},
    "intake_points": {"state": "retired"},
    "invitations": {"state": "used"},
    "member_groups": {"ended_at": NOW},
    "notifications": {"state": "cancelled"},
    "official_lists": {"state": "superseded"},
    "open_calls": {"state": "reported"},
    "outcomes": {"superseded_at": NOW},
    "paper_slips": {"void_at": NOW},
    "plan_items": {"dropped_at": NOW, "dropped_because": "不办了"},
    "poster_batches": {"state": "done"},
    "referrals": {"state": "cancelled"},
    "releases": {"state": "withdrawn"},
    "row_imports": {"state": "discarded"},
    "screening_drafts": {"ended_at": NOW},
    "screening_rounds": {"state": "published"},
    "submission_files": {"state": "refused"},
    "submissions": {"state": "withdrawn"},
    "topic_proposals": {"state": "outdated"},
    "topic_proposers": {"declined_at": NOW},
    "topics": {"state": "dissolved"},
    "upward_reports": {"state": "abandoned"},
    "venues": {"ended_at": NOW},
    "year_plans": {"state": "closed"},
}
"""How the row of each noun looks when all is done with it."""
NO_END = {
    "areas",
    "departments",
    "digests",
    "instruction_forwards",
    "login_sessions",
    "role_grants",
    "users",
    "wechat_accounts",
    "wechat_templates",
}
"""Nouns that can always be changed by whoever may: their own tests say when not."""
TELL_NOTHING: dict[str, str] = {
    "member.take_shift": "says that nobody asks them to take it, as to whoever was asked and isn't any more",
    "account.read_digest": "whoever asks marks their own as read, whatever the number",
    "member.undo": "says that nothing of theirs is to be undone there",
}
"""Endpoints that answer outsiders otherwise than by 403 or 404, and why that is harmless; that nothing changes is asserted for them too."""
DISTRICT_WIDE: dict[str, str] = {
    "departments.edit": "units serve the whole district; every administrator reads them",
    **dict.fromkeys(
        ("answer_templates.edit", "answer_templates.change", "answer_templates.retire"),
        "the district has one set of words to start from, read by all staff; changing it from one street is refused",
    ),
    "member.hands_of_one": "shows the cards of one's own areas alone",
    **dict.fromkeys(
        ("member.look_together", "member.attach_together", "member.undo_together"),
        "a member may attach to any topic of the district; only messages of their own areas are shown",
    ),
    **dict.fromkeys(
        ("groups.group", "groups.edit", "groups.change", "groups.join", "groups.ask_leave", "groups.leave", "groups.end"),
        "who belongs to which group is read in the whole district; changing it elsewhere is refused",
    ),
    **dict.fromkeys(
        tuple(
            f"wechat_desk.{act}"
            for act in (
                *("show", "edit", "save", "rotate", "progress", "menu", "send_menu", "verification", "save_verification"),
                *("templates", "save_template", "remove_template"),
            )
        ),
        "the account serves the whole district, its secrets are shown to nobody; changing it from elsewhere is refused",
    ),
    **dict.fromkeys(
        tuple(f"screening.{act}" for act in ("round_page", "change", "publish", "cancel", "change_words", "take_back")),
        "a round is the whole district's; of its decisions only those on topics of one's own areas are shown",
    ),
    **dict.fromkeys(
        ("plans.show", "plans.calendar", "plans.editions", "plans.unissued"),
        "the year's plan is the whole district's; making it from one street is refused",
    ),
    **dict.fromkeys(("roster.member", "roster.save"), "members are the whole district's; changing one elsewhere is refused"),
    **dict.fromkeys(
        ("venues.venue", "venues.edit", "venues.change", "venues.seat", "venues.unseat", "venues.ask_check", "venues.check", "venues.end"),
        "where members are met is read in the whole district; changing it elsewhere is refused",
    ),
}
"""Endpoints that show somebody of another street what is the whole district's; that nothing changes is asserted for them too."""
OWNERS_ALONE: dict[str, str] = {
    "community.filed_receipt": "whoever filed it",
    **dict.fromkeys(("plans.edition", "plans.edition_paper"), "once it was issued: tests/web/test_plans.py"),
    "plans.report_paper": "once it was drafted: tests/web/test_plans.py",
    "member.stepped_back": "whoever stepped back from it",
    "district.held_together": "what came together: tests/web/test_attack.py",
    "district.assistant": "while an assistant is set up: tests/web/test_assistant.py",
    "member.activity": "whose record it is",
    "member.captured": "whoever reported it",
    "places.scene_picture": "once the platform has made one: tests/web/test_scene_codes.py",
    "posters.download": "once it is drawn: tests/web/test_posters.py",
}
"""What not even every role of the district is enough for."""
GOES_ON: dict[str, str] = {
    "answer_templates.retire": "the same button brings a retired one back",
    "department_desk.add_files": "what was typed is kept for whoever typed it",
    "department_desk.answer": "what was typed is kept for whoever typed it",
    "district.watch_topic": "who else looks at a topic is a hint, whatever its state",
    "member.recuse": "one steps back from a matter in whatever state it is",
    **dict.fromkeys(("plans.draft_report", "plans.save_report"), "the report on a year is written when it is over"),
    "releases.save_photos": "a text that was taken down is mended and released again",
    "office.number": "an order number may arrive when all is done",
    "referrals.number": "an order number may arrive when all is done",
}
"""What may be done with a row that has ended."""
REPEATED: dict[str, str] = {
    "community.make_void": "a second time changes nothing",
    "member.claim": "looking at a card that has ended takes no lease",
    "district.read_messages": "what was read is read",
    "member.read_messages": "what was read is read",
}
"""What an ended row answers kindly; that nothing changes is asserted for them too."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One request and what came of it."""

    endpoint: str
    method: str
    answer: TestResponse

    def __str__(self) -> str:
        page = self.answer.get_data(as_text=True) if self.answer.mimetype == "text/html" else ""
        said = re.search(r'role="alert"[^>]*>.*?<span>(.*?)</span>', page, re.DOTALL)
        return f"{self.method} {self.endpoint}: {self.answer.status_code}{' shows it' if SECRET in page else ''} {said[1] if said else ''}"

    @property
    def is_refused(self) -> bool:
        """No such thing for this person, and not a word of it."""
        return self.answer.status_code in {403, 404} and SECRET.encode() not in self.answer.get_data()


@pytest.fixture
def app(wiring: Wiring) -> Iterator[Flask]:
    with lent(wiring) as made:
        yield made


@pytest.fixture
def all_(wiring: Wiring, town: Town) -> Everything:
    return Everything(wiring, town)


def naming_a_row(app: Flask) -> list[tuple[Rule, str]]:
    """Every guarded route and method whose address names a row."""
    found = [
        (rule, method)
        for rule in rules(app)
        if access(app, rule).permission is not None and set(rule.arguments) - set(NO_ROW)
        for method in methods(rule)
    ]
    assert len(found) > 150
    return found


def person_of(wiring: Wiring, login: str, *, area: str, unit_id: int | None) -> None:
    """Somebody with every role there is, all of them in one area."""
    with wiring.sessions.begin() as session:
        place = session.query(Area).filter_by(name=area).one()
        user = create_user(
            session,
            district_id=place.district_id or 0,
            login=login,
            name="林晓",
            password="",
            at=BORN,
            password_hash=ENCODED,
            department_id=unit_id,
        )
        for role in Role:
            grant_role(session, actor=MACHINE, user=user, role=role, area=place, at=BORN)


def unit_next_door(wiring: Wiring, kind: UnitKind) -> int:
    """A unit of 望江区."""
    with wiring.sessions.begin() as session:
        area = session.query(Area).filter_by(name="望江区").one()
        made = Department(
            district_id=area.id, name=f"望江区{kind.value}", kind=kind, duty="", phone="", categories=[], is_backstop=False, created_at=BORN
        )
        session.add(made)
        session.flush()
        return made.id


def tries(app: Flask, person: Person, all_: Everything, *, only: Callable[[str, str, str], bool] | None = None) -> Iterator[Tried]:
    """Every route that names a row, on the row; or those that `only` takes, by endpoint, method and table."""
    token = hidden(person.client.get("/account").get_data(as_text=True), "csrf_token")
    addresses = app.url_map.bind("localhost")
    for rule, method in naming_a_row(app):
        table = list(rows_of(rule).values())[-1]
        if only is not None and not only(rule.endpoint, method, table):
            continue
        path = addresses.build(rule.endpoint, values_of(rule, all_), method=method)
        form = {**FORM, "version": all_.version_of(table), **FORMS.get(rule.endpoint, {}), "csrf_token": token}
        answer = person.client.open(path, method=method, data=form if method == "POST" else None, follow_redirects=True)
        yield Tried(rule.endpoint, method, answer)


def rows_of(rule: Rule) -> dict[str, str]:
    """Argument → table, in the order of the address."""
    own = OF_BLUEPRINT.get(rule.endpoint.partition(".")[0], {})
    found = {name: own.get(name, TABLE_OF[name]) for name in rule._converters if name in TABLE_OF}
    return dict.fromkeys(found, "held") if rule.endpoint in HELD else found


def values_of(rule: Rule, all_: Everything) -> dict[str, object]:
    """What stands in the address."""
    words = {name: min(taken.items) for name, taken in rule._converters.items() if isinstance(taken, AnyConverter)}
    others = {name: words.get(name) or NO_ROW[name] for name in rule.arguments if name in NO_ROW}
    return {**others, **{name: all_.id_of(table) for name, table in rows_of(rule).items()}}


def test_every_argument_of_a_guarded_address_is_known_here(app: Flask) -> None:
    named = {name for rule in rules(app) if access(app, rule).permission is not None for name in rule.arguments}
    assert named <= set(TABLE_OF) | set(NO_ROW), "say which row it names"


def all_made(app: Flask, all_: Everything) -> dict[str, str]:
    """Every row is there before the first is tried; what the tables hold then."""
    for rule, _ in naming_a_row(app):
        values_of(rule, all_)
    return all_.fingerprints()


def changed(before: Mapping[str, str], all_: Everything) -> list[str]:
    """Tables that hold something else now."""
    return [name for name, digest in all_.fingerprints().items() if digest != before[name]]


def test_whoever_works_there_reads_it(app: Flask, wiring: Wiring, town: Town, all_: Everything) -> None:
    """Else a refusal of the others would prove nothing."""
    seen: set[str] = set()
    missed: dict[str, str] = {}
    for login, unit_id in (("linxiao", town.lights_id), ("linqing", town.office_id)):
        person_of(wiring, login, area="云栖区", unit_id=unit_id)
        person = sign_in(app.test_client(), login)
        for tried in tries(app, person, all_, only=lambda endpoint, method, _table: method == "GET" and endpoint not in seen):
            if tried.answer.status_code == 200:
                seen.add(tried.endpoint)
            missed[tried.endpoint] = str(tried)
    assert not [line for endpoint, line in missed.items() if endpoint not in seen and endpoint not in OWNERS_ALONE]


# Their roles are the right ones, only elsewhere: in a unit of the next district, and in an office of it.
@pytest.mark.parametrize("kind", [UnitKind.DEPARTMENT, UnitKind.OFFICE])
def test_nobody_of_another_district_reaches_anything(app: Flask, wiring: Wiring, all_: Everything, kind: UnitKind) -> None:
    person_of(wiring, "linxiao", area="望江区", unit_id=unit_next_door(wiring, kind))
    lin = sign_in(app.test_client(), "linxiao")
    before = all_made(app, all_)
    got_in = [str(tried) for tried in tries(app, lin, all_) if not tried.is_refused and tried.endpoint not in TELL_NOTHING]
    assert not got_in, "\n".join(got_in)
    assert changed(before, all_) == []


def test_nobody_of_another_street_or_unit_reaches_what_is_not_the_whole_districts(
    app: Flask, wiring: Wiring, town: Town, all_: Everything
) -> None:
    person_of(wiring, "linxiao", area="清河街道", unit_id=town.homes_id)
    lin = sign_in(app.test_client(), "linxiao")
    before = all_made(app, all_)
    passed = {**TELL_NOTHING, **DISTRICT_WIDE}
    elsewhere = tries(app, lin, all_)
    got_in = [str(tried) for tried in elsewhere if not tried.is_refused and tried.endpoint not in passed]
    assert not got_in, "\n".join(got_in)
    assert changed(before, all_) == []


def test_what_has_ended_takes_no_further_step(app: Flask, wiring: Wiring, town: Town, all_: Everything, clock: TestClock) -> None:
    person_of(wiring, "linxiao", area="云栖区", unit_id=town.lights_id)
    lin = sign_in(app.test_client(), "linxiao")
    all_made(app, all_)
    for table, facts in ENDED.items():
        all_.change(table, **{name: clock.now() if value is NOW else value for name, value in facts.items()})
    before = all_.fingerprints()
    going = tries(app, lin, all_, only=lambda endpoint, method, table: method == "POST" and table in ENDED and endpoint not in GOES_ON)
    went_on = [str(tried) for tried in going if tried.answer.status_code < 400 and tried.endpoint not in REPEATED]
    assert not went_on, "\n".join(went_on)
    assert changed(before, all_) == []


def test_every_noun_is_one_that_ends_or_one_that_does_not(app: Flask) -> None:
    sent_to = {list(rows_of(rule).values())[-1] for rule, method in naming_a_row(app) if method == "POST"}
    assert sent_to <= set(ENDED) | NO_END


def test_what_somebody_signed_in_was_answered_by_is_noted_and_what_was_refused_is_not(app: Flask, town: Town) -> None:
    noted = {"GET member.topics", "GET district.home", "GET district.figures"}
    reached.REACHED.difference_update(noted)
    app.test_client().get("/m/topics")
    zhou = sign_in(app.test_client(), "zhou").client
    zhou.get("/d")
    assert not reached.REACHED & noted
    zhou.get("/m/topics")
    assert reached.REACHED & noted == {"GET member.topics"}
    lacking = reached.missing(app, reached.guarded(app) - {"GET district.home"})
    assert lacking == ["GET district.home"]
