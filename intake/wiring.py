"""Settings → engine and ports; the one place that decides which adapter fills which port."""

from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from config.own_files import rules_file
from config.settings import Settings, SettingsError
from config.taxonomy import Taxonomy, load_taxonomy
from config.workflow import Workflow, load_workflow
from intake.adapters.assistant import ChatAssistant
from intake.adapters.callback_probe import HttpCallbackProbe
from intake.adapters.database import make_engine, make_sessions
from intake.adapters.notice_pace import NoticePace
from intake.adapters.notifier import ChannelNotifier
from intake.adapters.object_store import FolderStore
from intake.adapters.papers.writer import OfficialPapers
from intake.adapters.proof import AltchaProof
from intake.adapters.rate_limit import RedisRateLimiter
from intake.adapters.recogniser import SpeechRecogniser
from intake.adapters.redis_queue import RqJobQueue, web_redis
from intake.adapters.replica import Replica
from intake.adapters.sms import HttpSms
from intake.adapters.tables.reader import FileTables
from intake.adapters.vault import KeyVault
from intake.adapters.wechat.callback import RedisReplayMemory, WeChatCallbacks
from intake.adapters.wechat.client import WeChatClient
from intake.domain.permission import Role
from intake.ports import (
    Assistant,
    CallbackProbe,
    Clock,
    JobQueue,
    Notifier,
    NullAssistant,
    NullRecogniser,
    NullSms,
    ObjectStore,
    Papers,
    ProofOfWork,
    RateLimiter,
    Recogniser,
    SmsGateway,
    SystemClock,
    Tables,
    Vault,
    WeChatApi,
)


@dataclass(slots=True)
class Wiring:
    """Everything an edge (request, job, command) needs, made once a process."""

    settings: Settings
    engine: Engine
    reading: Engine
    """The same pool, each statement on its own."""
    replica: Replica | None
    """A copy to read figures from; None where there is none."""
    sessions: sessionmaker[Session]
    redis: Redis
    queue: JobQueue
    limiter: RateLimiter
    vault: Vault
    clock: Clock
    notifier: Notifier
    sms: SmsGateway
    pace: NoticePace
    """How fast notices may leave, by account."""
    objects: ObjectStore
    taxonomy: Taxonomy
    workflow: Workflow
    callbacks: WeChatCallbacks
    """Opens what the platform posts, for each account."""
    wechat: WeChatApi
    probe: CallbackProbe
    assistant: Assistant
    recogniser: Recogniser
    papers: Papers
    tables: Tables
    proof: ProofOfWork

    def queue_answers(self) -> bool:
        """Whether Redis answers just now; for the readiness check."""
        try:
            return bool(self.redis.ping())
        except RedisError:
            return False

    def close(self) -> None:
        """Give back connections."""
        self.engine.dispose()
        if self.replica is not None:
            self.replica.close()
        self.redis.close()


def wire(settings: Settings, *, clock: Clock | None = None, pool_size: int | None = None) -> Wiring:
    """Connect nothing yet, but be ready to; SettingsError names what is missing."""
    for value, variable in (
        (settings.database_url, "DATABASE_URL"),
        (settings.redis_url, "REDIS_URL"),
        (settings.secret_key, "ZHIBAO_SECRET_KEY"),
        (settings.field_keys, "ZHIBAO_FIELD_KEYS"),
    ):
        if not value:
            raise SettingsError(f"{variable} is not set; `zhibao up` sets it by itself, a part run alone needs it in the environment")
    unknown = sorted(settings.roles_with_totp - {role.value for role in Role})
    if unknown:
        raise SettingsError(f"ZHIBAO_TOTP_ROLES: no such role: {', '.join(unknown)}; docs/permissions.md lists them")
    clock = clock or SystemClock()
    engine = make_engine(settings.database_url, pool_size=pool_size or settings.web_threads)
    redis = web_redis(settings.redis_url)
    vault = KeyVault(secret_key=settings.secret_key, field_keys=settings.field_keys)
    wechat = WeChatClient(redis, api_url=settings.wechat_api_url, connect_url=settings.wechat_connect_url, clock=clock)
    sms = sms_of(settings)
    return Wiring(
        settings=settings,
        engine=engine,
        reading=engine.execution_options(isolation_level="AUTOCOMMIT"),
        replica=Replica(settings.replica_url, pool_size=pool_size or settings.web_threads) if settings.replica_url else None,
        sessions=make_sessions(engine),
        redis=redis,
        queue=RqJobQueue(redis),
        limiter=RedisRateLimiter(redis),
        vault=vault,
        clock=clock,
        notifier=ChannelNotifier(wechat=wechat, sms=sms),
        sms=sms,
        pace=NoticePace(redis, clock),
        objects=objects_of(settings),
        taxonomy=load_taxonomy(rules_file(settings.config_folder, "taxonomy.toml")),
        workflow=load_workflow(rules_file(settings.config_folder, "workflow.toml")),
        callbacks=WeChatCallbacks(clock=clock, replay=RedisReplayMemory(redis), require_encryption=settings.is_production),
        wechat=wechat,
        probe=HttpCallbackProbe(clock),
        assistant=assistant_of(settings),
        recogniser=recogniser_of(settings),
        papers=OfficialPapers(),
        tables=FileTables(),
        proof=AltchaProof(vault, redis),
    )


def objects_of(settings: Settings) -> ObjectStore:
    """The bucket that the settings name, or a folder: the default. SettingsError when the packages for a bucket aren't installed."""
    if settings.s3_place is None:
        return FolderStore(Path(settings.object_folder) if settings.object_folder else settings.data_dir / "objects")
    try:
        from intake.adapters.s3_store import Bucket, S3Store  # an extra, which few installations need
    except ImportError:
        raise SettingsError("ZHIBAO_OBJECT_STORE: the extra for S3 isn't installed; `pip install zhibao[s3]`") from None
    name, prefix = settings.s3_place
    return S3Store(
        Bucket(
            name=name,
            prefix=prefix,
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
            addressing=settings.s3_addressing,
        )
    )


def sms_of(settings: Settings) -> SmsGateway:
    """The gateway for short messages, or none: the default."""
    return HttpSms(url=settings.sms_url, key=settings.sms_key, sign=settings.sms_sign) if settings.sms_on else NullSms()


def assistant_of(settings: Settings) -> Assistant:
    """The assistant, or none: the default."""
    if not settings.assistant_on:
        return NullAssistant()
    return ChatAssistant(
        url=settings.assistant_url, key=settings.assistant_key, model=settings.assistant_model, seconds=settings.assistant_seconds
    )


def recogniser_of(settings: Settings) -> Recogniser:
    """The recogniser, or none: the default."""
    if not settings.recogniser_on:
        return NullRecogniser()
    return SpeechRecogniser(
        url=settings.recogniser_url, key=settings.recogniser_key, model=settings.recogniser_model, seconds=settings.recogniser_seconds
    )
