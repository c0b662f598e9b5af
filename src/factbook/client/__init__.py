"""The Python client: sends events so that each counts once, and asks; it stands alone, without the rest of Factbook."""

from __future__ import annotations

from .client import Client
from .delivery import Refusal
from .errors import ClientError
from .result import Result
from .sender import Stats

__all__ = ["Client", "ClientError", "Refusal", "Result", "Stats"]
