"""docs/metrics.md is in step with the code; `python -m tests.metrics.listing` writes its KPIs."""

from __future__ import annotations

import re

import msgspec

from factbook.demo.flights import FlightProperties
from factbook.metrics.catalog import built_in, load_pack
from factbook.metrics.expressions import FUNCTIONS
from factbook.metrics.model import Dimension, Kind, Metric, Pack, TimePart, Unit

from .listing import BEGIN, DOCS, END, kpis

TEXT = DOCS.read_text("utf-8")
EXAMPLE = re.search(r"<!-- example.*?-->\n```yaml\n(.*?)```", TEXT, re.DOTALL)


def test_the_kpis_are_those_of_the_catalog() -> None:
    assert TEXT.partition(BEGIN)[2].partition(END)[0].strip() == kpis(built_in()).strip()


def test_the_example_is_in_order_beside_the_built_in_packs() -> None:
    assert EXAMPLE
    catalog = built_in().with_pack(load_pack(EXAMPLE[1], "flights.yaml"))
    assert catalog.warnings == ()
    assert catalog.closure("punctuality") == {"late_departures", "departures"}


def test_the_example_is_about_what_the_demo_sends() -> None:
    assert EXAMPLE
    sent = {field.encode_name for field in msgspec.structs.fields(FlightProperties)}
    for held in load_pack(EXAMPLE[1], "flights.yaml").properties.values():
        assert {*held.numbers, *held.texts} <= sent


def test_every_key_measure_unit_function_and_part_of_time_is_told() -> None:
    declared = {"id", "label", "description", "unit", "kpi", "breakdown", "where", "formula"}
    not_declared = {"pack", "source"}
    fields = {name for kind in (Metric, Dimension, Pack) for name in kind.__dataclass_fields__} - not_declared
    words = fields | declared | set(Unit) | set(TimePart) | set(Kind) | {f"{name}(" for name in FUNCTIONS}
    assert [word for word in sorted(words) if not re.search(rf"[`{{ ]{re.escape(word)}", TEXT)] == []
