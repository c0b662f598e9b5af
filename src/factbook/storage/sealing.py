"""Encryption of what must not be read off the metadata's disk: AES-256-GCM under a key that is kept elsewhere.

The key comes from FACTBOOK_SECRET_KEY, else from a file in the data folder that its owner alone may read. Each sealed
text names the key it was sealed under, so that a key can be replaced: the first seals, all of them open.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from factbook.core.errors import FactbookError, Kind

KEY_FILE = "secret.key"
_MARK = "sealed:1:"
_NONCE = 12


class Seal:
    """keys: the first seals, all of them open; none leaves everything as it is. opening: open alone. Thread-safe."""

    def __init__(self, keys: Sequence[str] = (), opening: Sequence[str] = ()) -> None:
        self._keys = {_name(key): AESGCM(_derived(key)) for key in (*keys, *opening)}
        self._first = _name(keys[0]) if keys else ""

    def close(self, text: str, what: str) -> str:
        """`text` sealed. what: names the place where it is kept; at another place it does not open."""
        if not self._first:
            return text
        nonce = os.urandom(_NONCE)
        sealed = self._keys[self._first].encrypt(nonce, text.encode(), what.encode())
        return f"{_MARK}{self._first}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, text: str, what: str) -> str:
        """What was sealed; plain text as it is. CONFLICT where its key is not here or it was tampered with."""
        if not text.startswith(_MARK):
            return text
        name, _, body = text.removeprefix(_MARK).partition(":")
        key = self._keys.get(name)
        if key is None:
            raise FactbookError(
                Kind.CONFLICT,
                f"Secrets in the metadata database are sealed under the key {name}, which is not here.",
                field="FACTBOOK_SECRET_KEY",
                hint="Set FACTBOOK_SECRET_KEY to the key that sealed them, or put the file secret.key back.",
            )
        try:
            raw = base64.b64decode(body, validate=True)
            return key.decrypt(raw[:_NONCE], raw[_NONCE:], what.encode()).decode()
        except (InvalidTag, ValueError):
            raise FactbookError(
                Kind.CONFLICT,
                "A secret in the metadata database is not as it was sealed.",
                hint="It was damaged or exchanged: restore the database from a backup.",
            ) from None

    def is_fresh(self, text: str) -> bool:
        """Whether `text` is sealed as this would seal it now."""
        return text.startswith(f"{_MARK}{self._first}:") if self._first else not text.startswith(_MARK)


def seal_for(data: Path, configured: str, *, alone: bool) -> Seal:
    """configured: keys separated by commas, the first seals. alone: without one, the folder's own key file is used and
    made when there is none yet; several servers at one database have no folder in common, and seal nothing."""
    keys = [key.strip() for key in configured.split(",") if key.strip()]
    file = data / KEY_FILE
    if alone and not keys:
        return Seal([_from_file(file)])
    return Seal(keys, [_from_file(file)] if file.exists() else [])


def _from_file(file: Path) -> str:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f"{KEY_FILE}.{secrets.token_hex(4)}")
        if not file.exists():
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(secrets.token_hex(32))
                out.flush()
                os.fsync(out.fileno())
            try:
                os.link(fresh, file)  # whole or not at all, and the first of two that begin at once wins
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        key = file.read_text().strip()
    except OSError as error:
        raise FactbookError(
            Kind.UNAVAILABLE,
            f"The key file {file} cannot be used: {error.strerror}.",
            hint="Let this user alone read and write it, or set FACTBOOK_SECRET_KEY.",
        ) from error
    if not key:
        raise FactbookError(Kind.CONFLICT, f"The key file {file} is empty.", hint="Restore it from a backup.")
    return key


def _derived(key: str) -> bytes:
    return hashlib.sha256(b"factbook seal\0" + key.encode()).digest()


def _name(key: str) -> str:
    return hashlib.sha256(b"factbook name of a seal\0" + key.encode()).hexdigest()[:12]
