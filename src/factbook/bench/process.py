"""What the kernel says of a process: memory, processor time; and the size of a folder."""

from __future__ import annotations

import os
from pathlib import Path

from factbook.core.errors import unavailable


def memory_mib(pid: int) -> tuple[float, float]:
    """(now, peak) resident memory in MiB. Raises UNAVAILABLE when the process has ended."""
    found: dict[str, float] = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("VmRSS", "VmHWM"):
            found[name] = int(rest.split()[0]) / 1024
    if not found:
        raise unavailable(f"Process {pid} has ended.")
    return found["VmRSS"], found["VmHWM"]


def forget_peak(pid: int) -> None:
    """From now on the peak of `memory_mib` counts anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def cpu_seconds(pid: int) -> float:
    """Processor time of all threads so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def folder_bytes(folder: Path) -> int:
    total = 0
    for path, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
            except FileNotFoundError:  # a merge took it away meanwhile
                continue
    return total
