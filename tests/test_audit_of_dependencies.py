"""The look-up of the lock file among known vulnerabilities: what is found fails, what cannot be asked is said."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

_SPEC = importlib.util.spec_from_file_location("audit", Path(__file__).parents[1] / "tools" / "audit.py")
assert _SPEC is not None
assert _SPEC.loader is not None
audit = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(audit)

GOOD: dict[str, Any] = {"name": "a", "version": "1", "vulns": []}
BAD: dict[str, Any] = {
    "name": "b",
    "version": "2",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.1"]}],
}
UNKNOWN: dict[str, Any] = {"name": "c", "skip_reason": "not there"}


def test_a_known_vulnerability_fails_and_names_the_version_that_mends_it() -> None:
    text, good = audit.told({"dependencies": [GOOD, BAD, UNKNOWN]})
    assert not good
    assert text.splitlines() == [
        "b 2: PYSEC-1, CVE-1, mended in 2.1",
        "2 dependencies audited, 1 known vulnerabilities; 1 could not be looked up",
    ]


def test_none_known_passes() -> None:
    assert audit.told({"dependencies": [GOOD]}) == ("1 dependencies audited, 0 known vulnerabilities", True)


def test_where_nothing_could_be_looked_up_it_says_so_and_passes() -> None:
    text, good = audit.told({"dependencies": [UNKNOWN]})
    assert good
    assert "not audited" in text


@pytest.mark.parametrize(("status", "good"), [(1, True), (2, False)], ids=["nobody to ask", "asked wrongly"])
def test_without_a_report_the_reason_is_told(monkeypatch: pytest.MonkeyPatch, status: int, good: bool) -> None:
    done = audit.subprocess.CompletedProcess([], status, stdout="", stderr="WARNING: x\nERROR: connection refused\n")
    monkeypatch.setattr(audit.subprocess, "run", lambda *_, **__: done)
    assert audit.audit() == ("dependencies not audited: ERROR: connection refused", good)
