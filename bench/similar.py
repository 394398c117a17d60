"""`make bench NAME=similar`: looking up earlier messages about the same matter at 10,000, 100,000 and 1,000,000, beside pg_trgm.

The messages are real ones mixed: clauses of different messages put together, so that the vocabulary is that of some thousand messages and
common grams are commoner than in earnest. A lookup is what triage asks for one message alone: how common its grams are, who shares the
rare ones, and those rows. pg_trgm answers "the five most similar", from 0.1 on, on the same texts with a GIN index; both take turns. At the last
level the form's own look while somebody writes is measured over HTTP.
"""

import argparse
import atexit
import random
import re
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.messages import SEED, messages
from bench.similar_http import WANTED_MS as HTTP_WANTED_MS
from bench.similar_http import over_http, release_some
from bench.triage import seed
from bench.visitors import percentile
from config.settings import Settings
from intake.adapters.embedded.postgres import SUPERUSER, EmbeddedPostgres
from intake.adapters.embedded.runtime_paths import DataPaths
from intake.cli.installation import Installation
from intake.domain.language.grams import grams_of
from intake.domain.language.matching_form import matching_form
from intake.queries.same_matter import (
    SIGHTINGS_KEPT,
    Question,
    array_of,
    document_counts,
    earlier_rows,
    sharing_rare_grams,
    sighting,
)
from intake.wiring import Wiring, wire
from workers.suggestion import LOOKED_UP, weights_of
from workers.triage.same_matter import ASKED_GRAMS, STORED_GRAMS, choose_rare

SIZES = (10_000, 100_000, 1_000_000)
DAYS = 60.0
"""All within the window that is looked through: the worst a district can do to the index."""
LOOKUPS, TRGM_LOOKUPS, WARM = 200, 20, 30
WANTED_MS, WANTED_GROWTH = 15.0, 2.0
_CLAUSE = re.compile(r"[^，。！？；\n\r]{3,40}")


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of a real message, and its grams: a comma on either side, it makes none with its neighbours."""

    words: str
    grams: tuple[int, ...]


@dataclass(slots=True)
class Mixer:
    """Makes messages of two to five clauses; half begin as a real one does, so that matters come again and again."""

    chance: random.Random
    openings: list[list[Clause]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take the real messages apart."""
        texts, _ = messages()
        for one in texts:
            found = [Clause(words, grams_of(matching_form(words))) for words in _CLAUSE.findall(one)[:6]]
            if found:
                self.openings.append(found)

    def message(self) -> tuple[str, tuple[int, ...]]:
        """Words and grams of one."""
        chance = self.chance.random
        openings = self.openings
        begun = openings[int(chance() * len(openings))]
        clauses = begun[:2] if chance() < 0.5 else begun[:1]
        for _ in range(1 + int(chance() * 3)):
            other = openings[int(chance() * len(openings))]
            clauses = [*clauses, other[int(chance() * len(other))]]
        return "，".join(clause.words for clause in clauses), tuple({gram for clause in clauses for gram in clause.grams})


@dataclass(slots=True)
class Index:
    """The tables of the index as they grow, in memory: the services would take hours to hear a million messages."""

    documents: dict[int, int] = field(default_factory=dict)
    seen: dict[int, deque[int]] = field(default_factory=dict)

    def add(self, number: int, grams: tuple[int, ...], at: datetime) -> list[int]:
        """Count a message; its rare grams."""
        documents = self.documents
        rare = sorted(grams, key=lambda gram: documents.get(gram, 0))[:STORED_GRAMS]
        for gram in grams:
            documents[gram] = documents.get(gram, 0) + 1
        stamp = sighting(number, at)
        for gram in rare:
            kept = self.seen.get(gram)
            if kept is None:
                kept = self.seen[gram] = deque(maxlen=SIGHTINGS_KEPT)
            kept.appendleft(stamp)
        return rare


