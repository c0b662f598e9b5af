"""Programs that walk the code and hold it to docs/architecture.md: scopes, floors, side effects, docstrings."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

import pytest

import factbook

SOURCE = Path(factbook.__file__).parent
MODULES = {
    ".".join(("factbook", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}

ENGINE_USERS = (
    "factbook.storage",
    "factbook.ingest.writer",
    "factbook.ingest.dead_letters",
    "factbook.ingest.erasure",
    "factbook.ingest.identities",
    "factbook.ingest.recall",
    "factbook.ingest.retention",
    "factbook.ingest.retention_of_people",
    "factbook.ingest.session_blocks",
    "factbook.ingest.session_lease",
    "factbook.ingest.sessions",
    "factbook.services",
    "factbook.app",
    "factbook.jobs",
    "factbook.cli",
    "factbook.bench",
)
ENVIRONMENT_READERS = (
    "factbook.core.settings",
    "factbook.cli",
    "factbook.bench.server",
    "factbook.storage.sealed_disk",  # hands the engine its key there
)
OF_ALL_TENANTS = (
    "factbook.storage",
    "factbook.ingest.event_types",
    "factbook.ingest.personal",
    "factbook.ingest.retention",
    "factbook.access.attempts",
    "factbook.access.keys",
    "factbook.access.people",
    "factbook.access.person_requests",
    "factbook.access.quotas",
    "factbook.access.sign_in",
    "factbook.access.tenancy",
    "factbook.access.tenant_removal",
    "factbook.access.token_keys",
    "factbook.jobs",
    "factbook.cli",
)
"""Who may call what goes over tenants: the ways in, which know no caller yet, the work behind them, whoever operates
the server."""
ROWLESS = {"open", "close", "ping", "unknown"}
"""Methods of the metadata that touch no row."""
READS = {"records", "rows", "counted", "table", "batches", "stream"}


def within(name: str, parts: tuple[str, ...]) -> bool:
    return any(name == part or name.startswith(part + ".") for part in parts)


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reads(tree: ast.AST, owner: str) -> Iterator[ast.Call]:
    """Calls of a read on something called `owner`, `_owner`, `….owner`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READS:
            target = node.func.value
            called = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
            if called.lstrip("_") == owner:
                yield node


def is_scope(argument: ast.expr) -> bool:
    """`scope`, `….scope`, `Scope.system(…)` or `Scope(…)`."""
    if isinstance(argument, ast.Call):
        function = argument.func
        return "Scope" in (getattr(function, "id", ""), getattr(getattr(function, "value", None), "id", ""))
    return (getattr(argument, "id", "") or getattr(argument, "attr", "")).lstrip("_") in ("scope", "system")


def test_every_read_of_the_warehouse_passes_a_scope() -> None:
    seen = 0
    for name, tree in TREES.items():
        for call in reads(tree, "warehouse"):
            seen += 1
            assert call.args, f"{name}:{call.lineno}"
            assert is_scope(call.args[0]), f"{name}:{call.lineno} reads without a scope: {ast.unparse(call)[:100]}"
    assert seen > 5


@pytest.mark.parametrize(
    ("code", "good"),
    [
        ("self._warehouse.rows(scope, sql)", True),
        ("services.warehouse.table(request.scope, sql)", True),
        ("warehouse.rows(Scope.system(), sql)", True),
        ("warehouse.rows(sql)", False),
        ("self.warehouse.records('default', sql)", False),
    ],
)
def test_the_walk_itself_sees_a_missing_scope(code: str, good: bool) -> None:
    [call] = reads(ast.parse(code), "warehouse")
    assert is_scope(call.args[0]) is good


def rows_of_metadata() -> Iterator[tuple[str, ast.FunctionDef]]:
    """The public methods of Metadata and of every part that it is made of."""
    parts = {node.func.id for node in ast.walk(TREES["factbook.storage.metadata"]) if _is_made(node)}
    for name, tree in TREES.items():
        for kind in ast.walk(tree) if name.startswith("factbook.storage.") else ():
            if isinstance(kind, ast.ClassDef) and kind.name in {"Metadata", *parts}:
                yield from ((kind.name, each) for each in kind.body if _is_public(each))


def _is_made(node: ast.AST) -> TypeGuard[Any]:
    """Whether it calls for a part of the metadata, which are called rows."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("Rows")


def _is_public(node: ast.AST) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef) and not node.name.startswith("_")


def test_every_row_of_the_metadata_is_reached_through_a_scope() -> None:
    """Which mypy then holds every caller to; but for what says by its name that it goes over all tenants."""
    found = list(rows_of_metadata())
    assert {"Metadata", "DefinitionRows", "PeopleRows", "AuditRows", "PrivacyRows"} <= {kind for kind, _ in found}
    for kind, method in found:
        if method.name not in ROWLESS and not method.name.endswith("_of_system"):
            first = [ast.unparse(each.annotation or each) for each in method.args.args[1:2]]
            assert first == ["Scope"], f"{kind}.{method.name} takes no scope"


def test_few_go_over_the_rows_of_all_tenants() -> None:
    for name, tree in TREES.items():
        calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        named = sorted(each for each in calls if each.endswith("_of_system"))
        assert not named or within(name, OF_ALL_TENANTS), f"{name} goes over all tenants: {named}"


def test_the_unscoped_engine_is_imported_by_few() -> None:
    strangers = {
        name
        for name, tree in TREES.items()
        if any(each.startswith("factbook.storage.engine") for each in imports(tree)) and not within(name, ENGINE_USERS)
    }
    assert not strangers


def test_nobody_else_reads_through_the_unscoped_engine() -> None:
    for name, tree in TREES.items():
        if not within(name, ENGINE_USERS):
            lines = [call.lineno for call in reads(tree, "engine")]
            assert not lines, f"{name}:{lines} reads without a scope; use the Warehouse"


def test_the_environment_is_read_in_one_place() -> None:
    for name, tree in TREES.items():
        if within(name, ENVIRONMENT_READERS):
            continue
        for node in ast.walk(tree):
            read = isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
            assert not read, f"{name}:{getattr(node, 'lineno', 0)} reads the environment; use the settings"


@pytest.mark.parametrize("name", TREES)
def test_module_says_in_a_sentence_what_it_owns(name: str) -> None:
    docstring = ast.get_docstring(TREES[name])
    assert docstring, f"{name} has no docstring"
    first = docstring.split("\n\n")[0].replace("\n", " ")
    assert first.endswith("."), f"{name}: {first!r}"
    assert 10 <= len(first) <= 240, f"{name}: {first!r}"


_WALK = """
import importlib, json, os, sys, threading
acts = []
def hook(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes and str(path) not in ("/dev/null",):
            acts.append(f"open {path} to write")
    elif event == "socket.bind" and arguments[1][1] == 0:
        pass  # urllib3 tries whether this machine has IPv6
    elif event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.mkdir", "os.remove", "os.rename"):
        acts.append(f"{event} {arguments[:2]}")
sys.addaudithook(hook)
for name in json.loads(sys.argv[1]):
    before = len(acts), threading.active_count()
    importlib.import_module(name)
    if (len(acts), threading.active_count()) != before:
        acts.append(f"-- by importing {name}; threads: {[t.name for t in threading.enumerate()]}")
print(json.dumps(acts))
"""


def test_importing_every_module_does_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    names = [name for name in MODULES if not name.endswith("__main__") and ".alembic" not in name]
    done = subprocess.run(
        [sys.executable, "-B", "-c", _WALK, json.dumps(names)],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": os.defpath, "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == []
    assert list(tmp_path.iterdir()) == []
    assert done.stderr == ""
