"""`factbook bench`: measures this machine, every figure beside a reference of the same run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from factbook.core.settings import load_settings


class Part(StrEnum):
    INGEST = "ingest"
    QUERY = "query"
    METRICS = "metrics"
    BEHAVIOUR = "behaviour"
    DOMAINS = "domains"


EVENTS = {part: 1_000_000 if part is Part.INGEST else 10_000_000 for part in Part}


def bench(
    part: Annotated[Part | None, typer.Argument(help="What to measure; all of it where nothing is said.")] = None,
    events: Annotated[
        int | None,
        typer.Option(
            min=10_000,
            help="How many events are sent (else a million), and how many are read over (else ten million).",
            show_default=False,
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long single events, or reads, go on.")] = 10.0,
    results: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Also keep the figures there as JSON.")] = None,
) -> None:
    """Measure ingest, reads, questions over metrics, people and businesses beside a reference of the same run.

    Starts a server of its own on an empty folder beside the data folder, on the same disk, and removes that folder at
    the end, interrupted or not; your data is not touched. Measure on a quiet machine.
    """
    from rich.console import Console

    from factbook.bench import behaviour, domains, figures, ingest, metrics, query

    console = Console()
    measures = {
        Part.INGEST: ingest.measure,
        Part.QUERY: query.measure,
        Part.METRICS: metrics.measure,
        Part.BEHAVIOUR: behaviour.measure,
        Part.DOMAINS: domains.measure,
    }
    for each in [part] if part else list(Part):
        with _empty_folder() as folder, Console(stderr=True).status("") as status:
            found = measures[each](folder, events=events or EVENTS[each], seconds=seconds, say=status.update)
        run = figures.run_of(each.value, found)
        figures.show(run, console)
        if results is not None:
            stamp = run.at.partition("+")[0].replace(":", "")
            figures.keep(run, results / f"{run.name}-{stamp}.json")


@contextmanager
def _empty_folder() -> Iterator[Path]:
    """On the disk of the data folder: memory that poses as a disk would flatter every figure."""
    beside = load_settings().server.data.absolute().parent
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="factbook-bench-", dir=beside) as made:
        yield Path(made)
