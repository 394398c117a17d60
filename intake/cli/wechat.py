"""`zhibao wechat`: official accounts from the command line, a city's among them; secrets come from a file, never from arguments."""

from typing import TextIO

import click
from sqlalchemy import select

from intake.cli.connected import area_called, connected, unit_of_work
from intake.domain.actor import MACHINE
from intake.domain.errors import InvalidInput
from intake.domain.notification import NoticeKind
from intake.domain.wechat_account import ACCOUNT_NAMES, AccountKind, Capability, can
from intake.domain.wechat_facts import AccountFacts
from intake.domain.wechat_finding import LISTED, OwnCheck, finding_words
from intake.domain.wechat_template import NOTICE_NAMES
from intake.models import Area, WeChatAccount
from intake.services.wechat_account import SECRETS
from intake.services.wechat_errand import check_errand, note_check
from intake.services.wechat_setup import add_account
from intake.wiring import Wiring


@click.group()
def wechat() -> None:
    """公众号 / WeChat accounts."""


@wechat.command()
@click.option(
    "--area", required=True, help="属于哪个区，或者哪个市（给下面没有公众号的各区用） / district, or city that serves its districts"
)
@click.option("--kind", type=click.Choice([kind.value for kind in AccountKind]), required=True, help="类型 / kind")
@click.option("--name", required=True, help="名称 / name")
@click.option("--app-id", default="", help="AppID")
@click.option("--original-id", default="", help="原始 ID（gh_…）")
@click.option(
    "--secrets",
    type=click.File("r", encoding="utf-8"),
    help="密钥文件，- 为标准输入；每行一个：token=…、aes_key=…、secret=… / file with the secrets, - is standard input",
)
@click.option("--off", is_flag=True, help="先存下，不启用 / store without using it")
def add(*, area: str, kind: str, name: str, app_id: str, original_id: str, secrets: TextIO | None, off: bool) -> None:
    """接入一个公众号，写出它的回调地址 / add an account and print its callback address."""
    entered = _read_secrets(secrets) if secrets is not None else {}
    with connected() as wiring, unit_of_work(wiring) as session:
        account = add_account(
            session,
            vault=wiring.vault,
            actor=MACHINE,
            area_id=area_called(session, area).id,
            facts=AccountFacts(
                kind=AccountKind(kind),
                name=name,
                app_id=app_id,
                original_id=original_id,
                active=not off,
                **{name: entered.get(name, "") for name in SECRETS},
            ),
            production=wiring.settings.is_production,
            at=wiring.clock.now(),
        )
        line = f"已接入：{account.id}\t{account.name} / added"
        if can(account.kind, Capability.CHAT):
            line += f"\n回调地址 / callback: {_callback(wiring, account)}"
    click.echo(line)


@wechat.command("list")
def list_accounts() -> None:
    """列出公众号和回调地址，不含密钥 / accounts and callback addresses, without secrets."""
    with connected() as wiring, wiring.sessions() as session:
        rows = session.execute(
            select(WeChatAccount, Area.name).join(Area, Area.id == WeChatAccount.area_id).order_by(Area.path, WeChatAccount.id)
        ).all()
        for account, area_name in rows:
            cells = (str(account.id), account.name, ACCOUNT_NAMES[account.kind], area_name, account.app_id, account.original_id)
            where = _callback(wiring, account) if can(account.kind, Capability.CHAT) else ""
            click.echo("\t".join((*cells, where, *(() if account.active else ("没有启用",)))))
    if not rows:
        click.echo("还没有公众号；用 `zhibao wechat add` 接入一个。 / No account yet.")


@wechat.command()
@click.argument("account_id", type=click.IntRange(min=1))
def check(account_id: int) -> None:
    """问平台和我们自己的设置，说出还差什么；都好才以 0 退出 / say what is missing; exit 0 only if nothing is."""
    with connected() as wiring:
        with wiring.sessions() as session:
            errand = check_errand(session, vault=wiring.vault, account_id=account_id)
        base_url = wiring.settings.base_url
        reached = wiring.probe.answers(base_url + errand.callback_path, errand.token) if errand.callback_path else None
        found = wiring.wechat.check(errand.keys) if errand.keys is not None else ()
        with unit_of_work(wiring) as session:
            note_check(session, errand=errand, found=found, reached=reached, base_url=base_url, at=wiring.clock.now())
            findings = list(session.get_one(WeChatAccount, account_id).check_result)
    for one in findings:
        if one["code"] not in LISTED:
            title, words = finding_words(one["code"], ok=one["ok"], detail=one["detail"])
            if one["code"] == OwnCheck.TEMPLATES and not one["ok"]:
                words += "、".join(NOTICE_NAMES[NoticeKind(kind)] for kind in one["detail"].split(","))
            click.echo(f"{'好' if one['ok'] else '差'}\t{title}\t{words}")
    if not all(one["ok"] for one in findings):
        raise click.exceptions.Exit(1)


def _read_secrets(file: TextIO) -> dict[str, str]:
    """The lines of the file; InvalidInput for a name that isn't one, without quoting the line: it may be a secret."""
    found: dict[str, str] = {}
    for number, line in enumerate(file, start=1):
        name, equals, value = line.strip().partition("=")
        if not line.strip():
            continue
        if not equals or name.strip() not in SECRETS:
            raise InvalidInput(f"密钥文件第 {number} 行要写成 token=…、aes_key=… 或 secret=…。 / Write name=value.", field="secrets")
        found[name.strip()] = value.strip()
    return found


def _callback(wiring: Wiring, account: WeChatAccount) -> str:
    return f"{wiring.settings.base_url}/wechat/{account.callback_key}"
