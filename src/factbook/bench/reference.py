"""The bare engine beside us: the same rows from files, under the same settings, with the same roll-ups; no service.

`python -m factbook.bench.reference export FOLDER FILES RUN` writes a run's rows out of a stopped server's folder, in
blocks as the writer makes them, in the engine's own format (Native) and as JSON lines; `… load FILES FOLDER FORMAT`
loads them into a fresh folder and says how long it took.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path

import msgspec

from factbook.core.errors import unavailable
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate

from .figures import percentile
from .process import cpu_seconds, forget_peak, memory_mib

BLOCK_ROWS = 50_000
IDLE_SECONDS = 10.0
FORMATS = {"native": "Native", "ndjson": "JSONEachRow"}
"""File endings and the engine's names of the formats."""

_SETTINGS = (
    "async_insert = 0, max_insert_block_size = {rows}, min_insert_block_size_rows = {rows}, "
    "max_partitions_per_insert_block = 0, log_queries = 0"
)


class Block(msgspec.Struct, frozen=True):
    number: int
    rows: int
    first: str
    last: str


class Bare(msgspec.Struct, frozen=True):
    """What the bare engine did. Times in seconds, memory in MiB, commits (one row, roll-up, read back) in ms."""

    opened: float
    rows: int
    loaded: float
    cpu_loading: float
    at_rest: float
    peak: float
    cpu_at_rest: float
    event_bytes: float
    rollup_bytes: float
    commit_p95: float


def export(folder: Path, files: Path, run: int) -> int:
    """Writes the rows of sending run `run` to `files`; returns how many. The server must be stopped."""
    return int(_in_process("export", str(folder), str(files), f"{run & 0xFFFFFFFF:08x}"))


def load(files: Path, folder: Path, ending: str) -> Bare:
    """ending: one of FORMATS."""
    return msgspec.json.decode(_in_process("load", str(files), str(folder), ending), type=Bare)


def _in_process(*arguments: str) -> bytes:
    command = [sys.executable, "-m", "factbook.bench.reference", *arguments]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 (our own command line)
    if done.returncode:
        raise unavailable(f"The reference failed: {done.stderr.decode(errors='replace')[-1000:]}")
    return done.stdout


def _columns(engine: Engine) -> str:
    names = engine.rows(
        "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'events' AND default_kind = ''"
    )
    return ", ".join(f"`{name}`" for (name,) in names if name != "block")


def _export(folder: Path, files: Path, prefix: str) -> int:
    files.mkdir(parents=True)
    engine = Engine("chdb", folder, connections=1)
    try:
        columns = _columns(engine)
        of_run = f"startsWith(toString(event_id), '{prefix}-')"
        [(total,)] = engine.rows(f"SELECT count() FROM events WHERE {of_run}")
        for number in range(-(-total // BLOCK_ROWS)):
            rows = (
                f"(SELECT * FROM events WHERE {of_run} ORDER BY event_id LIMIT {BLOCK_ROWS} "
                f"OFFSET {number * BLOCK_ROWS})"
            )
            for ending, name in FORMATS.items():
                engine.command(
                    f"SELECT {columns}, toUInt64({number}) AS block FROM {rows} "
                    f"INTO OUTFILE '{files / str(number)}.{ending}' TRUNCATE FORMAT {name}"
                )
            [(count, first, last)] = engine.rows(
                f"SELECT count(), toString(min(timestamp)), toString(max(timestamp)) FROM {rows}"
            )
            block = Block(number, count, first, last)
            (files / f"{number}.json").write_bytes(msgspec.json.encode(block))
        return int(total)
    finally:
        engine.close()


def _load(files: Path, folder: Path, ending: str) -> Bare:
    blocks = [msgspec.json.decode(path.read_bytes(), type=Block) for path in files.glob("*.json")]
    blocks.sort(key=lambda block: block.number)
    started = time.perf_counter()
    engine = Engine("chdb", folder, connections=2)
    try:
        migrate(engine)
        opened = time.perf_counter() - started
        columns = f"{_columns(engine)}, block"
        at_rest = memory_mib(os.getpid())[0]
        spent = cpu_seconds(os.getpid())
        time.sleep(IDLE_SECONDS)  # to see what the engine does when nobody asks it anything
        spent = (cpu_seconds(os.getpid()) - spent) / IDLE_SECONDS * 100
        forget_peak(os.getpid())
        started, working = time.perf_counter(), cpu_seconds(os.getpid())
        for block in blocks:
            settings = _SETTINGS.format(rows=block.rows)
            engine.command(
                f"INSERT INTO events ({columns}) FROM INFILE '{files / str(block.number)}.{ending}' "
                f"SETTINGS insert_deduplication_token = '{block.number}', {settings} FORMAT {FORMATS[ending]}"
            )
            roll_up(engine, block, f"{block.number}")
        loaded, working = time.perf_counter() - started, cpu_seconds(os.getpid()) - working
        peak = memory_mib(os.getpid())[1]
        sizes = dict(engine.rows("SELECT table, sum(bytes_on_disk) FROM system.parts WHERE active GROUP BY table"))
        rows = sum(block.rows for block in blocks)
        return Bare(
            opened=opened,
            rows=rows,
            loaded=loaded,
            cpu_loading=working,
            at_rest=at_rest,
            peak=peak,
            cpu_at_rest=spent,
            event_bytes=sizes["events"] / rows,
            rollup_bytes=sizes["rollups"] / rows,
            commit_p95=percentile([_commit(engine, 10_000_000 + n) for n in range(40)], 95),
        )
    finally:
        engine.close()


def roll_up(engine: Engine, block: Block, token: str) -> None:
    """The product's own roll-up statement over one block."""
    sql = resources.files("factbook.ingest.sql").joinpath("roll_up.sql").read_text()
    parameters = {"block": block.number, "first": block.first, "last": block.last, "tenants": ["default"]}
    engine.command(sql % {"token": token}, parameters)


def _commit(engine: Engine, number: int) -> float:
    """One event in, rolled up and read back: milliseconds."""
    started = time.perf_counter()
    engine.command(
        "INSERT INTO events (tenant, event_id, event_type, timestamp, block) SETTINGS async_insert = 0, "
        f"insert_deduplication_token = '{number}' SELECT 'default', generateUUIDv4(), 'commit', now64(3), {number}"
    )
    [(at,)] = engine.rows(f"SELECT toString(timestamp) FROM events WHERE block = {number}")
    roll_up(engine, Block(number, 1, at, at), f"{number}")
    engine.rows("SELECT sum(count) FROM rollups WHERE tenant = 'default' AND level = '1m' AND event_type = 'commit'")
    return (time.perf_counter() - started) * 1000


def main() -> None:
    verb, source, target, *rest = sys.argv[1:]
    if verb == "export":
        sys.stdout.write(str(_export(Path(source), Path(target), *rest)))
    else:
        sys.stdout.buffer.write(msgspec.json.encode(_load(Path(source), Path(target), *rest)))


if __name__ == "__main__":
    main()
