"""What must hold of all packs together: one function a rule, in the visible list CHECKS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from factbook.metrics.model import Pack
from factbook.metrics.problems import Problem

CHECKS: tuple[Callable[[Sequence[Pack]], Iterator[Problem]], ...] = ()


def examine(packs: Sequence[Pack]) -> list[Problem]:
    return [found for check in CHECKS for found in check(packs)]
