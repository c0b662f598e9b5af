"""A process that builds sessions until it is killed: `python -m tests.ingest.session_builder ADDRESS FOLDER`."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path

from factbook.core.clock import system_clock
from factbook.core.errors import FactbookError
from factbook.ingest.session_lease import Lease
from factbook.ingest.session_rule import Rule
from factbook.ingest.sessions import Sessions
from factbook.storage.engine import Engine

LIFE, WRITE = 2.5, 2

if __name__ == "__main__":
    engine = Engine(sys.argv[1], Path(sys.argv[2]))
    lease = Lease(engine, life=LIFE, write=WRITE)
    sessions = Sessions(engine, system_clock, Rule(30 * 60_000), batch_rows=5, lease=lease)
    while True:
        with suppress(FactbookError):  # a write took too long
            sum(sessions.build())
        time.sleep(0.02)
