"""The client stands alone: programs import it without the server's weight, and nothing of Factbook but itself."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import factbook.client

FOLDER = Path(factbook.client.__file__).parent
HEAVY = {"chdb", "clickhouse_connect", "fastapi", "numpy", "pandas", "polars", "pyarrow", "pydantic", "sqlalchemy"}


def loaded(statement: str) -> set[str]:
    code = f"import json, sys\n{statement}\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_importing_it_loads_nothing_heavy_and_no_other_part() -> None:
    modules = loaded("from factbook.client import Client\nClient('http://127.0.0.1:9', 'key')")
    assert not HEAVY & modules
    parts = {name.split(".")[1] for name in modules if name.startswith("factbook.")}
    assert parts == {"client"}


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.name)
def test_no_module_imports_another_part_of_factbook(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level <= 1, path
            assert not (node.module or "").startswith("factbook"), path
        elif isinstance(node, ast.Import):
            assert not any(alias.name.startswith("factbook") for alias in node.names), path
