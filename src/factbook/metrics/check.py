"""`python -m factbook.metrics.check [FILE…]`: checks the built-in packs, and further files over them, and tells all."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from factbook.core.errors import FactbookError

from .checks import examine
from .pack_files import load_files, load_packs
from .problems import DeclarationError, Problem


def check(files: Sequence[Path]) -> tuple[int, list[Problem]]:
    """How many metrics the built-in packs and `files` declare, and all that is wrong with them."""
    try:
        packs = (*load_packs(), *load_files(files))
    except DeclarationError as error:
        return 0, list(error.problems)
    return sum(len(pack.metrics) for pack in packs), examine(packs)


def main(arguments: Sequence[str]) -> int:
    """Prints every problem; 1 when there is an error, 0 for warnings alone."""
    try:
        metrics, problems = check([Path(argument) for argument in arguments])
    except FactbookError as error:
        sys.stderr.write(f"error: {error.message}\n")
        return 1
    for one in problems:
        sys.stderr.write(f"{'warning' if one.is_warning else 'error'}: {one}\n")
    if any(not one.is_warning for one in problems):
        return 1
    sys.stdout.write(f"{metrics} metrics are in order.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
