"""`make bench NAME=notices`: staff decide on a topic with 150,000 residents behind it, and a worker tells each of them in WeChat.

Measured: how long the decision itself takes, how many notices a second leave, the worker's memory, whether the platform's quota a minute
held, whether anybody was told twice or never. The platform is the simulated one, in this process; the worker a real one. The reference
posts the same messages over as many connections, with no database, and knows nothing of a pace. All share the machine.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import psutil
import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from config.own_files import SHIPPED
from config.settings import Settings
from intake.adapters.embedded.postgres import SUPERUSER, EmbeddedPostgres
from intake.adapters.embedded.runtime_paths import DataPaths
from intake.cli.installation import Installation
from intake.domain.actor import MACHINE
from intake.domain.notification import NoticeChannel, NoticeKind, NoticeState
from intake.domain.permission import Role
from intake.domain.point import AreaKind, PointKind
from intake.domain.topic import TopicAction
from intake.models import Notification, Topic, WeChatTemplate
from intake.ports import Wake
from intake.queries.actor import actor_of_user
from intake.services.person import create_user, grant_role
from intake.services.place import create_area, create_point
from intake.services.topic_screen import Screening, screen
from intake.wiring import Wiring, wire
from tests.factories.wechat import ORIGINAL_ID, make_account
from tests.wechat_platform.server import WeChatServer, running
from workers.post import SENDERS

FOLLOWERS = 150_000
PACE = 200
WANTED_MB, WANTED_DECISION_S = 300, 10.0
PATH = "/cgi-bin/message/template/send"
TEMPLATE = "TM-progress"
TOPIC = 1

SUBMISSIONS = """
INSERT INTO submissions (id, district_id, point_id, area_id, channel, state, state_changed_at, version, receipt_number, receipt_salt,
    text_written, text_masked, replaced_characters, place, place_masked, contact_hint, urgency, received_at, triaged_at, follower_id)
SELECT id, %(district)s, %(point)s, %(area)s, 'wechat_text', 'in_topic', now(), 1, 'ZB-2611-' || lpad(id::text, 7, '0'), '', said, said, 0, '', '',
    '', 'normal', now(), now(), id
FROM wechat_followers, (SELECT '幸福里三号楼的路灯坏了，晚上看不见路，请尽快来修' AS said) AS words"""

TOPICS = """
INSERT INTO topics (id, district_id, number, title, route, urgency, area_id, state, state_changed_at, version, first_at, last_at, created_at,
    confirmed_count, suggested_count, area_count)
VALUES (%(topic)s, %(district)s, 'YT-1', '幸福里路灯', 'residents', 'normal', %(area)s, 'proposed', now(), 1, now(), now(), now(), %(count)s, 0, 1)"""

CONTRIBUTORS = """
INSERT INTO contributors (district_id, topic_id, submission_id, status, reasons, created_at, decided_at)
SELECT %(district)s, %(topic)s, id, 'confirmed', '[]', now(), now() FROM submissions"""


@dataclass(slots=True)
class Push:
    """What one push came to."""

    decision_seconds: float
    seconds: float
    peak_mb: float
    busiest_minute: int
    refused: int
    """Calls that the platform's quota a minute refused."""
    doubled: int
    lost: int


def _seed(wiring: Wiring, *, followers: int) -> dict[str, int]:
    """The district, its account and who decides; their ids."""
    at = wiring.clock.now()
    with wiring.sessions.begin() as session:
        city = create_area(session, kind=AreaKind.CITY, name="临江市", parent=None)
        district = create_area(session, kind=AreaKind.DISTRICT, name="云栖区", parent=city)
        street = create_area(session, kind=AreaKind.STREET, name="丰山街道", parent=district)
        community = create_area(session, kind=AreaKind.COMMUNITY, name="龙池社区", parent=street)
        point = create_point(session, actor=MACHINE, area=community, kind=PointKind.COMMUNITY, name="龙池社区", at=at, code="benchpnt22")
        staff = create_user(session, district_id=district.id, login="staff", name="王静", password="", at=at, password_hash="-")
        grant_role(session, actor=MACHINE, user=staff, role=Role.STAFF, area=district, at=at)
        account = make_account(session, wiring.vault, area_id=district.id)
        session.add(
            WeChatTemplate(
                account_id=account,
                kind=NoticeKind.TOPIC_DECISION,
                channel=NoticeChannel.TEMPLATE,
                template_id=TEMPLATE,
                fields={"character_string1": "number", "thing2": "what", "phrase3": "state", "time4": "when"},
            )
        )
        return {
            "district": district.id, "area": community.id, "point": point.id, "staff": staff.id, "topic": TOPIC, "count": followers,
        }  # fmt: skip


