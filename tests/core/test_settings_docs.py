"""Documentation and example file are in step with the settings; `python -m tests.core.reference` writes both."""

from __future__ import annotations

import re
from pathlib import Path

import factbook
from factbook.core.catalog import catalog
from factbook.core.sections import Settings
from factbook.core.settings import load

from .reference import BEGIN, DOCS, END, EXAMPLE, row


def test_every_setting_is_documented_as_it_is() -> None:
    table = DOCS.read_text().partition(BEGIN)[2].partition(END)[0]
    documented = [line for line in table.splitlines() if line.startswith("| `")]
    assert documented == [row(setting) for setting in catalog()]


def test_every_setting_is_described() -> None:
    assert [setting.key for setting in catalog() if not setting.description.endswith(".")] == []


def test_example_as_it_is_changes_nothing() -> None:
    assert load(EXAMPLE, {}).settings == Settings()
    assert load(EXAMPLE, {}).origins == {}


def test_example_with_every_value_taken_up_is_the_defaults(tmp_path: Path) -> None:
    taken = tmp_path / "all.yaml"
    text = EXAMPLE.read_text()
    taken.write_text(re.sub(r"^( +)# (\w+:)", r"\1\2", text, flags=re.MULTILINE))
    loaded = load(taken, {})
    assert loaded.settings == Settings()
    assert set(loaded.origins) == {setting.key for setting in catalog() if setting.default}
    assert [setting.key for setting in catalog() if f"# {setting.key.rpartition('.')[2]}:" not in text] == []


def test_setting_that_nothing_reads_says_so() -> None:
    """By name: `.name` or `"name"` somewhere in the source, else the setting is marked as one for the future."""
    package = Path(factbook.__file__).parent
    source = "\n".join(
        path.read_text() for path in package.rglob("*.py") if path.name not in ("sections.py", "catalog.py")
    )
    sections = (package / "core" / "sections.py").read_text().count
    names = {setting.key: setting.key.rpartition(".")[2] for setting in catalog() if not setting.future}
    unread = {
        key
        for key, name in names.items()
        if not re.search(rf'\.{name}\b|"{name}"', source) and not sections(f"self.{name}")
    }
    assert unread == set()
