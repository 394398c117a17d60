"""The answers a new district starts with, read from `answer_templates.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DEFAULT_FILE = Path(__file__).with_name("answer_templates.toml")


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """One of them; `action` is a SubmissionAction's value, `category` a code of the taxonomy or None for all."""

    action: str
    category: str | None
    title: str
    words: str


@cache
def default_templates() -> tuple[TemplateDraft, ...]:
    """In the file's order."""
    raw = tomllib.loads(DEFAULT_FILE.read_text(encoding="utf-8"))
    return tuple(TemplateDraft(one["action"], one.get("category"), one["title"], one["words"]) for one in raw["template"])
