"""The list of all settings, read from their models: key, environment names, default, allowed values, meaning."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit, urlunsplit

from annotated_types import Ge, Le
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from . import units
from .sections import Settings
from .values import ADDRESS, FUTURE, SECRET, Allowed, Env, Unit


@dataclass(frozen=True, slots=True)
class Setting:
    """key: dotted path in the file. names: in the environment, strongest first. allowed: the range in words.

    secret: never shown. address: shown without its password. future: no part of this version uses it yet.
    """

    key: str
    names: tuple[str, ...]
    default: str
    allowed: str
    description: str
    secret: bool
    address: bool
    future: bool


@lru_cache(maxsize=1)
def catalog() -> tuple[Setting, ...]:
    """Every setting, in the order of the sections."""
    return tuple(_settings(Settings, ""))


def value_of(settings: Settings, key: str) -> Any:
    """The value at the dotted `key`."""
    found: Any = settings
    for part in key.split("."):
        found = getattr(found, part)
    return found


def shown(setting: Setting, value: Any) -> str:
    """`value` as it may be printed: secrets as ****, addresses without their password."""
    if value is None or value == "" or value == ():
        return ""
    if setting.secret or isinstance(value, SecretStr):
        return "****"
    if setting.address:
        return ",".join(without_password(part) for part in str(value).split(","))
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def without_password(address: str) -> str:
    """`scheme://user:****@host/…`; anything that is no URL comes back as it is."""
    try:
        url = urlsplit(address)
    except ValueError:
        return "****"
    if not url.netloc or "@" not in url.netloc:
        return address
    credentials, _, host = url.netloc.rpartition("@")
    user = credentials.partition(":")[0]
    masked = f"{user}:****@{host}" if ":" in credentials else f"{user}@{host}"
    return urlunsplit((url.scheme, masked, url.path, "", ""))


def _settings(model: type[BaseModel], prefix: str) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        key = f"{prefix}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _settings(field.annotation, f"{key}.")
        else:
            yield _setting(key, field)


def _setting(key: str, field: FieldInfo) -> Setting:
    aliases = next((item.names for item in field.metadata if isinstance(item, Env)), ())
    unit = next((item.name for item in field.metadata if isinstance(item, Unit)), "")
    secret, address = SECRET in field.metadata, ADDRESS in field.metadata
    regular = "FACTBOOK_" + key.upper().replace(".", "_")
    setting = Setting(
        key=key,
        names=(regular, *(alias for alias in aliases if alias != regular)),
        default="",
        allowed=_allowed(field, unit),
        description=field.description or "",
        secret=secret,
        address=address,
        future=FUTURE in field.metadata,
    )
    text = _quantity(field.default, unit) if unit else shown(setting, field.default)
    return Setting(**{name: getattr(setting, name) for name in Setting.__slots__} | {"default": text})


def _quantity(value: float, unit: str) -> str:
    if unit == "s":
        return units.seconds_text(value)
    return f"{value:g}d" if unit == "d" else units.size_text(value)


def _allowed(field: FieldInfo, unit: str) -> str:
    said = next((item.text for item in field.metadata if isinstance(item, Allowed)), None)
    if said:
        return said
    low = next((item.ge for item in field.metadata if isinstance(item, Ge)), None)
    high = next((item.le for item in field.metadata if isinstance(item, Le)), None)
    if low is not None and high is not None:
        return f"{_bound(low, unit)} to {_bound(high, unit)}"
    return _kind(field.annotation)


def _bound(value: Any, unit: str) -> str:
    return _quantity(value, unit) if unit else f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _kind(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return ", ".join(get_args(annotation))
    if origin in (Union, types.UnionType):
        return _kind(next(one for one in get_args(annotation) if one is not types.NoneType))
    if origin is tuple:
        return "a list of " + _kind(get_args(annotation)[0])
    kinds: dict[Any, str] = {bool: "true or false", Path: "a path", str: "text", SecretStr: "text"}
    return kinds[annotation]
