"""The packs as files: the built-in ones beside this module, and any folder or list of YAML."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from factbook.core.errors import not_found

from .declared import read_pack
from .model import Pack
from .problems import DeclarationError, Problem

BUILT_IN = ("core", "content", "commerce", "trading", "system", "imports", "search", "saas")
"""The packs that come with Factbook, in the order of answers."""


def load_pack(text: str, name: str) -> Pack:
    """The pack that the YAML `text` of the file called `name` declares. INVALID naming file and line."""
    return read_pack(text, name)


def load_packs(folder: Path | None = None) -> tuple[Pack, ...]:
    """Every `*.yaml` of `folder` by name; without one the built-in packs. INVALID with the problems of all files."""
    if folder is not None:
        if not folder.is_dir():
            raise not_found(f"There is no folder {folder}.")
        return load_files(sorted(folder.glob("*.yaml")))
    place = files("factbook.metrics") / "packs"
    return _together((f"{name}.yaml", (place / f"{name}.yaml").read_bytes()) for name in BUILT_IN)


def load_files(paths: Iterable[Path]) -> tuple[Pack, ...]:
    """The packs of these files. INVALID as `load_packs`; NOT_FOUND for a file that cannot be read."""
    return _together((str(path), _bytes(path)) for path in paths)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise not_found(f"{path} cannot be read: {error.strerror}.") from None


def _together(given: Iterable[tuple[str, bytes]]) -> tuple[Pack, ...]:
    packs: list[Pack] = []
    problems: list[Problem] = []
    for name, content in given:
        try:
            packs.append(load_pack(content.decode("utf-8"), name))
        except UnicodeDecodeError:
            problems.append(Problem("The file is no UTF-8 text.", name))
        except DeclarationError as error:
            problems.extend(error.problems)
    if problems:
        raise DeclarationError(problems)
    return tuple(packs)
