"""How the history of something that a tenant defines is told: every change, by whom, and what it was before."""

from collections.abc import Iterable, Mapping
from typing import Any

from factbook.core.clock import from_epoch_ms
from factbook.storage.rows import Change


def history_example(id_: str, definition: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """An answer for the API's description."""
    return {
        "id": id_,
        "changes": [
            {
                "version": 2,
                "change": "changed",
                "actor": "key_0a1b2c3d4e5f6071",
                "changed_at": "2026-03-01T09:30:00Z",
                "before": before,
                "definition": definition,
            }
        ],
    }


def history_told(id_: str, changes: Iterable[Change]) -> dict[str, Any]:
    return {
        "id": id_,
        "changes": [
            {
                "version": each.version,
                "change": each.change,
                "actor": each.actor or None,
                "changed_at": from_epoch_ms(each.changed_at),
                "before": each.before,
                "definition": each.definition,
            }
            for each in changes
        ],
    }
