"""Ingest, measured whole: batches until all is in the warehouse, single events, visibility, memory, disk, start."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from factbook.core.errors import FactbookError, unavailable
from factbook.ingest.decode import decode

from . import reference
from .events import BATCH, Events
from .figures import Figure, at_least, below, figure, percentile
from .load import Sent, Spec
from .probe import Probe
from .process import cpu_seconds, folder_bytes, forget_peak, memory_mib
from .sending import Sending
from .server import Served, free_port

BATCH_CONNECTIONS = 8
SINGLE_CONNECTIONS = 64
SINGLE_RATE = 4000.0
REST_SECONDS = 20.0
IDLE, LONGEST_REST = 0.1, 120.0
"""Of one core; seconds."""

Say = Callable[[str], None]


def measure(folder: Path, *, events: int, seconds: float, say: Say) -> list[Figure]:
    """folder: an empty place for everything. events: how many go in as batches. seconds: of single events."""
    served = Served(folder / "data")
    say("starting the server on an empty folder")
    served.start()
    try:
        started = served.ready_seconds
        say(f"at rest for {REST_SECONDS:.0f} s")
        rest_memory, rest_cpu = at_rest(served)
        say(f"{events:,} events in batches of {BATCH}")
        run = time.time_ns() & 0xFFFFFFFF
        batches, sustained, spent, batch_peak = _batches(served, run, events)
        say("waiting for what the batches left to do")
        _rested(served)
        say(f"single events at {SINGLE_RATE:,.0f}/s for {seconds:.0f} s")
        singles, visible, single_peak = _singles(served, run + 1, seconds)
        say("the same pace against a server that only answers")
        floor = _floor(run + 2, seconds / 2)
        disk = folder_bytes(served.folder / "warehouse")
        say("stopping and starting again")
        served.stop()
        served.start()
        again = served.ready_seconds
    except FactbookError as error:
        if served.running:
            raise
        raise unavailable(f"The server ended: {error.message}\n{served.last_words()}") from error
    finally:
        if served.running:
            served.stop()
    say("the same rows loaded by the bare engine from files")
    written = reference.export(served.folder, folder / "files", run)
    if written != events:
        raise unavailable(f"{events} events were acknowledged, {written} are in the warehouse.")
    bare = reference.load(folder / "files", folder / "native", "native")
    lines = reference.load(folder / "files", folder / "ndjson", "ndjson")
    say("validation alone")
    validated, parsed = _validation()
    speed, bare_speed = events / sustained, bare.rows / bare.loaded
    return [
        figure(
            "batches of 1000, until all is in the warehouse",
            speed,
            "events/s",
            reference=(bare_speed, "bare engine, same rows and roll-ups from files in its own format"),
            aim=at_least(80_000, "events/s"),
        ),
        figure("  of the bare engine's speed", speed / bare_speed, "", aim=at_least(0.6, "")),
        figure(
            "  of its speed from JSON lines",
            speed / (lines.rows / lines.loaded),
            "",
            reference=(lines.rows / lines.loaded, "events/s from JSON lines"),
        ),
        figure(
            "  processor time per million events",
            spent / events * 1e6,
            "s",
            reference=(bare.cpu_loading / bare.rows * 1e6, "bare engine"),
        ),
        figure("  acknowledged", events / batches.seconds, "events/s"),
        figure("  acknowledgement of a batch, p95", batches.p95, "ms"),
        *_acknowledgements(singles, floor),
        figure(
            "acknowledged to visible under that load, p95",
            percentile(visible, 95) * 1000,
            "ms",
            reference=(bare.commit_p95, "bare engine: one row in, rolled up, read back"),
            aim=below(1000, "ms"),
        ),
        figure(
            "validation alone, one core",
            validated,
            "events/s",
            reference=(parsed, "json.loads of the same bytes"),
            aim=at_least(300_000, "events/s"),
        ),
        figure("memory at rest", rest_memory, "MiB", reference=(bare.at_rest, "bare engine"), aim=below(1024, "MiB")),
        figure("memory under batches, peak", batch_peak, "MiB", reference=(bare.peak, "bare engine, loading")),
        figure("memory under single events, peak", single_peak, "MiB", reference=(bare.peak, "bare engine, loading")),
        figure("processor at rest", rest_cpu, "%", reference=(bare.cpu_at_rest, "bare engine"), aim=below(3, "%")),
        figure(
            "disk per event, raw and roll-ups, before all merges",
            disk / (events + int(SINGLE_RATE * seconds)),
            "bytes",
            reference=(bare.event_bytes + bare.rollup_bytes, "bare engine, active parts"),
        ),
        figure("  sent as JSON", batches.bytes / events, "bytes"),
        figure("start to ready, empty folder", started, "s", reference=(bare.opened, "bare engine, open and migrate")),
        figure("start to ready, with these events", again, "s"),
    ]


def at_rest(served: Served) -> tuple[float, float]:
    """(MiB, percent of one core) while nobody asks anything."""
    spent = cpu_seconds(served.pid)
    time.sleep(REST_SECONDS)  # what is measured is the passing of time
    spent = (cpu_seconds(served.pid) - spent) / REST_SECONDS * 100
    return memory_mib(served.pid)[0], spent


def _batches(served: Served, run: int, events: int) -> tuple[Sent, float, float, float]:
    """(what the sender saw, seconds until all was in the warehouse, seconds of the server's processor, peak MiB)."""
    spec = Spec(served.port, served.write_key, events // BATCH, BATCH, BATCH_CONNECTIONS, 0, run)
    with Sending(spec) as sending:
        forget_peak(served.pid)
        started, spent = time.perf_counter(), cpu_seconds(served.pid)
        sending.go()
        sent = sending.result()
        served.settle()
        sustained, spent = time.perf_counter() - started, cpu_seconds(served.pid) - spent
    _all_taken(sent, events // BATCH)
    return sent, sustained, spent, memory_mib(served.pid)[1]


def _rested(served: Served) -> None:
    """Returns when the server does next to nothing: what merges and builds sessions of a million events of one minute
    is at work for a while, and would be measured with what comes after."""
    end = time.monotonic() + LONGEST_REST
    busy = True
    while busy and time.monotonic() < end:
        spent = cpu_seconds(served.pid)
        time.sleep(2)  # what is measured is the passing of time
        busy = (cpu_seconds(served.pid) - spent) / 2 > IDLE


def _singles(served: Served, run: int, seconds: float) -> tuple[Sent, list[float], float]:
    requests = int(SINGLE_RATE * seconds)
    spec = Spec(served.port, served.write_key, requests, 0, SINGLE_CONNECTIONS, SINGLE_RATE, run)
    with Sending(spec) as sending:
        forget_peak(served.pid)
        sending.go()
        with Probe(served) as probe:
            sent = sending.result()
    _all_taken(sent, requests)
    served.settle()
    return sent, probe.seconds, memory_mib(served.pid)[1]


def _all_taken(sent: Sent, requests: int) -> None:
    if sent.statuses.get("200") != requests:
        raise unavailable(f"Not every request was taken: {sent.statuses} {sent.sample}")


def _floor(run: int, seconds: float) -> Sent:
    port = free_port()
    command = [sys.executable, "-m", "factbook.bench.floor", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 (our own command line)
        try:
            if process.stdout is None or process.stdout.readline() != b"ready\n":
                raise unavailable("The floor did not start.")
            spec = Spec(port, "none", int(SINGLE_RATE * seconds), 0, SINGLE_CONNECTIONS, SINGLE_RATE, run)
            with Sending(spec) as sending:
                sending.go()
                return sending.result()
        finally:
            process.kill()


def _acknowledgements(sent: Sent, floor: Sent) -> list[Figure]:
    name = f"single events at {SINGLE_RATE:,.0f}/s over {SINGLE_CONNECTIONS} connections"
    kept = "a server that only answers"
    return [
        figure(f"{name}, p50", sent.p50, "ms", reference=(floor.p50, kept)),
        figure("  p95", sent.p95, "ms", reference=(floor.p95, kept), aim=below(20, "ms")),
        figure("  p99", sent.p99, "ms", reference=(floor.p99, kept)),
        figure("  longest", sent.longest, "ms", reference=(floor.longest, kept)),
    ]


def _validation() -> tuple[float, float]:
    """Events a second of one core: our decoding with every check of the schema, and json.loads without any."""
    made = Events(0, 50 * BATCH)
    bodies = [made.batch() for _ in range(50)]
    return _speed(lambda body: decode(body, max_events=10_000), bodies), _speed(json.loads, bodies)


def _speed(verb: Callable[[bytes], object], bodies: list[bytes]) -> float:
    best = 0.0
    for _ in range(5):
        started = time.thread_time()
        for body in bodies:
            verb(body)
        best = max(best, len(bodies) * BATCH / (time.thread_time() - started))
    return best
