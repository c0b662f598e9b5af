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
from factbook.queries.behaviour.segments.segments import Segments
from factbook.queries.inquiry import Inquiry
from factbook.queries.records import Records

from .fields import CONVERSIONS, DID, MISSING
from .phases import PHASES
from .standing import standing


@dataclass(frozen=True, slots=True)
class Own(Condition):
    """A condition that the events of some values of `person` meet."""

    hashes: tuple[int, ...] = field(default=(), repr=False)

    @property
    def is_sparse(self) -> bool:
        return True

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

    Sessions, conversions within them and scores are of all that he did, whatever the filters.
    """
    _, hashes = await asked.read(hashes_of, id_)
    records = _of(asked, hashes)
    did, features, stands, likes = await asyncio.gather(
        records.one({**DID, **CONVERSIONS}),
        records.counts("feature_uses", "feature", limit=100),
        asked.read(standing, asked, id_, hashes, rule),
        asked.read(preferences, id_, asked.about, hashes=hashes),
    )
    return {
        "user_id": id_,
        **stands.ids,
        "date": asked.date,
        **asked.told,
        "currency": asked.records.tenant.money.currency or None,
        **stands.sessions,
        **{name: did[name] for name in DID},
        **_preferred(likes),
        **{f"{name}_score": each["score"] for name, each in stands.scores.items()},
        "scores": stands.scores,
        "user_segment": stands.phase,
        "user_segment_rules": {each.id: each.rule for each in PHASES},
        "conversion_metrics": {
            **{name: did[name] for name in CONVERSIONS},
            "conversion_rate": stands.conversion_rate,
        },
        "feature_usage": {name: count for name, count in features[0].items() if name and count},
        **dict.fromkeys(MISSING),
        "missing": MISSING,
        "events": did["events"],
        "calculated_at": asked.at(epoch_ms(asked.now)),
        "last_updated": asked.at(stands.last_at),
    }


def _of(asked: Inquiry, hashes: Iterable[int]) -> Records:
    """Questions about him alone; his name holds whose events these are, for answers are kept by it."""
    own = tuple(sorted(hashes))
    name = f"@{hashlib.blake2b(str(own).encode(), digest_size=16).hexdigest()}"
    kept = asked.records.tenant.segments
    segments = WithPerson(kept.rows, kept.calendar, kept.now, kept.money, name, own)
    about = {**asked.records.about, "filters": (*asked.records.about["filters"], (SEGMENT, name))}
    return replace(asked.records, tenant=replace(asked.records.tenant, segments=segments), about=about)


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
