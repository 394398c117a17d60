"""Receipt secrets: derived from the master key and the row's salt, stored nowhere."""

import base64
import hmac

from intake.domain.receipt import normalise_query_code, query_code
from intake.ports import Vault


def code_for(vault: Vault, number: str, salt: bytes) -> str:
    """The five words that open this receipt (50 bits)."""
    return query_code(vault.derive("query-code", number.encode() + salt))


def code_fits(vault: Vault, number: str, salt: bytes, typed: str) -> bool:
    """Constant-time comparison of what was typed."""
    return hmac.compare_digest(normalise_query_code(typed).encode(), code_for(vault, number, salt).encode())


def token_for(vault: Vault, number: str, salt: bytes) -> str:
    """The secret part of the receipt's link (132 bits)."""
    return base64.urlsafe_b64encode(vault.derive("receipt-link", number.encode() + salt)).decode()[:22]


def token_fits(vault: Vault, number: str, salt: bytes, token: str) -> bool:
    """Constant-time comparison of a link's secret part."""
    return hmac.compare_digest(token.encode(), token_for(vault, number, salt).encode())
