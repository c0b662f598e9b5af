"""The command `factbook export`: events to a file or to standard output."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import httpx
import typer

from factbook.core.errors import FactbookError, Kind, invalid, unavailable
from factbook.core.scope import Scope
from factbook.core.settings import Settings, load_settings
from factbook.ingest.file_http import refusal

from .load_progress import progress_bar
from .sink import Server, server

_ENDINGS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet", ".arrow": "arrow"}
_BINARY = ("parquet", "arrow")

Query = list[tuple[str, str]]
"""What is asked for, as the parameters of GET /api/v1/events/export."""


def export(
    output: Annotated[str, typer.Argument(metavar="FILE", help="Where to write; - is standard output.")] = "-",
    format_: Annotated[
        str | None, typer.Option("--format", help="csv, ndjson, parquet or arrow (a stream); else by the file's name.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="From this date or time on.")] = None,
    end: Annotated[str | None, typer.Option(help="Up to this time; a date is included whole.")] = None,
    type_: Annotated[
        list[str] | None, typer.Option("--type", metavar="NAME", help="Only events of this type; may be repeated.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="Where times without an offset are read.")] = None,
    fields: Annotated[str | None, typer.Option(metavar="A,B", help="Only these fields or properties.")] = None,
    to: Annotated[str | None, typer.Option(metavar="URL", help="The Factbook to read from.")] = None,
    key: Annotated[str | None, typer.Option(help="Its admin key; else FACTBOOK_ADMIN_KEY.")] = None,
) -> None:
    """Write events to a file, oldest first. The file appears under its name only when it is whole."""
    chosen = format_ or _ENDINGS.get(Path(output).suffix.lower(), "" if output != "-" else "ndjson")
    if not chosen:
        raise invalid(
            f"The name {output} does not tell the format.",
            field="format",
            hint="Add --format csv, ndjson, parquet or arrow.",
        )
    if output == "-" and chosen in _BINARY and sys.stdout.isatty():
        raise invalid(f"{chosen} is not for a terminal.", field="format", hint="Name a file, or pipe the output.")
    given = [("start_time", start), ("end_time", end), ("timezone", timezone), ("fields", fields)]
    query: Query = [("format", chosen), *((name, value) for name, value in given if value)]
    query += [("event_type", name) for name in type_ or ()]
    with _pieces(query, to, key) as pieces:
        if output == "-":
            written = _write(pieces, sys.stdout.buffer)
        else:
            with whole_file(Path(output)) as file, progress_bar("bytes", counted=False) as bar:
                task = bar.add_task(Path(output).name, total=None, done_now=0)
                written = _write(pieces, file, lambda done: bar.update(task, done_now=done))
    typer.echo(f"{output if output != '-' else 'standard output'}: {written:,} bytes.", err=True)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the name `path` when the block ends, synced, and is removed when the block fails.

    Raises CONFLICT while another process writes it, UNAVAILABLE when the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        file = part.open("ab")
    except OSError as error:
        raise unavailable(f"{path} cannot be written: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FactbookError(Kind.CONFLICT, f"Another export is writing {path} just now.") from None
        try:
            file.truncate(0)  # what a killed export left
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _write(pieces: Iterator[bytes], file: BinaryIO, watch: Callable[[int], None] = lambda done: None) -> int:
    done = 0
    try:
        for piece in pieces:
            file.write(piece)
            done += len(piece)
            watch(done)
        file.flush()
    except OSError as error:
        raise unavailable(f"The export cannot be written: {error.strerror or error}.") from error
    return done


@contextmanager
def _pieces(query: Query, to: str | None, key: str | None) -> Iterator[Iterator[bytes]]:
    settings = load_settings()
    running = server(settings, to, key)
    with _from_server(running, query) if running else _from_here(settings, query) as pieces:
        yield pieces


@contextmanager
def _from_server(running: Server, query: Query) -> Iterator[Iterator[bytes]]:
    timeout = httpx.Timeout(60.0, connect=5.0)
    headers = {"Authorization": f"Bearer {running.key}"}
    try:
        with (
            httpx.Client(base_url=running.address, headers=headers, timeout=timeout) as client,
            client.stream("GET", "/api/v1/events/export", params=httpx.QueryParams(tuple(query))) as answer,
        ):
            if not answer.is_success:
                answer.read()
                raise refusal(answer)
            yield answer.iter_bytes()
    except httpx.TransportError as error:
        raise unavailable(
            f"Factbook at {running.address} broke off or does not answer ({error or type(error).__name__}).",
            hint="Nothing was written under the file's name; run the same command again.",
        ) from error


@contextmanager
def _from_here(settings: Settings, query: Query) -> Iterator[Iterator[bytes]]:
    """From this process's own warehouse, where nobody serves the data folder."""
    from factbook.app import build
    from factbook.events.filters import Condition, Nature, Operator
    from factbook.queries.events import EventsRequest, chosen_fields
    from factbook.queries.export import export_events
    from factbook.queries.period import bounds, zone_of

    asked = dict(query)
    types = tuple(value for name, value in query if name == "event_type")
    conditions = (Condition("event_type", Nature.TEXT, Operator.IN, types),) if types else ()
    with build(settings) as services:
        scope = Scope.system(zone=services.tenant_settings.calendar(Scope.system()).zone.key)
        start, end = bounds(asked.get("start_time"), asked.get("end_time"), zone_of(scope, asked.get("timezone")))
        request = EventsRequest(start=start, end=end, conditions=conditions, fields=chosen_fields(asked.get("fields")))
        yield export_events(services.warehouse, scope, request, asked["format"])
