"""Every event with both ids joins them, once, at the earliest time it was said, whatever is written again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from factbook.core.scope import Scope
from factbook.ingest.identities import Identities
from factbook.storage.engine import Engine
from tests.clocks import SetClock

from .way_in import way_in

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(back: int, user: str | None, visitor: str | None, **more: Any) -> Mapping[str, Any]:
    ids = {"user_id": user, "anonymous_id": visitor}
    at = (NOW - timedelta(minutes=back)).isoformat()
    return {"event_type": "identify", "timestamp": at, **{k: v for k, v in ids.items() if v}, **more}


def kept(engine: Engine, scope: Scope) -> dict[tuple[str, str], datetime]:
    rows = engine.rows(
        "SELECT anonymous_id, user_id, min(first_at) FROM identities WHERE tenant = {t:String} GROUP BY 1, 2",
        {"t": scope.tenant},
    )
    return {(visitor, user): at.replace(tzinfo=UTC) for visitor, user, at in rows}


def test_both_ids_on_one_event_are_joined_since_the_earliest(engine: Engine, scope: Scope, tmp_path: Path) -> None:
    with way_in(engine, tmp_path, clock=SetClock(NOW)) as way:
        way.send(scope, said(5, "u", "v"), said(9, None, "v"), said(8, "u", None), said(7, "same", "same"))
        way.settle()
        assert kept(engine, scope) == {("v", "u"): NOW - timedelta(minutes=5)}
        way.send(scope, said(6, "u", "v"), said(4, "u", "v"), said(3, "other", "v"))
        way.settle()
    assert kept(engine, scope) == {("v", "u"): NOW - timedelta(minutes=6), ("v", "other"): NOW - timedelta(minutes=3)}


def test_what_is_known_is_not_written_again(
    engine: Engine, scope: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    insert = Engine.insert

    def counting(self: Engine, table: str, rows: Any, **more: Any) -> None:
        if table == "identities":
            written.append(rows.num_rows)
        insert(self, table, rows, **more)

    monkeypatch.setattr(Engine, "insert", counting)
    with way_in(engine, tmp_path, clock=SetClock(NOW)) as way:
        for back in (3, 2, 1):
            way.send(scope, said(back, "u", "v"), said(back, None, "w"))
            way.settle()
    assert written == [1]


def test_more_pairs_than_are_remembered_are_kept_all(engine: Engine, scope: Scope, tmp_path: Path) -> None:
    with way_in(engine, tmp_path, clock=SetClock(NOW)) as way:
        way.writer._identities = Identities(engine, known=3)
        for i in range(8):
            way.send(scope, said(1, f"u{i}", f"v{i}"), said(1, "u0", "v0"))
            way.settle()
    assert kept(engine, scope).keys() == {(f"v{i}", f"u{i}") for i in range(8)}
