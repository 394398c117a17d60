"""`zhibao demo`: a made-up district, started whole, with residents who write over HTTP; stays up to be tried by hand."""

import contextlib
import json
import secrets
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from config.settings import Settings, SettingsError
from intake.adapters.embedded.runtime_paths import DataLock, DataPaths
from intake.cli.connected import unit_of_work
from intake.cli.demo_addresses import base_url_of, local_host, own_addresses
from intake.cli.demo_life import already_lived, timeline
from intake.cli.demo_past import rehearse
from intake.cli.demo_progress import Account, Progress, Watcher
from intake.cli.demo_rows import DemoMessage, own_messages, replay_messages
from intake.cli.demo_screen import Screen, make_screen, qr_lines
from intake.cli.demo_stream import Stream
from intake.cli.demo_wechat import beside_platform, chat_line, demo_account, platform, seed_account, tell_platform
from intake.cli.district_seed import PASSWORD, DistrictPlan, read_district, seed_district
from intake.cli.installation import Installation, with_free_port
from intake.cli.up import stop_on_signals
from intake.domain.errors import InvalidInput, RetryableError
from intake.wiring import Wiring, wire

MANY = "1000000/hour"
"""Everybody in the demo shares this machine's address, and 150 of them arrive within seconds."""
PATIENCE = 120.0
"""Seconds without any progress after which the demo stops waiting for triage: four sweeps."""
PORTS_TRIED = 50
FAILURES_SHOWN = 10
FRONT_POINT = "龙池社区"


@click.command()
@click.option("--host", help="监听的地址；0.0.0.0 让同一网络的手机也能打开 / address to listen on")
@click.option("--port", type=int, help="端口；不给则用 8000，被占用时换下一个 / port; without it 8000 or the next free one")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="数据目录，默认 var/demo / data folder")
@click.option("--exit", "leave", is_flag=True, help="做完就停；每件只存一次且已整理才以 0 退出 / stop when done; 0 only if complete")
@click.option("--replay", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="改发文件中的来件 / a JSON-lines file")
@click.option("--count", type=click.IntRange(min=0), help="只发前几件；0 就一件不发 / only the first so many messages")
@click.option("--bare", is_flag=True, help="不要前三个月的来件和议题；--replay 时本来就不要 / without the three months before")
@click.option("--json", "report", type=click.Path(dir_okay=False, path_type=Path), help="把结果写成 JSON / write the result as JSON")
def demo(
    host: str | None,
    port: int | None,
    data: Path | None,
    *,
    leave: bool,
    replay: Path | None,
    count: int | None,
    bare: bool,
    report: Path | None,
) -> None:
    """建好虚构的云栖区，过完前三个月，启动，150 位居民扫码说话 / a made-up district with three months behind it, started whole."""
    if report is not None:
        if not report.absolute().parent.is_dir():
            raise InvalidInput(f"没有 {report.absolute().parent} 这个目录，结果没处写。 / No such folder for --json.")
        report.unlink(missing_ok=True)  # the result of an earlier run must not be taken for this one's
    plan = read_district()
    messages = _messages(plan, replay, count)
    screen = make_screen(terminal=sys.stdout.isatty())
    settings = _settings(host, port, data, screen)
    installation = Installation(settings, report=screen.say, companions=platform(settings))
    stop_on_signals(installation)
    complete = False
    try:
        installation.start()
        if not installation.stopping:
            # A replay is a measurement: nothing else lies in its tables.
            past = not bare and replay is None
            complete = _run(installation, plan, messages, screen, past=past, leave=leave, report=report)
        if not leave:
            installation.wait()
    finally:
        installation.stop()
    click.echo("已停止 / stopped")
    if leave and not complete:
        raise click.exceptions.Exit(1)


def _run(
    installation: Installation,
    plan: DistrictPlan,
    messages: list[DemoMessage],
    screen: Screen,
    *,
    past: bool,
    leave: bool,
    report: Path | None,
) -> bool:
    """Seed, live through the three months, send, wait, tell; whether everything sent was stored exactly once and triaged."""
    settings = installation.settings
    wiring = wire(settings, pool_size=2)
    try:
        now = wiring.clock.now()
        with unit_of_work(wiring) as session:
            past = past and not already_lived(session)
            seeded = seed_district(session, plan, at=timeline(now).begins if past else now)
            account = demo_account(installation.paths)
            seed_account(session, vault=wiring.vault, clock=wiring.clock, account=account)
        tell_platform(installation.paths, account, site=settings.base_url, codes=seeded.codes)
        verb = f"建好{plan.district}" if seeded.added else f"{plan.district}已在"
        screen.say(f"{verb}：{len(plan.streets)} 个街道，{len(seeded.codes)} 个社区，{len(plan.people)} 个账号 / the district is there")
        if past and not rehearse(installation, screen.say) and installation.stopping:
            return False
        front = f"{settings.base_url}/p/{seeded.codes[FRONT_POINT]}"
        screen.say(f"{FRONT_POINT}的表单 / a form: {front}")
        result = _send_and_watch(installation, wiring, messages, seeded.codes, screen)
    except OperationalError as error:
        if installation.stopping:
            return False
        raise RetryableError(
            f"数据库没有回应；原因见 {installation.paths.log} 里的 postgres.log。 / The database doesn't answer."
        ) from error
    finally:
        wiring.close()
    if result is None:
        return False
    progress, counts = result
    if report is not None:
        _write_report(report, progress, counts)
    screen.say(_verdict(counts))
    if not leave and not installation.stopping:
        _say_what_to_do(screen, settings, front, seeded.codes[FRONT_POINT])
    return counts.complete


