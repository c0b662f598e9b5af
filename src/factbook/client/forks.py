"""What belongs to one process alone is told when that process is the child of a fork."""

from __future__ import annotations

import os
from functools import cache
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    def after_fork(self) -> None:
        """Called in the child, by its only thread: nothing of the parent's may be used or closed there."""


_followed: WeakSet[Forked] = WeakSet()


def follow(thing: Forked) -> None:
    """`thing` is told for as long as it lives."""
    _hook()
    _followed.add(thing)


def leave(thing: object) -> None:
    """Never frees `thing`, not at the end of the process either: SQLite would take the parent's file from under it."""
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


@cache
def _hook() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_tell)


def _tell() -> None:
    for thing in list(_followed):
        thing.after_fork()
