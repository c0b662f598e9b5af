"""The process of the ClickHouse server: `python clickhouse_process.py FOLDER`, with config.xml in that folder."""

import os
import sys

from chdb import _chdb

# The wheel's own entry reads config.xml from the working directory; one endless query keeps it alive.
_KEEP_ALIVE = (
    "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; "
    "SELECT sleepEachRow(1) FROM numbers(4000000000) SETTINGS max_block_size = 1 FORMAT Null"
)

if __name__ == "__main__":
    os.chdir(sys.argv[1])
    _chdb.set_signal_handlers_enabled(0)  # type: ignore[attr-defined]
    _chdb.query(_KEEP_ALIVE, "TabSeparated", path=f"{sys.argv[1]}/data")  # type: ignore[attr-defined]
