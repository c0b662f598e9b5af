"""The example of every event type that a pack tells is an event that comes in."""

from __future__ import annotations

from pathlib import Path

from factbook.core.scope import Scope
from factbook.metrics.catalog import built_in
from factbook.metrics.event_types import told_event_types
from factbook.storage.engine import Engine

from .way_in import count, letters, way_in


def test_every_example_is_taken_without_a_dead_letter(engine: Engine, scope: Scope, tmp_path: Path) -> None:
    told = told_event_types(built_in())["event_types"]
    with way_in(engine, tmp_path) as way:
        receipt = way.send(scope, *(one["example"] for one in told))
        way.settle()
    assert (receipt.accepted, receipt.duplicates, receipt.errors) == (len(told), 0, ())
    assert count(engine, scope) == len(told)
    assert letters(engine, scope) == []
    rows = engine.rows(
        "SELECT event_type, mapKeys(numbers), mapKeys(texts), event_category FROM events WHERE tenant = {t:String}",
        {"t": scope.tenant},
    )
    kept = {str(name): ({*numbers, *texts}, category) for name, numbers, texts, category in rows}
    assert kept == {one["event_type"]: (set(one["example"]["properties"]), one["category"]) for one in told}
