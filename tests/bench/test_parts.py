"""Every question that is measured is answered, and has its reference of the same run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from factbook.bench import behaviour, domains, metrics
from factbook.bench.figures import Figure
from factbook.bench.questions import QUESTIONS

ASKED = {
    metrics.measure: len(QUESTIONS),
    behaviour.measure: len(behaviour.ANALYSES),
    domains.measure: len(domains.READINGS),
}


@pytest.mark.parametrize("measure", ASKED)
def test_every_question_has_a_figure_beside_its_reference(tmp_path: Path, measure: Callable[..., list[Figure]]) -> None:
    found = measure(tmp_path, events=100_000, seconds=0.1, say=lambda text: None)
    assert sum(each.reference is not None for each in found) >= ASKED[measure]
    assert all(each.value > 0 for each in found)
