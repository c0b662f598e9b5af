"""Free TCP ports on the loopback address, and waiting for what shall answer there."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable


def free_ports(count: int) -> list[int]:
    """`count` different ports that nobody listens on just now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes], what: str, seconds: float = 60.0) -> None:
    """Returns when `ready()` holds; raises when `process` ended or `seconds` have passed."""
    end = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with status {process.returncode} before it was ready")
        if time.monotonic() > end:
            raise TimeoutError(f"{what} was not ready after {seconds:.0f} s")
        time.sleep(0.02)  # the period of the poll, not a wait for the condition
