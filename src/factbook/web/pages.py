"""The routes of the pages: those of the list, sign-in and sign-out, the API documentation, the static files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from factbook.access.branding import branding
from factbook.access.gate import COOKIE, authenticate, require_same_origin, session_cookie
from factbook.access.passwords import SHORTEST
from factbook.access.people import ROLES
from factbook.access.role_rules import BOUND
from factbook.access.roles import require
from factbook.access.sign_in import SESSION_SECONDS
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope, Tier
from factbook.events.filters import COLUMNS
from factbook.metrics.model import Good, Unit
from factbook.services import Services

from .assets import Assets
from .headers import DOCS_POLICY, REDOC_POLICY
from .page_list import (
    ACCOUNT,
    ADMINISTRATION,
    DASHBOARDS,
    OVERVIEW,
    PAGES,
    SET_PASSWORD,
    SIGN_IN,
    Page,
    administering,
    administers,
    linked,
    sees_events,
)

_SEE_OTHER = 303


def router(services: Services) -> APIRouter:
    """The pages. Whoever is not signed in is sent to /sign-in and comes back to where he wanted to go."""
    pages = APIRouter(include_in_schema=False)
    assets = Assets()
    templates = _templates(assets)

    def render(page: Page, request: Request, scope: Scope | None, **values: Any) -> HTMLResponse:
        html = templates.get_template(f"{page.name}.html").render(
            page=page,
            links=linked(scope, services.settings.analytics.features),
            admin_links=administering(scope),
            person=services.keys.people.find(scope) if scope else None,
            look=_look(services, scope),
            scope=scope,
            sees_events=sees_events(scope),
            is_admin=administers(scope),
            address=str(request.base_url).rstrip("/"),
            **values,
        )
        return _html(html)

    def visitor(request: Request) -> Scope | None:
        try:
            return require(authenticate(services.keys, request.headers))
        except FactbookError as error:
            if error.kind is Kind.UNAUTHENTICATED:
                return None
            raise

    def place(page: Page) -> Callable[[Request], Response]:
        def shown(request: Request) -> Response:
            scope = visitor(request)
            if scope is None:
                return _to_sign_in(request)
            if page.single and not sees_events(scope):
                return RedirectResponse("/", _SEE_OTHER)
            return render(page, request, scope, write_key=_write_key(services, scope))

        return shown

    def office(page: Page) -> Callable[[Request], Response]:
        def shown(request: Request) -> Response:
            scope = visitor(request)
            if scope is None:
                return _to_sign_in(request)
            if page not in administering(scope):
                return RedirectResponse("/", _SEE_OTHER)
            return render(page, request, scope, roles=ROLES, bound=BOUND, key_roles=list(Role), tiers=list(Tier))

        return shown

    overview = place(OVERVIEW)

    @pages.get(OVERVIEW.path)
    def enter(request: Request, token: str | None = None) -> Response:
        return overview(request) if token is None else _enter_by_link(services, request, token)

    for page in PAGES:
        if page is not OVERVIEW:
            pages.add_api_route(page.path, place(page))
    pages.add_api_route(f"{DASHBOARDS.path}/{{dashboard_id}}", place(DASHBOARDS))

    for page in ADMINISTRATION:
        pages.add_api_route(page.path, office(page))

    @pages.get("/admin")
    def administration() -> Response:
        return RedirectResponse(ADMINISTRATION[0].path, _SEE_OTHER)

    @pages.get(ACCOUNT.path)
    def account(request: Request) -> Response:
        scope = visitor(request)
        return render(ACCOUNT, request, scope, shortest=SHORTEST) if scope else _to_sign_in(request)

    @pages.get(SET_PASSWORD.path)
    def set_password(request: Request) -> Response:
        return render(SET_PASSWORD, request, None, shortest=SHORTEST)

    @pages.get(SIGN_IN.path)
    def sign_in(request: Request, next: str = "/", reason: str = "", tenant: str = "") -> Response:
        target = _local(next)
        if visitor(request) is not None:
            return RedirectResponse(target, _SEE_OTHER)
        return render(
            SIGN_IN,
            request,
            None,
            target=target,
            reason=reason,
            tenant=tenant[:64],
            knows_people=services.keys.people.are_known(),
            provider=services.provider.label if services.provider else "",
            start="/auth/oidc/start?" + urlencode({"next": target}),
        )

    @pages.post("/sign-out")
    def sign_out(request: Request) -> Response:
        require_same_origin(request.headers)
        services.keys.sign_in.end(session_cookie(request.headers) or "")
        answer = RedirectResponse("/sign-in?reason=signed-out", _SEE_OTHER)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=request.url.scheme == "https")
        return answer

    for name, policy in (("docs", DOCS_POLICY), ("redoc", REDOC_POLICY)):
        pages.add_api_route(f"/{name}", _reference(templates.get_template(f"{name}.html"), policy))

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
    environment.globals |= {"asset": assets.url, "columns": COLUMNS, "units": list(Unit), "goods": list(Good)}
    return environment


def _html(text: str, **headers: str) -> HTMLResponse:
    return HTMLResponse(text, headers={"cache-control": "no-store", **headers})


def _reference(template: jinja2.Template, policy: str) -> Callable[[], Response]:
    """A page for everybody, with a content security policy of its own."""
    return lambda: _html(template.render(), **{"content-security-policy": policy})


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


def _look(services: Services, scope: Scope | None) -> dict[str, str | None]:
    """How the visitor's tenant looks: its name, and a logo where it is part of what was kept (nothing is loaded from
    elsewhere)."""
    tenant = services.keys.tenant(scope.tenant) if scope else None
    if tenant is None:
        return {"name": scope.tenant if scope else "", "logo": None}
    kept = branding(tenant.branding)
    logo = kept["logo_url"] or ""
    return {"name": kept["name"] or tenant.name, "logo": logo if logo.startswith("data:") else None}


def _write_key(services: Services, scope: Scope) -> str:
    """The write key to show in the first curl line, '' where none is known: only digests of keys are kept.

    Known are the one of FACTBOOK_WRITE_KEY and one that this very start made; shown to those who may make keys.
    """
    if not administers(scope):
        return ""
    preset = services.settings.security.write_key
    if preset is not None:
        return preset.get_secret_value()
    return next((new.key for new in services.made if new.row.role == Role.WRITER), "")
