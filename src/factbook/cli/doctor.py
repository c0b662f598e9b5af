"""`factbook doctor`: what is configured and from where, what answers, what is wrong and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from factbook import __version__
from factbook.core.catalog import catalog, shown, value_of
from factbook.core.settings import ConfigurationError, Loaded, load

_MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "broken": ("BROKEN", "red")}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Show the settings that stand at their default, too.")] = False,
) -> None:
    """Say what is configured, what answers, what is wrong and how to mend it.

    Works while the server runs, which is then asked over HTTP, and while it does not. Exit code 1 if something is
    broken. Changes nothing.
    """
    from .checkup import BROKEN, Examined, Finding, examine

    try:
        loaded = load()
    except ConfigurationError as error:
        findings = [
            Finding("configuration", BROKEN, f"{one.key} = {one.value} ({one.source})", one.allowed)
            for one in error.problems
        ]
        _say([], findings, as_json=as_json)
        raise typer.Exit(1) from None

    from factbook.storage.folder import read_holder

    findings = examine(Examined(loaded, read_holder(loaded.settings.server.data)))
    _say(_values(loaded, every=every or as_json), findings, as_json=as_json)
    if any(finding.state == BROKEN for finding in findings):
        raise typer.Exit(1)


def _values(loaded: Loaded, *, every: bool) -> list[dict[str, Any]]:
    """Key, value (secrets masked), source and use of each setting; without `every`, of those that were set."""
    return [
        {
            "key": setting.key,
            "value": shown(setting, value_of(loaded.settings, setting.key)),
            "source": loaded.origins.get(setting.key, "default"),
            "used": not setting.future,
        }
        for setting in catalog()
        if every or setting.key in loaded.origins
    ]


def _say(values: list[dict[str, Any]], findings: Sequence[Any], *, as_json: bool) -> None:
    broken = sum(finding.state == "broken" for finding in findings)
    if as_json:
        body = {
            "version": __version__,
            "status": "broken" if broken else "ok",
            "configuration": values,
            "findings": [asdict(finding) for finding in findings],
        }
        typer.echo(json.dumps(body, indent=2))
        return
    typer.secho(f"Factbook {__version__}", bold=True)
    typer.secho("\nConfigured", bold=True)
    width = max((len(value["key"]) for value in values), default=0)
    for value in values:
        typer.echo(f"  {value['key']:<{width}}  {value['value'] or '(empty)'}  [{value['source']}]")
    if not values:
        typer.echo("  everything at its default")
    typer.secho("\nFound", bold=True)
    width = max(len(finding.topic) for finding in findings)
    for finding in findings:
        word, colour = _MARKS[finding.state]
        typer.echo(f"  {typer.style(f'{word:<6}', fg=colour)}  {finding.topic:<{width}}  {finding.message}")
        if finding.mend:
            typer.echo(f"  {'':6}  {'':<{width}}  → {finding.mend}")
    end = f"{broken} thing{'s' if broken != 1 else ''} broken." if broken else "Nothing is broken."
    typer.secho(f"\n{end}", bold=True, fg="red" if broken else "green")
