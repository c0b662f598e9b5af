"""Disks that can be filled and freed, write-protected and given back, under a running server."""

from __future__ import annotations

import functools
import os
import resource
import shlex
import shutil
import subprocess
from pathlib import Path

from factbook.bench.server import Served

MIB = 1024 * 1024


class Disk:
    """A server and the disk under its data folder.

    Read-only is played by RLIMIT_FSIZE = 0: the kernel then refuses the process every write to every file, also of
    bytes that exist (a real remount is refused by the kernel itself while files are open for writing).
    """

    def __init__(self, served: Served) -> None:
        self.served = served

    def fill(self) -> None:
        """From now on nothing more can be written."""
        self.protect()

    def free(self) -> None:
        self.unprotect()

    def protect(self) -> None:
        """From now on the disk refuses every write."""
        self._limit(0)

    def unprotect(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        resource.prlimit(self.served.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


class SmallDisk(Disk):
    """A tmpfs of 192 MiB in a mount namespace of the server's own: it is really full, and no trace of it outside."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        place = shlex.quote(str(folder))
        super().__init__(
            Served(
                folder / "data",
                before=(*in_namespace(f"mount -t tmpfs -o size=192m none {place}"),),
                log=folder.with_name("server.log"),
            )
        )
        self._folder = folder

    @property
    def _ballast(self) -> Path:
        return Path(f"/proc/{self.served.pid}/root{self._folder}/ballast")

    def fill(self) -> None:
        with open(self._ballast, "wb", buffering=0) as ballast:
            size = MIB
            while size:  # to the last byte
                try:
                    ballast.write(bytes(size))
                except OSError:
                    size //= 16

    def free(self) -> None:
        self._ballast.unlink()


def small_disk(folder: Path) -> Disk:
    """The truest disk that can be had here without asking anybody for rights."""
    return SmallDisk(folder / "small") if have_namespaces() else Disk(Served(folder / "data"))


def in_namespace(command: str) -> tuple[str, ...]:
    """Words that run `command` and then the words that follow, in a mount namespace of their own."""
    unshare = ("unshare", "-m") if os.geteuid() == 0 else ("unshare", "-rm")
    return (*unshare, "sh", "-c", f'{command} && exec "$@"', "sh")


@functools.cache
def have_namespaces() -> bool:
    if not shutil.which("unshare"):
        return False
    tried = subprocess.run([*in_namespace("mount -t tmpfs none /mnt"), "true"], capture_output=True)
    return tried.returncode == 0
