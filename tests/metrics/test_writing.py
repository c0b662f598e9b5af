"""What a measure is written as reads back as the same measure."""

from __future__ import annotations

import pytest

from factbook.metrics.catalog import built_in
from factbook.metrics.declared.measure import measure_of
from factbook.metrics.declared.section import Section
from factbook.metrics.declared.writing import written
from factbook.metrics.model import Metric, Source
from factbook.metrics.problems import Problem

MEASURED = [metric for metric in built_in().metrics.values() if metric.measure]


@pytest.mark.parametrize("metric", MEASURED, ids=lambda metric: metric.id)
def test_every_built_in_measure_is_written_as_it_can_be_declared(metric: Metric) -> None:
    assert metric.measure
    problems: list[Problem] = []
    section = Section({}, Source(), (), problems)
    assert measure_of(section, written(metric.measure)) == metric.measure
    assert problems == []
