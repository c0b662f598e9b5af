"""What people say in feedback: net promoter score and satisfaction with margins, answers by score, trend, words."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from factbook.core.fingerprint import fingerprint_sql
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside
from factbook.queries.inquiry import Inquiry
from factbook.queries.records import Fields
from factbook.storage.warehouse import Warehouse

FIELDS: Fields = {
    "responses": "feedback",
    "respondents": "respondents",
    "response_rate": "response_rate",
    "nps": "nps",
    "nps_responses": "nps_responses",
    "promoters": "promoters",
    "detractors": "detractors",
    "csat": "csat",
    "csat_responses": "csat_responses",
    "satisfied": "satisfied",
    "average_rating": "average_rating",
}
SCALES = {"nps": (0, 10), "csat": (1, 5)}
"""Answers that a survey of this name takes; others take any number."""
Z = 1.96
MARGINS = {
    "nps_margin": "196 * sqrt(((promoters + detractors) / n - ((promoters - detractors) / n)^2) / n), in points",
    "csat_margin": "1.96 * sqrt(csat * (1 - csat) / n), a fraction",
}
"""Half of the 95 % interval, of the normal approximation; meaningless below some 30 answers."""
FEW = 30
SURVEYS, SCORES, COMMENTS = 50, 101, 20


async def satisfaction(asked: Inquiry, granularity: str) -> dict[str, Any]:
    whole, trend, surveys, comments = await asyncio.gather(
        asked.records.one(FIELDS),
        asked.records.ask(*FIELDS.values(), granularity=granularity, compare="previous_period"),
        asked.read(by_survey, asked),
        asked.read(said, asked),
    )
    series = trend["total"]["series"]
    return {
        **asked.told,
        **{name: whole[name] for name in FIELDS},
        **margins(whole),
        "margin_formulas": MARGINS,
        "previous": {field: trend["total"]["previous"][metric] for field, metric in FIELDS.items()},
        "surveys": surveys,
        "granularity": trend["granularity"],
        "trend": [
            {"time": time, **{field: series[metric][place] for field, metric in FIELDS.items()}}
            for place, time in enumerate(trend["times"])
        ],
        "comments": comments,
        "notes": _notes(whole),
    }


def margins(record: dict[str, Any]) -> dict[str, float | None]:
    """By MARGINS; null where nobody answered."""
    asked, n = record["nps_responses"], record["csat_responses"]
    found: dict[str, float | None] = dict.fromkeys(MARGINS)
    if asked:
        for_, against = record["promoters"] / asked, record["detractors"] / asked
        found["nps_margin"] = 100 * Z * math.sqrt(max(0.0, for_ + against - (for_ - against) ** 2) / asked)
    if n:
        found["csat_margin"] = Z * math.sqrt(record["csat"] * (1 - record["csat"]) / n)
    return found


def by_survey(warehouse: Warehouse, scope: Scope, asked: Inquiry) -> list[dict[str, Any]]:
    """Of each survey ('' is null) how many answers it got, their mean, and how many of each score."""
    parameters = Parameters()
    sql = f"""SELECT survey, sum(n) AS responses, sumIf(n, isNotNull(score)) AS scored,
    arraySort(groupArrayIf({SCORES})((assumeNotNull(score), n), isNotNull(score)))
FROM (
    SELECT texts['survey'] AS survey, if(mapContains(numbers, 'score'), numbers['score'], NULL) AS score, count() AS n
    FROM events
    {inside(asked.about, parameters)} AND event_type = 'feedback_submitted'
    GROUP BY survey, score
    ORDER BY n DESC
)
GROUP BY survey ORDER BY responses DESC, survey LIMIT {SURVEYS}"""
    return [_survey(*row) for row in warehouse.rows(scope, sql, parameters.values)]


def said(warehouse: Warehouse, scope: Scope, asked: Inquiry) -> list[dict[str, Any]]:
    """Comments that differ in case, numbers and quoted words alone as one, the most frequent first."""
    parameters = Parameters()
    sql = f"""SELECT {fingerprint_sql("lowerUTF8(texts['comment'])")} AS words, count() AS times,
    if(countIf(mapContains(numbers, 'score')) = 0, NULL, avgIf(numbers['score'], mapContains(numbers, 'score'))),
    argMax(texts['comment'], (timestamp, event_id)), toUnixTimestamp64Milli(max(timestamp)),
    arraySort(groupUniqArray(10)(texts['survey']))
FROM events
{inside(asked.about, parameters)} AND event_type = 'feedback_submitted' AND texts['comment'] != ''
GROUP BY words ORDER BY times DESC, max(timestamp) DESC, words LIMIT {COMMENTS}"""
    return [
        {
            "example": example,
            "times": int(times),
            "average_score": None if score is None else float(score),
            "last_at": asked.at(int(last)),
            "surveys": [survey for survey in surveys if survey],
        }
        for _, times, score, example, last, surveys in warehouse.rows(scope, sql, parameters.values)
    ]


def _survey(survey: str, responses: int, scored: int, scores: list[Any]) -> dict[str, Any]:
    counts = {float(score): int(n) for score, n in scores}
    low, high = SCALES.get(survey, (None, None))
    if low is not None and high is not None:
        beyond = sum(n for score, n in counts.items() if not low <= score <= high)
        counts = {float(score): counts.get(float(score), 0) for score in range(low, high + 1)} | {
            score: n for score, n in counts.items() if low <= score <= high
        }
    else:
        beyond = 0
    told = sum(counts.values())
    mean = sum(score * n for score, n in counts.items()) / told if told else None
    return {
        "survey": survey or None,
        "responses": int(responses),
        "without_score": int(responses) - int(scored),
        "beyond_scale": beyond,
        "average_score": mean,
        "distribution": [
            {"score": score, "responses": n, "share": n / told if told else None} for score, n in sorted(counts.items())
        ],
    }


def _notes(whole: dict[str, Any]) -> list[str]:
    if not whole["responses"]:
        return ["No feedback_submitted event came in this period."]
    few = [name for name in ("nps", "csat") if 0 < whole[f"{name}_responses"] < FEW]
    return [f"Fewer than {FEW} answers to {name}: its margin is a rough one." for name in few]
