"""The checks of `factbook doctor`: each looks at one thing, says how it is and, where wrong, how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .cache import cache
from .finding import BROKEN, NOTE, OK, Examined, Finding
from .identity import identity
from .machine import clock, disk, folder, memory, open_files, places, port, python
from .running import server
from .stores import audit, journal, metadata, sealing, warehouse
from .values import asides, unused

__all__ = ["BROKEN", "CHECKS", "NOTE", "OK", "Examined", "Finding", "examine"]

CHECKS: tuple[Callable[[Examined], Iterator[Finding]], ...] = (
    python,
    folder,
    disk,
    memory,
    open_files,
    clock,
    server,
    port,
    journal,
    metadata,
    sealing,
    audit,
    warehouse,
    cache,
    identity,
    places,
    unused,
    asides,
)
"""In the order in which they are told; each is independent of the others."""


def examine(examined: Examined) -> list[Finding]:
    """Runs every check. One that fails in a way of its own is a finding, not the end of the examination."""
    findings: list[Finding] = []
    for check in CHECKS:
        try:
            findings += check(examined)
        except Exception as error:  # noqa: BLE001 (whatever it is, the other checks go on)
            findings.append(
                Finding(check.__name__, BROKEN, f"could not be looked at: {type(error).__name__}: {error}"[:300])
            )
    return findings
