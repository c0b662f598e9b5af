"""`factbook metrics`: a file of metrics is checked, taken into use, taken again, and its mistakes are told by line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from tests.cli.commands import factbook

PACK = """pack: own
label: Our own
metrics:
  - id: book_orders
    label: Orders of books
    unit: count
    description: Purchases in the category Books.
    events: [purchase]
    measure: count
    where: category = 'Books'
"""


def test_a_file_is_taken_into_use_and_the_same_again_changes_nothing(tmp_path: Path) -> None:
    data, file, events = tmp_path / "data", tmp_path / "own.yaml", tmp_path / "events.ndjson"
    file.write_text(PACK)
    now = datetime.now(UTC).isoformat()
    sold = [
        {"event_type": "purchase", "timestamp": now, "properties": {"category": each}} for each in ("Books", "Music")
    ]
    events.write_text("".join(json.dumps(each) + "\n" for each in sold))
    assert factbook("load", str(events), data=data).returncode == 0
    assert "in order" in factbook("metrics", "check", str(file), data=data).stdout
    for _ in range(2):
        taken = factbook("metrics", "apply", str(file), data=data)
        assert (taken.returncode, taken.stdout) == (0, "In use: book_orders.\n"), taken.stderr
    assert "book_orders" in factbook("metrics", "list", "books", data=data).stdout
    answer = json.loads(factbook("query", "book_orders", "--format", "json", data=data).stdout)
    assert answer["total"]["values"] == {"book_orders": 1}


def test_mistakes_are_told_with_their_line_and_nothing_is_taken(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "own.yaml"
    file.write_text(PACK.replace("unit: count", "unit: cuont"))
    for command in ("check", "apply"):
        told = factbook("metrics", command, str(file), data=data)
        assert told.returncode == 1
        assert "own.yaml:6: 'cuont' is not a unit. " in told.stderr.replace("\n  ", " ")
        assert "Did you mean 'count'?" in told.stderr
    missing = factbook("metrics", "apply", str(tmp_path / "none.yaml"), data=data)
    assert (missing.returncode, "none.yaml cannot be read" in missing.stderr) == (1, True)
