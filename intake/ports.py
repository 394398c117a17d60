"""What the outside world looks like from inside; adapters fill these in, tests and development use their Null twins."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import BinaryIO, Protocol

from intake.domain.assistant import AssistantFailed, Failure
from intake.domain.errors import PermanentDeliveryError, PermanentError
from intake.domain.official_list import Column, Differences, ListItem, ListKind
from intake.domain.row_import import ImportFormat


class Wake(StrEnum):
    """Kinds of work a wake-up can announce; the value names the job, whose dotted path stands in `JOBS`."""

    TRIAGE = "triage"
    """Rows in state `received` (来件待整理)."""
    NOTIFY = "notify"
    """Notices in state `pending` whose time has come (待发通知)."""
    ESCALATE = "escalate"
    """Submissions whose owner's clock ran out (超时上交)."""
    ALARM = "alarm"
    """Emergencies for which nobody was called, and alarms that nobody took (紧急呼叫)."""
    DIGEST = "digest"
    """People with something due who weren't told today (每日提醒)."""
    CHAIN_AUDIT = "chain_audit"
    """Audit rows not yet linked into the hash chain (审计链)."""
    RETENTION = "retention"
    """Contacts, withdrawn texts and poster files whose retention ended (到期清除)."""
    IMPORTS = "imports"
    """Files of other systems' rows to be looked at, read, taken in or taken back (待导入的表格)."""
    POSTERS = "posters"
    """Poster batches in state `waiting`, and those whose worker died (待生成海报)."""
    ATTACHMENTS = "attachments"
    """Evidence in quarantine, to be made anew before anybody sees it (待检查的佐证)."""
    DRAFTS = "drafts"
    """Chat drafts whose pause is over, and those that nobody ended (聊天草稿)."""
    MEDIA = "media"
    """Pictures and voices that still lie with the platform (待取回的照片与语音)."""
    FILES = "files"
    """Residents' photos and voices in quarantine (待检查的照片与语音)."""
    TRANSCRIBE = "transcribe"
    """Voices that nobody has written down, where a recogniser is set (待听写)."""
    WECHAT = "wechat"
    """What an administrator asked of the platform, and tickets that end soon: codes, menu, checks (公众号事务)."""
    RETRAIN = "retrain"
    """Districts that have taught enough since their last model (重新学习)."""
    ASSIST = "assist"
    """Drafts asked of the assistant, and requests that were lost (待起草)."""
    ROUNDS = "rounds"
    """Rounds of screening decisions that are due (集中公布)."""
    TOPIC_UPKEEP = "topic_upkeep"
    """Topics whose heat is stale, and those that may be one, or two, or of a kind (议题整理)."""
    COUNT_DAYS = "count_days"
    """Days over which nobody has counted what happened, and those that changed since (每天的数)."""


JOBS: dict[Wake, tuple[str, str]] = {
    Wake.TRIAGE: ("triage", "workers.jobs.triage_batch.run"),
    Wake.NOTIFY: ("wechat", "workers.jobs.send_notices.run"),
    Wake.ESCALATE: ("housekeeping", "workers.jobs.escalate.run"),
    Wake.ALARM: ("housekeeping", "workers.jobs.alarms.run"),
    Wake.DIGEST: ("housekeeping", "workers.jobs.digests.run"),
    Wake.CHAIN_AUDIT: ("housekeeping", "workers.jobs.chain_audit.run"),
    Wake.RETENTION: ("housekeeping", "workers.jobs.apply_retention.run"),
    Wake.ROUNDS: ("housekeeping", "workers.jobs.publish_rounds.run"),
    Wake.TOPIC_UPKEEP: ("housekeeping", "workers.jobs.topic_upkeep.run"),
    Wake.COUNT_DAYS: ("housekeeping", "workers.jobs.count_days.run"),
    Wake.IMPORTS: ("documents", "workers.jobs.row_imports.run"),
    Wake.POSTERS: ("documents", "workers.jobs.print_posters.run"),
    Wake.ATTACHMENTS: ("documents", "workers.jobs.clean_attachments.run"),
    Wake.DRAFTS: ("housekeeping", "workers.jobs.close_drafts.run"),
    Wake.MEDIA: ("wechat", "workers.jobs.fetch_media.run"),
    Wake.FILES: ("documents", "workers.jobs.clean_files.run"),
    Wake.TRANSCRIBE: ("wechat", "workers.jobs.transcribe.run"),
    Wake.WECHAT: ("wechat", "workers.jobs.wechat_errands.run"),
    Wake.RETRAIN: ("documents", "workers.jobs.retrain.run"),
    Wake.ASSIST: ("assistant", "workers.jobs.assist.run"),
}
"""Queue and dotted path of each job. Intake never imports workers, so the path is text; a test resolves every one."""