def _filled(owner: psycopg.Connection[tuple[object, ...]], mixer: Mixer, index: Index, numbers: range, *, most: int, end: datetime) -> None:
    """Put messages `numbers` into the tables."""
    district, area, point = owner.execute("SELECT district_id, area_id, id FROM intake_points LIMIT 1").fetchone() or (0, 0, 0)
    with owner.transaction():
        owner.execute("CREATE TEMP TABLE said (id bigint, words text, at timestamptz, grams int[], rare int[]) ON COMMIT DROP")
        with owner.cursor().copy("COPY said FROM STDIN") as copy:
            for number in numbers:
                words, grams = mixer.message()
                at = end - timedelta(days=DAYS * (1 - number / most))
                copy.write(f"{number}\t{words}\t{at.isoformat()}\t{array_of(grams)}\t{array_of(index.add(number, grams, at))}\n")
        owner.execute(
            """
            INSERT INTO submissions (id, district_id, point_id, area_id, channel, state, state_changed_at, version, receipt_number,
                receipt_salt, text_written, text_masked, replaced_characters, place, place_masked, contact_hint, urgency, received_at)
            SELECT id, %s, %s, %s, 'form', 'in_topic', at, 1, 'B' || id, '', '', words, 0, '', '', '', 'normal', at FROM said""",
            (district, point, area),
        )
        owner.execute(
            "INSERT INTO submission_grams (submission_id, district_id, area_id, received_at, grams, rare) SELECT id, %s, %s, at, grams, rare FROM said",
            (district, area),
        )
        owner.execute(
            """
            INSERT INTO topics (id, district_id, number, title, route, urgency, area_id, state, state_changed_at, version, first_at, last_at,
                created_at, confirmed_count, suggested_count, area_count)
            SELECT id, %s, 'B' || id, 'x', 'residents', 'normal', %s, 'candidate', at, 1, at, at, at, 0, 10, 1 FROM said WHERE id %% 10 = 0""",
            (district, area),
        )
        owner.execute(
            """
            INSERT INTO contributors (district_id, topic_id, submission_id, status, reasons, created_at)
            SELECT %s, id - id %% 10, id, 'suggested', '[]', at FROM said WHERE id >= 10""",
            (district,),
        )
        owner.execute("TRUNCATE gram_counts, gram_sightings")
        with owner.cursor().copy("COPY gram_counts FROM STDIN") as copy:
            for gram, documents in index.documents.items():
                copy.write(f"{district}\t{gram}\t{documents}\n")
        with owner.cursor().copy("COPY gram_sightings FROM STDIN") as copy:
            for gram, kept in index.seen.items():
                copy.write(f"{district}\t{gram}\t{array_of(kept)}\n")
    for table in ("submissions", "submission_grams", "gram_counts", "gram_sightings", "topics", "contributors"):
        owner.execute(f"VACUUM (ANALYZE) {table}")


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def _look(session: Session, district_id: int, grams: tuple[int, ...], *, total: int, since: datetime) -> int:
    """What triage asks for one message; how many candidates came back."""
    documents = dict.fromkeys(grams, 0) | document_counts(session, district_id=district_id, grams=grams)
    asked = weights_of(choose_rare(grams, documents, ASKED_GRAMS), documents, total=total)
    (found,) = sharing_rare_grams(session, district_id=district_id, questions=[Question(asked, since)], limit=LOOKED_UP)
    return len(earlier_rows(session, [submission_id for submission_id, _ in found]))


def _trgm(connection: psycopg.Connection[tuple[object, ...]], words: str) -> None:
    connection.execute("SELECT id FROM said WHERE words %% %s ORDER BY similarity(words, %s) DESC LIMIT 5", (words, words)).fetchall()


def _other_database(server: EmbeddedPostgres) -> psycopg.Connection[tuple[object, ...]]:
    """One whose locale knows Chinese letters, without which pg_trgm sees none."""
    with psycopg.connect(_libpq(server.url(user=SUPERUSER, database="postgres")), autocommit=True) as admin:
        admin.execute("CREATE DATABASE bench_trgm TEMPLATE template0 LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")
    connection = psycopg.connect(_libpq(server.url(user=SUPERUSER, database="bench_trgm")), autocommit=True)
    connection.execute("CREATE EXTENSION pg_trgm")
    connection.execute("CREATE TABLE said (id bigint, words text)")
    # As many as share a clause of three, which is what triage's question finds; the usual 0.3 would pass over most of them.
    connection.execute("SET pg_trgm.similarity_threshold = 0.1")
    (pieces,) = connection.execute("SELECT cardinality(show_trgm('路灯坏了'))").fetchone() or (0,)
    assert pieces, "pg_trgm sees no Chinese here"
    return connection


def _libpq(url: str) -> str:
    return url.replace("+psycopg", "")


@dataclass(slots=True)
class Level:
    """What was measured with so many messages."""

    size: int
    ours: list[float]
    trgm: list[float]
    found: float
    over_http: list[float] = field(default_factory=list)
    """What the form's script asks while somebody writes; at the last level."""


