"""The packs as files: the built-in ones beside this module, and any folder of YAML."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from factbook.core.errors import not_found

from .declared import read_pack
from .model import Pack

BUILT_IN = ("commerce",)
"""The packs that come with Factbook, in the order of answers."""


def load_pack(text: str, name: str) -> Pack:
    """The pack that the YAML `text` of the file called `name` declares. INVALID naming file and line."""
    return read_pack(text, name)


def load_packs(folder: Path | None = None) -> tuple[Pack, ...]:
    """Every `*.yaml` of `folder` by name; without one the built-in packs. INVALID naming file and line."""
    if folder is None:
        place = files("factbook.metrics") / "packs"
        return tuple(load_pack((place / f"{id_}.yaml").read_text("utf-8"), f"{id_}.yaml") for id_ in BUILT_IN)
    if not folder.is_dir():
        raise not_found(f"There is no folder {folder}.")
    return tuple(load_pack(path.read_text("utf-8"), path.name) for path in sorted(folder.glob("*.yaml")))
