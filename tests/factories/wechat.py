"""An official account as an administrator would have entered it."""

from sqlalchemy.orm import Session

from intake.domain.wechat_account import AccountKind
from intake.models import Area, WeChatAccount
from intake.ports import Vault
from intake.services.wechat_account import secret_context
from tests.factories.town import BORN

ORIGINAL_ID = "gh_10f6c3c3ac5a"
APP_ID = "wx0123456789abcdef"
TOKEN = "tests-token"
AES_KEY = "a" * 43
SECRET = "tests-secret-of-the-account-0000"
CALLBACK_KEY = "testscallbackkey"


def make_account(
    session: Session,
    vault: Vault,
    *,
    area_id: int,
    kind: AccountKind = AccountKind.SERVICE,
    original_id: str = ORIGINAL_ID,
    app_id: str = APP_ID,
    callback_key: str = CALLBACK_KEY,
    aes_key: str = AES_KEY,
) -> int:
    """The id of a new account of an area, with all its secrets; flushes."""
    account = WeChatAccount(
        district_id=session.get_one(Area, area_id).district_id,
        area_id=area_id,
        kind=kind,
        name="云栖政协",
        callback_key=callback_key,
        app_id=app_id,
        original_id=original_id,
        created_at=BORN,
    )
    session.add(account)
    session.flush()
    for name, plain in (("token", TOKEN), ("aes_key", aes_key), ("secret", SECRET)):
        setattr(account, f"{name}_cipher", vault.seal(plain, context=secret_context(account.id, name)) if plain else None)
    session.flush()
    return account.id
