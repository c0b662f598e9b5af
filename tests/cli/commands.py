"""Runs a `factbook` command in a process of its own, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def factbook(*arguments: str, data: Path, timeout: float = 240, **environment: str) -> subprocess.CompletedProcess[str]:
    """rc, stdout and stderr of `factbook ARGUMENTS` on the data folder `data`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACTBOOK_")}
    return subprocess.run(
        [sys.executable, "-m", "factbook", *arguments],
        env={**kept, "FACTBOOK_DATA": str(data), "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
