"""Logging: structlog for our lines and those of the libraries alike, as JSON or for a terminal, never with a secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

_SECRET_KEYS = re.compile(r"(?i)(password|secret|token|authorization|cookie|api_?key|admin_key|write_key)$")
_IN_ADDRESS = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")
_IN_QUERY = re.compile(
    r"([?&](?:token|key|api_key|access_token|id_token|client_secret|code|code_verifier)=)[^&\s\"']+",
    re.IGNORECASE,
)
_BY_ITSELF = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*|\b(fb_[a-z_]+_)[A-Za-z0-9]{43}\b")
"""A signed token and a key of ours, wherever they stand."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_IN_HEADER = re.compile(r"(?i)(bearer\s+)[A-Za-z0-9._~+/=-]{8,}")


def without_secrets(text: str) -> str:
    """`text` with passwords in addresses, tokens in URLs, bearer keys, keys and tokens of ours replaced by ****."""
    text = _IN_ADDRESS.sub(r"\1:****@", text)
    text = _IN_QUERY.sub(r"\1****", text)
    text = _IN_HEADER.sub(r"\1****", text)
    return _BY_ITSELF.sub(r"\1****", text)


def configure(level: str = "INFO", format: str = "auto", stream: TextIO | None = None) -> None:
    """Sends every log line of the process to `stream` (stderr). format: json, console, or auto by the stream."""
    stream = stream or sys.stderr
    console = format == "console" or (format == "auto" and stream.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = structlog.processors.JSONRenderer()
    if console:
        # Plain tracebacks: the pretty ones print the values of local variables, secrets among them.
        plain = structlog.dev.plain_traceback
        renderer = structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)
    last: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _masked,
        renderer,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "urllib3", "alembic", "clickhouse_connect"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def _masked(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if _SECRET_KEYS.search(key) and value:
            event[key] = "****"
        elif isinstance(value, str):
            event[key] = without_secrets(value)
    event["event"] = _CONTROL.sub(_escaped, str(event.get("event", "")))  # a line that somebody else wrote stays one
    return event


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
