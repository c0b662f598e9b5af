"""Every question that is measured is answered, and has its reference of the same run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from factbook.bench import behaviour, metrics
from factbook.bench.figures import Figure
from factbook.bench.questions import QUESTIONS


@pytest.mark.parametrize("measure", [metrics.measure, behaviour.measure])
def test_every_question_has_a_figure_beside_its_reference(tmp_path: Path, measure: Callable[..., list[Figure]]) -> None:
    found = measure(tmp_path, events=20_000, seconds=0.1, say=lambda text: None)
    asked = len(QUESTIONS) if measure is metrics.measure else len(behaviour.ANALYSES)
    assert sum(each.reference is not None for each in found) >= asked
    assert all(each.value > 0 for each in found)