FORKING_QUEUES = frozenset({"documents"})
"""Queues whose jobs take minutes and much memory: each runs in a child, which gives the memory back when it ends."""


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)


class JobQueue(Protocol):
    """Wakes workers up. Losing a wake-up costs at most one sweep (30 s), never a row."""

    def wake(self, kind: Wake) -> bool:
        """Send or coalesce one wake-up; False when the queue can't be reached just now. Never raises, never waits over 0.5 s."""
        ...


class NullJobQueue:
    """Remembers wake-ups instead of sending them."""

    def __init__(self) -> None:
        self.woken: list[Wake] = []

    def wake(self, kind: Wake) -> bool:
        """Record `kind`."""
        self.woken.append(kind)
        return True


@dataclass(frozen=True, slots=True)
class Held:
    """An attempt counted beforehand."""

    limit: str
    key: tuple[str, ...]
    ends: float
    """When its window does, in seconds, by the clock of whoever counts."""
    shared: bool
    """Whether every process counts it, or this one alone."""


class RateLimiter(Protocol):
    """Counts attempts in a fixed window."""

    def hit(self, limit: str, *key: str) -> bool:
        """Count one attempt against `limit` (such as "20/hour") for `key`; False when the limit is spent. Never raises."""
        ...

    def hit_all(self, *limits: tuple[str, tuple[str, ...]]) -> bool:
        """Count one attempt against each (limit, key) at once; False when any is spent."""
        ...

    def hit_each(self, *limits: tuple[str, tuple[str, ...]]) -> tuple[bool, ...]:
        """The same, and for each whether it was still within."""
        ...

    def spent(self, limit: str, *key: str) -> bool:
        """Whether the limit is spent, without counting."""
        ...

    def hold(self, limit: str, *key: str) -> Held | None:
        """Look and count in one step, before it is known whether the attempt counts; None, and nothing counted, when the limit is spent."""
        ...

    def give_back(self, held: Held) -> None:
        """Uncount what `hold` counted; nothing once its window has ended. Never raises."""
        ...

    def kept(self, *key: str) -> str:
        """What `keep` wrote; empty where nothing is, or nobody can be asked. Never raises."""
        ...

    def keep(self, words: str, *key: str, seconds: int) -> None:
        """Note a few words beside the counts; lost where nobody can be asked. Never raises."""
        ...


class ProofOfWork(Protocol):
    """Makes a browser take some trouble before it sends (防刷)."""

    def challenge(self, *, point_id: int, at: datetime) -> str:
        """What a form of the point carries, as JSON, for the solver in the page."""
        ...

    def spend(self, answer: str, *, point_id: int, at: datetime) -> bool:
        """Whether `answer` solves a challenge of the point that isn't too old; True once for each. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """What leaves the house, made ready while the notice was claimed."""

    address: str = field(repr=False)
    """The openid, or the mobile number."""
    words: str = field(repr=False)
    """All of a customer message or short message; empty where a template says it."""
    keys: "WeChatKeys | None" = None
    """Of the account it goes by."""
    template_id: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What stands in the template's fields."""
    link: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one resident: facts only, the channel chooses the form."""

    id: int
    kind: str
    receipt_number: str
    channel: str
    letter: Letter | None = None
    """None for what only stands on the receipt."""


class Notifier(Protocol):
    """Brings notices where they go."""

    def send(self, notice: Notice) -> str:
        """Deliver; the channel's number of the message, where it gives one.

        Raises RightSpent, PermanentDeliveryError, RetryableDeliveryError or DeliveryUnknown from `intake.domain.errors`.
        """
        ...


class SmsGateway(Protocol):
    """Sends short messages (短信)."""

    @property
    def on(self) -> bool:
        """Whether there is a gateway at all."""
        ...

    def send(self, number: str, words: str) -> str:
        """Hand over one message to one mobile number; the gateway's number of it. Raises what `Notifier.send` raises."""
        ...


class NullSms:
    """No short messages: the default."""

    on = False

    def send(self, number: str, words: str) -> str:
        """Never asked, since nothing is claimed for it."""
        del number, words
        raise PermanentDeliveryError(code="off")


class ObjectStore(Protocol):
    """Keeps files that are too large for the database, under keys such as `posters/7/12.pdf`; ValueError for a key that isn't one."""

    def put(self, key: str, source: BinaryIO) -> int:
        """Store what `source` yields from where it stands, in place of what was there; its bytes. All of it or, with OSError, nothing."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The file, to be closed by the caller; FileNotFoundError when there is none."""
        ...

    def size(self, key: str) -> int:
        """Bytes; FileNotFoundError when there is none."""
        ...

    def delete(self, key: str) -> None:
        """Remove it; nothing happens when there is none."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, which ends with `/`; in no order, those put or deleted meanwhile perhaps among them."""
        ...


