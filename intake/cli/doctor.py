"""`zhibao doctor`: what is there, what is missing, and the cure."""

import datetime as dt
import importlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import click
import redis
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.exc import SQLAlchemyError

from config.own_files import rules_file
from config.settings import Settings, SettingsError
from config.taxonomy import TaxonomyError, default_taxonomy, load_taxonomy
from config.workflow import WorkflowError, load_workflow
from intake.adapters import migrate
from intake.adapters.assistant import ChatAssistant
from intake.adapters.embedded.binaries import postgres_bin, valkey_server
from intake.adapters.embedded.errors import EmbeddedError
from intake.adapters.embedded.identity import check_drop
from intake.adapters.embedded.runtime_paths import DataPaths, is_held, runtime_folder
from intake.cli.installation import attached, with_free_port
from intake.domain.assistant import FAILURE_WORDS, AssistantFailed
from intake.wiring import objects_of

STATIC_MANIFEST = Path(__file__).parent.parent / "web" / "static" / "manifest.json"
DISK_NEEDED = 1024**3
POSTGRES_NEEDED = 150000
REDIS_NEEDED = (6, 2)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `needed` says that the installation can't do without."""

    name: str
    ok: bool
    detail: str
    cure: str = ""
    needed: bool = True


@click.command()
@click.option("--json", "as_json", is_flag=True, help="给程序读的格式 / machine-readable")
def doctor(*, as_json: bool) -> None:
    """检查缺什么、怎么补；缺了必需的则以 1 退出 / what is there, what is missing, and the cure."""
    findings = list(examine())
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            sign = "✓" if finding.ok else "✗" if finding.needed else "!"
            click.echo(f"{sign} {finding.name}：{finding.detail}")
            if not finding.ok and finding.cure:
                click.echo(f"    → {finding.cure}")
    if any(finding.needed and not finding.ok for finding in findings):
        raise click.exceptions.Exit(1)


def examine() -> Iterator[Finding]:
    """Look at everything; never raises for something that is missing."""
    yield _python()
    yield _front_end()
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        yield Finding("设置 / settings", ok=False, detail=str(error), cure="按上面的说明改环境变量 / correct the variable")
        return
    yield _rules(settings)
    yield _objects(settings)
    paths = DataPaths.of(settings.data_dir)
    yield from _folder(paths)
    yield _binaries(settings, paths)
    running = is_held(paths)
    yield _port(settings, running=running)
    try:
        settings = attached(settings)
    except (SettingsError, EmbeddedError) as error:
        yield Finding("正在运行的安装 / running installation", ok=False, detail=str(error))
    yield _secrets(settings, paths)
    yield from _database(settings)
    yield from _queue(settings)
    yield _calendar(dt.datetime.now(dt.UTC).year)
    yield _address(settings)
    yield _assistant(settings)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", ok=sys.version_info >= (3, 11), detail=version, cure="安装 Python 3.11 或更新 / install Python 3.11 or newer")


def _front_end() -> Finding:
    there = STATIC_MANIFEST.is_file()
    return Finding("页面样式 / front end", ok=there, detail="已生成" if there else "还没有生成", cure="make front")


def _rules(settings: Settings) -> Finding:
    name = "类别与期限 / categories and deadlines"
    try:
        taxonomy = load_taxonomy(rules_file(settings.config_folder, "taxonomy.toml"))
        load_workflow(rules_file(settings.config_folder, "workflow.toml"))
    except (SettingsError, TaxonomyError, WorkflowError) as error:
        cure = "按说明改文件，或清空 ZHIBAO_CONFIG_FOLDER / mend the file or unset the variable"
        return Finding(name, ok=False, detail=str(error), cure=cure)
    gone = [category.name for category in default_taxonomy().categories if category.code not in {one.code for one in taxonomy.categories}]
    without = f"；没有了：{'、'.join(gone)}" if gone else ""
    return Finding(name, ok=True, detail=f"{settings.config_folder or '随系统带的 / shipped'}，{len(taxonomy.categories)} 个类别{without}")


