"""Whether the time to refuse a key tells how much of it is right: `python -m bench.wrong_keys [--rounds N]`.

The look-up goes by SHA-256 of the key and compares digests in constant time; this measures that nothing shows. |t| of
Welch's test below 4.5 is the field's bound for "no leak found" (test vector leakage assessment).
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from factbook.access.keys import Keys
from factbook.core.clock import system_clock
from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope
from factbook.storage.metadata import Metadata


def nanoseconds(keys: Keys, key: str) -> int:
    begun = time.perf_counter_ns()
    try:
        keys.grant(key)
    except FactbookError:
        return time.perf_counter_ns() - begun
    return time.perf_counter_ns() - begun


def welch(one: list[int], other: list[int]) -> float:
    """t of the difference of the means; the slowest tenth, in which the machine did something else, is left out."""
    a, b = (sorted(each)[: len(each) * 9 // 10] for each in (one, other))
    spread = statistics.variance(a) / len(a) + statistics.variance(b) / len(b)
    return float((statistics.fmean(a) - statistics.fmean(b)) / spread**0.5)


def measure(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        metadata = Metadata.open("", Path(folder))
        metadata.ensure_tenant_of_system("shop", now=1)
        keys = Keys(metadata, system_clock)
        right = keys.create(Scope("shop", "bench", Role.ADMIN), "bench", Role.ADMIN).key
        turned = right[::-1]
        kinds = {
            "right": right,
            "last letter wrong": right[:-1] + ("a" if right[-1] != "a" else "b"),
            "half wrong": right[: len(right) // 2] + turned[: len(right) - len(right) // 2],
            "all wrong": turned,
        }
        taken: dict[str, list[int]] = {name: [] for name in kinds}
        order = list(kinds) * rounds
        random.Random(1).shuffle(order)
        for name in order:
            taken[name].append(nanoseconds(keys, kinds[name]))
        metadata.close()
    for name, times in taken.items():
        against = (
            "" if name in ("right", "all wrong") else f"  t against all wrong {welch(times, taken['all wrong']):+.2f}"
        )
        sys.stdout.write(f"{name:20} median {statistics.median(times) / 1000:6.2f} µs{against}\n")


if __name__ == "__main__":
    measure(int(sys.argv[2]) if sys.argv[1:2] == ["--rounds"] else 20_000)
