"""Real price history that the package `backtesting` ships, read without importing it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.metadata import files
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Bar:
    """at: as the file has it."""

    at: str
    open: float
    high: float
    low: float
    close: float
    volume: float


@cache
def history(symbol: str) -> tuple[Bar, ...]:
    """GOOG by day from 2004 to 2013, EURUSD by hour of 2017 and 2018."""
    [found] = [Path(str(file.locate())) for file in files("backtesting") or () if file.name == f"{symbol}.csv"]
    with found.open() as lines:
        rows = list(csv.reader(lines))[1:]
    return tuple(Bar(at, *map(float, numbers)) for at, *numbers in rows)
