"""Examples of answers about privacy."""

from __future__ import annotations

from typing import Any

SETTINGS: dict[str, Any] = {"consent": "opt_out", "signals": False, "ids": "kept", "erased": "kept"}
CHOSEN: dict[str, Any] = {"consent": "opt_in", "signals": True, "ids": "fixed", "erased": "refused"}
CONSENT: dict[str, Any] = {
    "purposes": {"analytics": True, "marketing": False},
    "updated_at": "2026-03-01T09:30:00.123000+00:00",
}
ASKED: dict[str, Any] = {
    "id": "erasure_5f0c3a9b1d2e4f605f0c",
    "kind": "erasure",
    "subject": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "state": "waiting",
    "actor": "key_5f0c3a9b1d2e4f60",
    "progress": {"done": 0, "total": 6},
    "created_at": "2026-03-01T09:30:00.123000+00:00",
    "started_at": None,
    "finished_at": None,
    "failure": None,
}
_GONE = {"events": 812, "dead_letters": 2, "user_behavior": 41, "session_visitors": 2, "segment_members": 1}
DONE: dict[str, Any] = {
    **ASKED,
    "state": "done",
    "progress": {"done": 6, "total": 6},
    "started_at": "2026-03-01T09:30:01.040000+00:00",
    "finished_at": "2026-03-01T09:30:02.310000+00:00",
    "removed": {**_GONE, "identities": 2, "export_files": 0},
    "left": {**dict.fromkeys(_GONE, 0), "identities": 0},
    "joined_ids": 2,
}
WAITING: dict[str, Any] = {
    **ASKED,
    "id": "export_5f0c3a9b1d2e4f605f0c",
    "kind": "export",
    "progress": {"done": 0, "total": 48_120},
}
EXPORT: dict[str, Any] = {
    "user_id": "ann",
    "exported_at": "2026-03-01T09:30:00.123000+00:00",
    "known_as": [],
    "anonymous_ids": ["visitor-7"],
    "consent": {"purposes": {"analytics": True}, "at": "2026-02-01T08:00:00+00:00"},
    "sessions": [],
    "segments": ["active_buyers"],
    "dead_letters": [],
    "events": [
        {"event_id": "018f3a52-1c0d-7e5f-9c9b-0042fac7b00c", "event_type": "page_view", "user_id": "ann"},
    ],
}
REPORT: dict[str, Any] = {
    "settings": {**SETTINGS, "classes": {"personal": 30}},
    "retention": {
        "raw_events": 90,
        "minute_aggregates": 365,
        "hour_aggregates": 730,
        "daily_aggregates": 3650,
        "classes": {"personal": 30},
    },
    "kept": [
        {
            "data_class": "personal",
            "events": 120_000,
            "people": 4_100,
            "oldest": "2026-01-30T03:00:00+00:00",
            "newest": "2026-03-01T09:29:59+00:00",
            "days": 30,
        }
    ],
    "consents": {"people": 310, "purposes": {"analytics": {"given": 300, "withheld": 10}}},
    "erasures": {
        "requests": 3,
        "by_state": {"done": 3},
        "last_finished_at": "2026-03-01T09:30:02.310000+00:00",
        "removed": {"events": 812},
    },
    "exports": {"requests": 1, "by_state": {"done": 1}, "last_finished_at": "2026-02-11T14:00:00+00:00"},
}
