"""What an operator switched off (`analytics.features`): refused by name, with the setting that brings it back."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Depends, params

from factbook.core.errors import FactbookError, Kind


def needs(is_on: bool, what: str, setting: str) -> list[params.Depends]:
    """Dependencies of a router: none where the feature is on, else a refusal. what: at the head of a sentence."""
    return [] if is_on else [Depends(_refusing(what, setting))]


def _refusing(what: str, setting: str) -> Callable[[], None]:
    def refuse() -> None:
        raise FactbookError(
            Kind.FORBIDDEN,
            f"{what} is switched off on this server.",
            hint=f"Whoever runs it can switch it on with {setting}=true.",
        )

    return refuse
