"""`factbook export`: a file appears whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from factbook.cli.export import whole_file
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope
from factbook.storage.metadata import Metadata
from tests.cli.commands import factbook
from tests.ingest.stand_in import stand_in


def test_export_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    with stand_in() as server:
        server.export, server.cut_export = b"half a file", True
        broken = factbook("export", str(out), "--to", server.address, "--key", "k", data=tmp_path / "data")
        assert broken.returncode == 1
        assert "broke off" in broken.stderr
        assert list(tmp_path.iterdir()) == []
        server.export, server.cut_export = b"a,b\n1,2\n", False
        whole = factbook("export", str(out), "--to", server.address, "--key", "k", data=tmp_path / "data")
        assert whole.returncode == 0, whole.stderr
    assert out.read_bytes() == b"a,b\n1,2\n"


def test_export_asks_the_server_for_what_was_asked(tmp_path: Path) -> None:
    arguments = ("--start", "2026-01-01", "--end", "2026-01-31", "--type", "a", "--type", "b.c", "--format", "ndjson")
    with stand_in() as server:
        server.export = b"{}\n"
        shown = factbook("export", *arguments, "--to", server.address, "--key", "k", data=tmp_path)
        assert (shown.returncode, shown.stdout) == (0, "{}\n")
        assert server.queries == [
            "/api/v1/events/export?format=ndjson&start_time=2026-01-01&end_time=2026-01-31&event_type=a&event_type=b.c"
        ]


def test_export_reads_times_in_the_zone_that_the_tenant_chose(tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    hours = (14, 15, 16)
    file.write_text("".join(f'{{"event_type": "e", "timestamp": "2026-01-01T{hour}:00:00Z"}}\n' for hour in hours))
    loaded = factbook("load", str(file), data=tmp_path / "data")
    assert loaded.returncode == 0, loaded.stderr
    metadata = Metadata.open("", tmp_path / "data")
    metadata.set_settings(Scope.system(), {"own_zone": "Asia/Tokyo"})  # 15:00 UTC is midnight
    metadata.close()
    shown = factbook("export", "--start", "2026-01-02", "--fields", "timestamp", data=tmp_path / "data")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count("2026-01-01T1") == 2


def test_export_replaces_an_older_file_only_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        interrupted(out)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    (tmp_path / ".out.csv.part").write_bytes(b"left by a killed export")
    with whole_file(out) as file:
        file.write(b"new")
    assert out.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def interrupted(out: Path) -> None:
    with whole_file(out) as file:
        file.write(b"new, but")
        file.flush()
        assert out.read_bytes() == b"old"
        raise KeyboardInterrupt


def test_two_exports_to_one_file_do_not_mix(tmp_path: Path) -> None:
    with whole_file(tmp_path / "out.csv") as file:
        with pytest.raises(FactbookError) as caught, whole_file(tmp_path / "out.csv"):
            pass
        assert caught.value.kind is Kind.CONFLICT
        file.write(b"whole")
    assert (tmp_path / "out.csv").read_bytes() == b"whole"


def test_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FactbookError, match="cannot be written"), whole_file(tmp_path / "none" / "out.csv"):
        pass


def test_format_follows_the_name_and_is_asked_for_where_it_tells_nothing(tmp_path: Path) -> None:
    refused = factbook("export", str(tmp_path / "out.xlsx"), data=tmp_path / "data")
    assert refused.returncode == 1
    assert "--format csv, ndjson, parquet or arrow" in refused.stderr
    assert os.listdir(tmp_path) == []
