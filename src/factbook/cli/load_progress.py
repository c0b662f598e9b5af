"""The progress bar of long work in the terminal: how much is done, how fast, how long it still takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class RateColumn(ProgressColumn):
    """Rows or events a second of this run."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        elapsed = (task.finished_time if task.finished else task.elapsed) or 0.0
        done = float(task.fields.get("done_now", 0))
        rate = f"{done / elapsed:,.0f} {self._unit}/s" if elapsed > 0.2 and done else ""
        return Text(rate, style="progress.data.speed")


@contextmanager
def progress_bar(unit: str, *, counted: bool) -> Iterator[Progress]:
    """A bar on stderr, quiet where that is no terminal. counted: shows done/total, else a percentage."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn() if counted else TaskProgressColumn(),
        RateColumn(unit),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=False,
    ) as bar:
        yield bar
