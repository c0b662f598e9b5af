"""The root command: fast, lazy, and every failure is one clear line with an exit code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from factbook import __version__, cli
from factbook.cli import command
from factbook.core.errors import FactbookError, Kind


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTBOOK_CONFIG", "")
    monkeypatch.setenv("LOG_LEVEL", "")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Puts a command `fail` into the table that raises what it is given."""

    def put(error: BaseException) -> None:
        def fail() -> None:
            raise error

        monkeypatch.setattr("factbook.cli.migrate.fail", fail, raising=False)
        monkeypatch.setitem(command.COMMANDS, "fail", command.Entry("migrate", "fail", "Fails."))

    return put


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in ("serve", "demo", "load", "export", "migrate", "keys", "doctor", "bench", "retention"):
        assert name in shown


def test_help_loads_neither_the_engine_nor_the_server() -> None:
    code = (
        "import sys; from factbook import cli; cli.run(['--help'])\n"
        "heavy = {'chdb', 'pyarrow', 'numpy', 'fastapi', 'sqlalchemy', 'clickhouse_connect', 'uvicorn', 'pydantic'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"factbook {__version__}\n"


def test_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "factbook", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"factbook {__version__}\n"


@pytest.mark.parametrize("name", list(command.COMMANDS))
def test_every_command_is_there_and_takes_a_config_file(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"factbook {name}" in shown
    assert "--config" in shown or "COMMAND" in shown


def test_mistyped_command_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["srve"]) == 2
    assert "serve" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--config", "{}", "migrate"], ["migrate", "--config", "{}"]])
def test_wrong_configuration_ends_with_2_and_names_every_problem(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "factbook.yaml"
    config.write_text("server: {port: 99999, hots: x}")
    assert cli.run([one.format(config) for one in arguments]) == 2
    told = capsys.readouterr().err
    assert "server.port = 99999" in told
    assert "did you mean server.host?" in told
    assert "Traceback" not in told


def test_error_is_one_line_and_a_hint(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(FactbookError(Kind.CONFLICT, "The data folder is in use.", hint="Stop that process."))
    assert cli.run(["fail"]) == 1
    assert capsys.readouterr().err == "factbook: The data folder is in use.\n  Stop that process.\n"


def test_defect_is_told_without_a_traceback(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(ZeroDivisionError("division by zero"))
    assert cli.run(["fail"]) == 1
    told = capsys.readouterr().err
    assert "ZeroDivisionError: division by zero" in told
    assert "Traceback" not in told


def test_defect_shows_where_when_asked(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    failing(ZeroDivisionError("division by zero"))
    assert cli.run(["fail"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_interrupted_ends_with_130(failing: Callable[[BaseException], None]) -> None:
    failing(KeyboardInterrupt())
    assert cli.run(["fail"]) == 130
