"""Which indicators were asked for: `rsi`, `sma_50`, `macd_12_26_9`, each with its parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass

from factbook.core.errors import invalid

from .indicators import ALIASES, INDICATORS, Indicator

MAX_CHOSEN = 20

_NAME = re.compile(r"([a-z](?:[a-z]|_(?=[a-z]))*)((?:_[0-9]+(?:\.[0-9]+)?)*)\Z")


@dataclass(frozen=True, slots=True)
class Chosen:
    """name: as it was asked for."""

    name: str
    indicator: Indicator
    parameters: dict[str, float]


def chosen(text: str) -> list[Chosen]:
    """INVALID for an unknown name or a parameter that it does not take."""
    names = list(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    if not names:
        raise invalid("No indicator was named.", field="names", hint="Use " + ", ".join(INDICATORS) + ".")
    if len(names) > MAX_CHOSEN:
        raise invalid(f"At most {MAX_CHOSEN} indicators are told at once.", field="names")
    return [_one(name) for name in names]


def _one(name: str) -> Chosen:
    found = _NAME.match(name)
    indicator = INDICATORS.get(ALIASES.get(found[1], found[1])) if found else None
    if indicator is None or found is None:
        raise invalid(
            f"{name[:40]!r} is no indicator.",
            field="names",
            hint="Use " + ", ".join(INDICATORS) + "; with parameters behind it as sma_50 or macd_12_26_9.",
        )
    given = [float(part) for part in found[2].split("_") if part]
    if len(given) > len(indicator.parameters):
        taken = ", ".join(each.name for each in indicator.parameters) or "none"
        raise invalid(f"{name[:40]} has too many parameters.", field="names", hint=f"It takes {taken}.")
    values: dict[str, float] = {}
    for place, each in enumerate(indicator.parameters):
        value = given[place] if place < len(given) else each.default
        if not each.least <= value <= each.most or (each.whole and value != int(value)):
            kind = "whole number" if each.whole else "number"
            raise invalid(
                f"{each.name} of {name[:40]} is not a {kind} from {each.least:g} to {each.most:g}.", field="names"
            )
        values[each.name] = int(value) if each.whole else value
    if indicator.id == "macd" and values["fast"] >= values["slow"]:
        raise invalid(f"fast of {name[:40]} is not below slow.", field="names", hint="For example macd_12_26_9.")
    return Chosen(name, indicator, values)
