"""Districts with two years behind them, written by SQL alone: messages, topics, referrals, results and all that hangs on them.

Shares are what a busy district might have, its queues longer than anybody would let them grow. Of the foreign keys none is checked while
they are written. Districts come in turn, in each table, as they would if they had written at the same time.
"""

import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from rich.console import Console
from sqlalchemy.orm import Session

from config.settings import Settings
from intake.adapters.embedded.postgres import SUPERUSER, EmbeddedPostgres
from intake.adapters.embedded.runtime_paths import DataPaths
from intake.cli.installation import Installation
from intake.domain.actor import MACHINE
from intake.domain.language.grams import grams_of
from intake.domain.language.matching_form import matching_form
from intake.domain.permission import Role
from intake.domain.point import AreaKind
from intake.domain.referral import UnitKind
from intake.models import Area, Department, MemberProfile
from intake.queries.same_matter import array_of
from intake.services.person import create_user, grant_role
from intake.services.place import create_area
from intake.wiring import Wiring, wire

DISTRICTS, OFFICES, UNITS, MEMBERS, STREETS, COMMUNITIES = 4, 3, 20, 60, 8, 5
WORDS = ("路灯不亮", "电梯停运", "垃圾没有收", "路面破损", "占道停车", "夜间噪声", "井盖松动", "物业不开门", "老年食堂排队", "管道漏水")
PLACES = ("幸福里", "龙池小区", "紫薇苑", "石桥路", "清河街", "丰山公园", "书院巷", "凤桐里")
TOPICS, LISTS, INSTRUCTIONS = 3_000, 500, 1_000
"""Of each district."""
TAILS, RARE_WORD = 2_000, "鸬鹚"
"""Clauses that a message may end with, the first of them far more often than the last; what only the last but one says."""


def _hundred(**shares: int) -> list[str]:
    assert sum(shares.values()) == 100, "shares of a hundred"
    return [name for name, share in shares.items() for _ in range(share)]


SHARES: dict[str, object] = {
    "referral_states": _hundred(
        sent=3, accepted=2, assigned=4, in_progress=11, disputed=1, replied=4, delivered=70, returned=4, cancelled=1
    ),
    "submission_states": _hundred(
        triaged=10, reopened=1, needs_detail=1, in_topic=9, referred=5, answered=8, reported_back=12, closed=44, declined=8, withdrawn=2
    ),
    "topic_states": _hundred(candidate=40, proposed=3, pooled=12, planned=3, consulting=2, delivering=8, delivered=22, rejected=10),
    "words": list(WORDS),
    "places": list(PLACES),
}

_SAID = "(%(places)s::text[])[1 + floor(random() * 8)] || floor(random() * 40) || '栋' || (%(words)s::text[])[1 + floor(random() * 10)]"
_ONE = "(%({0})s::bigint[])[1 + floor(random() * cardinality(%({0})s::bigint[]))]"
_AT = "now() - interval '2 years' * (1 - n / {0}::float)"

POINTS = """
INSERT INTO intake_points (district_id, area_id, kind, name, code, state, closed_note, helper_name, helper_phone, helper_hours,
    poster_version, version, created_at)
SELECT %(district)s, area, 'community', '服务台', 'b' || area, 'active', '', '', '', '', 1, 1, now() - interval '2 years'
FROM unnest(%(areas)s::bigint[]) AS area"""

TOPICS_OF = f"""
INSERT INTO topics (id, district_id, number, title, route, urgency, area_id, state, state_changed_at, version, first_at, last_at,
    created_at, confirmed_count, suggested_count, area_count, people_count, heat, heat_corrected, category)
SELECT n * %(districts)s + %(nth)s, %(district)s, 'B' || n * %(districts)s + %(nth)s, {_SAID}, 'residents', 'normal', {_ONE.format("areas")},
    CASE WHEN n = 1 THEN 'candidate' ELSE (%(topic_states)s::text[])[1 + floor(random() * 100)] END, at, 1, at, at, at, 5, 1, 1, 5,
    floor(power(random(), 2) * 100), floor(power(random(), 2) * 100), (ARRAY['roads', 'housing', 'environment'])[1 + n %% 3]
FROM (SELECT n, {_AT.format("%(topics)s")} AS at FROM generate_series(1, %(topics)s) AS n) AS drawn"""