def _openid(number: int) -> str:
    return f"oBench{number:022d}"


def _fill(wiring: Wiring, ours: Installation, ids: dict[str, int]) -> None:
    """Everybody behind the topic, known to the account; only a superuser may leave foreign keys unchecked."""
    address = EmbeddedPostgres(DataPaths.of(ours.settings.data_dir)).url(user=SUPERUSER)
    with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        columns = "id, account, openid_hash, openid_cipher, point_id, district_id, following, seen_at"
        with owner.cursor().copy(f"COPY wechat_followers ({columns}) FROM STDIN") as rows:
            for number in range(1, ids["count"] + 1):
                openid = _openid(number)
                hashed = wiring.vault.derive("openid", f"{ORIGINAL_ID}:{openid}".encode())
                cipher = wiring.vault.seal(openid, context=f"openid:{ORIGINAL_ID}")
                rows.write_row((number, ORIGINAL_ID, hashed, cipher, ids["point"], ids["district"], True, wiring.clock.now()))
        for step in (SUBMISSIONS, TOPICS, CONTRIBUTORS):
            owner.execute(step, ids)
        owner.execute("VACUUM ANALYZE")


def _decide(wiring: Wiring, ids: dict[str, int]) -> float:
    """Staff approve the topic; seconds from pressing the button to the commit."""
    begun = time.perf_counter()
    with wiring.sessions.begin() as session:
        person = actor_of_user(session, ids["staff"])
        assert person is not None, "made by us"
        version = session.get_one(Topic, TOPIC).version
        deciding = Screening(actor=person, topic_id=TOPIC, version=version, at=wiring.clock.now())
        screen(session, deciding, TopicAction.APPROVE, words="提的人多，列入议题库。")
    return time.perf_counter() - begun


def _push(console: Console, ours: Installation, wiring: Wiring, platform: WeChatServer, ids: dict[str, int]) -> Push:
    decision_seconds = _decide(wiring, ids)
    console.print(f"decided in {decision_seconds:.1f} s; a worker begins …")
    worker = subprocess.Popen([sys.executable, "-m", "workers", "worker", "wechat"], env=ours.env, cwd=Path(__file__).parents[1])
    begun, peak = time.monotonic(), 0.0
    try:
        shown = begun
        while len(platform.world.everything_sent) < ids["count"] or _unsettled(wiring):
            wiring.queue.wake(Wake.NOTIFY)
            peak = max(peak, psutil.Process(worker.pid).memory_info().rss / 1e6)
            if time.monotonic() - shown > 30:
                shown = time.monotonic()
                console.print(f"  {len(platform.world.everything_sent):,} sent after {shown - begun:.0f} s, {peak:.0f} MB")
            time.sleep(0.5)
        seconds = time.monotonic() - begun
    finally:
        worker.terminate()
        worker.wait()
    arrived = Counter(sent.openid for sent in platform.world.sent())
    return Push(
        decision_seconds=decision_seconds,
        seconds=seconds,
        peak_mb=peak,
        busiest_minute=platform.account.most_in_a_minute(PATH),
        refused=platform.world.asked[PATH] - len(platform.world.everything_sent),
        doubled=sum(count - 1 for count in arrived.values()),
        lost=ids["count"] - len(arrived),
    )


def _unsettled(wiring: Wiring) -> int:
    with wiring.sessions() as session:
        return session.scalar(select(func.count()).where(Notification.state.in_([NoticeState.PENDING, NoticeState.SENDING]))) or 0


def _bare(platform: WeChatServer, count: int) -> float:
    """Messages a second of a loop that only posts, by an account of its own."""
    port = int(platform.url.rsplit(":", 1)[1])
    account = platform.world.open_account(app_id="wxbare0123456789", secret="s" * 32, original_id="gh_bare")
    token = account.tokens.stable(force=False).value
    for number in range(1, count + 1):
        account.people.known(_openid(number)).following = True

    def post(numbers: range) -> None:
        connection = HTTPConnection("127.0.0.1", port)
        for number in numbers:
            data = {name: {"value": words} for name, words in _VALUES.items()}
            asked = {"touser": _openid(number), "template_id": TEMPLATE, "url": "https://zhibao.example/n/1", "data": data}
            connection.request("POST", f"{PATH}?access_token={token}", json.dumps(asked).encode())
            assert json.loads(connection.getresponse().read())["errcode"] == 0
        connection.close()

    begun = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as senders:
        list(senders.map(post, [range(first + 1, count + 1, SENDERS) for first in range(SENDERS)]))
    seconds = time.monotonic() - begun
    platform.world.everything_sent.clear()
    platform.world.asked.clear()
    return count / seconds


