"""What the name of a stored file may look like, in whichever store it lies."""

import re

_SEGMENT = r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)*"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*", re.ASCII)
_LONGEST = 200


def sound_key(key: str) -> str:
    """`key` itself; ValueError for what no store may be asked: it could lead out of a folder, or differ from itself in another."""
    if len(key) > _LONGEST or _KEY.fullmatch(key) is None:
        raise ValueError(f"not an object key: {key!r}")
    return key


def sound_folder(prefix: str) -> str:
    """`prefix` itself, which begins keys and ends with a slash; ValueError for what begins none."""
    if not prefix.endswith("/"):
        raise ValueError(f"not the beginning of object keys: {prefix!r}")
    return sound_key(prefix.removesuffix("/")) + "/"
