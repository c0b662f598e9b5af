"""A measured figure beside its reference, and a run's figures as a table and as JSON."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table


class Figure(msgspec.Struct, frozen=True):
    """aim: what the project promises, in words. good: whether it was reached, None where nothing is promised."""

    what: str
    value: float
    unit: str
    reference: float | None = None
    reference_what: str = ""
    aim: str = ""
    good: bool | None = None


class Run(msgspec.Struct, frozen=True):
    name: str
    at: str
    machine: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Aim:
    words: str
    reached: Callable[[float], bool]


def at_least(bound: float, unit: str) -> Aim:
    return Aim(f"at least {_short(bound)} {unit}".rstrip(), lambda value: value >= bound)


def below(bound: float, unit: str) -> Aim:
    return Aim(f"below {_short(bound)} {unit}".rstrip(), lambda value: value < bound)


def figure(
    what: str, value: float, unit: str, *, reference: tuple[float, str] | None = None, aim: Aim | None = None
) -> Figure:
    return Figure(
        what=what,
        value=round(value, 3),
        unit=unit,
        reference=round(reference[0], 3) if reference else None,
        reference_what=reference[1] if reference else "",
        aim=aim.words if aim else "",
        good=aim.reached(value) if aim else None,
    )


def percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(np.asarray(values), share)) if values else float("nan")


def run_of(name: str, figures: Sequence[Figure]) -> Run:
    machine = f"{platform.machine()}, {_cores()} cores, Python {platform.python_version()}"
    return Run(name, datetime.now(UTC).isoformat(timespec="seconds"), machine, tuple(figures))


def show(run: Run, console: Console) -> None:
    table = Table(title=f"{run.name} — {run.at}, {run.machine}", title_justify="left")
    for heading, justify in (("", "left"), ("measured", "right"), ("reference of this run", "left"), ("aim", "left")):
        table.add_column(heading, justify="right" if justify == "right" else "left")
    for each in run.figures:
        mark = {True: " [green]✓[/green]", False: " [red]✗[/red]", None: ""}[each.good]
        reference = "" if each.reference is None else f"{_short(each.reference)} {each.unit}: {each.reference_what}"
        table.add_row(each.what, f"{_short(each.value)} {each.unit}", reference, each.aim + mark)
    console.print(table)


def keep(run: Run, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=2))


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0))