SUBMISSIONS = f"""
INSERT INTO submissions (id, district_id, point_id, area_id, channel, state, state_changed_at, version, receipt_number, receipt_salt,
    text_written, text_masked, replaced_characters, place, place_masked, contact_hint, category, urgency, received_at, triaged_at,
    owner_id, owner_role)
SELECT drawn.n * %(districts)s + %(nth)s, %(district)s, point.id, point.area_id, 'form', drawn.state, at + interval '6 days', 1,
    'B' || drawn.n * %(districts)s + %(nth)s, '',
    heads.words || '，' || tails.words, heads.words || '，' || tails.words, 0, '', '', '', (ARRAY['roads', 'housing', 'environment'])[1 + drawn.n %% 3],
    CASE WHEN drawn.n %% 200 = 0 THEN 'emergency' WHEN drawn.n %% 20 = 0 THEN 'soon' ELSE 'normal' END, at, at + interval '1 second', owner,
    CASE WHEN drawn.state IN ('triaged', 'reopened') AND drawn.n %% 50 = 0 THEN 'staff' ELSE 'member' END
FROM (
    SELECT n, (%(submission_states)s::text[])[1 + floor(random() * 100)] AS state, {_ONE.format("areas")} AS area,
        floor(random() * {len(PLACES) * 40 * len(WORDS)}) AS head, floor(power(random(), 3) * {TAILS}) AS tail,
        {_ONE.format("senders")} AS owner, {_AT.format("%(submissions)s")} AS at
    FROM generate_series(1, %(submissions)s) AS n
) AS drawn JOIN intake_points AS point ON point.area_id = area JOIN heads ON heads.n = head JOIN tails ON tails.n = tail"""

GRAMS = """
INSERT INTO submission_grams (submission_id, district_id, area_id, received_at, grams, rare)
SELECT id, district_id, area_id, received_at, heads.grams || tails.grams, '{}'
FROM submissions JOIN heads ON heads.words = split_part(text_masked, '，', 1) JOIN tails ON tails.words = split_part(text_masked, '，', 2)
WHERE district_id = %(district)s"""

DECISIONS = f"""
INSERT INTO decisions (id, district_id, submission_id, action, reason_code, words, decided_by, decided_at)
SELECT id, district_id, id, CASE state WHEN 'declined' THEN 'decline' WHEN 'referred' THEN 'refer' WHEN 'needs_detail' THEN 'ask'
        WHEN 'in_topic' THEN 'attach' WHEN 'reported_back' THEN 'attach' ELSE 'answer' END,
    NULL, '您好，已经看过。', {_ONE.format("senders")}, received_at + random() * interval '4 days'
FROM submissions WHERE district_id = %(district)s AND state NOT IN ('triaged', 'withdrawn')"""

HISTORY = """
INSERT INTO history (district_id, noun, entity_id, action, from_state, to_state, actor_kind, actor_id, decision_id, at)
SELECT s.district_id, 'submission', s.id, step, NULL, s.state, 'machine', d.decided_by, CASE WHEN step = d.action THEN d.id END,
    s.received_at
FROM submissions AS s LEFT JOIN decisions AS d ON d.submission_id = s.id, LATERAL unnest(ARRAY['begin', 'triage', d.action]) AS step
WHERE s.district_id = %(district)s AND step IS NOT NULL"""

CONTRIBUTORS = """
INSERT INTO contributors (district_id, topic_id, submission_id, status, reasons, created_at, decided_at)
SELECT district_id,
    CASE WHEN id / %(districts)s %% 100 = 0 THEN 1 ELSE 1 + floor(random() * %(topics)s) END * %(districts)s + %(nth)s, id,
    CASE WHEN state = 'triaged' THEN 'suggested' ELSE 'confirmed' END, '[]',
    received_at, received_at
FROM submissions WHERE district_id = %(district)s AND state IN ('triaged', 'in_topic', 'reported_back')"""

