"""The static files: found by path below one folder, addressed by a fingerprint so that they can be cached for ever."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import threading
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from factbook.core.errors import not_found

FOLDER = Path(__file__).with_name("static")
MANIFEST = FOLDER / "vendor" / "manifest.json"
"""SHA-256 of each vendored file, beside its package, version and licence."""

_TEXT = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


class Assets:
    """Serves `folder`. The fingerprint covers every file but the vendored ones, which their manifest stands for."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        self.fingerprint = _fingerprint(self._files)
        self._packed: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def url(self, path: str) -> str:
        """The address of the file at `path`; fails where there is none, so no page can name a missing file."""
        if path not in self._files:
            raise KeyError(path)
        return f"/static/{self.fingerprint}/{path}"

    def respond(self, request: Request, fingerprint: str, path: str) -> Response:
        """The file, packed where the browser takes gzip; NOT_FOUND outside the folder's listing."""
        file = self._files.get(path)
        if file is None:
            raise not_found("There is no such file.")
        current = fingerprint == self.fingerprint
        headers = {"cache-control": "public, max-age=31536000, immutable" if current else "no-cache"}
        kind = _TEXT.get(file.suffix)
        if kind is None:
            return FileResponse(file, media_type=mimetypes.guess_type(file.name)[0], headers=headers)
        headers["vary"] = "accept-encoding"
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return FileResponse(file, media_type=kind, headers=headers)
        return Response(
            self._gzipped(path, file), headers={**headers, "content-encoding": "gzip", "content-type": kind}
        )

    def _gzipped(self, path: str, file: Path) -> bytes:
        with self._lock:
            if path not in self._packed:
                self._packed[path] = gzip.compress(file.read_bytes(), 6)
            return self._packed[path]


def _fingerprint(files: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        if not name.startswith("vendor/") or files[name].name == MANIFEST.name:
            digest.update(name.encode() + b"\0" + files[name].read_bytes())
    return digest.hexdigest()[:16]
