"""The table of commands, and how one is found without importing the others."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True)
class Entry:
    """module: below `factbook.cli`. attribute: the command's function, or a Typer app of several. help: one line."""

    module: str
    attribute: str
    help: str


COMMANDS: dict[str, Entry] = {
    "serve": Entry("serve", "serve", "Start the server."),
    "demo": Entry("demo", "demo", "Load the demo data, or keep replaying it."),
    "load": Entry("load", "load", "Load events from CSV, NDJSON or Parquet files."),
    "query": Entry("query", "query", "Ask for metrics: a table, CSV or JSON."),
    "metrics": Entry("metrics", "app", "List metrics, check files of them, take them into use."),
    "export": Entry("export", "export", "Write events to a file."),
    "migrate": Entry("migrate", "migrate", "Bring warehouse and metadata to the newest schema."),
    "keys": Entry("keys", "keys", "Make, list and revoke keys."),
    "people": Entry("people", "people", "Add, list, change and disable who may sign in."),
    "tenants": Entry("tenants", "tenants", "Add, list and suspend tenants; tell what each uses."),
    "doctor": Entry("doctor", "doctor", "Say what answers, what is wrong and how to mend it."),
    "bench": Entry("bench", "bench", "Measure ingest and queries beside a reference of the same run."),
    "privacy": Entry("privacy", "privacy", "Tell all that is kept about a person, erase him, report."),
    "retention": Entry("retention", "retention", "Remove what is older than its retention, now."),
}


class Deferred(TyperCommand):
    """Stands for a command in the list; its module is imported when it runs, is completed or shows its own help."""

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name=name, help=entry.help, callback=None)
        self._entry = entry

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        return self._load().make_context(info_name, args, parent=parent, **extra)

    def _load(self) -> Any:
        module = importlib.import_module(f"factbook.cli.{self._entry.module}")
        found = getattr(module, self._entry.attribute)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_command(found)
        else:
            single = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
            single.command(name=self.name, context_settings={"help_option_names": ["-h", "--help"]})(found)
            command = typer.main.get_command(single)
        for each in [command, *getattr(command, "commands", {}).values()]:
            if not any("--config" in parameter.opts for parameter in each.params):
                each.params.append(_config_option())
        return command


class Commands(TyperGroup):
    """The commands of the table, in its order."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in COMMANDS.items():
            self.add_command(Deferred(name, entry), name)


def _use(path: Path | None) -> None:
    if path is not None:
        os.environ["FACTBOOK_CONFIG"] = str(path)


def _config_option() -> Any:
    """`--config`, so that it may also stand behind the command's name."""

    def holder(
        config: Annotated[
            Path | None,
            typer.Option(
                "--config",
                callback=_use,
                expose_value=False,
                help="The YAML file of the configuration.",
                metavar="FILE",
            ),
        ] = None,
    ) -> None:
        """Only its option is used."""

    single = typer.Typer(add_completion=False)
    single.command()(holder)
    command: Any = typer.main.get_command(single)
    return next(parameter for parameter in command.params if "--config" in parameter.opts)
