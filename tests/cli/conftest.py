"""Runs the command `factbook` as its user does: in a process of its own, with an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def factbook(tmp_path: Path) -> Run:
    """`factbook("doctor", "--json", SERVER_PORT="9000")`, on the data folder `tmp_path / "data"`."""

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return subprocess.run(
            [sys.executable, "-m", "factbook", *arguments],
            env={**clean, "FACTBOOK_DATA": str(tmp_path / "data"), "SERVER_PORT": "0", **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run