REFERRALS = f"""
INSERT INTO referrals (id, district_id, number, kind, submission_id, topic_id, area_id, urgency, title, basis, state, state_changed_at,
    version, sent_by, office_id, lead_id, officer_id, due_at, answer_due_at, paused_at, external_number, sent_back, reopened, revisit_on,
    revisited_at, revisit_words, sent_at, assigned_at, replied_at, delivered_at, created_at)
SELECT n * %(districts)s + %(nth)s, %(district)s, 'ZB-' || to_char(at, 'YYYY') || '-' || lpad((n * %(districts)s + %(nth)s)::text, 6, '0'),
    CASE WHEN n %% 2 = 0 THEN 'relay' ELSE 'responsibility' END,
    CASE WHEN n %% 2 = 0 THEN n * (%(submissions)s / %(referrals)s) * %(districts)s + %(nth)s END,
    CASE WHEN n %% 2 = 1 THEN (1 + floor(random() * %(topics)s)) * %(districts)s + %(nth)s END, area, 'normal', title, '请办理。', state, at, 1, sender, office,
    lead, CASE WHEN lead IS NOT NULL THEN officer END, CASE WHEN NOT ended THEN due END, CASE WHEN lead IS NOT NULL THEN due END,
    CASE WHEN state = 'in_progress' AND n %% 17 = 0 THEN at END, CASE WHEN n %% 9 = 0 THEN '12345-' || n ELSE '' END, 0, 0,
    CASE WHEN state = 'delivered' AND n %% 3 = 0 THEN (at + interval '90 days')::date END,
    CASE WHEN state = 'delivered' AND n %% 9 <> 0 THEN at + interval '95 days' END, '', at,
    CASE WHEN lead IS NOT NULL THEN at END, CASE WHEN state IN ('replied', 'delivered') THEN at + interval '5 days' END,
    CASE WHEN state = 'delivered' THEN at + interval '6 days' END, at
FROM (
    SELECT n, area, title, state, sender, office, CASE WHEN state NOT IN ('sent', 'accepted') THEN lead END AS lead, officer, at,
        state IN ('delivered', 'returned', 'cancelled') AS ended, now() + (random() * 41 - 20) * interval '1 day' AS due
    FROM (
        SELECT n, {_ONE.format("areas")} AS area, {_SAID} AS title, (%(referral_states)s::text[])[1 + floor(random() * 100)] AS state,
            {_ONE.format("senders")} AS sender, {_ONE.format("offices")} AS office, {_ONE.format("leads")} AS lead,
            {_ONE.format("officers")} AS officer, {_AT.format("%(referrals)s")} AS at
        FROM generate_series(1, %(referrals)s) AS n
    ) AS drawn
) AS said"""

LEASES = """
INSERT INTO submission_leases (submission_id, district_id, user_id, taken_at, until)
SELECT id, district_id, %(member)s, now(), now() + CASE WHEN id / %(districts)s %% 3 = 0 THEN interval '1 hour' ELSE interval '-1 hour' END
FROM submissions WHERE district_id = %(district)s AND state IN ('triaged', 'reopened') AND id / %(districts)s %% 20 = 0"""

RECUSALS = """
INSERT INTO reassignments (district_id, submission_id, kind, from_user_id, words, at)
SELECT district_id, id, 'recuse', %(member)s, '', now()
FROM submissions WHERE district_id = %(district)s AND state IN ('triaged', 'reopened') AND id / %(districts)s %% 100 = 1"""

HELPERS = """
INSERT INTO referral_helpers (district_id, referral_id, department_id, state, state_changed_at, version, created_at)
SELECT district_id, id, helper, 'asked', sent_at, 1, sent_at
FROM (
    SELECT id, district_id, sent_at, lead_id, (%(leads)s::bigint[])[1 + floor(random() * cardinality(%(leads)s::bigint[]))] AS helper
    FROM referrals WHERE district_id = %(district)s AND lead_id IS NOT NULL AND id / %(districts)s %% 4 = 0
) AS drawn WHERE helper <> lead_id"""