def _measure(wiring: Wiring, trgm: psycopg.Connection[tuple[object, ...]], mixer: Mixer, size: int, *, end: datetime) -> Level:
    with wiring.sessions() as session:
        district_id = _district(session)
        since = end - timedelta(days=90)
        found = 0
        ours, theirs = [], []
        for turn in range(WARM + LOOKUPS):
            words, grams = mixer.message()
            counted: list[int] = []
            took = _milliseconds(
                lambda grams=grams, counted=counted: counted.append(_look(session, district_id, grams, total=size, since=since))  # type: ignore[misc]  # this turn's
            )
            if turn >= WARM:
                ours.append(took)
                found += counted[0]
            if turn % (LOOKUPS // TRGM_LOOKUPS) == 0:
                took = _milliseconds(lambda words=words: _trgm(trgm, words))  # type: ignore[misc]  # this turn's
                if turn >= WARM:
                    theirs.append(took)
        session.rollback()
    return Level(size, ours, theirs, found / LOOKUPS)


def _district(session: Session) -> int:
    return int(session.execute(text("SELECT district_id FROM intake_points LIMIT 1")).scalar_one())


def _levels(ours: Installation, sizes: tuple[int, ...]) -> Iterator[Level]:
    server = EmbeddedPostgres(DataPaths.of(ours.settings.data_dir))
    wiring = wire(ours.settings)
    codes = seed(wiring)
    end = wiring.clock.now()
    mixer, asking, index = Mixer(random.Random(SEED)), Mixer(random.Random(SEED + 1)), Index()
    with (
        psycopg.connect(_libpq(ours.settings.owner_database_url), autocommit=True) as owner,
        _other_database(server) as trgm,
    ):
        before = 0
        for size in sizes:
            _filled(owner, mixer, index, range(before + 1, size + 1), most=sizes[-1], end=end)
            _copied(owner, trgm, after=before)
            level = _measure(wiring, trgm, asking, size, end=end)
            if size == sizes[-1]:
                release_some(owner)
                level.over_http = over_http(ours.settings.port, codes[0], lambda: asking.message()[0])
            yield level
            before = size
    wiring.close()


def _copied(owner: psycopg.Connection[tuple[object, ...]], trgm: psycopg.Connection[tuple[object, ...]], *, after: int) -> None:
    """The same texts for pg_trgm, its index made anew, as it is fastest."""
    trgm.execute("DROP INDEX IF EXISTS said_words")
    with (
        owner.cursor().copy("COPY (SELECT id, text_masked FROM submissions WHERE id > %s) TO STDOUT", (after,)) as source,
        trgm.cursor().copy("COPY said FROM STDIN") as target,
    ):
        for block in source:
            target.write(block)
    trgm.execute("SET maintenance_work_mem = '512MB'")
    trgm.execute("CREATE INDEX said_words ON said USING gin (words gin_trgm_ops)")
    trgm.execute("VACUUM (ANALYZE) said")


def main() -> int:
    """Run; exit 2 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--most", type=int, default=SIZES[-1], help="leave out the levels above")
    arguments = parser.parse_args()
    sizes = tuple(size for size in SIZES if size <= arguments.most)
    console = Console(width=120)
    folder = tempfile.mkdtemp(prefix="zhibao-bench-", dir="/var/tmp" if Path("/var/tmp").is_dir() else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Path(folder).chmod(0o755)
    table = Table("messages", "lookup p50 ms", "p95 ms", "candidates", "pg_trgm p50 ms", "p95 ms", "ratio of p50")
    levels = []
    begun = time.monotonic()
    settings = Settings(data_dir=Path(folder) / "data", port=0, log_level="WARNING", similar_limit="100000000/hour")
    with Installation(settings, work=False) as ours:
        for level in _levels(ours, sizes):
            middle, theirs = percentile(level.ours, 0.5), percentile(level.trgm, 0.5)
            table.add_row(
                f"{level.size:,}",
                f"{middle:.1f}",
                f"{percentile(level.ours, 0.95):.1f}",
                f"{level.found:.0f}",
                f"{theirs:.0f}",
                f"{percentile(level.trgm, 0.95):.0f}",
                f"{theirs / middle:.0f}",
            )
            levels.append(level)
            console.print(f"{level.size:,} after {time.monotonic() - begun:.0f} s")
    console.print(table)
    last = percentile(levels[-1].ours, 0.95)
    growth = last / percentile(levels[-2].ours, 0.95) if len(levels) > 1 else 1.0
    console.print(
        f"p95 at {levels[-1].size:,}: {last:.1f} ms (wanted: at most {WANTED_MS:.0f}), {growth:.2f} times that at a tenth (at most {WANTED_GROWTH:.0f})"
    )
    noticed = levels[-1].over_http
    console.print(
        f"while somebody writes, over HTTP: p50 {percentile(noticed, 0.5):.1f} ms, p95 {percentile(noticed, 0.95):.1f} ms "
        f"(wanted: at most {HTTP_WANTED_MS:.0f}), most {max(noticed):.0f} ms"
    )
    fast = percentile(noticed, 0.95) <= HTTP_WANTED_MS
    return 0 if last <= WANTED_MS and growth <= WANTED_GROWTH and fast else 2


if __name__ == "__main__":
    sys.exit(main())
