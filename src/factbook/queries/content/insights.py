"""What stands out about a piece of content, in sentences: a list of rules, each with its numbers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import Any

from factbook.core.sql import Parameters
from factbook.core.times import Period
from factbook.queries.behaviour.history import inside
from factbook.queries.period import FIRST

from .fields import RECORD, TRAFFIC
from .question import Content, among
from .record import record
from .scores import wilson

FEWEST_VIEWS = 20
FEWEST_PEERS = 5
Z = 3.0
"""Deviations beyond which a difference is not chance."""

_SOURCES = dict(
    zip(TRAFFIC, ("no known source", "search", "recommendations", "other sites and campaigns"), strict=True)
)


@dataclass(frozen=True, slots=True)
class Facts:
    """record: of the period. before: numbers of the time before, as long. peers: completion rates of the others of its
    category. countries: views of all content by country. everything: numbers of all content."""

    record: Mapping[str, Any]
    before: Mapping[str, Any]
    category: str
    peers: Sequence[float]
    countries: Mapping[str, int]
    everything: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Insight:
    """severity: good, info or warning."""

    rule: str
    severity: str
    sentence: str
    numbers: Mapping[str, Any]


async def insights(asked: Content, id_: str) -> dict[str, Any]:
    """Every rule that fires, warnings first. NOT_FOUND where no event ever named it."""
    period = asked.about.period
    earlier = Period(max(FIRST, period.start - (period.end - period.start)), period.start)
    told = await record(asked, id_)
    before, (category, peers), countries, everything = await asyncio.gather(
        _before(asked, id_, earlier),
        asked.look(partial(_peers, asked, id_), "completion of the category"),
        asked.records.counts("content_views", "country", limit=1000),
        asked.records.one({field: RECORD[field] for field in _CLICKS}),
    )
    facts = Facts(told, before, category, peers, countries[0], everything)
    found = [insight for rule in RULES for insight in rule(facts)]
    order = ("warning", "good", "info")
    return {
        "content_id": id_,
        **asked.told,
        "insights": [
            {
                "rule": each.rule,
                "severity": each.severity,
                "sentence": each.sentence,
                "numbers": dict(each.numbers),
            }
            for each in sorted(found, key=lambda each: order.index(each.severity))
        ],
        "rules": {rule.__name__: " ".join((rule.__doc__ or "").split()) for rule in RULES},
        "notes": told["notes"],
    }


def few_views(facts: Facts) -> list[Insight]:
    """Fewer than 20 views: the other rules have little to go by."""
    views = facts.record["total_views"]
    if views >= FEWEST_VIEWS:
        return []
    return [_fired(few_views, "info", f"With {_times(views)} there is too little to judge by.", views=views)]


def views_changed(facts: Facts) -> list[Insight]:
    """Views against the time before, as long and with views: at least 20 together, apart by 3 times the root of their
    sum."""
    now, then = facts.record["total_views"], facts.before["total_views"]
    if not then or now + then < FEWEST_VIEWS or abs(now - then) < Z * math.sqrt(now + then):
        return []
    change = (now - then) / then
    words = (
        f"It was viewed {'more' if now > then else 'less'} than before: {_times(now)} after {then:,} ({change:+.0%})."
    )
    severity = "good" if now > then else "warning"
    return [_fired(views_changed, severity, words, views=now, views_before=then, change=change)]


def not_viewed_before(facts: Facts) -> list[Insight]:
    """Views, and none in the time before, as long."""
    views = facts.record["total_views"]
    if not views or facts.before["total_views"]:
        return []
    return [_fired(not_viewed_before, "info", "In the time before, as long, nobody viewed it.", views=views)]


def completion_in_category(facts: Facts) -> list[Insight]:
    """Completion against the median of 5 or more others of its category: the median lies outside its 95 % interval."""
    views, rate = facts.record["total_views"], facts.record["completion_rate"]
    if views < FEWEST_VIEWS or len(facts.peers) < FEWEST_PEERS or rate is None:
        return []
    usual, (low, high) = median(facts.peers), wilson(min(facts.record["completions"], views), views)
    if low <= usual <= high:
        return []
    is_high = usual < low
    words = (
        f"{rate:.0%} of views end with completion, {'above' if is_high else 'below'} the {usual:.0%} that is the"
        f" middle of {facts.category}."
    )
    return [
        _fired(
            completion_in_category,
            "good" if is_high else "warning",
            words,
            completion_rate=rate,
            median=usual,
            category=facts.category,
            others=len(facts.peers),
            interval=[low, high],
        )
    ]


def country_above_share(facts: Facts) -> list[Insight]:
    """A country with 10 views and twice its share of all content, beyond 3 deviations; the three furthest above."""
    views, every = facts.record["total_views"], sum(facts.countries.values())
    found = []
    for country, count in facts.record["top_countries"].items():
        of_all = facts.countries.get(country, 0) / every if every else 0.0
        share = count / views
        if count < 10 or share < 2 * of_all or not 0 < of_all < 1:
            continue
        if share - of_all < Z * math.sqrt(of_all * (1 - of_all) / views):
            continue
        words = f"{share:.0%} of its views come from {country}, which brings {of_all:.0%} of all views."
        numbers = {"country": country, "views": count, "share": share, "share_of_all": of_all}
        found.append(_fired(country_above_share, "info", words, **numbers))
    return sorted(found, key=lambda each: -each.numbers["share"] / each.numbers["share_of_all"])[:3]


def one_source(facts: Facts) -> list[Insight]:
    """Four fifths of 20 or more views by one way, direct ones aside."""
    views = facts.record["total_views"]
    for field in TRAFFIC[1:]:
        count = facts.record[field]
        if views >= FEWEST_VIEWS and count >= 0.8 * views:
            words = f"{count / views:.0%} of its views come by {_SOURCES[field]} alone."
            return [_fired(one_source, "info", words, source=field, views=count, share=count / views)]
    return []


def passed_over(facts: Facts) -> list[Insight]:
    """Shown 100 times or more in searches and recommendations, and followed less than half as often as all content."""
    shown, clicked = _shown_and_clicked(facts.record)
    of_all, clicks = _shown_and_clicked(facts.everything)
    if shown < 100 or not clicks:
        return []
    rate, usual = clicked / shown, clicks / of_all
    if rate >= usual / 2 or wilson(min(clicked, shown), shown)[1] >= usual:
        return []
    words = f"It was shown {shown:,} times and followed {rate:.1%} of them, where all content comes to {usual:.1%}."
    return [_fired(passed_over, "warning", words, shown=shown, clicked=clicked, rate=rate, rate_of_all=usual)]


def peak_hour(facts: Facts) -> list[Insight]:
    """An hour of day with a fifth of 50 or more views."""
    views = facts.record["total_views"]
    hour, count = max(facts.record["hourly_distribution"].items(), key=lambda each: each[1])
    if views < 50 or count < 0.2 * views:
        return []
    words = f"{count / views:.0%} of its views come between {int(hour)}:00 and {(int(hour) + 1) % 24}:00."
    return [_fired(peak_hour, "info", words, hour=int(hour), views=count, share=count / views)]


RULES: tuple[Callable[[Facts], list[Insight]], ...] = (
    few_views,
    views_changed,
    not_viewed_before,
    completion_in_category,
    country_above_share,
    one_source,
    passed_over,
    peak_hour,
)

_CLICKS = ("search_impressions", "search_clicks", "recommendation_impressions", "recommendation_clicks")


def _fired(rule: Callable[[Facts], list[Insight]], severity: str, sentence: str, **numbers: Any) -> Insight:
    return Insight(rule.__name__, severity, sentence, numbers)


def _times(views: int) -> str:
    return "1 view" if views == 1 else f"{views:,} views"


def _shown_and_clicked(numbers: Mapping[str, Any]) -> tuple[int, int]:
    searched, searches, recommended, recommendations = (numbers[name] or 0 for name in _CLICKS)
    return searched + recommended, searches + recommendations


async def _before(asked: Content, id_: str, period: Period) -> Mapping[str, Any]:
    """Views of `period`, in place of that which is asked about."""
    if period.start >= period.end:
        return {"total_views": 0}
    rest = {name: value for name, value in asked.records.about.items() if name != "period"}
    about = {**rest, "start_time": period.start.isoformat(), "end_time": period.end.isoformat()}
    earlier = replace(asked.records, about=about)
    return await earlier.one({"total_views": RECORD["total_views"]}, filters=(("content_id", id_),))


def _peers(asked: Content, id_: str) -> tuple[str, list[float]]:
    """(the category that most of its views name, completion rates of the others with enough views in it)."""
    parameters = Parameters()
    where = inside(asked.about, parameters)
    this = among([id_], parameters)
    category = f"""(
    SELECT topKIf(1)(texts['category'], texts['category'] != '')[1]
    FROM events
    {where} AND event_type = 'content_view' AND {this}
)"""
    rows = asked.rows(
        f"""SELECT {category} AS named, countIf(event_type = 'content_complete') / countIf(event_type = 'content_view')
FROM events
{where} AND event_type IN ('content_view', 'content_complete') AND content_id != '' AND NOT {this}
GROUP BY content_id
HAVING named != '' AND countIf(event_type = 'content_view') >= {FEWEST_VIEWS}
    AND countIf(event_type = 'content_view' AND texts['category'] = named) > 0""",
        parameters,
    )
    return (str(rows[0][0]), [float(rate) for _, rate in rows]) if rows else ("", [])