EXTENSIONS = """
INSERT INTO extensions (district_id, referral_id, days, state, state_changed_at, version, asked_by, created_at)
SELECT district_id, id, 5, 'asked', sent_at, 1, officer_id, sent_at
FROM referrals WHERE district_id = %(district)s AND state = 'in_progress' AND id / %(districts)s %% 20 = 0"""

OUTCOMES = """
INSERT INTO outcomes (district_id, submission_id, decision_id, told_at, seen_at, verdict, said, said_at, review, reviewed_at, version)
SELECT district_id, id, id, told, CASE WHEN id / %(districts)s %% 5 < 3 THEN told + interval '1 day' END, verdict, '', told + interval '2 days',
    CASE WHEN reviewed THEN 'explain' END, CASE WHEN reviewed THEN told + interval '4 days' END, 1
FROM (
    SELECT id, district_id, received_at + interval '6 days' AS told, state <> 'reopened' AS reviewed,
        CASE WHEN state = 'reopened' THEN 'not_solved'
            WHEN id / %(districts)s %% 4 = 0 THEN (ARRAY['solved', 'partly', 'not_solved', 'cannot_judge'])[1 + id / %(districts)s %% 3]
        END AS verdict
    FROM submissions WHERE district_id = %(district)s AND state IN ('answered', 'reported_back', 'closed', 'reopened')
) AS told"""

MESSAGES = """
INSERT INTO messages (district_id, submission_id, written_from, text_written, text_masked, key, at, read_at)
SELECT district_id, id, 'resident', '还没有好。', '还没有好。', decode(md5(id::text), 'hex'), received_at + interval '1 day',
    CASE WHEN id / %(districts)s %% 400 <> 0 THEN received_at + interval '2 days' END
FROM submissions WHERE district_id = %(district)s AND id / %(districts)s %% 20 = 0"""

ALARMS = """
INSERT INTO alarms (district_id, submission_id, area_id, state, state_changed_at, version, closed_words, raised_at)
SELECT district_id, id, area_id, CASE WHEN id / %(districts)s %% 5000 = 0 THEN 'raised' ELSE 'closed' END, received_at, 1, '', received_at
FROM submissions WHERE district_id = %(district)s AND urgency = 'emergency'"""

CALLS = """
INSERT INTO alarm_calls (district_id, alarm_id, user_id, as_role, called_at)
SELECT district_id, id, called, 'staff', raised_at FROM alarms, unnest(ARRAY[%(staff)s, %(member)s]::bigint[]) AS called
WHERE district_id = %(district)s"""

CHECKS = """
INSERT INTO decline_checks (district_id, decision_id, submission_id, drawn_at, agrees, words, checked_at)
SELECT district_id, id, submission_id, decided_at, CASE WHEN id / %(districts)s %% 10 <> 0 THEN true END, '', CASE WHEN id / %(districts)s %% 10 <> 0 THEN decided_at END
FROM decisions WHERE district_id = %(district)s AND action = 'decline' AND id / %(districts)s %% 3 = 0"""

OFFICIAL_LISTS = """
INSERT INTO official_lists (district_id, edition, kind, title, referral_ids, state, state_changed_at, version, items, created_by, created_at,
    document_number, signer)
SELECT %(district)s, 1, 'responsibility', '责任落实清单' || n, '[]', 'draft', now(), 1, '[]', %(staff)s, now(), '', ''
FROM generate_series(1, %(lists)s) AS n"""

REGISTER = """
INSERT INTO instructions (district_id, number, given_on, given_by, extract, about, due_on, state, state_changed_at, version, result,
    registered_by, created_at)
SELECT %(district)s, '批' || n, current_date - n, '区长', '请抓紧办理。', '老旧小区', current_date - n + 20,
    CASE WHEN n %% 5 = 0 THEN 'following' ELSE 'closed' END, now(), 1, '', %(staff)s, now()
FROM generate_series(1, %(instructions)s) AS n"""

