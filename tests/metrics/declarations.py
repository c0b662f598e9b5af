"""YAML of packs for tests: a small pack in order, and what is wrong with one that was changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from factbook.core.errors import FactbookError
from factbook.metrics.catalog import Catalog, load_pack
from factbook.metrics.checks import examine
from factbook.metrics.problems import DeclarationError, Problem

SHOP = """\
pack: shop
label: Shop
kpis: {revenue: Revenue}
properties:
  purchase: {numbers: [amount, quantity], texts: [category], flags: [gift]}
  subscription_started: {numbers: [mrr], texts: [plan]}
  subscription_canceled: {}
dimensions:
  - {id: category, label: Category, field: property.category}
  - {id: weekday, label: Weekday, time_part: day_of_week}
metrics:
  - id: revenue
    label: Revenue
    unit: currency
    description: What was paid.
    events: [purchase]
    measure: {sum: amount}
    kpi: revenue
    breakdown: category
  - id: orders
    label: Orders
    unit: count
    description: Purchases.
    events: [purchase]
    measure: count
    where: gift = false and quantity > 0
    dimensions: [category, weekday, country, property.colour]
  - id: average
    label: Average
    unit: currency
    description: What one brings.
    formula: revenue / orders
  - id: mrr
    label: MRR
    unit: currency
    description: Recurring.
    events: [subscription_started]
    measure: {state: mrr, by: user_id, until: [subscription_canceled]}
"""
"""In order: nothing to complain about."""


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of tests/cases/NAME.yaml."""
    file = Path(__file__).parent.parent / "cases" / f"{name}.yaml"
    found: list[dict[str, Any]] = yaml.safe_load(file.read_text("utf-8"))
    return found


def changed(old: str, new: str, text: str = SHOP) -> str:
    """The pack with one place in it changed."""
    assert text.count(old) == 1, f"{old!r} stands there {text.count(old)} times"
    return text.replace(old, new)


def with_metric(declared: str, text: str = SHOP) -> tuple[str, int]:
    """The pack with a metric more, given as flow YAML; and the line on which it stands."""
    return f"{text}  - {declared}\n", text.count("\n") + 1


def problems(*texts: str) -> list[Problem]:
    """Everything that is wrong with packs, called pack.yaml, pack1.yaml, …."""
    try:
        packs = [load_pack(text, f"pack{number or ''}.yaml") for number, text in enumerate(texts, 0)]
    except DeclarationError as error:
        return list(error.problems)
    return examine(packs)


def told(*texts: str) -> list[str]:
    return [("warning " if one.is_warning else "") + str(one) for one in problems(*texts)]


def refusal(text: str) -> FactbookError:
    try:
        Catalog((load_pack(text, "pack.yaml"),))
    except FactbookError as error:
        return error
    raise AssertionError("It was taken.")
