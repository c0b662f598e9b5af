"""The security headers: on every answer, strict, and kept by templates that have nothing inline."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import factbook.web
from factbook.web.headers import DOCS_POLICY, REDOC_POLICY, STRICT_POLICY, SecurityHeaders

TEMPLATES = sorted((Path(factbook.web.__file__).parent / "templates").glob("*.html"))


def headers(path: str) -> httpx.Headers:
    async def plain(_: Request) -> PlainTextResponse:
        return PlainTextResponse("plain")

    async def own(_: Request) -> PlainTextResponse:
        return PlainTextResponse("own", headers={"content-security-policy": DOCS_POLICY})

    app = SecurityHeaders(Starlette(routes=[Route("/", plain), Route("/own", own)]))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.get(path)

    return asyncio.run(ask()).headers


def test_every_answer_carries_the_strict_policy_an_unknown_path_too() -> None:
    for path in ("/", "/nowhere"):
        found = headers(path)
        assert found["content-security-policy"] == STRICT_POLICY
        assert found["x-content-type-options"] == "nosniff"
        assert found["x-frame-options"] == "DENY"
        assert found["referrer-policy"] == "same-origin"


def test_an_answer_keeps_the_policy_it_brings() -> None:
    assert headers("/own").get_list("content-security-policy") == [DOCS_POLICY]


def test_no_policy_lets_in_another_site_or_inline_scripts() -> None:
    for policy in (STRICT_POLICY, DOCS_POLICY, REDOC_POLICY):
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        assert rules["default-src"] == "'none'"
        assert rules["script-src"] == "'self'"
        assert "http" not in policy
        assert "*" not in policy
    assert "unsafe" not in STRICT_POLICY


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_nothing_inline_and_nothing_foreign(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "<style" not in text
    assert not re.search(r"\s(style|on\w+)=", text)
    assert not re.search(r"""(src|href)=["'](https?:)?//""", text)
