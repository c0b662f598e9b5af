"""Runs `factbook bench` and keeps the figures beside this file: `python -m bench [PART] [--events N]`."""

from __future__ import annotations

import sys
from pathlib import Path

from factbook.cli import run

if __name__ == "__main__":
    sys.exit(run(["bench", *sys.argv[1:], "--results", str(Path(__file__).parent / "results")]))
