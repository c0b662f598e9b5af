"""Text stands out from its ground (WCAG 2 AA: 4.5:1, 3:1 for what is drawn), in the light and in the dark theme."""

from __future__ import annotations

import re

import pytest

from factbook.web.assets import FOLDER

TEXT_PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("ground", "surface", "sunken")),
    ("accent", "surface"),
    ("accent", "ground"),
    ("accent", "accent-soft"),
    ("accent-ink", "accent"),
    ("ink", "accent-soft"),
    ("ink-3", "accent-soft"),
    ("accent", "sunken"),
    ("good", "surface"),
    ("good", "sunken"),
    ("bad", "surface"),
    ("bad", "sunken"),
    ("bad", "bad-soft"),
    ("warn", "warn-soft"),
    ("warn", "sunken"),
]
DRAWN_PAIRS = [
    ("series", "surface"),
    ("series-past", "surface"),
    ("series-line", "surface"),
    *((f"series-{number}", "surface") for number in range(1, 9)),
    ("series-rest", "surface"),
    ("line-strong", "surface"),
    ("line-strong", "ground"),
]


def themes() -> dict[str, dict[str, str]]:
    text = (FOLDER / "css" / "tokens.css").read_text()
    blocks = re.findall(r'(:root|\[data-theme="dark"\])\s*\{([^}]*)\}', text)
    found = {
        "light" if selector == ":root" else "dark": dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", body))
        for selector, body in blocks
    }
    assert set(found) == {"light", "dark"}
    return found


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_has_at_least_4_5_to_1(theme: str, ink: str, ground: str) -> None:
    colours = themes()[theme]
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), DRAWN_PAIRS)
def test_what_is_drawn_has_at_least_3_to_1(theme: str, mark: str, ground: str) -> None:
    colours = themes()[theme]
    assert contrast(colours[mark], colours[ground]) >= 3.0


def test_both_themes_define_the_same_colours() -> None:
    found = themes()
    assert set(found["light"]) == set(found["dark"])
