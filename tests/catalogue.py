"""`python -m tests.catalogue`: the English catalogue holds exactly what the pages say; `--write` adds and drops msgids.

Two sources: strings handed to `_()`, `pgettext()` or `translate()`, as `pybabel extract` finds them, and sentences that reach a page through
the `say` filter. The latter stand as plain literals in the domain's tables, in errors and in labels, so every Chinese literal of those
folders counts, save those named in `NOT_SAID`; in `SPEAKING` folders only what is handed to a call that shows it. An f-string counts as a
pattern in the context `say`, its values named by what they are: f"相隔 {evidence.days} 天" is 相隔 %(days)s 天.
"""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from config.taxonomy import default_taxonomy
from intake.web.sentences import CONTEXT as SAY

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "intake" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
FOLDERS = ("intake/domain", "intake/services", "intake/queries", "intake/web", "intake/adapters/tables")
FILES = ("qr_assets/code.py", "qr_assets/emblem.py", "qr_assets/fonts.py", "qr_assets/spec.py")
"""Whose refusals a page shows; what a poster itself says is Chinese in every language."""
SPEAKING = {"intake/domain/language", "workers"}
"""Folders full of patterns over what people wrote: here only reasons and refusals are said."""
SHOWN_BY = {"Reason", "Remark", "Problem", "_fail"}
"""Calls whose words a page shows, in those folders; `reasons=…` of any call counts too."""
NOT_SAID = {
    "_NAMED": "a pattern over the machine's reasons, never shown",
    "_FIRST": "a query code's characters are read out and typed in Chinese in every language",
    "_SECOND": "as above",
    "_HEADS": "what other systems call their columns, never shown",
    "_CONTACT": "as above",
    "_DATE": "a pattern over what other systems write, never shown",
    "MACHINE": "the machine's name is for history and logs",
    "RESIDENT": "as above",
    "_CHINESE_DIGITS": "patterns over what people wrote, never shown",
    "_SPELT_NUMBER": "as above",
    "_AT_ENDS": "as above",
    "_COUNTING": "as above",
    "_NAME_ENDS": "as above",
    "_SPELT": "as above",
    "_PLATES": "as above",
    "COMMON_SURNAME": "as above",
    "_RULES": "as above",
    "_ONE": "surnames in such a pattern",
    "_TWO": "as above",
    "_ALSO_WORDS": "as above",
    "_COMMANDS": "what residents write to an account, never shown",
    "HEADLINES": "sent to chats and telephones, whose language nobody has said",
    "WHAT_FOLLOWS": "as above",
    "NOTHING": "as above",
    "template_facts": "as above",
    "chat_words": "as above",
    "_single": "as above",
    "sms_words": "as above",
    "day_words": "as above",
    "VOICE_MARK": "stands among a resident's own words, which are never translated",
    "PHOTO_MARK": "as above",
    "moment": "how Chinese writes a time; English has its own format",
    "DEFAULT_CHAIN": "names that a district stores as its own, and changes",
    **dict.fromkeys(
        ("_UPWARD_LIMITS", "_UPWARD_REQUEST", "_upward_matters", "_upward_done", "upward_title", "upward_text"),
        "a report to a body above, which is Chinese",
    ),
    **dict.fromkeys(("UPWARD_NOTE", "_upward_addressee", "_upward_under"), "the same on paper"),
    "calendar_day": "as above",
    "calendar_month": "as above",
    "TITLE": "printed on posters, which are Chinese",
    "_LEGAL_FORM": "a pattern over names of firms, never shown",
    "_SEAT": "as above",
    "basis_of": "a draft for an official paper, which is Chinese",
    "_by_place": "as above",
    **dict.fromkeys(
        ("TO_WRITE", "_CAUSES", "_SITUATION", "_REQUEST", "_NUMERALS", "first_title", "first_text", "said_lines", "_date_words"),
        "a bulletin's text, which is Chinese",
    ),
    "_bulletin_under": "the same on paper",
    **dict.fromkeys(
        (
            *(
                "report_text",
                "_report_origin",
                "_report_progress",
                "_report_topics",
                "_report_unseen",
                "_report_item",
                "_report_list",
                "_report_day",
            ),
            *("_REPORT_DIGITS", "PAPER_NOTE", "_report_title", "_paper_heading", "_paper_under", "_paper_parts", "_paper_item"),
            *("_paper_changes", "NUMBERED_NOTE", "_paper_table", "_paper_heads", "_timetable", "_road_map", "days_printed"),
        ),
        "a year's plan and its reports on paper, which is Chinese",
    ),
}
"""Assignments and functions whose literals no page says, and why."""
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

_GLUE = "\x04"
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")


def _key(msgid: str, context: str | None) -> str:
    """What tells one entry from another: the msgid, after its context where it has one, as gettext itself writes it."""
    return f"{context}{_GLUE}{msgid}" if context else msgid


