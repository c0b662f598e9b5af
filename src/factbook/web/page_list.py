"""The pages for who is signed in, in the order of the navigation: where each is, what it is called, what it needs."""

from __future__ import annotations

from dataclasses import dataclass

from factbook.access.roles import allowed, is_operator
from factbook.core.scope import Role, Scope
from factbook.core.sections import Features


@dataclass(frozen=True, slots=True)
class Page:
    """name: of its template and its script. key: that leads here behind G, '' for none. feature: of Features, without
    which no link leads here. single: shows single events or people. operator: for whoever operates the server. draws:
    with charts. group: the link of the navigation behind which it stands with others, '' for one of its own.
    """

    name: str
    path: str
    title: str
    styles: tuple[str, ...]
    key: str = ""
    feature: str = ""
    single: bool = False
    operator: bool = False
    draws: bool = True
    group: str = ""


OVERVIEW = Page("overview", "/", "Overview", ("overview",), "o")
DASHBOARDS = Page("dashboards", "/dashboards", "Dashboards", ("answer", "explore", "dashboards"), "b")
"""Each has an address below this one."""

PAGES = (
    OVERVIEW,
    Page("explore", "/explore", "Explore", ("answer", "explore"), "x"),
    DASHBOARDS,
    Page("kpis", "/kpis", "KPIs", ("answer", "kpis"), "k", draws=False),
    Page("funnels", "/funnels", "Funnels", ("answer", "retention", "funnels"), "f", "funnels", group="Behaviour"),
    Page("retention", "/retention", "Retention", ("answer", "retention"), "r", "cohorts", group="Behaviour"),
    Page("segments", "/segments", "Segments", ("answer", "segments"), "s", group="Behaviour"),
    Page("paths", "/paths", "Paths", ("answer", "paths"), "p", "journeys", group="Behaviour"),
    Page(
        "journeys",
        "/journeys",
        "Journeys",
        ("answer", "paths"),
        "j",
        "journeys",
        single=True,
        draws=False,
        group="Behaviour",
    ),
    Page("content", "/content", "Content", ("answer", "retention", "content"), "c", group="Business"),
    Page("trading", "/trading", "Trading", ("answer", "retention", "trading"), "d", group="Business"),
    Page("systems", "/systems", "Systems", ("answer", "retention", "systems"), "y", group="Business"),
    Page("people", "/people", "People", ("answer", "retention", "systems"), "u", group="Business"),
    Page("imports", "/imports", "Imports", ("answer", "retention", "systems"), "i", group="Business"),
    Page("events", "/events", "Events", ("events",), "e", single=True, draws=False),
)
ADMINISTRATION = (
    Page("admin-people", "/admin/people", "People", ("admin",), draws=False),
    Page("admin-keys", "/admin/keys", "Keys", ("admin",), draws=False),
    Page("admin-settings", "/admin/settings", "Settings", ("admin",), draws=False),
    Page("admin-privacy", "/admin/privacy", "Privacy", ("admin", "trail"), draws=False),
    Page("admin-audit", "/admin/audit", "Audit trail", ("admin", "trail"), draws=False),
    Page("admin-lineage", "/admin/lineage", "Lineage", ("admin", "trail"), draws=False),
    Page("admin-tenants", "/admin/tenants", "Tenants", ("admin",), operator=True, draws=False),
)
"""For admins, behind one link of the navigation."""
ACCOUNT = Page("account", "/account", "Your account", ("sign-in",), draws=False)
SET_PASSWORD = Page("set-password", "/set-password", "Set a password", ("sign-in",), draws=False)
SIGN_IN = Page("sign-in", "/sign-in", "Sign in", ("sign-in",), draws=False)


def sees_events(scope: Scope | None) -> bool:
    """Whether this visitor may read single events, and so follow the live feed."""
    return scope is not None and allowed(scope.role, (Role.ANALYST, Role.ADMIN))


def linked(scope: Scope | None, features: Features) -> list[Page]:
    """What the navigation leads this visitor to."""
    return [
        page
        for page in PAGES
        if (not page.feature or getattr(features, page.feature)) and (not page.single or sees_events(scope))
    ]


def administers(scope: Scope | None) -> bool:
    return scope is not None and allowed(scope.role, (Role.ADMIN,))


def administering(scope: Scope | None) -> list[Page]:
    """The pages of ADMINISTRATION for this visitor."""
    if scope is None or not administers(scope):
        return []
    return [page for page in ADMINISTRATION if not page.operator or is_operator(scope)]
