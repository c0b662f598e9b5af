"""The table of threats: every test that it names is there, and no threat stands without one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "security.md").read_text()
ROWS = [line.strip("|").split(" | ") for line in TEXT.splitlines() if line.startswith("| ")]
THREATS = [row for row in ROWS if row[0].strip() != "threat"]
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT)))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda each: str(each))
def test_a_test_that_holds_a_threat_exists(file: str, name: str) -> None:
    path = ROOT / "tests" / file
    assert path.exists(), file
    assert re.search(rf"^(async )?def {name}\(", path.read_text(), re.MULTILINE), f"{file} has no {name}"


def test_every_threat_has_a_defence_and_a_test_that_holds_it() -> None:
    assert len(THREATS) > 30
    for row in THREATS:
        assert len(row) == 3, row
        assert re.search(r"`[\w/]+\.py::test_\w+`", row[2]), row[0]