def _send_and_watch(
    installation: Installation, wiring: Wiring, messages: list[DemoMessage], codes: Mapping[str, str], screen: Screen
) -> tuple[Progress, Account] | None:
    """None when the end was asked for in the middle."""
    settings = installation.settings
    host, run = local_host(settings.host), secrets.token_hex(4)
    stream = Stream(messages, codes=codes, host=host, port=settings.port, origin=settings.base_url, run=run)
    watcher = Watcher(wiring.sessions, stream)
    with screen, stream:
        before, moved_at = (0, 0, 0), time.monotonic()
        while True:
            finished = stream.done  # asked first: what is sent after the look below must be looked at once more
            with contextlib.suppress(OperationalError):  # PostgreSQL may just be restarting: look again
                progress = watcher.look()
                screen.show(progress)
                if finished and not progress.waiting:
                    break
                now = (progress.receipts, progress.failed, progress.triaged)
                if now != before:
                    before, moved_at = now, time.monotonic()
            if time.monotonic() - moved_at > PATIENCE:
                break
            if installation.wait(0.2):
                return None
        progress = watcher.look(fully=True)
        screen.show(progress)
    for failed in stream.failed()[:FAILURES_SHOWN]:
        screen.say(f"第 {failed.number} 件（{failed.community}）没送到：{failed.reason} / not sent")
    return progress, watcher.account()


def _messages(plan: DistrictPlan, replay: Path | None, count: int | None) -> list[DemoMessage]:
    communities = [community.name for community in plan.communities]
    found = replay_messages(replay, communities=communities, count=count) if replay else own_messages(communities=communities, count=count)
    if not found and count != 0:
        raise InvalidInput(f"{replay} 里没有来件。 / The file holds no message.")
    return found


def _settings(host: str | None, port: int | None, data: Path | None, screen: Screen) -> Settings:
    """Settings of the demo, its port found and its data folder seen to be free."""
    chosen: dict[str, Any] = {} if host is None else {"host": host}
    settings = Settings.from_env(**chosen)
    if settings.is_production:
        raise SettingsError("ZHIBAO_ENV：演示账号的密码是公开的，不能用于生产环境。 / The demo's password is public; not in production.")
    settings = replace(
        settings, data_dir=data or settings.data_dir / "demo", point_limit=MANY, address_limit=MANY, guard_limit=MANY, form_seconds=0
    )
    paths = DataPaths.of(settings.data_dir)
    paths.prepare()
    with DataLock(paths):  # a second demo on the same folder is refused before it looks for a port
        pass
    settings = with_free_port(replace(settings, port=port)) if port is not None else _next_free_port(settings, screen)
    return beside_platform(replace(settings, base_url=base_url_of(settings.host, settings.port)))


def _next_free_port(settings: Settings, screen: Screen) -> Settings:
    for port in range(settings.port, min(settings.port + PORTS_TRIED, 65536)):
        with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError:
                continue
        if port != settings.port:
            screen.say(f"端口 {settings.port} 已被占用，改用 {port} / port {settings.port} is taken, using {port}")
        return replace(settings, port=port)
    return with_free_port(settings)  # raises PortInUse with its sentence, or another that says what is wrong with the address


def _write_report(path: Path, progress: Progress, account: Account) -> None:
    result = {
        "submitted": account.submitted,
        "stored": account.stored,
        "triaged": account.triaged,
        "topics": progress.topics,
        "p95_s": None if progress.p95_s is None else round(progress.p95_s, 3),
        "messages_per_s": round(progress.messages_per_s, 1),
    }
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _verdict(account: Account) -> str:
    counts = f"提交 {account.submitted}，入库 {account.stored}，已整理 {account.triaged}"
    if account.complete:
        return f"{counts}：一件不少，一件不重 / each stored exactly once and triaged"
    twice = f"，多存 {account.rows - account.stored}" if account.rows > account.stored else ""
    return f"{counts}{twice}：没有全部完成 / not complete"


def _say_what_to_do(screen: Screen, settings: Settings, front: str, code: str) -> None:
    for line in qr_lines(front):
        screen.say(line)
    lines = [
        "",
        f"1. 打开（或扫上面的码）写一句话 / open the form and write:  {front}",
        f"2. 委员研判：{settings.base_url}/sign-in 用 zhou 登录 → /m / triage as a member",
        f"3. 筛选议题：{settings.base_url}/sign-in 用 staff 登录 → /d / screen topics as staff",
        "4. 交办与办理：office 登录 → /o 交办；dept 登录 → /dept 答复 / assign as office, answer as dept",
        *chat_line(settings),
        "账号 / accounts: zhou  convenor  staff  admin  office  dept  duty  worker  city  member02 … member60",
        f"密码都是 / all with password {PASSWORD}",
    ]
    others = [f"http://{address}:{settings.port}/p/{code}" for address in own_addresses(settings.host)]
    if others:
        lines.append("同一网络的手机打开 / on a phone in this network: " + "  ".join(others))
        lines.append("演示密码是公开的，请只在信得过的网络里开放。 / The password is public: open it in a trusted network only.")
    lines.append("按 Ctrl-C 停止 / Ctrl-C stops")
    for line in lines:
        screen.say(line)
