"""Whole numbers from forms and addresses."""

from typing import Any

from werkzeug.routing import IntegerConverter

from intake.domain.errors import InvalidInput

LARGEST = 2**63 - 1
"""What a row's id can be at most; PostgreSQL refuses the whole question for anything above."""


class RowId(IntegerConverter):
    """`<int:…>` in an address: a number that no row can have is a page that doesn't exist."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max": LARGEST, **kwargs})


def whole_number(raw: str, *, field: str | None = None) -> int:
    """A row's id or version; InvalidInput with a cure for anything else."""
    if raw.isascii() and raw.isdecimal() and len(raw) < 19:
        return int(raw)
    raise InvalidInput("请先选一个再提交。" if field else "这一页不完整，请刷新后再试。", field=field)
