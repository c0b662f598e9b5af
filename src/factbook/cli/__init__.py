"""The command `factbook`: one table of commands, each loaded only when it is used; errors as one clear line."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from factbook import __version__
from factbook.core.errors import FactbookError

from .command import COMMANDS, Commands

__all__ = ["COMMANDS", "main", "run"]

app = typer.Typer(
    name="factbook",
    cls=Commands,
    help="Events in, facts out: an analytics service that starts with one command.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"factbook {__version__}")
        raise typer.Exit


@app.callback()
def root(
    config: Annotated[
        Path | None, typer.Option("--config", help="The YAML file of the configuration.", envvar="FACTBOOK_CONFIG")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    if config is not None:
        os.environ["FACTBOOK_CONFIG"] = str(config)


def main() -> None:
    """The entry point. Exit codes: 0 done, 1 failed, 2 wrong configuration or usage, 130 interrupted."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command line in this process and returns its exit code; what went wrong stands on stderr."""
    command: Any = typer.main.get_command(app)
    try:
        command.main(args=arguments, prog_name="factbook")
    except FactbookError as error:
        return _failed(error)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 (the last one who can say anything)
        return _defect(error)
    return 0


def _failed(error: FactbookError) -> int:
    typer.echo(f"factbook: {error.message}", err=True)
    if error.hint:
        typer.echo(f"  {error.hint}", err=True)
    return getattr(error, "exit_code", 1)


def _defect(error: Exception) -> int:
    typer.echo(f"factbook: a defect in Factbook: {type(error).__name__}: {error}", err=True)
    if os.environ.get("LOG_LEVEL", "").upper() == "DEBUG":
        typer.echo("".join(traceback.format_exception(error)), err=True)
    else:
        typer.echo("  Run it again with LOG_LEVEL=DEBUG to see where.", err=True)
    return 1
