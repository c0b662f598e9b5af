"""One process at a time holds a data folder, and a dead one lets go of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.storage.folder import Folder, read_holder

HOLD = (
    "import sys, pathlib\n"
    "from factbook.storage.folder import Folder\n"
    "folder = Folder(pathlib.Path(sys.argv[1]))\n"
    "folder.announce(address='http://127.0.0.1:8005')\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_second_process_is_refused_in_a_plain_sentence(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    with pytest.raises(FactbookError) as raised:
        Folder(tmp_path)
    assert raised.value.kind is Kind.CONFLICT
    assert raised.value.message == f"The data folder {tmp_path} is in use by process {holder.pid}."
    assert raised.value.hint
    assert read_holder(tmp_path) == {"pid": holder.pid, "address": "http://127.0.0.1:8005"}
    holder.communicate()


def test_killed_process_lets_go_of_the_folder(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    holder.kill()
    holder.wait()
    assert read_holder(tmp_path) == {}
    Folder(tmp_path).release()


def test_released_folder_can_be_held_again(tmp_path: Path) -> None:
    for _ in range(2):
        folder = Folder(tmp_path / "deep" / "er")
        folder.release()
        folder.release()
    assert read_holder(tmp_path / "deep" / "er") == {}


def test_folder_that_cannot_be_written_is_told() -> None:
    with pytest.raises(FactbookError) as raised:
        Folder(Path("/proc/no-such-folder"))
    assert raised.value.kind is Kind.UNAVAILABLE
    assert "The data folder /proc/no-such-folder cannot be written" in raised.value.message
    assert "FACTBOOK_DATA" in str(raised.value.hint)


def test_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(FactbookError, match="cannot be written"):
        Folder(tmp_path / "data")
