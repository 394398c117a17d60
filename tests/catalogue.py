"""`python -m tests.catalogue`: the English catalogue holds exactly what the pages say; `--write` adds and drops msgids.

Two sources: strings handed to `_()` or `translate()`, as `pybabel extract` finds them, and sentences that reach a page through the `say`
filter. The latter stand as plain literals in the domain's tables, in errors and in labels, so every Chinese literal of those folders
counts, save those named in `NOT_SAID`; pieces of f-strings can't be looked up and are left out.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from config.taxonomy import default_taxonomy

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "intake" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
FOLDERS = ("domain", "services", "queries", "web")
NOT_SAID = {
    "_NAMED": "a pattern over the machine's reasons, never shown",
    "_FIRST": "a query code's characters are read out and typed in Chinese in every language",
    "_SECOND": "as above",
    "MACHINE": "the machine's name is for history and logs",
    "RESIDENT": "as above",
    "_CHINESE_DIGITS": "patterns over what people wrote, never shown",
    "_SPELT_NUMBER": "as above",
    "_NAME_ENDS": "as above",
    "_RULES": "as above",
    "_ONE": "surnames in such a pattern",
    "_TWO": "as above",
    "_ALSO_WORDS": "as above",
}
"""Assignments whose literals no page says, and why."""
HEADER = """\
# English. Msgids are the Chinese of the pages; `python -m tests.catalogue --write` keeps them up to date.
msgid ""
msgstr ""
"Language: en\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
"""No dates and no names: the file changes only when a sentence does."""

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")


def passed_to_gettext() -> set[str]:
    """What `_()` and `translate()` are called with under `intake/web`."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]  # Babel's reader of its own file has no annotations
    keywords = {**DEFAULT_KEYWORDS, "translate": None}
    # Babel by itself passes over folders such as `_shell` and `_components`.
    found = extract_from_dir(ROOT / "intake" / "web", methods, options, keywords, directory_filter=lambda _: True)
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


def said_by_tables() -> set[str]:
    """Chinese literals of the folders whose sentences the `say` filter shows, and the names of the categories."""
    groups = default_taxonomy().groups
    names = {group.name for group in groups} | {category.name for group in groups for category in group.categories}
    files = (path for folder in FOLDERS for path in (ROOT / "intake" / folder).rglob("*.py"))
    return names.union(*(_literals(ast.parse(path.read_text(encoding="utf-8"))) for path in files))


def _literals(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Expr(value=ast.Constant()) | ast.JoinedStr():
                continue  # docstrings and f-strings
            case ast.Assign(targets=[ast.Name(id=name)]) if name in NOT_SAID:
                continue
            case ast.Constant(value=str() as text) if _CHINESE.search(text):
                yield text
            case _:
                yield from _literals(child)


def needed() -> set[str]:
    """Every msgid the catalogue must hold."""
    return passed_to_gettext() | said_by_tables()


def catalogue() -> Catalog:
    """The catalogue as it stands in the repository."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


def complaints() -> list[str]:
    """One line for every fault, sorted."""
    wanted, held = needed(), {str(message.id): str(message.string) for message in catalogue() if message.id}
    faults = [f"missing: {msgid}" for msgid in wanted - held.keys()]
    faults += [f"obsolete: {msgid}" for msgid in held.keys() - wanted]
    faults += [f"not translated: {msgid}" for msgid, words in held.items() if not words or _CHINESE.search(words)]
    faults += [
        f"placeholders differ: {msgid}"
        for msgid, words in held.items()
        if words and sorted(_PLACEHOLDER.findall(msgid)) != sorted(_PLACEHOLDER.findall(words))
    ]
    faults += [f"marked fuzzy: {message.id}" for message in catalogue() if message.id and message.fuzzy]
    return sorted(faults)


def write() -> None:
    """Bring the msgids up to date, keeping every translation; new ones stand with an empty one until somebody fills it in."""
    held = {str(message.id): str(message.string) for message in catalogue() if message.id}
    new = Catalog(locale="en")
    for msgid in sorted(needed()):
        new.add(msgid, held.get(msgid, ""))
    with CATALOGUE.open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, new, width=140, omit_header=True)


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        write()
    faults = complaints()
    print("\n".join(faults) or f"catalogue: {len(needed())} sentences in English")
    sys.exit(bool(faults))