def _objects(settings: Settings) -> Finding:
    """Writes, reads and deletes one small file, as photos will be."""
    name = "照片与文件 / files"
    if settings.s3_place is None:
        return Finding(name, ok=True, detail=f"在目录里 / in a folder：{settings.object_folder or settings.data_dir / 'objects'}")
    cure = "核对 ZHIBAO_OBJECT_STORE 和各项 ZHIBAO_S3_…，桶要先建好、可读写删 / check them; the bucket must exist and be writable"
    key, said = f"doctor/{uuid4().hex}", b"zhibao"
    try:
        store = objects_of(settings)
        store.put(key, BytesIO(said))
        with store.open(key) as file:
            same = file.read() == said
        store.delete(key)
    except (SettingsError, OSError) as error:
        return Finding(name, ok=False, detail=f"{settings.object_store}：{error}", cure=cure)
    return Finding(name, ok=same, detail=f"{settings.object_store} 可写、可读、可删 / writable", cure=cure)


def _folder(paths: DataPaths) -> Iterator[Finding]:
    try:
        paths.prepare()
        folder = runtime_folder(paths, paths.identity())
    except EmbeddedError as error:
        cure = "改权限，或换一个 --data / fix its owner or choose another"
        yield Finding("数据目录 / data folder", ok=False, detail=str(error), cure=cure)
        return
    yield Finding("数据目录 / data folder", ok=True, detail=f"{paths.root}（套接字 {folder}）")
    free = shutil.disk_usage(paths.root).free
    cure = "清理磁盘，至少留 1 GiB / free at least 1 GiB"
    yield Finding("磁盘 / disk", ok=free > DISK_NEEDED, detail=f"剩余 {free / 1024**3:.1f} GiB", cure=cure, needed=False)


def _binaries(settings: Settings, paths: DataPaths) -> Finding:
    needed = not (settings.database_url and settings.redis_url)
    name = "内置数据库与队列 / embedded servers"
    try:
        identity = paths.identity()
        check_drop(identity)
        found = [program.name for program in (postgres_bin(identity) / "postgres", valkey_server(identity))]
    except EmbeddedError as error:
        return Finding(name, ok=False, detail=str(error), cure="make setup，或设置 DATABASE_URL 和 REDIS_URL", needed=needed)
    return Finding(name, ok=True, detail="、".join(found))


def _port(settings: Settings, *, running: bool) -> Finding:
    name = "端口 / port"
    if running:
        return Finding(name, ok=True, detail="本安装正在运行 / this installation is running")
    try:
        with_free_port(settings)
    except EmbeddedError as error:
        return Finding(name, ok=False, detail=str(error), cure="zhibao up --port …")
    return Finding(name, ok=True, detail=f"{settings.host}:{settings.port} 可用 / free")


def _secrets(settings: Settings, paths: DataPaths) -> Finding:
    name, cure = "密钥 / secrets", "用 `zhibao secret` 生成并写入环境变量 / make them with `zhibao secret`"
    if settings.secret_key and settings.field_keys:
        return Finding(name, ok=True, detail="齐备 / present")
    if settings.is_production:
        return Finding(name, ok=False, detail="生产环境缺少 ZHIBAO_SECRET_KEY 或 ZHIBAO_FIELD_KEYS", cure=cure)
    detail = "在数据目录里 / in the data folder" if paths.secrets.is_file() else "首次启动时自动生成 / made at the first start"
    return Finding(name, ok=True, detail=detail)


def _database(settings: Settings) -> Iterator[Finding]:
    if not settings.database_url:
        yield Finding("数据库 / database", ok=True, detail="用内置的，由 `zhibao up` 启动 / embedded, not running now")
        return
    engine = create_engine(settings.database_url, poolclass=pool.NullPool, connect_args={"connect_timeout": 3})
    checks: tuple[Callable[[Connection], Finding], ...] = (_version, _encoding, _trigrams, _migrations)
    for check in checks:
        try:
            with engine.connect() as connection:
                yield check(connection)
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            yield Finding("数据库 / database", ok=False, detail=reason, cure="检查 DATABASE_URL 和数据库是否启动 / check DATABASE_URL")
            return


def _version(connection: Connection) -> Finding:
    number = int(connection.scalar(text("select current_setting('server_version_num')")) or 0)
    version = f"{number // 10000}.{number % 10000}"
    return Finding("PostgreSQL", ok=number >= POSTGRES_NEEDED, detail=version, cure="升级到 15 或更新 / use 15 or newer")


