"""Log lines are JSON or readable, of ours and of libraries, and hold no secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from factbook.core import logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_lines_off_a_terminal_are_json_with_time_and_level() -> None:
    stream = io.StringIO()
    logs.configure("INFO", "auto", stream)
    structlog.get_logger("factbook.test").info("batch accepted", events=3)
    (line,) = lines(stream)
    assert (line["event"], line["events"], line["level"], line["logger"]) == (
        "batch accepted",
        3,
        "info",
        "factbook.test",
    )
    assert str(line["timestamp"]).endswith("Z")


def test_lines_of_libraries_look_the_same() -> None:
    stream = io.StringIO()
    logs.configure("INFO", "json", stream)
    logging.getLogger("uvicorn.error").warning("listening on %s", "127.0.0.1")
    assert lines(stream)[0]["event"] == "listening on 127.0.0.1"


def test_lines_below_the_level_are_left_out() -> None:
    stream = io.StringIO()
    logs.configure("WARNING", "json", stream)
    structlog.get_logger("factbook.test").info("quiet")
    logging.getLogger("uvicorn.error").info("quiet")
    assert stream.getvalue() == ""


def test_console_lines_are_readable() -> None:
    stream = io.StringIO()
    logs.configure("INFO", "console", stream)
    structlog.get_logger("factbook.test").info("batch accepted", events=3)
    assert "batch accepted" in stream.getvalue()
    assert "events=3" in stream.getvalue()


@pytest.mark.parametrize("format", ["json", "console"])
def test_secrets_are_never_logged(format: str) -> None:
    stream = io.StringIO()
    logs.configure("INFO", format, stream)
    log = structlog.get_logger("factbook.test")
    log.info("connected", url="clickhouse://me:hush-hush@host/db", api_key="hush-hush", password="hush-hush")
    log.info("GET /?token=hush-hush HTTP/1.1")
    logging.getLogger("uvicorn.access").info("Authorization: Bearer hush-hush-hush-hush")
    try:
        raise ValueError("redis://:hush-hush@host does not answer")
    except ValueError:
        log.exception("failed")
    assert "hush-hush" not in stream.getvalue()
    assert stream.getvalue().count("****") >= 6


@pytest.mark.parametrize("format", ["json", "console"])
def test_what_somebody_sends_adds_no_line(format: str) -> None:
    stream = io.StringIO()
    logs.configure("INFO", format, stream)
    hostile = "/x\n2026-01-01T00:00:00Z [info] all is well\r\x1b[2J\u2028"
    structlog.get_logger("factbook.test").warning(hostile, path=hostile)
    logging.getLogger("uvicorn.error").warning("refused %s", hostile)
    assert len(stream.getvalue().splitlines()) == 2
    assert "\x1b" not in stream.getvalue()


def test_keys_and_tokens_are_masked_wherever_they_stand() -> None:
    key, token = "fb_admin_" + "aB3" * 14 + "z", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
    text = logs.without_secrets(f"{key} was sent, then {token} to /cb?code=secret&state=1")
    assert text == "fb_admin_**** was sent, then **** to /cb?code=****&state=1"
