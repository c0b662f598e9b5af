"""The tiers' table, and docs/limits.md beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope, Tier
from factbook.core.tiers import FEATURES, FIELDS, PLANS, Feature, require_feature

DOCS = Path(__file__).parents[2] / "docs" / "limits.md"
WORDS = {
    "requests_per_minute": "requests a minute, whole tenant",
    "events_per_day": "events a day",
    "events_per_month": "events a month",
    "query_seconds": "seconds of queries an hour",
    "rows_read": "rows read an hour",
}


def test_the_documented_table_is_the_one_that_holds() -> None:
    lines = DOCS.read_text().partition("<!-- tiers -->\n")[2].partition("<!-- /tiers -->")[0].splitlines()
    told = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert told[0] == ["", *Tier]
    limits = [[WORDS[name], *(amount(getattr(PLANS[tier], name)) for tier in Tier)] for name in FIELDS]
    features = [
        [feature.value, *("yes" if tier.includes(FEATURES[feature]) else "" for tier in Tier)] for feature in Feature
    ]
    assert told[2:] == [*limits, *features]


def amount(limit: int) -> str:
    return f"{limit:,}" if limit else "no limit"


def test_a_refused_feature_names_both_tiers() -> None:
    require_feature(Scope("shop", "x", Role.ADMIN, Tier.ENTERPRISE), Feature.COMPETITIVE_ANALYSIS)
    with pytest.raises(FactbookError) as refused:
        require_feature(Scope("shop", "x", Role.ADMIN, Tier.PRO), Feature.COMPETITIVE_ANALYSIS)
    assert refused.value.kind is Kind.FORBIDDEN
    assert refused.value.message == "Competitive analysis is part of the enterprise tier; this tenant has pro."
