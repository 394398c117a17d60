"""The demo's official account: made up, with keys of its own, in front of a simulated platform whose page looks like a chat."""

import contextlib
import json
import re
import secrets
import string
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.own_files import SHIPPED
from config.settings import Settings
from intake.adapters.embedded.runtime_paths import DataPaths, write_private
from intake.cli.installation import Companion, with_free_port
from intake.domain.wechat_account import AccountKind
from intake.models import Area, IntakePoint, WeChatAccount
from intake.ports import Clock, Vault
from intake.services.wechat_account import secret_context

PROJECT = Path(__file__).resolve().parents[2]
SIMULATOR = PROJECT / "tests/wechat_platform/__main__.py"
"""Part of a source tree, not of an installed package: without it the demo has no chat page, and says so."""
ACCOUNT_NAME = "云栖政协"
PEOPLE = (
    ("oDemoAunt0000000000000000wang", "王阿姨的手机"),
    ("oDemoUncle000000000000000zhao", "赵师傅的手机"),
    ("oDemoStudent0000000000000chen", "小陈的手机"),
)


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """What both sides know; kept in the data folder, so that the next start finds the same."""

    app_id: str
    original_id: str
    secret: str
    token: str
    aes_key: str
    callback_key: str


def demo_account(paths: DataPaths) -> DemoAccount:
    """The account of this data folder, made when it is first asked for."""
    file = _file(paths)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return DemoAccount(**json.loads(file.read_text(encoding="utf-8"))["account"])
    letters = string.ascii_letters + string.digits
    account = DemoAccount(
        app_id="wx" + secrets.token_hex(8),
        original_id="gh_" + secrets.token_hex(6),
        secret=secrets.token_hex(16),
        token=secrets.token_hex(12),
        aes_key="".join(secrets.choice(letters) for _ in range(42)) + "A",
        callback_key=secrets.token_hex(12),
    )
    _write(paths, account, site="", codes={})
    return account


def beside_platform(settings: Settings) -> Settings:
    """`settings` that ask a simulated platform on this machine, its port found; unchanged without a source tree."""
    if not SIMULATOR.exists():
        return settings
    port = with_free_port(replace(settings, host="127.0.0.1", port=0)).port
    settings = replace(settings, config_folder=settings.config_folder or _wakeful_rules(settings))
    return replace(settings, wechat_api_url=f"http://127.0.0.1:{port}", wechat_connect_url=f"http://127.0.0.1:{port}")


def _wakeful_rules(settings: Settings) -> str:
    """A folder of rules like those that ship, but without quiet hours: whoever tries the demo at night sees the notices too."""
    rules = (SHIPPED / "workflow.toml").read_text(encoding="utf-8")
    wakeful, changed = re.subn(r"(?m)^quiet_from_hour = \d+", "quiet_from_hour = 8", rules)
    assert changed == 1, "the shipped rules have quiet hours"
    folder = settings.data_dir.expanduser().resolve() / "rules"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workflow.toml").write_text(wakeful, encoding="utf-8")
    return str(folder)


def platform(settings: Settings) -> tuple[Companion, ...]:
    """The simulated platform as a process beside the others; none without a source tree."""
    if not SIMULATOR.exists():
        return ()
    port, paths = settings.wechat_api_url.rpartition(":")[2], DataPaths.of(settings.data_dir)
    demo_account(paths)  # its chat page is up once it can read the file
    argv = (sys.executable, "-m", "tests.wechat_platform", "--port", port, "--chat", str(_file(paths)))
    return (Companion("wechat-platform", "模拟微信", argv, PROJECT, lambda: _answers(settings.wechat_api_url)),)


def chat_line(settings: Settings) -> list[str]:
    """Where the chat page is, for the list of what to try."""
    return [f"5. 没有公众号也能试微信 / the WeChat way, simulated: {settings.wechat_api_url}/chat"] if SIMULATOR.exists() else []


def seed_account(session: Session, *, vault: Vault, clock: Clock, account: DemoAccount) -> None:
    """The account in the database as an administrator would have entered it, and a scene for each point; again changes nothing."""
    if session.scalar(select(WeChatAccount.id).where(WeChatAccount.original_id == account.original_id)) is None:
        district = session.scalars(select(Area).where(Area.kind == "district")).one()
        row = WeChatAccount(
            district_id=district.id,
            area_id=district.id,
            kind=AccountKind.SERVICE,
            name=ACCOUNT_NAME,
            callback_key=account.callback_key,
            app_id=account.app_id,
            original_id=account.original_id,
            created_at=clock.now(),
        )
        session.add(row)
        session.flush()
        for name in ("token", "aes_key", "secret"):
            setattr(row, f"{name}_cipher", vault.seal(getattr(account, name), context=secret_context(row.id, name)))
    session.execute(update(IntakePoint).where(IntakePoint.scene.is_(None)).values(scene=IntakePoint.code))


def tell_platform(paths: DataPaths, account: DemoAccount, *, site: str, codes: Mapping[str, str]) -> None:
    """Where our site is and which posters hang where, for the chat page; `codes` by name of the community."""
    _write(paths, account, site=site, codes=codes)


def _file(paths: DataPaths) -> Path:
    return paths.running.parent / "wechat-demo.json"


def _write(paths: DataPaths, account: DemoAccount, *, site: str, codes: Mapping[str, str]) -> None:
    facts = {"name": ACCOUNT_NAME, "account": asdict(account), "site": site, "people": PEOPLE, "codes": list(codes.items())}
    write_private(_file(paths), json.dumps(facts, ensure_ascii=False, indent=1) + "\n")


def _answers(url: str) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(f"{url}/chat/people", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