_VALUES = {
    "character_string1": "ZB-2611-0000001",
    "thing2": "幸福里三号楼的路灯坏了",
    "phrase3": "区政协筛",
    "time4": "2026年11月2日 09:30",
}


@contextmanager
def _never_quiet() -> Iterator[str]:
    """A configuration folder whose quiet hour is far from now, so that the bench may run at any time."""
    folder = Path(tempfile.mkdtemp(prefix="zhibao-bench-rules-"))
    hour = (time.gmtime().tm_hour + 8 + 12) % 24
    begins, ends = (hour, hour + 1) if 1 <= hour <= 22 else (1, 2)
    rules = (SHIPPED / "workflow.toml").read_text(encoding="utf-8")
    rules = re.sub(r"quiet_from_hour = \d+", f"quiet_from_hour = {begins}", rules)
    (folder / "workflow.toml").write_text(re.sub(r"quiet_to_hour = \d+", f"quiet_to_hour = {ends}", rules), encoding="utf-8")
    try:
        yield str(folder)
    finally:
        shutil.rmtree(folder)


def main() -> int:
    """Run; exit 1 when somebody was told twice or never or the quota was broken, 2 when memory or the decision is over what is wanted."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--followers", type=int, default=FOLLOWERS)
    parser.add_argument("--pace", type=int, default=PACE, help="notices a second that an account may send (ZHIBAO_NOTICE_PACE)")
    asked = parser.parse_args()
    console = Console(width=120)
    data = Path(tempfile.mkdtemp(prefix="zhibao-bench-", dir="/var/tmp" if Path("/var/tmp").is_dir() else None))
    data.chmod(0o755)
    with _never_quiet() as rules, running() as platform:
        quota = asked.pace * 60
        settings = Settings(
            data_dir=data / "data", port=0, log_level="ERROR", config_folder=rules, notice_pace=asked.pace, wechat_api_url=platform.url,
            wechat_connect_url=platform.url,
        )  # fmt: skip
        try:
            with Installation(settings, serve=False, work=False) as ours:
                wiring = wire(ours.settings, pool_size=2)
                for number in range(1, asked.followers + 1):
                    platform.account.people.known(_openid(number)).following = True
                platform.account.day_limits[PATH] = 10**9
                platform.account.minute_limits[PATH] = quota
                bare = _bare(platform, min(asked.followers, 5_000))
                ids = _seed(wiring, followers=asked.followers)
                _fill(wiring, ours, ids)
                console.print(f"{asked.followers:,} residents behind one topic")
                push = _push(console, ours, wiring, platform, ids)
                wiring.close()
        finally:
            shutil.rmtree(data, ignore_errors=True)
    return _tell(console, push, bare, followers=asked.followers, quota=quota)


def _tell(console: Console, push: Push, bare: float, *, followers: int, quota: int) -> int:
    rate = followers / push.seconds
    table = Table("what", "measured", "wanted")
    for name, measured, wanted in (
        ("the decision, button to commit", f"{push.decision_seconds:.1f} s", f"≤ {WANTED_DECISION_S:.0f} s"),
        ("notices sent a second", f"{rate:.0f}", "up to the pace"),
        ("bare loop of posts a second", f"{bare:.0f} ({bare / rate:.1f} times as many)", ""),
        ("worker's memory at its most", f"{push.peak_mb:.0f} MB", f"≤ {WANTED_MB} MB"),
        ("busiest minute at the platform", f"{push.busiest_minute:,}", f"≤ {quota:,}"),
        ("refused by the quota, doubled, lost", f"{push.refused}, {push.doubled}, {push.lost}", "0, 0, 0"),
    ):
        table.add_row(name, measured, wanted)
    console.print(table)
    if push.refused or push.doubled or push.lost or push.busiest_minute > quota:
        return 1
    return 0 if push.peak_mb <= WANTED_MB and push.decision_seconds <= WANTED_DECISION_S else 2


if __name__ == "__main__":
    sys.exit(main())
