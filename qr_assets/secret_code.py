"""The picture that an authenticator scans: its text holds a secret, so it is drawn into the page and kept nowhere."""

import re
from html import escape

import qrcode
from qrcode.constants import ERROR_CORRECT_M

from qr_assets.code import QUIET

_DARK = re.compile(r"1+")


def secret_svg(address: str, *, label: str) -> str:
    """An `otpauth:` address as an SVG element without size, script or style, quiet zone included; `label` is read out.

    Level M and no emblem: a screen is neither torn nor dirty, and the address is long. ValueError for any other address.
    """
    if not address.startswith("otpauth://totp/"):
        raise ValueError("这里只画两步登录的二维码。")
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(address, optimize=0)
    code.make(fit=True)
    rows = ["".join("1" if dark else "0" for dark in row) for row in code.get_matrix()]
    runs = ((found.start() + QUIET, y + QUIET, len(found[0])) for y, row in enumerate(rows) for found in _DARK.finditer(row))
    path = "".join(f"M{x} {y}h{width}v1h-{width}z" for x, y, width in runs)
    side = len(rows) + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" aria-label="{escape(label)}">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" shape-rendering="crispEdges" d="{path}"/></svg>'
    )
