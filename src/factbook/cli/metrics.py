"""The commands `factbook metrics`: what there is, whether a file of metrics is in order, and taking one into use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from factbook.core.errors import FactbookError, Kind, not_found, unavailable
from factbook.core.scope import Scope
from factbook.core.settings import Settings, load_settings
from factbook.ingest.file_http import refusal

from .sink import Server, server

app = typer.Typer(help="List metrics, check files of them, take them into use.", no_args_is_help=True)

_To = Annotated[str | None, typer.Option(metavar="URL", help="The Factbook to use.")]
_Key = Annotated[str | None, typer.Option(help="A key for it; else FACTBOOK_ADMIN_KEY.")]


@app.command("list")
def list_(
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORD…]", help="Only those that hold these.")] = None,
    to: _To = None,
    key: _Key = None,
) -> None:
    """Every metric with its unit, formula and description."""
    table = Table("metric", "unit", "formula", "what it says", box=box.SIMPLE_HEAD)
    for metric in _catalog(to, key)["metrics"]:
        told = (metric["id"], metric["unit"], metric["formula"], metric["description"])
        if all(word.lower() in " ".join((*told, metric["label"])).lower() for word in words or ()):
            table.add_row(*told)
    Console().print(table if table.row_count else "No metric holds these words.", markup=False)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="YAML packs.")],
) -> None:
    """Check files of metrics over the built-in ones: every problem with its line. Changes nothing."""
    from factbook.metrics.check import main

    if main([str(file) for file in files]):
        raise typer.Exit(1)


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A YAML pack.")],
    to: _To = None,
    key: _Key = None,
) -> None:
    """Take the metrics and dimensions of a file into use, all or none; what is defined already is changed."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise not_found(f"{file} cannot be read ({error}).") from None
    settings = load_settings()
    running = server(settings, to, key)
    ids = _apply_there(running, text) if running else _apply_here(settings, text, file.name)
    typer.echo(f"In use: {', '.join(ids)}.")


def _apply_there(running: Server, text: str) -> list[str]:
    headers = {"Content-Type": "application/yaml"}
    body = _call(running, "PUT", "/api/v1/metrics/definitions", content=text.encode(), headers=headers)
    return [row["id"] for row in body["definitions"]]


def _apply_here(settings: Settings, text: str, name: str) -> list[str]:
    from factbook.app import build
    from factbook.metrics.definitions import given_in

    given = given_in(text, name)
    if not given:
        raise FactbookError(Kind.INVALID, f"There is neither a metric nor a dimension in {name}.")
    with build(settings) as services:
        return [row.id for row in services.definitions.define(Scope.system(), given, new=False)]


def _catalog(to: str | None, key: str | None) -> dict[str, Any]:
    settings = load_settings()
    running = server(settings, to, key)
    if running:
        return _call(running, "GET", "/api/v1/metrics/catalog")
    from factbook.app import build
    from factbook.metrics.telling import told_catalog

    with build(settings) as services:
        return told_catalog(services.definitions.catalog(Scope.system()))


def _call(running: Server, method: str, path: str, **given: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {running.key}", **given.pop("headers", {})}
    try:
        answer = httpx.request(method, running.address + path, headers=headers, timeout=60.0, **given)
    except httpx.TransportError as error:
        raise unavailable(
            f"Factbook at {running.address} does not answer ({error or type(error).__name__}).",
            hint="Is it running? `factbook doctor` says more.",
        ) from error
    if not answer.is_success:
        raise refusal(answer)
    found: dict[str, Any] = answer.json()
    return found
