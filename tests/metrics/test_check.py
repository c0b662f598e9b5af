"""The check as a command: what it prints, and when it fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from factbook.metrics.check import main


def test_packs_in_order_pass_and_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.endswith(" metrics are in order.\n")


def test_an_error_fails_and_is_told_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        "pack: own\nlabel: Own\nmetrics:\n  - {id: a, label: A, unit: count, description: A., formula: ordrs}\n"
    )
    assert main([str(file)]) == 1
    told = capsys.readouterr()
    assert told.err == f"error: {file}:4: The formula names the unknown metric 'ordrs'. Did you mean 'orders'?\n"
    assert told.out == ""


def test_a_warning_is_told_and_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        "pack: own\nlabel: Own\nmetrics:\n"
        "  - {id: a, label: A, unit: number, description: A., events: [purchase], measure: {sum: amont}}\n"
    )
    assert main([str(file)]) == 0
    assert capsys.readouterr().err == (
        f"warning: {file}:4: The property 'amont' of purchase is not known. Did you mean 'amount'?\n"
    )


def test_every_broken_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for file in files:
        file.write_text("pack: own\n")
    assert main([str(file) for file in files]) == 1
    assert capsys.readouterr().err == "".join(f"error: {file}:1: 'label' is missing.\n" for file in files)


def test_a_file_that_is_not_there_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.yaml")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_it_runs_as_make_check_runs_it(tmp_path: Path) -> None:
    broken = tmp_path / "own.yaml"
    broken.write_text("pack: [own]\nlabel: Own\n")
    command = [sys.executable, "-m", "factbook.metrics.check"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert subprocess.run([*command, str(broken)], capture_output=True, check=False).returncode == 1
