"""The one token file: borders of controls can be seen, words can be read, in light and dark (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

ASSETS = Path(__file__).parents[2] / "intake" / "web" / "assets"
TOKENS = ASSETS / "tokens.css"
SURFACES = ("paper", "card")
WORDS = [(ink, on) for ink in ("ink", "quiet", "act", "alarm") for on in (*SURFACES, "wash")]
WORDS += [
    ("act", "act-wash"),
    ("alarm", "alarm-wash"),
    ("soon", "soon-wash"),
    ("act-ink", "act"),
    ("act-ink", "act-strong"),
    ("toast-ink", "toast"),
    ("toast-act", "toast"),
]


def palettes() -> dict[str, dict[str, str]]:
    """Mode → token → #rrggbb; dark stands twice in the file, for those who ask their system and for those who ask us."""
    css = TOKENS.read_text(encoding="utf-8")
    blocks = [dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})\b", block)) for block in re.findall(r"\{([^{}]*)\}", css)]
    light, dark_by_system, *_rest, dark_by_choice = [block for block in blocks if block]
    return {"light": light, "dark by system": light | dark_by_system, "dark by choice": light | dark_by_choice}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("mode", palettes())
@pytest.mark.parametrize("surface", SURFACES)
def test_borders_of_controls_stand_out(mode: str, surface: str) -> None:
    colours = palettes()[mode]
    assert contrast(colours["control"], colours[surface]) >= 3


@pytest.mark.parametrize("mode", palettes())
@pytest.mark.parametrize(("ink", "on"), WORDS)
def test_words_can_be_read(mode: str, ink: str, on: str) -> None:
    colours = palettes()[mode]
    assert contrast(colours[ink], colours[on]) >= 4.5


def test_both_ways_to_the_dark_lead_to_the_same() -> None:
    found = palettes()
    assert found["dark by system"] == found["dark by choice"] != found["light"]


def test_no_colour_stands_outside_the_token_file() -> None:
    others = [path for path in TOKENS.parent.glob("*.css") if path != TOKENS]
    assert len(others) >= 3
    for path in others:
        css = re.sub(r"@media print \{.*?\n\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)  # ink on white
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", css), path.name


COLOURED = re.compile(r"color|background|border|fill|filter|opacity|shadow|stroke|blend")


def test_large_letters_have_no_colours_of_their_own() -> None:
    """So that contrast measured in one size holds in the other (tests/browser/looking.py)."""
    rules = [
        rule
        for path in ASSETS.glob("*.css")
        for rule in re.findall(r"([^{}]*data-care[^{}]*)\{([^{}]*)\}", path.read_text(encoding="utf-8"))
    ]
    declared = [one.partition(":") for _, body in rules for one in body.split(";") if one.strip()]
    assert len(declared) > 20
    for name, _, value in declared:
        assert not COLOURED.search(name), name
        assert not name.strip().startswith("--") or re.fullmatch(r"[\d.]+(px)?", value.strip()), f"{name} is no size"
