"""Checks of the configuration itself: what is set for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from factbook.core.catalog import catalog

from .finding import NOTE, Examined, Finding


def unused(examined: Examined) -> Iterator[Finding]:
    """Settings that are set and that no part of this version uses."""
    for setting in catalog():
        if setting.future and setting.key in examined.loaded.origins:
            source = examined.loaded.origins[setting.key]
            yield Finding(setting.key, NOTE, f"configured ({source}), not used by this version")


def asides(examined: Examined) -> Iterator[Finding]:
    """What the configuration left aside, such as a misspelt variable."""
    for remark in examined.loaded.remarks:
        yield Finding("environment", NOTE, remark)
