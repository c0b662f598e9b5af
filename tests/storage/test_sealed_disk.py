"""The embedded engine on an encrypted disk: nothing to be read off it, and no start without its key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.storage.sealed_disk import configuration

KEY, OTHER = "a key of the warehouse", "another key of one"

_WORK = """
import sys
from pathlib import Path
from pydantic import SecretStr
from factbook.storage.engine import Engine
engine = Engine("chdb", Path(sys.argv[1]), connections=1, key=SecretStr(sys.argv[2]))
engine.command("CREATE TABLE IF NOT EXISTS t (a String) ENGINE = MergeTree ORDER BY a")
engine.command("INSERT INTO t VALUES ('read-me-off-the-disk')")
print(engine.rows("SELECT count(), any(a) FROM t"))
engine.close()
"""


def work(data: Path) -> str:
    """In a process of its own: a process has one embedded engine."""
    command = [sys.executable, "-c", _WORK, str(data), KEY]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_rows_are_there_after_a_restart_and_in_no_file(tmp_path: Path) -> None:
    assert work(tmp_path) == "[(1, 'read-me-off-the-disk')]"
    assert work(tmp_path) == "[(2, 'read-me-off-the-disk')]"
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert [file for file in files if b"read-me-off" in file.read_bytes()] == []
    assert [file for file in files if KEY.encode() in file.read_bytes()] == []
    for key, said in (("", "no key is given"), (OTHER, "under another key")):
        with pytest.raises(FactbookError) as refused:
            configuration(tmp_path, key)
        assert refused.value.kind is Kind.CONFLICT
        assert said in refused.value.message


def test_tables_in_the_clear_are_not_taken_for_encrypted_ones(tmp_path: Path) -> None:
    (tmp_path / "warehouse" / "store" / "abc").mkdir(parents=True)
    with pytest.raises(FactbookError) as refused:
        configuration(tmp_path, KEY)
    assert "without encryption" in refused.value.message
    assert configuration(tmp_path, "").name == "embedded.xml"
