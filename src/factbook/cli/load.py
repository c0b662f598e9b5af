"""The command `factbook load`: events from CSV, NDJSON, JSON and Parquet files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from factbook.core.clock import system_clock
from factbook.core.errors import FactbookError, invalid
from factbook.core.settings import load_settings
from factbook.core.times import zone
from factbook.ingest.file_load import FileLoad, Step, Tally
from factbook.ingest.file_mapping import ColumnMapping
from factbook.ingest.file_report import ReportedLoad
from factbook.ingest.file_sink import Sink
from factbook.ingest.files import SourceFile, source_file

from .load_progress import progress_bar
from .sink import opened_sink

_PREVIEWED = 5


def load(
    files: Annotated[list[Path], typer.Argument(help="CSV, NDJSON, JSON (also .gz, .zst) and Parquet files.")],
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="Which column is this field of the event, as in timestamp=created_at; other names are properties.",
        ),
    ] = None,
    type_: Annotated[str, typer.Option("--type", metavar="NAME", help="The type of all events of the files.")] = "",
    timezone: Annotated[str, typer.Option(help="Where times without an offset are read.")] = "UTC",
    time_format: Annotated[
        str,
        typer.Option(metavar="FORMAT", help="How times are written, as in %d/%m/%Y %H:%M; else ISO 8601 or epochs."),
    ] = "",
    text: Annotated[
        list[str] | None, typer.Option("--text", metavar="COLUMN", help="Numbers in this CSV column stay texts.")
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="csv, ndjson, json or parquet, where the name does not tell.")
    ] = None,
    delimiter: Annotated[str, typer.Option(help="Between CSV cells; found by itself in the header.")] = "",
    encoding: Annotated[str, typer.Option(help="Of CSV files.")] = "utf-8-sig",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the first events as they would be sent.")] = False,
    to: Annotated[str | None, typer.Option(metavar="URL", help="The Factbook to load into.")] = None,
    key: Annotated[str | None, typer.Option(help="Its write or admin key; else FACTBOOK_ADMIN_KEY.")] = None,
) -> None:
    """Load events from files. Interrupted, the same command goes on; repeated, it adds nothing twice."""
    mapping = ColumnMapping(
        fields=_fields(map_ or []),
        event_type=type_,
        zone=zone(timezone),
        time_format=time_format,
        texts=frozenset(text or ()),
    )
    if len(delimiter) > 1:
        delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter, "")
        if not delimiter:
            raise invalid("A delimiter is one character.", field="delimiter", hint="For tabs write --delimiter tab.")
    found = [source_file(path, format_) for path in files]
    loads = [FileLoad(file, mapping, _digest(file), delimiter=delimiter, encoding=encoding) for file in found]
    if dry_run:
        for file, load_ in zip(found, loads, strict=True):
            _preview(load_, file)
        return
    failed = 0
    with opened_sink(to, key, origin="load") as sink:
        for file, load_ in zip(found, loads, strict=True):
            tally = _run(load_, file, sink)
            _report(file, tally)
            _warn_of_retention(tally)
            failed += not _kept(tally)
    if failed:
        raise typer.Exit(1)


def _fields(pairs: list[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for pair in pairs:
        target, equals, column = pair.partition("=")
        if not (target and equals and column):
            raise invalid(f"--map {pair} is not FIELD=COLUMN.", field="map", hint="As in --map user_id=customer.")
        if target in fields:
            raise invalid(f"--map gives {target} twice.", field="map")
        fields["event_id" if target == "id" else target.removeprefix("properties.")] = column
    repeated = {column for column in fields.values() if list(fields.values()).count(column) > 1}
    if repeated:
        raise invalid(f"--map uses the column {min(repeated)} twice.", field="map")
    return fields


def _digest(file: SourceFile) -> str:
    if file.size < 256 << 20:
        return file.digest()
    with progress_bar("bytes", counted=False) as bar:
        task = bar.add_task(f"Reading {file.path.name}", total=file.size, done_now=0)
        return file.digest(lambda done: bar.update(task, completed=done, done_now=done))


def _run(load_: FileLoad, file: SourceFile, sink: Sink) -> Tally:
    with progress_bar("rows", counted=False) as bar:
        task = bar.add_task(file.path.name, total=1.0, done_now=0)
        last = Step(0, 0, 0.0, 0)

        def watch(step: Step) -> None:
            nonlocal last
            last = step
            bar.update(task, completed=step.fraction, done_now=step.rows_now)

        try:
            tally = ReportedLoad(load_, file, sink, system_clock).run(watch)
        except KeyboardInterrupt:
            bar.stop()
            typer.echo(f"Stopped at row {last.rows:,}. The same command goes on from there.", err=True)
            raise
        except FactbookError as error:
            bar.stop()
            where = f" Stopped at row {last.rows:,}; the same command goes on from there." if last.rows else ""
            error.hint = f"{error.hint or ''}{where}".strip() or None
            raise
        bar.update(task, completed=1.0)
        return tally


def _report(file: SourceFile, tally: Tally) -> None:
    name = file.path.name
    if not tally.rows:
        if tally.before:
            typer.echo(f"{name}: loaded already, {tally.before:,} rows; nothing to do.")
        else:
            typer.echo(f"{name}: no rows.")
        return
    parts = [f"{tally.rows:,} rows", f"{tally.accepted:,} kept"]
    if tally.duplicates:
        parts.append(f"{tally.duplicates:,} known already")
    if tally.before:
        parts.append(f"{tally.before:,} loaded before")
    parts.append(f"{tally.refused:,} refused")
    typer.echo(f"{name}: {', '.join(parts)}.")
    for reason, count in tally.reasons.most_common():
        typer.echo(f"  {reason}: {count:,}")
    for bad in tally.examples:
        typer.echo(f"  row {bad.row:,}: {f'{bad.field}: ' if bad.field else ''}{bad.message}")
    if tally.refused:
        typer.echo("  The refused rows stand among the dead letters, each with its reason.")


def _warn_of_retention(tally: Tally) -> None:
    """Old events are taken in, and go again with the next daily retention unless it is told to keep them."""
    days = load_settings().analytics.retention.raw_events
    if tally.oldest and system_clock() - tally.oldest > timedelta(days=days):
        typer.echo(
            f"  Its events go back to {tally.oldest:%Y-%m-%d}; single events are kept for {days} days by default,"
            " and the daily retention removes older ones.\n  To keep them, raise analytics.retention.raw_events (or PUT"
            " /api/v1/privacy/retention) before it runs."
        )


def _kept(tally: Tally) -> bool:
    return bool(tally.accepted or tally.duplicates or tally.before or not tally.rows)


def _preview(load_: FileLoad, file: SourceFile) -> None:
    typer.echo(f"{file.path.name}: the first events as they would be sent")
    for event, why in load_.preview(_PREVIEWED):
        typer.echo(msgspec.json.format(event, indent=2).decode())
        if why:
            typer.echo(f"  would be refused: {why}")