FORWARDS = """
INSERT INTO instruction_forwards (district_id, instruction_id, department_id, outside, due_on, sent_by, sent_at, feedback, reported_at)
SELECT district_id, id, lead, '', due_on, %(staff)s, created_at, '', CASE WHEN state = 'closed' OR lead %% 2 = 0 THEN now() END
FROM instructions, unnest((%(leads)s::bigint[])[1:2]) AS lead WHERE district_id = %(district)s"""

DIGESTS = """
INSERT INTO digests (district_id, user_id, day, overdue, due_soon, created_at)
SELECT %(district)s, person, current_date,
    (SELECT coalesce(jsonb_agg(id), '[]') FROM (SELECT id FROM referrals WHERE district_id = %(district)s AND due_at < now() LIMIT 200) AS late),
    (SELECT coalesce(jsonb_agg(id), '[]') FROM (SELECT id FROM referrals WHERE district_id = %(district)s AND due_at > now() LIMIT 200) AS soon),
    now()
FROM unnest(%(told)s::bigint[]) AS person"""

STEPS = (
    POINTS, TOPICS_OF, SUBMISSIONS, GRAMS, DECISIONS, HISTORY, CONTRIBUTORS, LEASES, RECUSALS, REFERRALS, HELPERS, EXTENSIONS, OUTCOMES, MESSAGES, ALARMS, CALLS, CHECKS,
    OFFICIAL_LISTS, REGISTER, FORWARDS, DIGESTS,
)  # fmt: skip


@dataclass(slots=True)
class District:
    """Ids of one district."""

    id: int
    areas: list[int] = field(default_factory=list)
    """Communities."""
    offices: list[int] = field(default_factory=list)
    leads: list[int] = field(default_factory=list)
    clerks: list[int] = field(default_factory=list)
    """One of each office, in their order."""
    officers: list[int] = field(default_factory=list)
    """One of each unit."""
    senders: list[int] = field(default_factory=list)
    """Members."""
    convenor: int = 0
    """Of the whole district."""
    staff: int = 0


