"""Privacy of the people whom events are about: what each tenant decided, their consents, and the report on both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, get_args

from factbook.core.clock import Clock, epoch_ms, from_epoch_ms
from factbook.core.errors import invalid
from factbook.core.scope import Scope
from factbook.events.event import DataClass
from factbook.ingest.personal import Personal
from factbook.ingest.retention import LONGEST_DAYS
from factbook.storage.metadata import Metadata
from factbook.storage.privacy_rows import Consent, PrivacySettings
from factbook.storage.warehouse import Warehouse

CHOICES: Mapping[str, tuple[Any, ...]] = {
    "consent": ("opt_out", "opt_in", "ignored"),
    "signals": (True, False),
    "ids": ("kept", "fixed", "daily"),
    "erased": ("kept", "refused"),
}
"""What a tenant may decide, the default first or as PrivacySettings has it."""

CLASSES = tuple(get_args(DataClass))
"""Classes of data that an event may name; one that names none is kept as `raw_events` says."""

_MOST_PURPOSES = 50

_KEPT = """SELECT data_class, count() AS events, uniqCombined64(17)(person) AS people,
    min(timestamp) AS oldest, max(timestamp) AS newest
FROM events WHERE tenant = {tenant:String} GROUP BY data_class ORDER BY events DESC"""


class Privacy:
    """Thread-safe. Ids of people go in, subjects (see ingest.personal) are what is kept of them."""

    def __init__(self, metadata: Metadata, personal: Personal, warehouse: Warehouse, clock: Clock) -> None:
        self._metadata = metadata
        self._personal = personal
        self._warehouse = warehouse
        self._clock = clock

    def subject(self, scope: Scope, id_: str) -> str:
        """By which the audit trail and receipts know a person."""
        return self._personal.subject(scope, id_)

    def settings(self, scope: Scope) -> PrivacySettings:
        return self._metadata.privacy.settings(scope)

    def change(self, scope: Scope, changes: Mapping[str, Any]) -> PrivacySettings:
        """`changes`: by field of CHOICES; those not named stay. Holds at once. INVALID naming the field."""
        for name, value in changes.items():
            if name not in CHOICES or value not in CHOICES[name]:
                allowed = ", ".join(str(choice).lower() for choice in CHOICES.get(name, ()))
                raise invalid(f"{name} is one of {allowed}.", field=name)
        return self._put(scope, replace(self.settings(scope), **changes))

    def keep_classes(self, scope: Scope, days: Mapping[str, int | None]) -> Mapping[str, int]:
        """Days to keep by class of data; None is as long as raw events. Classes not named stay. INVALID."""
        for name, value in days.items():
            if name not in CLASSES:
                raise invalid(f"There is no class {name[:40]!r}.", field="classes", hint=f"Use {', '.join(CLASSES)}.")
            if value is not None and not 1 <= value <= LONGEST_DAYS:
                raise invalid(f"{name} is kept for 1 to {LONGEST_DAYS} days.", field=f"classes.{name}")
        before = self.settings(scope)
        merged = {**before.classes, **days}
        kept = {name: value for name, value in merged.items() if value is not None}
        return self._put(scope, replace(before, classes=kept)).classes

    def consent(self, scope: Scope, id_: str) -> dict[str, Any] | None:
        """JSON-able; None where nothing was ever said."""
        found = self._metadata.privacy.consent(scope, self.subject(scope, id_))
        if found is None:
            return None
        return {"purposes": dict(found.purposes), "updated_at": found.updated_at, "actor": found.actor}

    def set_consent(self, scope: Scope, id_: str, purposes: Mapping[str, bool]) -> dict[str, Any]:
        """Purposes not named stay as they are. Holds at once here, within seconds elsewhere. INVALID."""
        subject = self.subject(scope, id_)
        before = self._metadata.privacy.consent(scope, subject)
        merged = {**(before.purposes if before else {}), **purposes}
        if len(merged) > _MOST_PURPOSES:
            raise invalid(f"A person has at most {_MOST_PURPOSES} purposes.", field="purposes")
        row = Consent(scope.tenant, subject, merged, scope.actor, epoch_ms(self._clock()))
        self._metadata.privacy.put_consent(scope, row)
        self._personal.refresh()
        return {"purposes": dict(merged), "updated_at": row.updated_at, "actor": row.actor}

    def report(self, scope: Scope, retention: Mapping[str, int]) -> dict[str, Any]:
        """What is kept and for how long, what was erased and given out when, how many agreed to what. JSON-able.

        retention: days by level. Consents and requests stand in it as numbers and subjects, never as ids.
        """
        settings = self.settings(scope)
        kept = [
            {
                "data_class": row["data_class"] or None,
                "events": row["events"],
                "people": row["people"],
                "oldest": row["oldest"].isoformat(),
                "newest": row["newest"].isoformat(),
                "days": min(settings.classes.get(row["data_class"], LONGEST_DAYS), retention["raw_events"]),
            }
            for row in self._warehouse.records(scope, _KEPT)
        ]
        purposes: dict[str, Counter[str]] = {}
        consents = self._metadata.privacy.consents(scope)
        for one in consents:
            for purpose, agreed in one.purposes.items():
                purposes.setdefault(purpose, Counter())["given" if agreed else "withheld"] += 1
        requests = self._metadata.privacy.requests(scope)
        return {
            "settings": {**asdict(settings), "classes": dict(settings.classes)},
            "retention": {**retention, "classes": dict(settings.classes)},
            "kept": kept,
            "consents": {
                "people": len(consents),
                "purposes": {
                    name: {"given": counted["given"], "withheld": counted["withheld"]}
                    for name, counted in sorted(purposes.items())
                },
            },
            "erasures": _summed(requests, "erasure"),
            "exports": _summed(requests, "export"),
        }

    def _put(self, scope: Scope, settings: PrivacySettings) -> PrivacySettings:
        self._metadata.privacy.put_settings(scope, settings, now=epoch_ms(self._clock()))
        self._personal.refresh()
        return settings


def _summed(requests: Any, kind: str) -> dict[str, Any]:
    mine = [one for one in requests if one.kind == kind]
    rows: Counter[str] = Counter()
    for one in mine:
        rows.update(one.report.get("removed", {}))
    finished = [one.finished_at for one in mine if one.finished_at and one.state == "done"]
    return {
        "requests": len(mine),
        "by_state": dict(sorted(Counter(one.state for one in mine).items())),
        "last_finished_at": from_epoch_ms(max(finished)).isoformat() if finished else None,
        **({"removed": dict(sorted(rows.items()))} if kind == "erasure" else {}),
    }


def id_of_person(text: str) -> str:
    """INVALID for what can be no id of a user or visitor."""
    if not text or len(text) > 512 or "\0" in text:
        raise invalid("The id of a person has 1 to 512 characters.", field="user_id")
    return text
