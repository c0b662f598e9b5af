"""The kinds of values that settings take: how text is read, what is allowed, what is never shown."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from . import units


@dataclass(frozen=True, slots=True)
class Env:
    """Names in the environment besides the regular one (FACTBOOK_ and the key); the first that is set counts."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts, for the text of its range: `s`, `d` or `B`."""

    name: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """The allowed values in words, where no range says them."""

    text: str


SECRET = "secret"  # noqa: S105 (a marker)
"""Marks a value that is never shown."""
ADDRESS = "address"
"""Marks an address that is shown without its password."""
FUTURE = "future"
"""Marks a setting that is read and checked, and that no part of this version uses yet."""


def zone(name: str) -> str:
    """The name, if it is an IANA time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be an IANA time zone") from None
    return name


def url_of(*schemes: str) -> AfterValidator:
    """Checks one address, or several separated by commas, against `schemes`."""

    def check(value: str) -> str:
        for one in filter(None, value.split(",")):
            try:
                url = urlsplit(one.strip())
                known = url.scheme in schemes and (bool(url.hostname) or url.scheme == "sqlite")
                _ = url.port
            except ValueError:
                known = False
            if not known:
                raise ValueError("must be an address that starts with " + " or ".join(f"{s}://" for s in schemes))
        return value

    return AfterValidator(check)


def warehouse(value: str) -> str:
    """The address, if the engine module can open it."""
    if value == "chdb":
        return value
    url = urlsplit(value)
    if url.scheme not in ("clickhouse", "clickhouses") or not url.hostname:
        raise ValueError("must be chdb or clickhouse://user:password@host:8123/database")
    _ = url.port
    return value


def parts(value: object) -> object:
    """Text separated by commas as a tuple."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def pairs(given: tuple[str, ...]) -> tuple[str, ...]:
    """The list, if each of it is `theirs=ours`."""
    if not all(theirs.strip() and ours.strip() for theirs, _, ours in (pair.rpartition("=") for pair in given)):
        raise ValueError("must be pairs such as theirs=ours")
    return given


def networks(given: tuple[str, ...]) -> tuple[str, ...]:
    """The list, if each of it is a network or an address."""
    for one in given:
        ip_network(one, strict=False)
    return given


def origins(given: tuple[str, ...]) -> tuple[str, ...]:
    """The list, if each of it is `*` or what browsers send as Origin: scheme, host and port, and nothing behind."""
    for one in given:
        url = urlsplit(one)
        if one != "*" and (
            url.scheme not in ("http", "https") or not url.hostname or one != f"{url.scheme}://{url.netloc}"
        ):
            raise ValueError("must be * or origins such as https://shop.example")
    return given


def upper(value: object) -> object:
    """Names of severities as logging spells them."""
    if not isinstance(value, str):
        return value
    return {"WARN": "WARNING", "FATAL": "CRITICAL"}.get(value.upper(), value.upper())


def path(value: str) -> str:
    """The path, if it is absolute."""
    if not value.startswith("/"):
        raise ValueError("must start with /")
    return value


Seconds = Annotated[float, BeforeValidator(units.seconds), Unit("s")]
Days = Annotated[int, BeforeValidator(units.days), Unit("d")]
Bytes = Annotated[int, BeforeValidator(units.size), Unit("B")]
Words = Annotated[tuple[str, ...], BeforeValidator(parts), Allowed("a list, or text separated by commas")]
UrlPath = Annotated[str, AfterValidator(path), Allowed("a path that starts with /")]
Port = Annotated[int | None, Field(ge=1, le=65535)]
