"""Examples of the answers about benchmarks and satisfaction, for the documentation of the API."""

from __future__ import annotations

from typing import Any

from factbook.queries.benchmarks.satisfaction import FIELDS, MARGINS

from .changes import history_example

_PERIOD: dict[str, Any] = {
    "start_time": "2026-01-01T00:00:00+01:00",
    "end_time": "2026-03-31T12:00:00+02:00",
    "timezone": "Europe/Berlin",
}
GIVEN: dict[str, Any] = {
    "metric": "churn_rate",
    "value": 0.05,
    "quantiles": {"p25": 0.03, "p50": 0.05, "p75": 0.08},
    "source": "Survey of 400 shops, 2026",
    "period": "a month",
}
BENCHMARK: dict[str, Any] = {
    "id": "industry_churn",
    "label": "Industry churn",
    "description": "",
    "version": 1,
    **GIVEN,
}
HISTORY = history_example("industry_churn", GIVEN, {**GIVEN, "value": 0.06})
_COMPARED: dict[str, Any] = {
    "id": "industry_churn",
    "label": "Industry churn",
    **GIVEN,
    "unit": "percent",
    "good": "down",
    "own": 0.04,
    "theirs": 0.05,
    "gap": -0.01,
    "relative_gap": -0.2,
    "better": True,
    "percentile": 37.5,
}
COLUMNS = [name for name in _COMPARED if name != "quantiles"]
COMPETITIVE: dict[str, Any] = {**_PERIOD, "rows": [_COMPARED], "notes": []}
_RECORD: dict[str, Any] = {
    "responses": 420,
    "respondents": 390,
    "response_rate": 0.09,
    "nps": 31.0,
    "nps_responses": 210,
    "promoters": 105,
    "detractors": 40,
    "csat": 0.82,
    "csat_responses": 200,
    "satisfied": 164,
    "average_rating": 4.2,
}
TREND = ["time", *FIELDS]
SATISFACTION: dict[str, Any] = {
    **_PERIOD,
    **_RECORD,
    "nps_margin": 10.4,
    "csat_margin": 0.053,
    "margin_formulas": MARGINS,
    "previous": _RECORD,
    "surveys": [
        {
            "survey": "nps",
            "responses": 212,
            "without_score": 2,
            "beyond_scale": 0,
            "average_score": 7.9,
            "distribution": [{"score": 10.0, "responses": 60, "share": 0.286}],
        }
    ],
    "granularity": "1w",
    "trend": [{"time": "2026-03-23T00:00:00+01:00", **_RECORD}],
    "comments": [
        {
            "example": "Delivery took 9 days",
            "times": 12,
            "average_score": 3.1,
            "last_at": "2026-03-30T09:00:00+02:00",
            "surveys": ["nps"],
        }
    ],
    "notes": [],
}
