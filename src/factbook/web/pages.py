"""The routes of the pages: overview, explorers, KPIs, sign-in and sign-out, the API documentation, the static files."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from factbook.access.gate import COOKIE, authenticate, require_same_origin, session_cookie
from factbook.access.roles import allowed, require
from factbook.access.sign_in import SESSION_SECONDS
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.events.filters import COLUMNS
from factbook.metrics.model import Good, Unit
from factbook.services import Services

from .assets import Assets
from .headers import DOCS_POLICY, REDOC_POLICY

_SEE_OTHER = 303


def router(services: Services) -> APIRouter:
    """The pages. Whoever is not signed in is sent to /sign-in and comes back to where he wanted to go."""
    pages = APIRouter(include_in_schema=False)
    assets = Assets()
    templates = _templates(assets)

    def render(name: str, headers: dict[str, str] | None = None, **values: Any) -> HTMLResponse:
        scope = values.get("scope")
        html = templates.get_template(name).render(sees_events=_sees_events(scope), is_admin=_is_admin(scope), **values)
        return HTMLResponse(html, headers={"cache-control": "no-store", **(headers or {})})

    def visitor(request: Request) -> Scope | None:
        try:
            return require(authenticate(services.keys, request.headers))
        except FactbookError as error:
            if error.kind is Kind.UNAUTHENTICATED:
                return None
            raise

    @pages.get("/")
    def overview(request: Request, token: str | None = None) -> Response:
        if token is not None:
            return _enter_by_link(services, request, token)
        scope = visitor(request)
        if scope is None:
            return _to_sign_in(request)
        return render(
            "overview.html",
            page="overview",
            scope=scope,
            address=_address(request),
            write_key=_write_key(services, scope),
        )

    @pages.get("/events")
    def events(request: Request) -> Response:
        scope = visitor(request)
        if scope is None:
            return _to_sign_in(request)
        return render("events.html", page="events", scope=scope, address=_address(request))

    @pages.get("/explore")
    def explore(request: Request) -> Response:
        scope = visitor(request)
        if scope is None:
            return _to_sign_in(request)
        units, goods = list(Unit), list(Good)
        address = _address(request)
        return render(
            "explore.html", page="explore", scope=scope, address=address, columns=COLUMNS, units=units, goods=goods
        )

    @pages.get("/kpis")
    def kpis(request: Request) -> Response:
        scope = visitor(request)
        if scope is None:
            return _to_sign_in(request)
        return render("kpis.html", page="kpis", scope=scope)

    @pages.get("/funnels")
    def funnels(request: Request) -> Response:
        scope = visitor(request)
        if scope is None:
            return _to_sign_in(request)
        return render("funnels.html", page="funnels", scope=scope)

    @pages.get("/retention")
    def retention(request: Request) -> Response:
        scope = visitor(request)
        if scope is None:
            return _to_sign_in(request)
        return render("retention.html", page="retention", scope=scope, columns=COLUMNS)

    @pages.get("/segments")
    def segments(request: Request) -> Response:
        scope = visitor(request)
        if scope is None:
            return _to_sign_in(request)
        return render("segments.html", page="segments", scope=scope)

    @pages.get("/paths")
    def paths(request: Request) -> Response:
        scope = visitor(request)
        if scope is None:
            return _to_sign_in(request)
        return render("paths.html", page="paths", scope=scope)

    @pages.get("/journeys")
    def journeys(request: Request) -> Response:
        scope = visitor(request)
        if scope is None:
            return _to_sign_in(request)
        if not _sees_events(scope):
            return RedirectResponse("/", _SEE_OTHER)
        return render("journeys.html", page="journeys", scope=scope)

    @pages.get("/sign-in")
    def sign_in(request: Request, next: str = "/", reason: str = "") -> Response:
        target = _local(next)
        if visitor(request) is not None:
            return RedirectResponse(target, _SEE_OTHER)
        return render("sign-in.html", page="sign-in", scope=None, target=target, reason=reason)

    @pages.post("/sign-out")
    def sign_out(request: Request) -> Response:
        require_same_origin(request.headers)
        services.keys.sign_in.end(session_cookie(request.headers) or "")
        answer = RedirectResponse("/sign-in?reason=signed-out", _SEE_OTHER)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=request.url.scheme == "https")
        return answer

    @pages.get("/docs")
    def docs() -> Response:
        return render("docs.html", headers={"content-security-policy": DOCS_POLICY})

    @pages.get("/redoc")
    def redoc() -> Response:
        return render("redoc.html", headers={"content-security-policy": REDOC_POLICY})

    @pages.get("/favicon.ico")
    def favicon() -> Response:
        return RedirectResponse(assets.url("icon.svg"), 307)

    @pages.get("/static/{fingerprint}/{path:path}")
    def static(request: Request, fingerprint: str, path: str) -> Response:
        return assets.respond(request, fingerprint, path)

    return pages


def _templates(assets: Assets) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = assets.url
    return environment


def _enter_by_link(services: Services, request: Request, token: str) -> Response:
    try:
        cookie = services.keys.sign_in.exchange(token)
    except FactbookError:
        return RedirectResponse("/sign-in?reason=link", _SEE_OTHER)
    answer = RedirectResponse("/", _SEE_OTHER)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, cookie, SESSION_SECONDS, path="/", httponly=True, samesite="lax", secure=secure)
    return answer


def _to_sign_in(request: Request) -> Response:
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    query = "" if wanted == "/" else "?" + urlencode({"next": wanted})
    return RedirectResponse("/sign-in" + query, _SEE_OTHER)


def _local(target: str) -> str:
    """`target` where it is a path of this site, else the overview: a sign-in link must not lead away."""
    outside = not target.startswith("/") or target.startswith("//") or "\\" in target or any(c < " " for c in target)
    return "/" if outside else target


def _sees_events(scope: Scope | None) -> bool:
    """Whether this visitor may read single events, and so follow the live feed."""
    return scope is not None and allowed(scope.role, (Role.ANALYST, Role.ADMIN))


def _is_admin(scope: Scope | None) -> bool:
    return scope is not None and allowed(scope.role, (Role.ADMIN,))


def _address(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _write_key(services: Services, scope: Scope) -> str:
    """The write key to show in the first curl line, '' where none is known: only digests of keys are kept.

    Known are the one of FACTBOOK_WRITE_KEY and one that this very start made; shown to those who may make keys.
    """
    if not _is_admin(scope):
        return ""
    preset = services.settings.security.write_key
    if preset is not None:
        return preset.get_secret_value()
    return next((new.key for new in services.made if new.row.role == Role.WRITER), "")
