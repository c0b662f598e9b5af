"""The command `factbook query`: a question over metrics in the terminal, as a table, CSV or JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from factbook.core.errors import invalid, unavailable
from factbook.core.scope import Scope
from factbook.core.settings import Settings, load_settings
from factbook.ingest.file_http import refusal

from .answer_table import explained, table
from .answer_text import csv_lines
from .sink import Server, server

_FORMATS = ("table", "csv", "json")


def query(
    metrics: Annotated[
        list[str], typer.Argument(metavar="METRIC…", help="What to ask for, as revenue or events.count.purchase.")
    ],
    by: Annotated[str | None, typer.Option(metavar="A,B", help="Cut by these dimensions.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=VALUE", help="Only events like that, as country=DE or property.price.gte=10."),
    ] = None,
    last: Annotated[str | None, typer.Option(metavar="30d", help="The newest 30d, 24h, 12w, 6mo.")] = None,
    period: Annotated[
        str | None, typer.Option(help="today, this_month, last_quarter, …; else the last 30 days.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="From this date or time on.")] = None,
    end: Annotated[str | None, typer.Option(help="Up to this time; a date is included whole.")] = None,
    every: Annotated[str, typer.Option(help="Buckets: 1m to 1y, auto, or none for totals alone.")] = "auto",
    compare: Annotated[str | None, typer.Option(help="previous (period) or year.")] = None,
    order: Annotated[str | None, typer.Option(help="Rows by this metric or dimension; -NAME: largest first.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows told apart; the rest is `other`.")] = 10,
    top_per: Annotated[str | None, typer.Option(help="The limit holds within each value of this dimension.")] = None,
    fill: Annotated[str, typer.Option(help="Buckets without events: null, zero, previous or none.")] = "null",
    show: Annotated[str | None, typer.Option(help="share, running_total, moving_average_7.")] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA zone; the tenant's where left out.")] = None,
    include_bots: Annotated[bool, typer.Option("--include-bots", help="Count events of bots too.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show what was read and how long it took.")] = False,
    format_: Annotated[str, typer.Option("--format", help="table, csv or json.")] = "table",
    to: Annotated[str | None, typer.Option(metavar="URL", help="The Factbook to ask.")] = None,
    key: Annotated[str | None, typer.Option(help="A key that may read; else FACTBOOK_ADMIN_KEY.")] = None,
) -> None:
    """Ask for metrics: `factbook query revenue --by category --last 30d --compare previous`."""
    if format_ not in _FORMATS:
        raise invalid(f"{format_!r} is not a format.", field="format", hint="Use " + ", ".join(_FORMATS) + ".")
    if last and period:
        raise invalid("Both --last and --period were given.", field="period", hint="Give one of them.")
    question: dict[str, Any] = {
        "metrics": [name for text in metrics for name in _listed(text)],
        "dimensions": _listed(by),
        "filters": _filters(where or []),
        "period": last or period,
        "start_time": start,
        "end_time": end,
        "granularity": every,
        "compare": {"previous": "previous_period", "year": "previous_year"}.get(compare or "", compare),
        "order": order,
        "limit": limit,
        "top_per": top_per,
        "fill": fill,
        "show": _listed(show),
        "timezone": timezone,
        "include_bots": include_bots,
        "explain": explain,
    }
    answer = _asked({name: value for name, value in question.items() if value not in (None, [], {})}, to, key)
    if format_ == "json":
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    elif format_ == "csv":
        for line in csv_lines(answer):
            sys.stdout.write(line)
    else:
        console = Console()
        console.print(table(answer))
        for line in explained(answer):
            console.print(line, highlight=False, markup=False, style="dim")


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _filters(given: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise invalid(f"{text!r} is no FIELD=VALUE.", field="where", hint="For example --where country=DE.")
        if name in found:
            earlier = found[name] if isinstance(found[name], list) else [found[name]]
            found[name] = [*earlier, value]
        else:
            found[name] = value
    return found


def _asked(question: dict[str, Any], to: str | None, key: str | None) -> dict[str, Any]:
    settings = load_settings()
    running = server(settings, to, key)
    return _from_server(running, question) if running else _from_here(settings, question)


def _from_server(running: Server, question: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {running.key}"}
    try:
        answer = httpx.post(f"{running.address}/dashboard/metrics", json=question, headers=headers, timeout=120.0)
    except httpx.TransportError as error:
        raise unavailable(
            f"Factbook at {running.address} does not answer ({error or type(error).__name__}).",
            hint="Is it running? `factbook doctor` says more.",
        ) from error
    if not answer.is_success:
        raise refusal(answer)
    found: dict[str, Any] = answer.json()
    return found


def _from_here(settings: Settings, question: dict[str, Any]) -> dict[str, Any]:
    """From this process's own warehouse, where nobody serves the data folder."""
    from factbook.app import build
    from factbook.queries.asking.request import from_json

    with build(settings) as services:
        scope = Scope.system(zone=settings.server.timezone)
        asked = services.answers.get(scope, services.tenants.of(scope), from_json(question), services.clock())
        found: dict[str, Any] = json.loads(asyncio.run(asked))
        return found
