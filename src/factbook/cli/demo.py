"""The command `factbook demo`: loads the demo data, and replays it live."""

from __future__ import annotations

import signal
import threading
from typing import Annotated, Any

import typer
from rich.progress import TaskID

from factbook.demo.businesses.made_up import SOURCE
from factbook.demo.loading import Step, Summary, load_demo
from factbook.demo.replay import replay
from factbook.ingest.file_sink import Sink

from .load_progress import progress_bar
from .sink import opened_sink


def demo(
    shift: Annotated[
        bool,
        typer.Option(
            "--shift/--as-it-was",
            help="Move the data so that it ends now, or leave it in 1997 and 2013, without what is made up.",
        ),
    ] = True,
    live: Annotated[bool, typer.Option("--live", help="Then keep replaying it, as if it happened now.")] = False,
    speed: Annotated[float, typer.Option(min=0.1, max=20_000, help="Events a second of --live.")] = 50.0,
    to: Annotated[str | None, typer.Option(metavar="URL", help="The Factbook to load into.")] = None,
    key: Annotated[str | None, typer.Option(help="Its write or admin key; else FACTBOOK_ADMIN_KEY.")] = None,
) -> None:
    """Load the demo data: 69,659 purchases and 336,776 flights, which happened, and four businesses, which are made up.

    Interrupted, the same command goes on.
    """
    with opened_sink(to, key, origin="demo") as sink:
        summary = loaded_with_progress(sink, shift=shift)
        typer.echo(told(summary))
        if live:
            _replay(sink, speed)


def loaded_with_progress(sink: Sink, *, shift: bool) -> Summary:
    """`load_demo` with a progress bar in the terminal."""
    with progress_bar("events", counted=True) as bar:
        tasks: dict[str, TaskID] = {}
        begun: dict[str, int] = {}

        def show(step: Step) -> None:
            if step.title not in tasks:
                tasks[step.title] = bar.add_task(step.title, total=step.total, done_now=0)
                begun[step.title] = step.done
            bar.update(tasks[step.title], completed=step.done, done_now=step.done - begun[step.title])

        try:
            return load_demo(sink, shift=shift, progress=show)
        except KeyboardInterrupt:
            bar.stop()
            typer.echo("Stopped. The same command goes on from there.", err=True)
            raise


def told(summary: Summary) -> str:
    """In a sentence or two what was loaded."""
    ends = f"{summary.ends:%Y-%m-%d %H:%M} UTC."
    if summary.made_up:
        ends += (
            f" {summary.made_up:,} of them are made up (their source is {SOURCE}): content, systems, imports, trading."
        )
    if summary.nothing_to_do:
        return f"The demo data is loaded already: {summary.total:,} events, the last of them at {ends}"
    refused = sum(part.refused for part in summary.parts)
    more = f", {refused:,} refused" if refused else ""
    return f"Demo data: {summary.accepted:,} events loaded of {summary.total:,}{more}, the last of them at {ends}"


def _replay(sink: Sink, speed: float) -> None:
    """Replays until SIGINT or SIGTERM."""
    stop = threading.Event()

    def end(*_: Any) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with progress_bar("events", counted=False) as bar:
            task = bar.add_task("Replaying live (Ctrl-C stops it)", total=None, done_now=0)
            sent = replay(sink, speed, stop, progress=lambda done: bar.update(task, done_now=done))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    typer.echo(f"Replayed {sent:,} events. The same command goes on from there.")
