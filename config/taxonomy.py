"""The community's matters: groups, categories, their words and their usual departments, read from `taxonomy.toml`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TRAINED_CLASSES = ("城乡建设", "劳动和社会保障", "教育文体", "商贸旅游", "环境保护", "卫生计生", "交通运输")
"""The seven classes of the shipped model; a category may name the one its messages fall into."""

DEFAULT_FILE = Path(__file__).with_name("taxonomy.toml")
_CODE = re.compile(r"[a-z]+(?:-[a-z0-9]+)*")


class TaxonomyError(ValueError):
    """The file can't be used; the message names the entry and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of matter; `problems` are groups of words that mean the same problem."""

    code: str
    name: str
    english: str
    department: str
    words: tuple[str, ...]
    problems: tuple[tuple[str, ...], ...]
    trained: str = ""
    """Which of TRAINED_CLASSES its messages fall into; empty where none does."""


@dataclass(frozen=True, slots=True)
class CategoryGroup:
    """Categories that a person would look for together."""

    code: str
    name: str
    english: str
    categories: tuple[Category, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All groups in the file's order; codes are unique over both levels."""

    groups: tuple[CategoryGroup, ...]

    @property
    def categories(self) -> tuple[Category, ...]:
        """Every category, in the file's order."""
        return tuple(category for group in self.groups for category in group.categories)

    def category(self, code: str) -> Category:
        """The category with this code; KeyError if there is none."""
        for category in self.categories:
            if category.code == code:
                return category
        raise KeyError(code)


@cache
def default_taxonomy() -> Taxonomy:
    """The taxonomy that ships with the project, read once per process."""
    return load_taxonomy(DEFAULT_FILE)


def load_taxonomy(path: Path) -> Taxonomy:
    """Read a taxonomy file; raises TaxonomyError naming the entry at fault."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TaxonomyError(f"{path}: {error}") from error
    groups = tuple(_group(raw, f"{path.name}: group {n}") for n, raw in enumerate(_tables(document, "group", path.name), start=1))
    codes: set[str] = set()
    for code in [code for group in groups for code in (group.code, *(category.code for category in group.categories))]:
        if code in codes:
            raise TaxonomyError(f"{path.name}: code {code!r} is used twice")
        codes.add(code)
    return Taxonomy(groups)


def _group(raw: Mapping[str, Any], where: str) -> CategoryGroup:
    code = _code(raw, where)
    where = f"{where} ({code})"
    categories = tuple(_category(entry, f"{where}, category {n}") for n, entry in enumerate(_tables(raw, "category", where), start=1))
    return CategoryGroup(code, _text(raw, "name", where), _text(raw, "english", where), categories)


def _category(raw: Mapping[str, Any], where: str) -> Category:
    code = _code(raw, where)
    where = f"{where} ({code})"
    unknown = set(raw) - {"code", "name", "english", "department", "words", "problems", "trained"}
    if unknown:
        raise TaxonomyError(f"{where}: unknown key {min(unknown)!r}")
    problems = raw.get("problems", [])
    if not isinstance(problems, list):
        raise TaxonomyError(f"{where}: `problems` must be a list of lists of words")
    trained = raw.get("trained", "")
    if trained and trained not in TRAINED_CLASSES:
        raise TaxonomyError(f"{where}: `trained` must be one of {'、'.join(TRAINED_CLASSES)}")
    return Category(
        code,
        _text(raw, "name", where),
        _text(raw, "english", where),
        _text(raw, "department", where),
        _words(raw.get("words"), f"{where}: `words`"),
        tuple(_words(entry, f"{where}: `problems` entry {n}") for n, entry in enumerate(problems, start=1)),
        trained,
    )


def _tables(raw: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
    entries = raw.get(key)
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise TaxonomyError(f"{where}: at least one [[{key}]] is needed")
    return entries


def _code(raw: Mapping[str, Any], where: str) -> str:
    code = _text(raw, "code", where)
    if not _CODE.fullmatch(code):
        raise TaxonomyError(f"{where}: code {code!r} must be small English words joined by hyphens")
    return code


def _text(raw: Mapping[str, Any], key: str, where: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip():
        raise TaxonomyError(f"{where}: `{key}` must be a text that is not empty")
    return value


def _words(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(word, str) and word.strip() for word in value):
        raise TaxonomyError(f"{where} must be a list of words, none of them empty")
    return tuple(value)
