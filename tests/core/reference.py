"""Writes the tables of docs/configuration.md and the example file: `python -m tests.core.reference`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import yaml

from factbook.core.catalog import Setting, catalog, value_of
from factbook.core.sections import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "configuration.md"
EXAMPLE = ROOT / "factbook.example.yaml"
BEGIN, END = "<!-- settings: written by `python -m tests.core.reference` -->", "<!-- /settings -->"


def row(setting: Setting) -> str:
    names = ", ".join(f"`{name}`" for name in setting.names[1:]) or f"`{setting.names[0]}`"
    default = f"`{setting.default}`" if setting.default else ""
    later = " Not used by this version." if setting.future else ""
    meaning = setting.description.replace("|", "\\|")
    return f"| `{setting.key}` | {names} | {default} | {setting.allowed} | {meaning}{later} |"


def tables() -> str:
    lines = []
    for section, settings in groupby(catalog(), key=lambda one: one.key.rpartition(".")[0]):
        lines += [f"### {section}", "", "| key | environment | default | allowed | meaning |", "|---|---|---|---|---|"]
        lines += [*(row(setting) for setting in settings), ""]
    return "\n".join(lines)


def example() -> str:
    lines = [
        "# Factbook's configuration: factbook serve --config factbook.yaml",
        "# Every value stands at its default: take away the single # of what you change.",
        "# The environment overrides the file; docs/configuration.md says how.",
    ]
    open_sections: list[str] = []
    for setting in catalog():
        *sections, name = setting.key.split(".")
        for depth, section in enumerate(sections):
            if open_sections[: depth + 1] != sections[: depth + 1]:
                lines += [""] if depth == 0 else []
                lines += [f"{'  ' * depth}{section}:"]
        open_sections = sections
        indent = "  " * len(sections)
        later = " Not used by this version." if setting.future else ""
        lines += [f"{indent}## {setting.description}{later} Allowed: {setting.allowed}."]
        lines += [f"{indent}# {name}: {_value(setting)}".rstrip()]
    return "\n".join(lines) + "\n"


def _value(setting: Setting) -> str:
    if not setting.default:
        return ""
    value = value_of(Settings(), setting.key)
    if isinstance(value, tuple):
        return yaml.safe_dump(list(value), default_flow_style=True, width=1000).strip()
    if isinstance(value, bool | int):
        return setting.default
    return yaml.safe_dump(setting.default).removesuffix("\n...\n").strip()


if __name__ == "__main__":
    text = DOCS.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCS.write_text(f"{before}{BEGIN}\n{tables()}{END}{after}")
    EXAMPLE.write_text(example())
