"""How a tenant looks: a name, a logo, a colour; kept with the tenant as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from factbook.core.errors import invalid

FIELDS = ("name", "logo_url", "colour")

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_IMAGE = re.compile(r"data:image/(png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}\Z")
_LONGEST_NAME = 80
_LONGEST_ADDRESS = 2_000
_LONGEST_IMAGE = 100_000


def branding_of(given: Mapping[str, str | None]) -> str | None:
    """Checked, as text to keep; None for none. INVALID naming the field."""
    kept = {name: value for name in FIELDS if (value := given.get(name))}
    name, logo, colour = kept.get("name", ""), kept.get("logo_url", ""), kept.get("colour", "")
    if len(name) > _LONGEST_NAME or any(ord(character) < 32 for character in name):
        raise invalid(f"A name has at most {_LONGEST_NAME} characters, on one line.", field="branding.name")
    if logo and not _is_image(logo):
        raise invalid(
            "This is no address of a logo.",
            field="branding.logo_url",
            hint="Give an https address, or a data:image/… of up to 100 kB (the only one these pages show).",
        )
    if colour and not _COLOUR.match(colour):
        raise invalid("A colour is # and six hexadecimal digits.", field="branding.colour", hint="For example #0a7d5c.")
    return json.dumps(kept, sort_keys=True) if kept else None


def branding(text: str | None) -> dict[str, str | None]:
    """What `branding_of` kept, every field named."""
    kept = json.loads(text) if text else {}
    return {name: kept.get(name) for name in FIELDS}


def _is_image(address: str) -> bool:
    if address.startswith("data:"):
        return len(address) <= _LONGEST_IMAGE and bool(_IMAGE.match(address))
    try:
        parts = urlsplit(address)
        plain = address.isascii() and address.isprintable() and " " not in address
    except ValueError:
        return False
    return plain and parts.scheme == "https" and bool(parts.hostname) and len(address) <= _LONGEST_ADDRESS