def passed_to_gettext() -> set[str]:
    """What `_()`, `pgettext()` and `translate()` are called with under `intake/web`."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]  # Babel's reader of its own file has no annotations
    keywords = {**DEFAULT_KEYWORDS, "translate": None}
    # Babel by itself passes over folders such as `_shell` and `_components`.
    found = extract_from_dir(ROOT / "intake" / "web", methods, options, keywords, directory_filter=lambda _: True)
    return {_key(message, context) for _, _, message, _, context in found if isinstance(message, str)}


def said_by_tables() -> set[str]:
    """Chinese literals and f-strings whose sentences the `say` filter shows, and the names of the categories."""
    groups = default_taxonomy().groups
    names = {group.name for group in groups} | {category.name for group in groups for category in group.categories}
    files = {path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")} | {ROOT / file for file in FILES}
    speaking = {path for folder in SPEAKING for path in (ROOT / folder).rglob("*.py")}
    names.update(*(_sentences(_tree(path)) for path in files - speaking))
    return names.union(*(_shown(_tree(path)) for path in speaking))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _sentences(node: ast.AST) -> Iterator[str]:
    """Keys of every Chinese literal and f-string below `node`."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return  # a docstring
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)) | ast.FunctionDef(name=name) if (
            name in NOT_SAID
        ):
            return
        case ast.Constant(value=str() as text) if _CHINESE.search(text):
            yield text
        case ast.JoinedStr():
            if _CHINESE.search(pattern := template(node)):
                yield _key(pattern, SAY)
            for value in node.values:
                if isinstance(value, ast.FormattedValue):
                    yield from _sentences(value.value)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _sentences(child)


def _shown(tree: ast.Module) -> Iterator[str]:
    """Keys of what is handed to the calls of `SHOWN_BY`; a name stands for whatever the file assigns to it."""
    assigned: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            assigned.setdefault(node.targets[0].id, []).append(node.value)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            words = call.args if _called(call) in SHOWN_BY else []
            words = [*words, *(keyword.value for keyword in call.keywords if keyword.arg == "reasons")]
            named = [name.id for word in words for name in ast.walk(word) if isinstance(name, ast.Name)]
            for word in (*words, *(value for name in named for value in assigned.get(name, ()) if _is_text(value))):
                yield from _sentences(word)


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _is_text(value: ast.expr) -> bool:
    return isinstance(value, ast.JoinedStr | ast.IfExp) or (isinstance(value, ast.Constant) and isinstance(value.value, str))


def template(text: ast.JoinedStr) -> str:
    """An f-string as a msgid: each value as `%(name)s`, the same name for the same expression.

    `area.name` is `name`; what a table or a function gives is `label`, our own words, which are said in their turn; `len(…)` is `count`,
    anything reckoned `value`. Further ones of a name get a number.
    """
    names: dict[str, str] = {}
    pieces = []
    for piece in text.values:
        if isinstance(piece, ast.FormattedValue):
            expression = ast.unparse(piece.value)
            if expression not in names:
                name = _value_name(piece.value)
                taken = sum(re.fullmatch(rf"{name}(_\d+)?", one) is not None for one in names.values())
                names[expression] = f"{name}_{taken + 1}" if taken else name
            pieces.append(f"%({names[expression]})s")
        elif isinstance(piece, ast.Constant):
            pieces.append(str(piece.value).replace("%", "%%"))
    return "".join(pieces)


def _value_name(value: ast.expr) -> str:
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").lower()
        case ast.Call(func=ast.Name(id="len")):
            return "count"
        case ast.Call() | ast.Subscript():
            return "label"
    return "value"


@cache
def needed() -> frozenset[str]:
    """The key of every msgid the catalogue must hold, collected once: it goes through the whole house."""
    return frozenset(passed_to_gettext() | said_by_tables())


def catalogue() -> Catalog:
    """The catalogue as it stands in the repository."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


def _held() -> dict[str, str]:
    return {_key(str(message.id), message.context): str(message.string) for message in catalogue() if message.id}


def complaints() -> list[str]:
    """One line for every fault, sorted."""
    wanted, held = needed(), _held()
    faults = [f"missing: {key}" for key in wanted - held.keys()]
    faults += [f"obsolete: {key}" for key in held.keys() - wanted]
    faults += [f"not translated: {key}" for key, words in held.items() if not words or _CHINESE.search(words)]
    faults += [
        f"placeholders differ: {key}"
        for key, words in held.items()
        if words and sorted(_PLACEHOLDER.findall(key)) != sorted(_PLACEHOLDER.findall(words))
    ]
    faults += [f"marked fuzzy: {message.id}" for message in catalogue() if message.id and message.fuzzy]
    return sorted(fault.replace(_GLUE, " · ") for fault in faults)


def write() -> None:
    """Bring the msgids up to date, keeping every translation; new ones stand with an empty one until somebody fills it in."""
    held = _held()
    new = Catalog(locale="en")
    for key in sorted(needed()):
        context, _, msgid = key.rpartition(_GLUE)
        new.add(msgid, held.get(key, ""), context=context or None)
    with CATALOGUE.open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, new, width=140, omit_header=True)


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        write()
    faults = complaints()
    print("\n".join(faults) or f"catalogue: {len(needed())} sentences in English")
    sys.exit(bool(faults))