def _encoding(connection: Connection) -> Finding:
    encoding = str(connection.scalar(text("select current_setting('server_encoding')")))
    cure = "用 `create database … encoding 'UTF8'` 另建一个库 / make a UTF-8 database"
    return Finding("数据库编码 / encoding", ok=encoding == "UTF8", detail=encoding, cure=cure)


def _trigrams(connection: Connection) -> Finding:
    name = "汉字三元组 / trigrams of Chinese"
    if not connection.scalar(text("select exists (select from pg_extension where extname = 'pg_trgm')")):
        cure = "以管理员执行 `create extension pg_trgm` / create it as superuser"
        return Finding(name, ok=False, detail="没有 pg_trgm", cure=cure, needed=False)
    grams = connection.scalar(text("select show_trgm('路灯坏了')")) or []
    cure = "数据库的 lc_ctype 不能是 C；用 C.UTF-8 或 zh_CN.UTF-8 另建 / the database needs a UTF-8 lc_ctype"
    return Finding(name, ok=bool(grams), detail=f"{len(grams)} 个", cure=cure)


def _migrations(connection: Connection) -> Finding:
    now, newest = migrate.current(connection), migrate.head()
    return Finding("数据表 / migrations", ok=now == newest, detail=f"{now or '空'}（最新 {newest}）", cure="zhibao db upgrade")


def _queue(settings: Settings) -> Iterator[Finding]:
    if not settings.redis_url:
        yield Finding("队列 / queue", ok=True, detail="用内置的，由 `zhibao up` 启动 / embedded, not running now")
        return
    try:
        with redis.Redis.from_url(settings.redis_url, socket_connect_timeout=3, socket_timeout=3) as client:
            server = client.info("server")
            policy = client.info("memory").get("maxmemory_policy", "?")
    except (redis.RedisError, ValueError) as error:
        yield Finding("队列 / queue", ok=False, detail=str(error), cure="检查 REDIS_URL 和 Redis 是否启动 / check REDIS_URL")
        return
    version = str(server["redis_version"])
    new_enough = tuple(map(int, version.split(".")[:2])) >= REDIS_NEEDED
    shown = str(server.get("valkey_version", version))
    yield Finding("Redis/Valkey", ok=new_enough, detail=shown, cure="升级到 6.2 或更新 / use 6.2 or newer")
    yield Finding("maxmemory-policy", ok=policy == "noeviction", detail=policy, cure="CONFIG SET maxmemory-policy noeviction")


def _calendar(year: int) -> Finding:
    calendar = importlib.import_module("chinese_calendar")
    name = "节假日 / holidays"
    try:
        calendar.is_workday(dt.date(year, 12, 31))
    except NotImplementedError:
        cure = "升级 chinesecalendar，或在 config/ 里补上公布的日期 / upgrade it or add the announced days"
        return Finding(name, ok=False, detail=f"没有 {year} 年的安排，暂按周一至周五计 / {year} unknown", cure=cure, needed=False)
    return Finding(name, ok=True, detail=f"{year}")


def _address(settings: Settings) -> Finding:
    secure = settings.base_url.startswith("https://")
    cure = "设置 ZHIBAO_BASE_URL 为 https 网址；微信只打开 https / set an https address"
    return Finding("对外网址 / address", ok=secure, detail=settings.base_url, cure=cure, needed=settings.is_production)


def _assistant(settings: Settings) -> Finding:
    """Connects, and sends nothing: neither words nor the key."""
    name = "起草助手 / assistant"
    if not settings.assistant_on:
        half = settings.assistant_url or settings.assistant_model
        cure = "ZHIBAO_ASSISTANT_URL 和 ZHIBAO_ASSISTANT_MODEL 都要填 / both are needed"
        return Finding(name, ok=not half, detail="只填了一半 / half set" if half else "未启用 / off", cure=cure, needed=False)
    where = f"{settings.assistant_model}（{urlsplit(settings.assistant_url).hostname}）"
    cure = "检查网址、证书和出口防火墙；不影响其余功能 / check address, certificate, firewall; nothing else depends on it"
    try:
        ChatAssistant(url=settings.assistant_url, key="", model=settings.assistant_model, seconds=3).reach()
    except AssistantFailed as error:
        return Finding(name, ok=False, detail=f"{where}：{FAILURE_WORDS[error.failure]}", cure=cure, needed=False)
    return Finding(name, ok=True, detail=where)
