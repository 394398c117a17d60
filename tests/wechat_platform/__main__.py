"""The simulated platform as a process of its own: `python -m tests.wechat_platform --port 9800 --callback http://127.0.0.1:8000/wechat/…`.

Point `WECHAT_API_URL` and `WECHAT_CONNECT_URL` of the installation at it, and give the account the AppID and the secret that it was started with.
With `--callback` it shakes hands with that address first, as the platform's settings page does. It stays up until Ctrl-C.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

from tests.factories.wechat import AES_KEY, APP_ID, ORIGINAL_ID, SECRET, TOKEN
from tests.wechat_platform.chat.phone import Phones
from tests.wechat_platform.platform import CallbackError, Platform
from tests.wechat_platform.server import WeChatServer, running


def main(arguments: list[str]) -> int:
    """Run until told to end; 1 when the callback doesn't shake hands."""
    asked = _parser().parse_args(arguments)
    end = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: end.set())
    with running(asked.port) as server:
        server.world.accounts.clear()
        server.account = server.world.open_account(app_id=asked.app_id, secret=asked.secret, original_id=asked.account)
        if asked.chat:
            server.views["/chat"] = Phones(server.world, asked.chat).answer
        print(f"platform {server.url}", flush=True)
        if asked.callback and not _shakes_hands(server, asked):
            return 1
        end.wait()
    return 0


def _shakes_hands(server: WeChatServer, asked: argparse.Namespace) -> bool:
    parts = urlsplit(asked.callback)
    side = Platform(
        f"{parts.scheme}://{parts.netloc}",
        asked.token,
        asked.app_id,
        asked.aes_key or None,
        path=parts.path,
        account=asked.account,
        simulated=server.account,
    )
    try:
        side.handshake()
    except (CallbackError, OSError) as error:
        print(f"no handshake with {asked.callback}: {error}", file=sys.stderr)
        return False
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.wechat_platform", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--callback", default="", help="address of our callback, such as http://127.0.0.1:8000/wechat/<key>")
    parser.add_argument("--app-id", default=APP_ID)
    parser.add_argument("--secret", default=SECRET)
    parser.add_argument("--account", default=ORIGINAL_ID, help="原始 ID")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--aes-key", default=AES_KEY, help="empty for plain mode (明文模式)")
    parser.add_argument("--chat", type=Path, help="show the chat page at /chat, with the people and posters that this file names")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
