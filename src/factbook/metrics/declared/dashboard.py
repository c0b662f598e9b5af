"""One dashboard of a document, with its tiles."""

from __future__ import annotations

import re

from factbook.core.times import INTERVALS
from factbook.metrics.model import Chart, Dashboard, Tile
from factbook.metrics.problems import did_you_mean

from .metric import id_of
from .section import Section

MAX_TILES, MAX_METRICS, MAX_ROWS = 24, 8, 100

_PERIOD = re.compile(
    r"\d{1,4}(m|h|d|w|mo)|today|yesterday|fiscal_year|last_fiscal_year"
    r"|(this|last)_(week|month|quarter|year)|last_\d{1,4}_(minute|hour|day|week|month)s?"
)


def dashboard_of(section: Section, pack: str) -> Dashboard:
    dashboard = Dashboard(
        id=id_of(section),
        label=section.text("label"),
        tiles=tuple(_tile(one) for one in section.sections("tiles")),
        description=section.text("description", ""),
        period=_period(section, "30d"),
        pack=pack,
    )
    section.end()
    if not 1 <= len(dashboard.tiles) <= MAX_TILES:
        section.complain("tiles", f"A dashboard has 1 to {MAX_TILES} tiles.")
    return dashboard


def _tile(section: Section) -> Tile:
    tile = Tile(
        title=section.text("title"),
        metrics=section.texts("metrics"),
        by=section.texts("by"),
        chart=section.choice("chart", Chart),
        granularity=section.text("granularity", ""),
        period=_period(section, ""),
        limit=section.whole("limit", 1, MAX_ROWS, 10),
    )
    section.end()
    if not 1 <= len(tile.metrics) <= MAX_METRICS:
        section.complain("metrics", f"A tile shows 1 to {MAX_METRICS} metrics.", "For example metrics: [revenue].")
    if tile.granularity and tile.granularity not in INTERVALS:
        hint = did_you_mean(tile.granularity, INTERVALS) or "Use " + ", ".join(INTERVALS) + "."
        section.complain("granularity", f"{tile.granularity[:40]!r} is no length of a bucket.", hint)
    return tile


def _period(section: Section, default: str) -> str:
    period = section.text("period", default)
    if period and not _PERIOD.fullmatch(period):
        section.complain("period", f"{period[:40]!r} is no name of a period.", "For example 30d, today or this_month.")
    return period