@dataclass(frozen=True, slots=True)
class TableLook:
    """A table at first sight: its sheets (none in a text file), heads, the first rows, and about how many rows there are."""

    sheets: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int


class Tables(Protocol):
    """Reads other people's CSV and XLSX, row by row and never as a whole.

    Every call raises InvalidInput (field `file`) with a sentence when the file can't be read, or is larger inside than a table may be.
    """

    def kind(self, source: BinaryIO, *, name: str) -> ImportFormat:
        """What it is, by its first bytes; quick, and no proof that it can be read."""
        ...

    def look(self, source: BinaryIO, kind: ImportFormat, *, sheet: int) -> TableLook:
        """Its heads and first rows; `source` can be sought."""
        ...

    def rows(self, source: BinaryIO, kind: ImportFormat, *, sheet: int) -> Iterator[tuple[int, Sequence[str]]]:
        """Line and cells of each row that isn't blank; 1 is the first row below the heads. Cells are words: of a formula what it came to
        (UNVALUED where the file doesn't say), a date as 2026-10-03 08:05:00.
        """
        ...


@dataclass(frozen=True, slots=True)
class AssistantAnswer:
    """What the assistant wrote, as it came, and what it says it counted; None where it doesn't say."""

    text: str
    tokens_in: int | None
    tokens_out: int | None


class Assistant(Protocol):
    """Drafts titles and summaries (起草助手); optional, and nothing depends on it."""

    @property
    def model(self) -> str:
        """The model's name; empty when there is no assistant."""
        ...

    def write(self, *, instruction: str, material: str, most_tokens: int) -> AssistantAnswer:
        """Ask once, in bounded time and with a bounded answer; AssistantFailed from `intake.domain.assistant` says how it went wrong."""
        ...


class NullAssistant:
    """No assistant: the default."""

    model = ""

    def write(self, *, instruction: str, material: str, most_tokens: int) -> AssistantAnswer:
        """Never asked, since nothing is claimed for it."""
        del instruction, material, most_tokens
        raise AssistantFailed(Failure.OFF, spent=False)


class Recogniser(Protocol):
    """Writes voices down (听写); optional, a voice without words is heard by people."""

    @property
    def is_on(self) -> bool:
        """Whether there is one to ask."""
        ...

    def write_down(self, voice: bytes) -> str:
        """What is spoken in an MP3, in bounded time; RetryableError or PermanentError from `intake.domain.errors` when it couldn't."""
        ...


class NullRecogniser:
    """No recogniser: the default."""

    is_on = False

    def write_down(self, voice: bytes) -> str:
        """Never asked, since nothing is claimed for it."""
        del voice
        raise PermanentError("no recogniser")


class Vault(Protocol):
    """Keys: encrypts fields, derives codes, makes keyed fingerprints."""

    def seal(self, plain: str, *, context: str) -> bytes:
        """AES-256-GCM under the current key, whose id is stored with it; `context` binds the cipher to its row."""
        ...

    def open(self, cipher: bytes, *, context: str) -> str:
        """The plain text; PermanentError when key or context don't fit."""
        ...

    def derive(self, purpose: str, data: bytes) -> bytes:
        """32 bytes only the holder of the master key can compute."""
        ...


class PaperFormat(StrEnum):
    """What a paper is written as; the value is the file's ending."""

    DOCX = "docx"
    """To be edited and sealed."""
    PDF = "pdf"
    """To be read and printed."""
    XLSX = "xlsx"
    """To be counted."""


@dataclass(frozen=True, slots=True)
class Paper:
    """An official list to be written down; always a draft (稿), since number, signature and seal are given on paper."""

    title: str
    kind: ListKind
    edition: int
    issued: bool
    day: date
    """On which it was issued, or begun while it is a draft; never the day of the download, so that a file can be made again."""
    columns: tuple[Column, ...]
    items: tuple[ListItem, ...]
    before: int | None
    """The edition that it is compared with."""
    differences: Differences


