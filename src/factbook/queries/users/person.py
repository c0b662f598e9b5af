"""The record of one person, on all his devices: what he did, how he came back, what he likes, his scores."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.sql import Parameters
from factbook.events.filters import SEGMENT, Condition, Nature
from factbook.ingest.session_rule import Rule
from factbook.queries.behaviour.people import hashes_of
from factbook.queries.behaviour.preferences import preferences
from factbook.queries.behaviour.scores import Scored, scored
from factbook.queries.behaviour.segments.segments import Segments
from factbook.queries.behaviour.selection import Selection
from factbook.queries.inquiry import Inquiry
from factbook.queries.records import Records

from .fields import CONVERSIONS, DID, MISSING
from .phases import PHASES, phase

_CONVERSION = Selection(("purchase",))


@dataclass(frozen=True, slots=True)
class Own(Condition):
    """A condition that the events of some values of `person` meet."""

    hashes: tuple[int, ...] = field(default=(), repr=False)

    def written(self, parameters: Parameters) -> str:
        return f"person IN {parameters.add(list(self.hashes), 'Array(UInt64)')}"


@dataclass(frozen=True, slots=True)
class WithPerson(Segments):
    """The tenant's segments and, as one more called `name`, a single person."""

    name: str = ""
    hashes: tuple[int, ...] = ()

    def applied(self, conditions: Iterable[Condition]) -> tuple[Condition, ...]:
        return tuple(
            Own(each.name, each.nature, each.operator, each.values, self.hashes)
            if each.nature is Nature.PEOPLE and each.values == (self.name,)
            else Segments.applied(self, (each,))[0]
            for each in conditions
        )


async def person(asked: Inquiry, id_: str, rule: Rule) -> dict[str, Any]:
    """The UserAnalytics record over the period. NOT_FOUND where nobody is called so, CONFLICT for amounts in a currency
    without a rate.

    Sessions, conversions within them and scores are those of his journey: of all that he did, whatever the filters.
    """
    _, hashes = await asked.read(hashes_of, id_)
    records = _of(asked, hashes)
    did, features, score, likes = await asyncio.gather(
        records.one({**DID, **CONVERSIONS}),
        records.counts("feature_uses", "feature", limit=100),
        asked.read(scored, id_, asked.about, _CONVERSION, rule),
        asked.read(preferences, id_, asked.about),
    )
    return {
        "user_id": id_,
        "user_ids": score.journey["user_ids"],
        "anonymous_ids": score.journey["anonymous_ids"],
        "date": asked.date,
        **asked.told,
        "currency": asked.records.tenant.money.currency or None,
        **_sessions(asked, score),
        **{name: did[name] for name in DID},
        **_preferred(likes),
        **{f"{name}_score": each["score"] for name, each in score.scores.items()},
        "scores": score.scores,
        "user_segment": _phase(asked, score),
        "user_segment_rules": {each.id: each.rule for each in PHASES},
        "conversion_metrics": {
            **{name: did[name] for name in CONVERSIONS},
            "conversion_rate": _ratio(score.inputs.conversions, score.journey["summary"]["sessions"]),
        },
        "feature_usage": {name: count for name, count in features[0].items() if name and count},
        **dict.fromkeys(MISSING),
        "missing": MISSING,
        "events": did["events"],
        "calculated_at": asked.at(epoch_ms(asked.now)),
        "last_updated": asked.at(score.inputs.last_at if score.inputs.events else None),
    }


def _of(asked: Inquiry, hashes: Iterable[int]) -> Records:
    """Questions about him alone; his name holds whose events these are, for answers are kept by it."""
    own = tuple(sorted(hashes))
    name = f"@{hashlib.blake2b(str(own).encode(), digest_size=16).hexdigest()}"
    kept = asked.records.tenant.segments
    segments = WithPerson(kept.rows, kept.calendar, kept.now, kept.money, name, own)
    about = {**asked.records.about, "filters": (*asked.records.about["filters"], (SEGMENT, name))}
    return replace(asked.records, tenant=replace(asked.records.tenant, segments=segments), about=about)


def _sessions(asked: Inquiry, score: Scored) -> dict[str, Any]:
    summary = score.journey["summary"]
    sessions = summary["sessions"]
    return {
        "sessions": sessions,
        "total_session_duration": summary["seconds"],
        "average_session_duration": _ratio(summary["seconds"], sessions),
        "bounce_rate": _ratio(summary["bounces"], sessions),
        "return_visits": max(0, sessions - (score.inputs.first_at >= asked.begin)),
    }


def _preferred(likes: dict[str, Any]) -> dict[str, Any]:
    def shares(kind: str) -> list[dict[str, Any]]:
        return [{"value": each["value"], "share": each["share"]} for each in likes[kind]]

    def events(kind: str) -> dict[str, int]:
        return {each["value"]: each["events"] for each in likes[kind]}

    return {
        "preferred_categories": shares("categories"),
        "preferred_languages": shares("languages"),
        "preferred_content_types": shares("content_types"),
        "device_types": events("devices"),
        "browser_types": events("browsers"),
    }


def _phase(asked: Inquiry, score: Scored) -> str | None:
    found = score.inputs
    return phase(asked.end, found.first_at, found.last_at, found.active_days) if found.events else None


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
