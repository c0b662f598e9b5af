"""Checks of the machine: folder, disk, memory, limits, clock, port, the file of places."""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from factbook.core.units import size_text

from .finding import BROKEN, NOTE, OK, Examined, Finding

_GIB = 2**30
_DISK_BROKEN, _DISK_LOW = _GIB // 4, 2 * _GIB
_MEMORY_BROKEN, _MEMORY_LOW = _GIB // 2, _GIB
_FILES_LOW = 4096
_SAME_TIME = 1_700_000_000
"""A machine whose clock stands before this (2023-11) has lost its time."""


def python(_: Examined) -> Iterator[Finding]:
    found = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.maxsize < 2**32:
        yield Finding("python", BROKEN, f"{found}, 32 bit", "Install a 64-bit Python: the engine has no other build.")
    else:
        yield Finding("python", OK, found)


def folder(examined: Examined) -> Iterator[Finding]:
    """Whether the data folder can be written, and who holds it."""
    path = examined.settings.server.data
    place = str(path.absolute())
    if not path.exists():
        parent = _existing(path)
        if os.access(parent, os.W_OK | os.X_OK):
            yield Finding("data folder", OK, f"{place} is not there yet; the first start makes it")
        else:
            yield Finding(
                "data folder",
                BROKEN,
                f"{place} cannot be made: {parent} cannot be written",
                "Set FACTBOOK_DATA to a folder that this user may write to.",
            )
        return
    try:
        with tempfile.NamedTemporaryFile(dir=path, prefix=".doctor-"):
            pass
    except OSError as error:
        yield Finding(
            "data folder",
            BROKEN,
            f"{place} cannot be written: {error.strerror}",
            f"Free disk space, or give user {os.getuid()} the right to write there.",
        )
        return
    by = f"held by process {examined.holder.get('pid', 'unknown')}" if examined.running else "held by nobody"
    yield Finding("data folder", OK, f"{place} can be written, {by}")


def disk(examined: Examined) -> Iterator[Finding]:
    usage = shutil.disk_usage(_existing(examined.settings.server.data))
    message = f"{usage.free / _GIB:.1f} GiB free of {usage.total / _GIB:.1f}"
    journal = examined.settings.analytics.ingestion.journal_max_bytes
    if usage.free < _DISK_BROKEN:
        yield Finding("disk", BROKEN, message, "Free some space: events are refused when the disk is full.")
    elif usage.free < max(_DISK_LOW, journal):
        yield Finding(
            "disk",
            NOTE,
            f"{message}; the journal alone may take {size_text(journal)}",
            "Free some space, or lower analytics.retention.raw_events or analytics.ingestion.journal_max_bytes.",
        )
    else:
        yield Finding("disk", OK, message)


def memory(_: Examined) -> Iterator[Finding]:
    available = _memory_available()
    if available is None:
        return
    message = f"{available / _GIB:.1f} GiB available"
    if available < _MEMORY_BROKEN:
        yield Finding("memory", BROKEN, message, "The embedded engine alone needs about 500 MiB.")
    elif available < _MEMORY_LOW:
        yield Finding("memory", NOTE, message, "1 GiB is comfortable; large queries need more.")
    else:
        yield Finding("memory", OK, message)


def open_files(_: Examined) -> Iterator[Finding]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _FILES_LOW:
        way = "Run `ulimit -n 65536` before the start, or set LimitNOFILE=65536 in the service unit."
        yield Finding("open files", NOTE, f"at most {soft}; many connections and parts need more", way)
    else:
        yield Finding(
            "open files", OK, "no limit" if soft == resource.RLIM_INFINITY else f"at most {soft} (hard {hard})"
        )


def clock(_: Examined) -> Iterator[Finding]:
    now = time.time()
    shown = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    if now < _SAME_TIME:
        yield Finding("clock", BROKEN, f"the machine believes it is {shown}", "Set the clock, and keep it with NTP.")
    else:
        yield Finding("clock", OK, shown)


def port(examined: Examined) -> Iterator[Finding]:
    """Whether the port is free, where the server does not run."""
    host, number = examined.settings.server.host, examined.settings.server.port
    if examined.running or number == 0:
        return
    try:
        family = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
        with contextlib.closing(socket.socket(*family[:3])) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(family[4])
    except OSError as error:
        yield Finding(
            "port",
            BROKEN,
            f"{host}:{number} cannot be listened on: {error.strerror or error}",
            "Stop the program that uses it, or choose another with SERVER_PORT.",
        )
    else:
        yield Finding("port", OK, f"{host}:{number} is free")


def places(examined: Examined) -> Iterator[Finding]:
    """The MMDB file, where one is configured."""
    path = examined.settings.analytics.ingestion.geo_database
    if path is None:
        yield Finding("places", OK, "no MMDB file: country, region and city are taken as they are sent")
        return
    import maxminddb

    try:
        with maxminddb.open_database(str(path)) as reader:
            about = reader.metadata()
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        yield Finding(
            "places",
            BROKEN,
            f"{path} cannot be read: {error}",
            "Set analytics.ingestion.geo_database to an MMDB file, or leave it out.",
        )
        return
    built = datetime.fromtimestamp(about.build_epoch, UTC).date()
    yield Finding("places", OK, f"{about.database_type} of {built}")


def _existing(path: Path) -> Path:
    """The nearest folder above that is there."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def _memory_available() -> int | None:
    """Bytes: the least of what the machine has left and what the container may still take; None where unknown."""
    found = []
    with contextlib.suppress(OSError, ValueError, IndexError):
        line = next(x for x in Path("/proc/meminfo").read_text().splitlines() if x.startswith("MemAvailable"))
        found.append(int(line.split()[1]) * 1024)
    with contextlib.suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        found.append(int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    return min(found, default=None)
