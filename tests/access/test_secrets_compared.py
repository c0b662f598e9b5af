"""Secrets are compared so that time tells nothing: by digest in a table, or by hmac.compare_digest."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import factbook.access
from factbook.access.keys import Keys, digest
from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope

ACCESS = Path(factbook.access.__path__[0])
SECRET = {"token", "key", "password", "secret", "state", "nonce", "signature", "digest", "wanted"}
"""Names of what a caller sent, or of what it is compared with."""
NOT_OF_CALLERS = {
    ("sign_in.py", "key == self._key"),  # what a line of this process was made under
    ("keys.py", "row.digest == digest(key)"),  # the operator's own variables, at the start
}


class Watched(dict[str, Any]):
    """A table that notes what it is asked for."""

    asked: list[str]

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.append(key)
        return super().get(key, default)


def test_a_key_is_found_by_its_digest_and_in_no_other_way(
    keys: Keys, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = keys.create(scope, "till", Role.ANALYST).key
    table = Watched(keys._known)
    table.asked = []
    monkeypatch.setattr(keys, "_known", table)
    wrong = right[:-1] + ("a" if right[-1] != "a" else "b")
    with pytest.raises(FactbookError):
        keys.grant(wrong)
    keys.grant(right)
    assert table.asked == [digest(wrong), digest(right)]


def test_no_secret_is_compared_letter_by_letter() -> None:
    found = set()
    for path in sorted(ACCESS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
                continue
            sides = (node.left, *node.comparators)
            if any(isinstance(side, ast.Constant) for side in sides):
                continue
            if any(_name(side) in SECRET for side in sides):
                found.add((path.name, ast.unparse(node)))
    assert found <= NOT_OF_CALLERS, found - NOT_OF_CALLERS
    assert found == NOT_OF_CALLERS


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