@contextmanager
def filled(
    console: Console, *, referrals: int, submissions: int, topics: int = TOPICS * DISTRICTS
) -> Iterator[tuple[Wiring, list[District]]]:
    """An installation of its own with so many rows, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="zhibao-bench-", dir="/var/tmp" if Path("/var/tmp").is_dir() else None))
    folder.chmod(0o755)
    try:
        with Installation(Settings(data_dir=folder / "data", port=0, log_level="WARNING"), serve=False, work=False) as ours:
            wiring = wire(ours.settings, pool_size=2)
            try:
                yield wiring, _two_years(ours, wiring, console, referrals=referrals, submissions=submissions, topics=topics)
            finally:
                wiring.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _two_years(ours: Installation, wiring: Wiring, console: Console, *, referrals: int, submissions: int, topics: int) -> list[District]:
    begun = time.monotonic()
    districts = seed(wiring)
    # Only a superuser may leave foreign keys unchecked.
    address = EmbeddedPostgres(DataPaths.of(ours.settings.data_dir)).url(user=SUPERUSER)
    with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as owner:
        fill(owner, districts, referrals=referrals, submissions=submissions, topics=topics)
    console.print(f"{referrals:,} referrals, {topics:,} topics and {submissions:,} messages after {time.monotonic() - begun:.0f} s")
    return districts


def seed(wiring: Wiring) -> list[District]:
    """Areas, offices, units and people of every district."""
    with wiring.sessions.begin() as session:
        city = create_area(session, kind=AreaKind.CITY, name="临江市", parent=None)
        return [_district(session, wiring, city, number) for number in range(DISTRICTS)]


def _district(session: Session, wiring: Wiring, city: Area, number: int) -> District:
    area = create_area(session, kind=AreaKind.DISTRICT, name=f"第{number}区", parent=city)
    made = District(area.id)
    at = wiring.clock.now()

    def person(name: str, role: Role, where: Area, unit: int | None = None) -> int:
        user = create_user(
            session, district_id=area.id, login=f"d{number}-{name}", name=name, password="", at=at, password_hash="-", department_id=unit
        )
        grant_role(session, actor=MACHINE, user=user, role=role, area=where, at=at)
        return user.id

    def unit(name: str, kind: UnitKind) -> int:
        one = Department(district_id=area.id, name=name, kind=kind, categories=[], created_at=at)
        session.add(one)
        session.flush()
        return one.id

    streets = [create_area(session, kind=AreaKind.STREET, name=f"第{one}街道", parent=area) for one in range(STREETS)]
    made.areas = [
        create_area(session, kind=AreaKind.COMMUNITY, name=f"{street.name}第{one}社区", parent=street).id
        for street in streets
        for one in range(COMMUNITIES)
    ]
    for one in range(OFFICES):
        made.offices.append(unit(f"第{one}办公室", UnitKind.OFFICE))
        made.clerks.append(person(f"clerk{one}", Role.OFFICE, area, made.offices[-1]))
    for one in range(UNITS):
        made.leads.append(unit(f"第{one}局", UnitKind.DEPARTMENT))
        made.officers.append(person(f"officer{one}", Role.DEPARTMENT, area, made.leads[-1]))
    made.senders = [person(f"member{one}", Role.MEMBER, streets[one % STREETS]) for one in range(MEMBERS)]
    made.convenor = person("convenor", Role.CONVENOR, area)
    made.staff = person("staff", Role.STAFF, area)
    for one in (*made.senders, made.convenor):
        session.add(MemberProfile(user_id=one, district_id=area.id, categories=["roads"], updated_at=at))
    return made


def fill(
    owner: psycopg.Connection[tuple[object, ...]],
    districts: list[District],
    *,
    referrals: int,
    submissions: int,
    topics: int = TOPICS * DISTRICTS,
) -> None:
    """Write so many of all districts together, and let the planner count; `owner` may leave foreign keys unchecked."""
    with owner.transaction():
        owner.execute("SET LOCAL session_replication_role = replica")
        owner.execute("SELECT setseed(0.5)")
        _clauses(owner)
        (said,) = owner.execute("SELECT pg_get_indexdef('ix_submission_grams_said'::regclass)").fetchone() or ("",)
        owner.execute("DROP INDEX ix_submission_grams_said")
        for number, one in enumerate(districts):
            for step in STEPS:
                sizes = {"referrals": referrals // DISTRICTS, "submissions": submissions // DISTRICTS, "topics": topics // DISTRICTS}
                owner.execute(step, {**_values(one, number), **sizes})
        owner.execute(str(said))  # at once, in a tenth of the time
    for table in ("topics", "submissions", "decisions", "referrals"):
        owner.execute(f"CLUSTER {table} USING pk_{table}")
    owner.execute("VACUUM ANALYZE")


def _clauses(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    """What messages are put together from, with the pieces that triage would find; a comma between them, they make none with each other."""
    chance = random.Random(7)
    letters = [chr(0x4E00 + one) for one in chance.sample(range(6_000), 1_500)]
    heads = [f"{place}{number}栋{words}" for place in PLACES for number in range(40) for words in WORDS]
    tails = ["".join(letters[int(chance.random() ** 2 * len(letters))] for _ in range(chance.randint(8, 30))) for _ in range(TAILS)]
    tails[-2] += RARE_WORD
    for table, clauses in (("heads", heads), ("tails", tails)):
        owner.execute(f"CREATE TEMP TABLE {table} (n integer PRIMARY KEY, words text, grams integer[]) ON COMMIT DROP")
        with owner.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            for number, words in enumerate(clauses):
                copy.write(f"{number}\t{words}\t{array_of(grams_of(matching_form(words)))}\n")
        owner.execute(f"ANALYZE {table}")


def _values(one: District, number: int) -> dict[str, object]:
    return {
        **SHARES,
        "district": one.id,
        "areas": one.areas,
        "offices": one.offices,
        "leads": one.leads,
        "officers": one.officers,
        "senders": one.senders,
        "staff": one.staff,
        "member": one.senders[0],
        "told": [*one.clerks, *one.officers, *one.senders, one.staff],
        "districts": DISTRICTS,
        "nth": number,
        "lists": LISTS,
        "instructions": INSTRUCTIONS,
    }