@dataclass(frozen=True, slots=True)
class DraftPart:
    """A heading (黑体; none when empty) and the paragraphs below it."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DraftTable:
    """A table on landscape pages behind the text; `shares` are the widths of its columns, as parts of 1."""

    line: str
    """Above it: 附件：年度协商计划表（共 35 项）."""
    heads: tuple[str, ...]
    shares: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """Any other text to be written down as a draft (稿): a plan, a report, a bulletin."""

    title: str
    under: str
    """The line below the title, such as （第 1 版，2026年11月3日印发）; empty for none."""
    day: date
    """As a paper's."""
    parts: tuple[DraftPart, ...]
    table: DraftTable | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole in hundredths, as it is read; a workbook keeps it as a number."""

    percent: int

    def __str__(self) -> str:
        return f"{self.percent}%"


SheetCell = str | int | date | Share


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook: a heading, rows of words, numbers, days and shares; the first row names the columns."""

    title: str
    """At most 31 characters, as programs want it."""
    heading: str
    rows: tuple[tuple[SheetCell, ...], ...]


@dataclass(frozen=True, slots=True)
class FigureTable:
    """A table of figures; its first column names the rows, the others hold numbers."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    """Below it."""


@dataclass(frozen=True, slots=True)
class FigurePaper:
    """Figures to be printed; no official paper and no draft of one."""

    title: str
    under: str
    tables: tuple[FigureTable, ...]
    closing: DraftPart
    """What the figures can't show."""


class Papers(Protocol):
    """Writes official papers in the layout of GB/T 9704, and workbooks to be counted."""

    def write(self, paper: Paper, kind: PaperFormat) -> bytes:
        """The file; the same paper always gives the same bytes."""
        ...

    def draft(self, draft: Draft, kind: PaperFormat) -> bytes:
        """The file, DOCX or PDF (a table to be counted is a `book`); the same draft always gives the same bytes."""
        ...

    def book(self, sheets: tuple[Sheet, ...], *, day: date) -> bytes:
        """An XLSX of the sheets, made on `day`; nothing in it is ever a formula."""
        ...

    def figures(self, paper: FigurePaper) -> bytes:
        """A PDF of tables of figures; the same paper always gives the same bytes."""
        ...


@dataclass(frozen=True, slots=True)
class WeChatKeys:
    """What the platform knows an account by; `secret` is open here and nowhere else."""

    account: str
    """原始 ID (gh_…)."""
    app_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """One thing that was checked about an account: a stable code, whether it is right, and what the platform said."""

    code: str
    ok: bool
    detail: str = ""


class WeChatApi(Protocol):
    """What we ask of the platform; only workers do, save `exchange_code`. One shared token per account for all processes.

    Every call raises RightSpent, PermanentDeliveryError or RetryableDeliveryError from `intake.domain.errors` with the platform's code;
    the three that send raise DeliveryUnknown when it left the house and no answer came.
    """

    def send_text(self, keys: WeChatKeys, openid: str, words: str) -> None:
        """客服消息: words of our own, at most 2,048 bytes."""
        ...

    def send_template(self, keys: WeChatKeys, openid: str, *, template_id: str, fields: Mapping[str, str], link: str) -> str:
        """模板消息; the platform's number of the message."""
        ...

    def send_subscription(self, keys: WeChatKeys, openid: str, *, template_id: str, fields: Mapping[str, str], link: str) -> str:
        """订阅通知, one-time or long-term; the platform's number of the message, where it gives one."""
        ...

    def fetch_media(self, keys: WeChatKeys, media_id: str, target: BinaryIO, *, most_bytes: int) -> str:
        """Write a picture or voice to `target`; its media type as the platform says. Permanent when it has expired or is too large."""
        ...

    def make_scene(self, keys: WeChatKeys, scene: str) -> str:
        """A permanent scene code; the address that the code holds."""
        ...

    def put_menu(self, keys: WeChatKeys, buttons: Sequence[tuple[str, str]]) -> None:
        """Replace the menu by (name, address)."""
        ...

    def check(self, keys: WeChatKeys) -> tuple[AccountCheck, ...]:
        """Ask the platform what works with these keys; never raises."""
        ...

    def authorize_address(self, keys: WeChatKeys, redirect: str, state: str) -> str:
        """Where a browser inside WeChat is sent so that it comes back to `redirect` with a code, silently; `state` is letters and digits,
        128 at most. Asks nobody.
        """
        ...

    def exchange_code(self, keys: WeChatKeys, code: str) -> str:
        """The openid behind an OAuth code; 2 s at most."""
        ...

    def ticket(self, keys: WeChatKeys) -> str | None:
        """The jsapi_ticket that a worker left in Redis; None where there is none. Never asks the platform."""
        ...

    def renew_ticket(self, keys: WeChatKeys) -> None:
        """Leave a fresh jsapi_ticket in Redis where the last one ends soon."""
        ...


class CallbackProbe(Protocol):
    """Asks our own callback address as the platform's settings page would, from outside."""

    def answers(self, address: str, token: str) -> bool:
        """Whether the address gave the right answer within some seconds; never raises."""
        ...
