"""Whole numbers from forms."""

from intake.domain.errors import InvalidInput


def whole_number(raw: str, *, field: str | None = None) -> int:
    """A row's id or version; InvalidInput with a cure for anything else."""
    if raw.isascii() and raw.isdecimal() and len(raw) < 19:
        return int(raw)
    raise InvalidInput("请先选一个再提交。" if field else "这一页不完整，请刷新后再试。", field=field)
