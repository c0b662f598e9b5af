"""The embedded engine's tables on an encrypted disk (AES-256-CTR by ClickHouse), under a key that is kept elsewhere.

The key is handed over in the environment while the engine starts: no file holds it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from factbook.core.errors import FactbookError, Kind

_MARK = "warehouse.sealed"
_PATH, _KEY = "FACTBOOK_ENGINE_PATH", "FACTBOOK_ENGINE_KEY"
_POLICY = "<storage_policy>sealed</storage_policy>"
_DISKS = f"""    <storage_configuration>
        <disks>
            <plain><type>local</type><path from_env="{_PATH}"/></plain>
            <sealed>
                <type>encrypted</type><disk>plain</disk><path>tables/</path>
                <algorithm>AES_256_CTR</algorithm><key_hex from_env="{_KEY}"/>
            </sealed>
        </disks>
        <policies><sealed><volumes><main><disk>sealed</disk></main></volumes></sealed></policies>
    </storage_configuration>
"""


def configuration(data: Path, key: str) -> Path:
    """The file that the embedded engine is configured by; with `key`, its tables are on the encrypted disk.

    CONFLICT where the tables there are were written without a key, under another one, or under one that is not given.
    """
    plain = Path(str(resources.files("factbook.storage").joinpath("embedded.xml")))
    mark = data / _MARK
    if not key:
        if mark.exists():
            raise _conflict("is encrypted, and no key is given", "Set FACTBOOK_WAREHOUSE_KEY to its key.")
        return plain
    if not mark.exists():
        if any((data / "warehouse").glob("store/*")):
            why = "was written without encryption"
            raise _conflict(why, "Export its events (`factbook export`), and load them into a new data folder.")
        mark.write_text(_name(key))
    elif mark.read_text().strip() != _name(key):
        raise _conflict("is encrypted under another key", "Set FACTBOOK_WAREHOUSE_KEY to the key it was made with.")
    text = plain.read_text()
    text = text.replace("<merge_tree>", f"<merge_tree>\n        {_POLICY}", 1)
    sealed = data / "warehouse.xml"
    sealed.write_text(text.replace("</clickhouse>", f"{_DISKS}</clickhouse>", 1))
    return sealed


@contextmanager
def key_at_hand(data: Path, key: str) -> Iterator[None]:
    """While it holds, the engine finds its key and the place of the disk."""
    if not key:
        yield
        return
    os.environ[_PATH] = f"{(data / 'warehouse' / 'sealed').absolute()}/"
    os.environ[_KEY] = hashlib.sha256(b"factbook warehouse\0" + key.encode()).hexdigest()
    try:
        yield
    finally:
        del os.environ[_PATH], os.environ[_KEY]


def _name(key: str) -> str:
    return hashlib.sha256(b"factbook name of a warehouse key\0" + key.encode()).hexdigest()[:12]


def _conflict(why: str, hint: str) -> FactbookError:
    return FactbookError(Kind.CONFLICT, f"The warehouse {why}.", field="FACTBOOK_WAREHOUSE_KEY", hint=hint)
