"""What a check is given and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from factbook.core.settings import Loaded, Settings

OK, NOTE, BROKEN = "ok", "note", "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """topic: what was looked at. state: ok, note (worth knowing) or broken. mend: the way out, where there is one."""

    topic: str
    state: str
    message: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """loaded: the configuration. holder: what the process that holds the data folder announced, empty for nobody."""

    loaded: Loaded
    holder: dict[str, Any]

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @property
    def running(self) -> bool:
        return bool(self.holder)
