"""What a resident may tell the account instead of a matter: a few words, written alone."""

import re
import unicodedata
from enum import StrEnum


class Command(StrEnum):
    """What is asked for."""

    SEND = "send"
    """Send what was said (发送)."""
    DROP = "drop"
    """Don't send it (不发了)."""
    MINE = "mine"
    """What I said earlier (我的)."""
    HELP = "help"
    """How this works (帮助)."""
    MOVE = "move"
    """Another point (换一个点)."""
    MORE = "more"
    """More points to pick from (换一批)."""


_COMMANDS: dict[str, Command] = {
    "发送": Command.SEND,
    "提交": Command.SEND,
    "送出": Command.SEND,
    "好了": Command.SEND,
    "说完了": Command.SEND,
    "不发了": Command.DROP,
    "不发": Command.DROP,
    "取消": Command.DROP,
    "我的": Command.MINE,
    "我的来件": Command.MINE,
    "帮助": Command.HELP,
    "怎么用": Command.HELP,
    "换一个点": Command.MOVE,
    "换直报点": Command.MOVE,
    "换社区": Command.MOVE,
    "换一批": Command.MORE,
    "send": Command.SEND,
    "drop": Command.DROP,
    "mine": Command.MINE,
    "help": Command.HELP,
    "move": Command.MOVE,
    "more": Command.MORE,
}
_AROUND = re.compile(r"^[\s“”\"'「」【】]+|[\s“”\"'「」【】。.!！~～,，;；]+$")
_NUMBER = re.compile(r"[0-9]{1,2}")


def _bare(text: str) -> str:
    return _AROUND.sub("", unicodedata.normalize("NFKC", text)).casefold()


def command_in(text: str) -> Command | None:
    """The command a whole message is, whatever stands around it; None for anything that says more."""
    return _COMMANDS.get(_bare(text))


def number_in(text: str) -> int | None:
    """The number that a whole message is, however it is typed; None otherwise."""
    bare = _bare(text)
    return int(bare) if _NUMBER.fullmatch(bare) else None
